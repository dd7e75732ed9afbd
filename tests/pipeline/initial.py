"""What the tests of `csp-audit init` share."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from tests.pipeline.commandline import call

if TYPE_CHECKING:
    from pathlib import Path


def written(folder: Path, *words: str | Path) -> dict[str, str]:
    ended = call("init", "--dir", folder, *words)
    assert (ended.code, ended.err) == (0, "")
    return {path.name: path.read_text(encoding="utf-8") for path in sorted(folder.iterdir())}


def cron_line(text: str) -> str:
    """Return the command as cron hands it to the shell; a % that ends it there would fail."""
    (line,) = [line for line in text.splitlines() if re.match(r"[0-9*]", line)]
    schedule, command = line.split(maxsplit=5)[:5], line.split(maxsplit=5)[5]
    assert schedule == ["30", "2", "*", "*", "*"]
    assert not re.search(r"(?<!\\)%", command)
    return command.replace(r"\%", "%")
