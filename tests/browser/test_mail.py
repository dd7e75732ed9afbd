"""The mail in a browser: what the mail programs that show HTML as it is would show."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from reports.mail.digest import digest
from tests.browser.test_report import AXE, PHONE, SCHEMES, opened
from tests.reports.example_changes import EVERY
from tests.reports.mail.letters import LETTER, html_of

if TYPE_CHECKING:
    from playwright.sync_api import Browser

LEVELS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
WINDOW = {"width": 720, "height": 900}


@pytest.fixture(params=EVERY)
def path(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """Return the mail of one of the example nights, as a page."""
    page = tmp_path / f"{request.param}.html"
    page.write_bytes(html_of(digest(EVERY[request.param](), LETTER)).encode())
    return page


def test_a_digest_is_accessible_and_fits(browser: Browser, path: Path, axe: Path) -> None:
    with opened(browser, path) as page:
        page.add_script_tag(path=axe)
        for size in (WINDOW, PHONE):
            page.set_viewport_size(size)
            assert page.evaluate("document.documentElement.scrollWidth") <= size["width"]
            for scheme in SCHEMES:
                page.emulate_media(color_scheme=scheme)
                assert page.evaluate(AXE, LEVELS) == [], (size, scheme)


def test_a_digest_asks_nothing_from_anywhere(browser: Browser, path: Path) -> None:
    asked: list[str] = []
    with opened(browser, Path("/dev/null")) as page:
        page.on("request", lambda request: asked.append(request.url))
        page.goto(path.as_uri())
        assert page.locator("h1").count() == 1
    assert asked == [path.as_uri()]
