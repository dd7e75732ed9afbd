"""The report in Chromium: quiet, whole, accessible, in every language, at every width, in both schemes."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Literal

import pytest

from reports.languages import LANGUAGES, words_of
from reports.render import report_html
from tests.reports import examples
from tests.reports.example_changes import EVERY

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from playwright.sync_api import Browser, Page, ViewportSize

DESKTOP: ViewportSize = {"width": 1280, "height": 900}
TABLET: ViewportSize = {"width": 800, "height": 1000}
PHONE: ViewportSize = {"width": 390, "height": 844}
NARROW: ViewportSize = {"width": 320, "height": 640}
MOST_ELEMENTS = 1_500
EXAMPLES = pytest.mark.parametrize("name", EVERY)
IN_EVERY_LANGUAGE = pytest.mark.parametrize("language", LANGUAGES)
SCHEMES: tuple[Literal["light", "dark"], ...] = ("light", "dark")
LEVELS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
AXE = """async checks => {
    const found = await axe.run({runOnly: checks, resultTypes: ["violations"], preload: false});
    if (!found.passes.length) throw Error("axe has checked nothing");
    return found.violations.map(item => [item.id, item.nodes[0].html]);
}"""
# What stands beside the findings, which the script takes over.
BESIDE = "[...document.querySelectorAll('header, main > :not(#findings, noscript), footer')].map(e => e.innerText)"
# Every element that a person can tab to, in the order of the page.
TABBABLE = """() => [...document.querySelectorAll('a[href], button, input, select, summary, [tabindex="0"]')]
    .filter(e => e.checkVisibility({visibilityProperty: true}) && !e.disabled)"""


@contextmanager
def opened(browser: Browser, path: Path, **options: object) -> Iterator[Page]:
    """Open a report as a person would, by its file."""
    context = browser.new_context(**{"viewport": DESKTOP, **options})  # type: ignore[arg-type]
    try:
        page = context.new_page()
        page.goto(path.as_uri())
        yield page
    finally:
        context.close()


@pytest.fixture(scope="module")
def translated(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str, str], Path]:
    """Return how to get an example report in a language as a file; each is made once."""
    folder = tmp_path_factory.mktemp("languages")

    def made(name: str, language: str) -> Path:
        path = folder / f"{name}.{language}.html"
        if not path.exists():
            path.write_bytes(report_html(EVERY[name](), words_of(language)).encode())
        return path

    return made


@pytest.fixture(scope="module")
def tab(browser: Browser) -> Iterator[Page]:
    """Return one tab for all pages that are only looked at."""
    context = browser.new_context(viewport=DESKTOP)
    yield context.new_page()
    context.close()


@pytest.fixture(scope="module")
def checking(browser: Browser) -> Iterator[Page]:
    """Return one tab that lets the accessibility checker in."""
    context = browser.new_context(viewport=DESKTOP, bypass_csp=True)
    yield context.new_page()
    context.close()


@IN_EVERY_LANGUAGE
@EXAMPLES
def test_a_report_is_quiet_and_fits(
    tab: Page, translated: Callable[[str, str], Path], name: str, language: str
) -> None:
    said: list[str] = []
    asked: list[str] = []
    listeners = {
        "console": lambda message: said.append(message.text),
        "pageerror": lambda error: said.append(str(error)),
        "dialog": lambda dialog: said.append(dialog.message),
        "request": lambda request: asked.append(request.url),
    }
    for event, listener in listeners.items():
        tab.on(event, listener)  # type: ignore[call-overload]
    address = translated(name, language).as_uri()
    tab.goto(address)
    for size in (DESKTOP, TABLET, PHONE, NARROW):
        tab.set_viewport_size(size)
        assert tab.evaluate("document.documentElement.scrollWidth") <= size["width"]
    assert tab.locator("html").get_attribute("lang") == language
    for event, listener in listeners.items():
        tab.remove_listener(event, listener)
    assert said == []
    assert [url for url in asked if url != "data:,"] == [address]


@IN_EVERY_LANGUAGE
@EXAMPLES
def test_a_report_is_accessible(
    checking: Page, translated: Callable[[str, str], Path], axe: Path, name: str, language: str
) -> None:
    checking.emulate_media(color_scheme="light")
    checking.goto(translated(name, language).as_uri())
    checking.evaluate("document.querySelectorAll('details').forEach(d => d.open = true)")
    checking.add_script_tag(path=axe)
    for size in (DESKTOP, PHONE):
        checking.set_viewport_size(size)
        for scheme in SCHEMES:
            checking.emulate_media(color_scheme=scheme)
            assert checking.evaluate(AXE, LEVELS) == [], (size, scheme)


@EXAMPLES
def test_a_page_has_few_elements(browser: Browser, reports: dict[str, Path], name: str) -> None:
    for allowed in (True, False):
        with opened(browser, reports[name], java_script_enabled=allowed) as page:
            assert page.evaluate("document.querySelectorAll('*').length") < MOST_ELEMENTS


def test_a_page_of_many_findings_has_few_elements(browser: Browser, tmp_path: Path) -> None:
    path = tmp_path / "many.html"
    path.write_bytes(report_html(examples.many(2_000)).encode())
    for allowed in (True, False):
        with opened(browser, path, java_script_enabled=allowed) as page:
            assert page.evaluate("document.querySelectorAll('*').length") < MOST_ELEMENTS


def test_the_first_tab_reaches_the_skip_link(browser: Browser, reports: dict[str, Path]) -> None:
    with opened(browser, reports["busy"]) as page:
        page.keyboard.press("Tab")
        focused = page.locator(":focus")
        assert focused.inner_text() == "Skip to the findings"
        box = focused.bounding_box()
        assert box is not None
        assert box["x"] >= 0
        page.keyboard.press("Enter")
        assert page.url.endswith("#findings")


@pytest.mark.parametrize("size", [DESKTOP, PHONE], ids=["desktop", "phone"])
def test_the_keyboard_reaches_everything_in_the_order_of_the_page(
    browser: Browser, reports: dict[str, Path], size: ViewportSize
) -> None:
    with opened(browser, reports["eventful"], viewport=size) as page:
        # Evidence that the script puts in later stands behind its button and needs no place of its own here.
        wanted = page.evaluate(f"({TABBABLE})().length")
        page.evaluate(f"window.places = new Map(({TABBABLE})().map((e, place) => [e, place]))")
        reached = []
        for _ in range(wanted):
            page.keyboard.press("Tab")
            reached.append(page.evaluate("window.places.get(document.activeElement)"))
        assert reached == list(range(wanted))


def test_a_focused_element_is_outlined(browser: Browser, reports: dict[str, Path]) -> None:
    with opened(browser, reports["busy"]) as page:
        summary = page.locator("#rules summary").first
        summary.focus()
        page.keyboard.press("Enter")
        assert page.locator("#rule-SEG01").is_visible()
        assert summary.evaluate("e => getComputedStyle(e).outlineStyle") == "solid"


def test_links_lead_into_what_was_folded_away(browser: Browser, reports: dict[str, Path]) -> None:
    with opened(browser, reports["busy"]) as page:
        assert not page.locator("#rule-SEG01").is_visible()
        page.locator(".act").get_by_role("link", name="Violation SEG01").first.click()
        assert page.locator("#rule-SEG01").is_visible()


@EXAMPLES
def test_without_scripts_nothing_is_lost(browser: Browser, reports: dict[str, Path], name: str) -> None:
    seen = []
    for allowed in (True, False):
        with opened(browser, reports[name], java_script_enabled=allowed) as page:
            seen.append(page.evaluate(BESIDE))
    assert seen[0] == seen[1]
    assert "The run" in seen[1][-2]


def test_links_with_filters_reach_the_findings_without_a_script(browser: Browser, reports: dict[str, Path]) -> None:
    with opened(browser, reports["busy"], java_script_enabled=False, reduced_motion="reduce") as page:
        for link in (page.locator(".tiles a").first, page.locator(".matrix a").first):
            page.evaluate("scrollTo(0, 0)")
            link.click()
            assert "#findings?" in page.url
            assert (
                abs(page.evaluate("document.getElementById('findings').getBoundingClientRect().top"))
                < DESKTOP["height"]
            )


def test_the_matrix_stays_readable_on_a_phone(browser: Browser, reports: dict[str, Path]) -> None:
    with opened(browser, reports["busy"], viewport=PHONE) as page:
        region = page.locator("#matrix .scroll")
        region.evaluate("e => e.scrollLeft = e.scrollWidth")
        last = page.locator(".matrix thead th").last.bounding_box()
        first = page.locator(".matrix tbody th").first.bounding_box()
        assert last is not None
        assert first is not None
        assert last["x"] + last["width"] <= PHONE["width"]
        assert 0 <= first["x"] < last["x"], "the customer type stays beside what is scrolled to"
        assert page.locator(".matrix tbody td").first.evaluate("e => parseFloat(getComputedStyle(e).fontSize)") >= 12


def test_marks_differ_by_shape(browser: Browser, reports: dict[str, Path]) -> None:
    with opened(browser, reports["busy"]) as page:
        before = "e => { const s = getComputedStyle(e, '::before'); return s.clipPath + s.borderRadius }"
        for marked in (".legend li", ".tiles .name"):
            assert len({mark.evaluate(before) for mark in page.locator(marked).all()}) == 4
        assert len({mark.evaluate(before) for mark in page.locator("#rules summary").all()}) == 3


def test_charts_take_the_colours_of_the_scheme(browser: Browser, reports: dict[str, Path]) -> None:
    with opened(browser, reports["partners"]) as page:
        colours = "e => { const s = getComputedStyle(e); return s.fill + s.stroke }"
        drawn = [page.locator(part).first for part in (".bar", ".line", ".stake", ".chart text")]
        seen = []
        for scheme in SCHEMES:
            page.emulate_media(color_scheme=scheme)
            seen.append([part.evaluate(colours) for part in drawn])
        assert all(light != dark for light, dark in zip(*seen, strict=True))


def test_colours_can_be_forced(browser: Browser, reports: dict[str, Path], axe: Path) -> None:
    with opened(browser, reports["busy"], forced_colors="active", bypass_csp=True) as page:
        page.add_script_tag(path=axe)
        assert page.evaluate("axe.run({runOnly: ['wcag2a']})")["violations"] == []
        assert (
            page.locator(".tiles .name").first.evaluate("e => getComputedStyle(e, '::before').forcedColorAdjust")
            == "none"
        )


def test_motion_is_reduced_on_request(browser: Browser, reports: dict[str, Path]) -> None:
    behaviour = "getComputedStyle(document.documentElement).scrollBehavior"
    with opened(browser, reports["clean"], reduced_motion="reduce") as page:
        assert page.evaluate(behaviour) == "auto"
    with opened(browser, reports["clean"], reduced_motion="no-preference") as page:
        assert page.evaluate(behaviour) == "smooth"
