"""The report in Chromium: quiet, whole, accessible, at every width, in both schemes, on paper."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Literal

import pytest

from tests.reports.example_changes import EVERY

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from playwright.sync_api import Browser, Page, ViewportSize

DESKTOP: ViewportSize = {"width": 1280, "height": 900}
TABLET: ViewportSize = {"width": 800, "height": 1000}
PHONE: ViewportSize = {"width": 390, "height": 844}
EXAMPLES = pytest.mark.parametrize("name", EVERY)
WIDTHS = pytest.mark.parametrize("size", [DESKTOP, TABLET, PHONE], ids=["desktop", "tablet", "phone"])
# Of what axe checks, only the contrast depends on the scheme.
SCHEMES: dict[Literal["light", "dark"], list[str]] = {
    "light": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"],
    "dark": ["cat.color"],
}
AXE = """async checks => {
    const found = await axe.run({runOnly: checks, resultTypes: ["violations"]});
    if (!found.passes.length) throw Error("axe has checked nothing");
    return found.violations.map(item => [item.id, item.nodes[0].html]);
}"""


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


@EXAMPLES
@WIDTHS
def test_a_report_is_quiet_and_fits(browser: Browser, reports: dict[str, Path], name: str, size: ViewportSize) -> None:
    context = browser.new_context(viewport=size)
    page = context.new_page()
    said: list[str] = []
    asked: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    page.on("pageerror", lambda error: said.append(str(error)))
    page.on("dialog", lambda dialog: said.append(dialog.message))
    page.on("request", lambda request: asked.append(request.url))
    page.goto(reports[name].as_uri())
    for scheme in SCHEMES:
        page.emulate_media(color_scheme=scheme)
        assert page.evaluate("document.documentElement.scrollWidth") <= size["width"]
    context.close()
    assert said == []
    assert [url for url in asked if url != "data:,"] == [reports[name].as_uri()]


@EXAMPLES
@WIDTHS
def test_a_report_is_accessible(
    browser: Browser, reports: dict[str, Path], axe: Path, name: str, size: ViewportSize
) -> None:
    with opened(browser, reports[name], viewport=size, bypass_csp=True) as page:
        page.evaluate("document.querySelectorAll('details').forEach(d => d.open = true)")
        page.add_script_tag(path=axe)
        for scheme, checks in SCHEMES.items():
            page.emulate_media(color_scheme=scheme)
            assert page.evaluate(AXE, checks) == []


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


def test_everything_can_be_reached_and_opened_with_the_keyboard(browser: Browser, reports: dict[str, Path]) -> None:
    with opened(browser, reports["busy"]) as page:
        summary = page.locator("#findings summary").first
        summary.focus()
        page.keyboard.press("Enter")
        assert page.locator("#finding-F-000000000000").is_visible()
        assert summary.evaluate("e => getComputedStyle(e).outlineStyle") == "solid"


def test_links_lead_into_what_was_folded_away(browser: Browser, reports: dict[str, Path]) -> None:
    with opened(browser, reports["busy"]) as page:
        page.get_by_role("link", name="8 violations").click()
        assert page.locator("#rule-SEG01").is_visible()
        page.locator(".act th a").first.click()
        assert page.locator("#finding-F-000000000000").is_visible()


@EXAMPLES
def test_without_scripts_nothing_is_lost(browser: Browser, reports: dict[str, Path], name: str) -> None:
    seen = []
    for allowed in (True, False):
        with opened(browser, reports[name], java_script_enabled=allowed) as page:
            seen.append(page.locator("body").inner_text())
    assert seen[0] == seen[1]
    assert "The run" in seen[1]


def test_paper_shows_what_a_screen_folds_away_in_light_colours(browser: Browser, reports: dict[str, Path]) -> None:
    with opened(browser, reports["busy"], color_scheme="dark") as page:
        page.emulate_media(media="print")
        shown = "e => e.checkVisibility({contentVisibilityAuto: true}) && e.getBoundingClientRect().height > 0"
        assert page.locator("#rule-SEG01 li").first.evaluate(shown)
        assert page.locator("#finding-F-000000000000 dd").first.evaluate(shown)
        assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
        assert page.locator("thead").first.evaluate("e => getComputedStyle(e).display") == "table-header-group"
        assert page.pdf(format="A4")[:5] == b"%PDF-"


def test_marks_differ_by_shape(browser: Browser, reports: dict[str, Path]) -> None:
    with opened(browser, reports["busy"]) as page:
        shape = "e => { const s = getComputedStyle(e); return s.clipPath + s.borderRadius }"
        assert len({mark.evaluate(shape) for mark in page.locator(".tiles .mk").all()}) == 4


def test_colours_can_be_forced(browser: Browser, reports: dict[str, Path], axe: Path) -> None:
    with opened(browser, reports["busy"], forced_colors="active", bypass_csp=True) as page:
        page.add_script_tag(path=axe)
        assert page.evaluate("axe.run({runOnly: ['wcag2a']})")["violations"] == []
        assert page.locator(".tiles .mk").first.is_visible()


def test_motion_is_reduced_on_request(browser: Browser, reports: dict[str, Path]) -> None:
    behaviour = "getComputedStyle(document.documentElement).scrollBehavior"
    with opened(browser, reports["clean"], reduced_motion="reduce") as page:
        assert page.evaluate(behaviour) == "auto"
    with opened(browser, reports["clean"], reduced_motion="no-preference") as page:
        assert page.evaluate(behaviour) == "smooth"
