"""The mail in a browser: what the mail programs that show HTML as it is would show."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.browser.test_report import AXE, PHONE, SCHEMES, opened
from tests.reports import mail

if TYPE_CHECKING:
    from playwright.sync_api import Browser

MAILS = sorted((Path(mail.__file__).parent / "golden").glob("*.html"))
LEVELS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
WINDOW = {"width": 720, "height": 900}


@pytest.mark.parametrize("path", MAILS, ids=lambda path: path.stem)
def test_a_digest_is_accessible_and_fits(browser: Browser, path: Path, axe: Path) -> None:
    with opened(browser, path) as page:
        page.add_script_tag(path=axe)
        for size in (WINDOW, PHONE):
            page.set_viewport_size(size)
            assert page.evaluate("document.documentElement.scrollWidth") <= size["width"]
            for scheme in SCHEMES:
                page.emulate_media(color_scheme=scheme)
                assert page.evaluate(AXE, LEVELS) == [], (size, scheme)


@pytest.mark.parametrize("path", MAILS, ids=lambda path: path.stem)
def test_a_digest_asks_nothing_from_anywhere(browser: Browser, path: Path) -> None:
    asked: list[str] = []
    with opened(browser, Path("/dev/null")) as page:
        page.on("request", lambda request: asked.append(request.url))
        page.goto(path.as_uri())
        assert page.locator("h1").count() == 1
    assert asked == [path.as_uri()]
