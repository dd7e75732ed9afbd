"""The results as Markdown: RESULTS.md has one section for each thing that was measured."""

from __future__ import annotations

import os
import platform
import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

RESULTS = Path(__file__).parent / "RESULTS.md"
_HEADING = re.compile(r"(?m)^(?=## )")


@dataclass(frozen=True)
class Line:
    """One line of the results: what was measured, how much, and the bound that it must keep."""

    what: str
    measured: float
    bound: float
    note: str = ""

    @property
    def is_kept(self) -> bool:
        """Whether it keeps its bound."""
        return self.measured <= self.bound

    def __str__(self) -> str:
        """The line as Markdown."""
        verdict = "kept" if self.is_kept else "**broken**"
        return f"| {self.what} | {self.measured:.2f} | {self.bound:g} | {verdict} | {self.note} |"


def table(lines: Iterable[Line]) -> str:
    """Return lines as a Markdown table."""
    return "| budget | measured | bound | | |\n|-|-|-|-|-|\n" + "\n".join(map(str, lines))


def write_sections(sections: Iterable[str]) -> None:
    """Write sections into RESULTS.md, each in place of the one with its heading; the others stay."""
    _, *old = _HEADING.split(RESULTS.read_text(encoding="utf-8"))
    kept = {section.partition("\n")[0]: section.strip() for section in (*old, *sections)}
    RESULTS.write_text("\n\n".join([_head(), *kept.values()]) + "\n", encoding="utf-8")


def _head() -> str:
    import duckdb
    import pandas as pd
    import pandera

    versions = f"Python {platform.python_version()}, duckdb {duckdb.__version__}, pandas {pd.__version__}, "
    return (
        "# Speed and memory against the floor\n\n"
        "Written by `make bench`; see tests/bench/run.py for what is measured. The floor is DuckDB reading the same\n"
        "files with types and store_rejects into a database on disk, and checking nothing. CPU is user and system\n"
        f"time of whole processes that took turns. {versions}pandera {pandera.__version__}, {os.cpu_count()} cores."
    )
