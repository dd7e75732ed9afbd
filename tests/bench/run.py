"""`make bench`: measures a night against the floor and writes RESULTS.md.

`python -m tests.bench.run [ROWS ...] [--rounds N] [--memory LIMIT]`; 750000 rows by default. Files are generated
once in build/bench. Every ratio compares processes of one run that took turns.
"""

from __future__ import annotations

import argparse
import os
import platform
import subprocess
import sys
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from tests.bench.measure import Contender, Usage, measure

ROOT = Path(__file__).parents[2]
RESULTS = Path(__file__).parent / "RESULTS.md"
BUILD = ROOT / "build" / "bench"
THREADS = 2
# DESIGN section 10: rows, then times the floor for load and validate, and for the whole night.
BUDGETS = {750_000: (2.5, 2.8), 7_500_000: (2.0, 2.2), 30_000_000: (1.8, 2.0)}
MEMORY_BUDGET, BAD_CPU_BUDGET, BAD_MEMORY_BUDGET, REPORT_SECONDS = 1.6, 2.5, 2.0, 1.0
# All rules together, with the views that they share; fewer rows than that cost too little to compare.
RULES_BUDGET, RULES_ROWS = 0.3, 7_500_000
PANDERA_ROWS = 750_000


@dataclass(frozen=True)
class Line:
    """One line of the results: what was measured, how much, and the bound that it must keep."""

    what: str
    measured: float
    bound: float
    note: str = ""

    def __str__(self) -> str:
        """The line as Markdown."""
        verdict = "kept" if self.measured <= self.bound else "**broken**"
        return f"| {self.what} | {self.measured:.2f} | {self.bound:g} | {verdict} | {self.note} |"


def main() -> int:
    """Measure, print and write the results; return 1 where a budget is broken."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("rows", nargs="*", type=int, default=[750_000])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--memory", default="1GB", help="DuckDB's memory limit, the same for all")
    options = parser.parse_args()
    sections, broken = [], False
    for rows in options.rows:
        usages = measure(_contenders(rows, options.memory), options.rounds, BUILD / "work")
        lines = _lines(rows, usages)
        broken |= any(line.measured > line.bound for line in lines)
        sections.append(_section(rows, options.rounds, options.memory, usages, lines))
        print(sections[-1], flush=True)
    _write(sections)
    return 1 if broken else 0


def _contenders(rows: int, memory: str) -> list[Contender]:
    good, bad = str(_files(rows, 0.005)), str(_files(rows, 1.0))
    settings = (memory, str(THREADS))
    config = BUILD / "config.toml"
    config.write_text(f'memory_limit = "{memory}"\nthreads = {THREADS}\n', encoding="utf-8")
    night = ("-m", "tests.bench.night", "{work}/steps.json", "run", good, "--as-of", "2026-11-20", "--state", "{work}")
    night += ("--config", str(config))
    found = [
        Contender("floor", ("-m", "tests.bench.floor", good, "{work}", *settings)),
        Contender("load and validate", ("-m", "tests.bench.load", good, "{work}", *settings, "sieve")),
        Contender("whole night", night, (0, 1)),
        Contender("load, all rows bad", ("-m", "tests.bench.load", bad, "{work}", *settings, "sieve")),
    ]
    if rows <= PANDERA_ROWS:
        arguments = ("-m", "tests.bench.load", good, "{work}", *settings, "pandera")
        found.append(Contender("load, --engine pandera", arguments))
    return found


def _files(rows: int, bad: float) -> Path:
    folder = BUILD / f"{rows}-{bad:g}"
    if not (folder / "price_list.csv").exists():
        command = ["-m", "sample_data.generate", str(rows), "--out", str(folder), "--bad", str(bad), "--seed", "1"]
        subprocess.run([sys.executable, *command], check=True, cwd=ROOT)
    for path in folder.iterdir():
        os.utime(path, (1_795_132_800, 1_795_132_800))  # 2026-11-20, so that no export is stale
    return folder


def _lines(rows: int, usages: dict[str, Usage]) -> list[Line]:
    floor, load, night = usages["floor"], usages["load and validate"], usages["whole night"]
    bad = usages["load, all rows bad"]
    load_bound, night_bound = BUDGETS.get(rows, BUDGETS[750_000])
    return [
        Line("load and validate, CPU / floor", load.cpu / floor.cpu, load_bound),
        Line(
            "whole night less the report's second, CPU / floor",
            (night.cpu - REPORT_SECONDS) / floor.cpu,
            night_bound,
            f"{night.cpu / floor.cpu:.2f} with the report",
        ),
        *_rules_line(rows, night.steps["rules"] / floor.cpu),
        Line("load and validate, peak memory / floor", load.memory / floor.memory, MEMORY_BUDGET),
        Line("whole night, peak memory / floor", night.memory / floor.memory, MEMORY_BUDGET),
        Line("all rows bad / 0.5 % bad, CPU", bad.cpu / load.cpu, BAD_CPU_BUDGET),
        Line("all rows bad / 0.5 % bad, peak memory", bad.memory / load.memory, BAD_MEMORY_BUDGET),
    ]


def _rules_line(rows: int, share: float) -> list[Line]:
    return [Line("views and rules, CPU / floor", share, RULES_BUDGET)] if rows >= RULES_ROWS else []


def _section(rows: int, rounds: int, memory: str, usages: dict[str, Usage], lines: list[Line]) -> str:
    steps = ", ".join(f"{name} {cpu:.2f}" for name, cpu in usages["whole night"].steps.items())
    table = "\n".join(f"| {name} | {u.cpu:.2f} | {u.memory:.0f} |" for name, u in usages.items())
    return (
        f"## {rows:,} rows\n\n{rounds} rounds, memory limit {memory}, {THREADS} threads, "
        f"{datetime.now(UTC):%Y-%m-%d}.\n\n"
        f"| budget | measured | bound | | |\n|-|-|-|-|-|\n" + "\n".join(map(str, lines)) + "\n\n"
        f"| median of a whole process | CPU s | peak MB |\n|-|-|-|\n{table}\n\n"
        f"CPU seconds of the night's steps: {steps}.\n"
    )


def _write(sections: list[str]) -> None:
    import duckdb
    import pandas as pd
    import pandera

    versions = f"Python {platform.python_version()}, duckdb {duckdb.__version__}, pandas {pd.__version__}, "
    head = (
        "# Speed and memory against the floor\n\n"
        "Written by `make bench`; see tests/bench/run.py for what is measured. The floor is DuckDB reading the same\n"
        "files with types and store_rejects into a database on disk, and checking nothing. CPU is user and system\n"
        f"time of whole processes that took turns. {versions}pandera {pandera.__version__}, {os.cpu_count()} cores.\n\n"
    )
    RESULTS.write_text(head + "\n".join(sections), encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main())
