"""The report on paper: A4, in light colours, everything open, nothing cut, heads repeated, no controls."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from reports.languages import LANGUAGES, words_of
from reports.render import report_html
from tests.browser.pdftext import printed_pages
from tests.reports import examples
from tests.reports.example_changes import EVERY
from tests.reports.parts import NAMES

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from playwright.sync_api import Browser, Page

    from tests.browser.pdftext import PrintedPage

# What is left of A4 between the margins, in CSS pixels, and a pixel in points.
PAPER = {"width": 703, "height": 1016}
UNSHRUNK = 0.75
HEAD = "CustomerWhatiswrongRuleSeatsBySince"


@pytest.fixture(scope="module")
def paper(browser: Browser) -> Iterator[Page]:
    """Return one tab on a dark screen, from which pages are printed."""
    context = browser.new_context(color_scheme="dark")
    yield context.new_page()
    context.close()


def printed(paper: Page, address: str) -> list[PrintedPage]:
    """Print a page with its own margins, without the colours that printers leave out by default."""
    paper.goto(address)
    return printed_pages(paper.pdf(prefer_css_page_size=True))


@pytest.fixture(scope="module")
def long(paper: Page, tmp_path_factory: pytest.TempPathFactory) -> list[PrintedPage]:
    """Return the printed pages of a night with more findings than fit on one."""
    path = tmp_path_factory.mktemp("print") / "long.html"
    path.write_bytes(report_html(examples.many(90)).encode())
    return printed(paper, path.as_uri())


def test_the_head_of_the_table_is_on_every_page_with_rows(long: list[PrintedPage]) -> None:
    first = next(place for place, page in enumerate(long) if "Allfindings" in page.text)
    run = next(place for place, page in enumerate(long) if "Compared" in page.text)
    assert run - first > 2
    assert [page.text.count(HEAD) for page in long[first:run]] == [1] * (run - first)


def test_every_row_is_printed(long: list[PrintedPage]) -> None:
    text = "".join(page.text for page in long)
    findings = text[text.index("Allfindings") : text.index("Compared")]
    for place, name in enumerate(NAMES):
        assert findings.count("".join(name.split())) == len(range(place, 90, len(NAMES)))


def test_controls_and_links_within_the_page_are_not_printed(long: list[PrintedPage]) -> None:
    text = "".join(page.text for page in long)
    for control in ("Search", "DownloadCSV", "Previous", "Skiptothefindings", "Seewhy"):
        assert control not in text


def test_what_a_screen_folds_away_is_printed(paper: Page, reports: dict[str, Path]) -> None:
    text = "".join(page.text for page in printed(paper, reports["busy"].as_uri()))
    assert "2.OpenthecustomerinPartnerCenter,thenAccount,andreadSpecialqualifications." in text
    assert "Source:Selltospecializedindustries,purchaserules." in text


@pytest.mark.parametrize("name", EVERY)
def test_nothing_is_cut_or_shrunk_on_a4(paper: Page, reports: dict[str, Path], name: str) -> None:
    pages = printed(paper, reports[name].as_uri())
    assert {page.scale for page in pages} == {UNSHRUNK}
    assert all(page.text for page in pages), "no page is empty"


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_language_fits_on_paper(paper: Page, tmp_path: Path, language: str) -> None:
    path = tmp_path / "page.html"
    path.write_bytes(report_html(examples.busy(), words_of(language)).encode())
    assert {page.scale for page in printed(paper, path.as_uri())} == {UNSHRUNK}


def test_no_text_is_cut_off_by_its_box(browser: Browser, reports: dict[str, Path]) -> None:
    context = browser.new_context(viewport=PAPER)  # type: ignore[arg-type]
    page = context.new_page()
    for path in reports.values():
        page.goto(path.as_uri())
        page.emulate_media(media="print")
        cut = page.evaluate("""() => [...document.querySelectorAll('body *')]
            .filter(e => e.checkVisibility() && !e.closest('.vh, svg') && getComputedStyle(e).overflow != 'visible')
            .filter(e => e.scrollWidth > e.clientWidth + 1 || e.scrollHeight > e.clientHeight + 1)
            .map(e => e.outerHTML.slice(0, 80))""")
        assert cut == []
    context.close()


def test_paper_is_white_whatever_the_screen(paper: Page, reports: dict[str, Path]) -> None:
    paper.goto(reports["busy"].as_uri())
    paper.emulate_media(media="print")
    assert paper.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    assert paper.evaluate("getComputedStyle(document.querySelector('.lead')).color") == "rgb(0, 0, 0)"
    paper.emulate_media(media="screen")
