"""The report is valid HTML in every language, says the Nu checker."""

from __future__ import annotations

import json
import subprocess
from typing import TYPE_CHECKING

from reports.languages import LANGUAGES, words_of
from reports.render import report_html
from tests.reports.example_changes import EVERY

if TYPE_CHECKING:
    from pathlib import Path

_GUESS = "appears to be written in"


def test_no_report_has_an_error_or_a_warning(html_checker: list[str], tmp_path: Path) -> None:
    paths = {tmp_path / f"{name}.{language}.html": (name, language) for name in EVERY for language in LANGUAGES}
    for path, (name, language) in paths.items():
        path.write_bytes(report_html(EVERY[name](), words_of(language)).encode())
    checked = subprocess.run(
        [*html_checker, "--format", "json", "--stdout", *map(str, paths)], capture_output=True, check=False, timeout=120
    )
    messages = json.loads(checked.stdout)["messages"]
    # The checker calls itself experimental and sums up in messages of type info without a subtype. It also guesses the
    # language of a page from its letters, at random where they belong to several, as in hostile names.
    complaints = [item for item in messages if item["type"] != "info" or item.get("subType") == "warning"]
    complaints = [item for item in complaints if "hostile" not in item.get("url", "") or _GUESS not in item["message"]]
    assert [(item.get("url", "")[-16:], item["message"], item.get("extract")) for item in complaints] == []
