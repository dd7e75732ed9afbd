"""The report is valid HTML, says the Nu checker."""

from __future__ import annotations

import json
import subprocess
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path


def test_no_report_has_an_error_or_a_warning(html_checker: list[str], reports: dict[str, Path]) -> None:
    checked = subprocess.run(
        [*html_checker, "--format", "json", "--stdout", *map(str, reports.values())],
        capture_output=True,
        check=False,
        timeout=120,
    )
    messages = json.loads(checked.stdout)["messages"]
    # The checker calls itself experimental and sums up in messages of type info without a subtype.
    complaints = [item for item in messages if item["type"] != "info" or item.get("subType") == "warning"]
    assert [(item.get("url", "")[-16:], item["message"], item.get("extract")) for item in complaints] == []
