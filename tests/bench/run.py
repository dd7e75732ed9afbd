"""`make bench`: measures a night against the floor and writes RESULTS.md.

`python -m tests.bench.run [ROWS ...] [--rounds N] [--memory LIMIT]`; 750000 rows by default. Files are generated
once in build/bench. Every ratio compares processes of one run that took turns.
`--history` measures what a year of nights leaves behind instead, `--desk STATE` the commands of the analysts,
and `--report` the report.
"""

from __future__ import annotations

import argparse
import compileall
import os
import shutil
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pipeline
import reports
import schemas
import sql
from tests.bench import desk, history, report
from tests.bench.measure import Contender, Usage, measure
from tests.bench.results import Line, table, write_sections

ROOT = Path(__file__).parents[2]
BUILD = ROOT / "build" / "bench"
THREADS = 2
# DESIGN section 10: rows, then times the floor for load and validate, and for the whole night.
BUDGETS = {750_000: (2.5, 2.8), 7_500_000: (2.0, 2.2), 30_000_000: (1.8, 2.0)}
MEMORY_BUDGET, BAD_CPU_BUDGET, BAD_MEMORY_BUDGET, REPORT_SECONDS = 1.6, 2.5, 2.0, 1.0
# All rules together, with the views that they share; fewer rows than that cost too little to compare.
RULES_BUDGET, RULES_ROWS = 0.3, 7_500_000
PANDERA_ROWS = 750_000


def _compile() -> None:
    """Compile the modules as an installation does; otherwise each process that is measured may do it anew."""
    for package in (pipeline, reports, schemas, sql):
        compileall.compile_dir(Path(package.__file__ or "").parent, quiet=1)


def main() -> int:
    """Measure, print and write the results; return 1 where a budget is broken."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("rows", nargs="*", type=int, default=[750_000])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--memory", default="1GB", help="DuckDB's memory limit, the same for all")
    parser.add_argument("--history", action="store_true", help="365 nights of a fleet with 5,000 findings")
    parser.add_argument("--desk", type=Path, metavar="STATE", help="every analyst's command on this warehouse")
    parser.add_argument("--exports", type=Path, metavar="FOLDER", help="what a run builds from while --desk measures")
    parser.add_argument("--report", action="store_true", help="the report's size, and its speed in a browser")
    options = parser.parse_args()
    _compile()
    if options.report:
        return 0 if report.measure_report(_files(750_000, 0.005), BUILD / "report") else 1
    if options.history:
        found = [history.measure_year(BUILD / "history")]
    elif options.desk:
        found = [desk.measure_desk(options.desk, options.exports, BUILD / "desk")]
    else:
        found = [_measure(rows, options.rounds, options.memory) for rows in options.rows]
    write_sections(section for section, _ in found)
    return 0 if all(line.is_kept for _, lines in found for line in lines) else 1


def _measure(rows: int, rounds: int, memory: str) -> tuple[str, list[Line]]:
    usages = measure(_contenders(rows, memory), rounds, BUILD / "work")
    lines = _lines(rows, usages)
    section = _section(rows, rounds, memory, usages, lines)
    print(section, flush=True)
    return section, lines


def _contenders(rows: int, memory: str) -> list[Contender]:
    good, bad = str(_files(rows, 0.005)), str(_files(rows, 1.0))
    settings = (memory, str(THREADS))
    config = BUILD / "config.toml"
    config.write_text(f'memory_limit = "{memory}"\nthreads = {THREADS}\n', encoding="utf-8")
    words = ("run", good, "--as-of", "2026-11-20", "--state", "{work}", "--config", str(config))
    night = ("-m", "tests.bench.night", "{work}/steps.json")
    found = [
        Contender("floor", ("-m", "tests.bench.floor", good, "{work}", *settings)),
        Contender("load and validate", ("-m", "tests.bench.load", good, "{work}", *settings, "sieve")),
        Contender("whole night", (*night, "-", *words), (0, 1)),
        Contender("whole night after another", (*night, str(_night_before(rows, good, config)), *words), (0, 1)),
        Contender("load, all rows bad", ("-m", "tests.bench.load", bad, "{work}", *settings, "sieve")),
    ]
    if rows <= PANDERA_ROWS:
        arguments = ("-m", "tests.bench.load", good, "{work}", *settings, "pandera")
        found.append(Contender("load, --engine pandera", arguments))
    return found


def _night_before(rows: int, folder: str, config: Path) -> Path:
    """Audit the same exports as of the day before, and return that night's warehouse."""
    state = BUILD / f"{rows}-before"
    shutil.rmtree(state, ignore_errors=True)
    command = ["-m", "pipeline.cli", "run", folder, "--as-of", "2026-11-19", "--state", str(state)]
    subprocess.run([sys.executable, *command, "--config", str(config)], check=False, cwd=ROOT)
    return state / "warehouse.duckdb"


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
    later, bad = usages["whole night after another"], usages["load, all rows bad"]
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
        Line(
            "whole night after another, less the report's second, CPU / floor",
            (later.cpu - REPORT_SECONDS) / floor.cpu,
            night_bound,
        ),
        Line("load and validate, peak memory / floor", load.memory / floor.memory, MEMORY_BUDGET),
        Line("whole night, peak memory / floor", night.memory / floor.memory, MEMORY_BUDGET),
        Line("whole night after another, peak memory / floor", later.memory / floor.memory, MEMORY_BUDGET),
        Line("all rows bad / 0.5 % bad, CPU", bad.cpu / load.cpu, BAD_CPU_BUDGET),
        Line("all rows bad / 0.5 % bad, peak memory", bad.memory / load.memory, BAD_MEMORY_BUDGET),
    ]


def _rules_line(rows: int, share: float) -> list[Line]:
    return [Line("views and rules, CPU / floor", share, RULES_BUDGET)] if rows >= RULES_ROWS else []


def _section(rows: int, rounds: int, memory: str, usages: dict[str, Usage], lines: list[Line]) -> str:
    steps = ", ".join(f"{name} {cpu:.2f}" for name, cpu in usages["whole night after another"].steps.items())
    medians = "\n".join(f"| {name} | {u.cpu:.2f} | {u.memory:.0f} |" for name, u in usages.items())
    return (
        f"## {rows:,} rows\n\n{rounds} rounds, memory limit {memory}, {THREADS} threads, "
        f"{datetime.now(UTC):%Y-%m-%d}.\n\n"
        f"{table(lines)}\n\n"
        f"| median of a whole process | CPU s | peak MB |\n|-|-|-|\n{medians}\n\n"
        f"CPU seconds of the steps of a night after another: {steps}.\n"
    )


if __name__ == "__main__":
    sys.exit(main())
