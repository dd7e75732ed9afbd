"""What the browser tests need: Chromium, the checkers from npm, and the example reports as files."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from reports.render import report_html
from tests.reports.example_changes import EVERY

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Browser

NODE_MODULES = Path(__file__).parent / "node_modules"
QUIET = (
    "--disable-background-networking", "--disable-component-update", "--disable-sync", "--no-first-run",
    "--disable-gpu",
)  # fmt: skip


def missing(what: str, remedy: str) -> None:
    """Skip, or fail where the environment says that browser tests must run."""
    reason = f"{what} is not here ({remedy})"
    if os.environ.get("CSP_AUDIT_REQUIRE_BROWSER") == "1":
        pytest.fail(reason)
    pytest.skip(reason)


def npm_file(name: str) -> Path:
    """Return a file of an npm package."""
    path = NODE_MODULES / name
    if not path.is_file():
        missing(name, "npm install --prefix tests/browser")
    return path


@pytest.fixture(scope="session")
def axe() -> Path:
    """Return the accessibility checker's script."""
    return npm_file("axe-core/axe.min.js")


@pytest.fixture(scope="session")
def html_checker() -> list[str]:
    """Return the command that starts the Nu HTML checker."""
    java = shutil.which("java")
    if not java:
        missing("java", "install a Java runtime, 11 or newer")
    return [str(java), "-jar", str(npm_file("vnu-jar/build/dist/vnu.jar"))]


@pytest.fixture(scope="session")
def reports(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Return every example report as a file, by the example's name."""
    folder = tmp_path_factory.mktemp("reports")
    made = {name: folder / f"{name}.html" for name in EVERY}
    for name, path in made.items():
        path.write_bytes(report_html(EVERY[name]()).encode())
    return made


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Return Chromium; its own sandbox does not work for root."""
    chromium = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if not chromium:
        missing("Chromium", "apt-get install chromium")
    from playwright.sync_api import sync_playwright

    sandbox = [] if os.geteuid() else ["--no-sandbox"]
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=chromium, args=[*QUIET, *sandbox])
        yield started
        started.close()
