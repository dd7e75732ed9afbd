"""What a year leaves behind: 365 nights of a fleet with 5,000 findings, of which every night 2 % go and as many come.

The year is audited in this process and writes no reports, which no later night reads; the warehouse is the same. Then
the second night and the last are run again as whole processes that take turns, each on the warehouse as it was then:
measured as they come they would be half an hour apart, and the machine not the same.
"""

from __future__ import annotations

import shutil
from datetime import UTC, datetime, timedelta
from time import monotonic
from typing import TYPE_CHECKING
from unittest.mock import patch

from pipeline.config import Config
from pipeline.database import connect_in_memory, literal
from pipeline.order import Order
from pipeline.run import run
from tests.bench.fleet_nights import CHANGE, FINDINGS, FIRST, Fleet, write_waivers
from tests.bench.measure import Usage, median, spend
from tests.bench.results import Line, table

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date
    from pathlib import Path

NIGHTS, ROUNDS = 365, 5
SIZE_BUDGET, CPU_BUDGET = 100.0, 1.2
_SCHEMAS = ("audit", "history", "backfill")
_MEGABYTE = 1_000_000
_LARGEST = 6


def measure_year(work: Path) -> tuple[str, list[Line]]:
    """Live through the year in the folder `work`; return the section for the results, and its lines."""
    shutil.rmtree(work, ignore_errors=True)
    (work / "state").mkdir(parents=True)
    write_waivers(work / "state" / "waivers.toml")
    begun = monotonic()
    early = work.with_name(f"{work.name}-early")
    _live(work, early)
    minutes = (monotonic() - begun) / 60
    second, last = _compare(early, work)
    size, rows = _lasting(work / "state" / "warehouse.duckdb", work / "lasting.duckdb")
    lines = [
        Line("lasting tables, MB", size / _MEGABYTE, SIZE_BUDGET),
        Line(
            f"CPU of night {NIGHTS} / night 2",
            last.cpu / second.cpu,
            CPU_BUDGET,
            f"{second.cpu:.2f} s, then {last.cpu:.2f} s",
        ),
    ]
    section = _section(lines, rows, minutes)
    print(section, flush=True)
    return section, lines


def _live(work: Path, early: Path) -> None:
    """Audit every night; keep a copy of the folder in `early` as it was after the second."""
    fleet = Fleet()
    shutil.rmtree(early, ignore_errors=True)
    for number in range(NIGHTS):
        as_of = FIRST + timedelta(days=number)
        fleet.write(work / "exports", as_of)
        _audit_without_report(work / "exports", as_of, Config(state=work / "state", keep=0))
        if number == 1:
            shutil.copytree(work, early, symlinks=True)
        fleet.live()


def _compare(early: Path, late: Path) -> tuple[Usage, Usage]:
    """Run the second night and the last again, in turn; return the median of each."""
    taken: dict[Path, list[Usage]] = {early: [], late: []}
    for _ in range(ROUNDS):
        for folder, as_of in ((early, FIRST + timedelta(days=1)), (late, FIRST + timedelta(days=NIGHTS - 1))):
            words = ("run", str(folder / "exports"), "--as-of", str(as_of), "--state", str(folder / "state"))
            taken[folder].append(spend(("-m", "pipeline.cli", *words), (0, 1)))
            print(f"  {as_of}: {taken[folder][-1].cpu:.2f} s CPU", flush=True)
    return median(taken[early]), median(taken[late])


def _audit_without_report(exports: Path, as_of: date, config: Config) -> None:
    with patch("pipeline.run.read_audit"), patch("pipeline.run.write_files"):
        run(Order(exports, as_of, datetime.now(UTC)), config, lambda _: None)


def _lasting(warehouse: Path, copy: Path) -> tuple[int, list[tuple[str, int]]]:
    """Copy the tables that outlive a night into a file of their own; return its bytes, and the rows of the largest."""
    connection = connect_in_memory()
    connection.execute(f"attach {literal(str(warehouse))} as warehouse (read_only)")
    connection.execute(f"attach {literal(str(copy))} as copy")
    names = connection.execute(
        "select schema_name, table_name from duckdb_tables() where database_name = 'warehouse' "
        "and list_contains(?, schema_name)",
        [list(_SCHEMAS)],
    ).fetchall()
    rows = []
    for schema, name in names:
        connection.execute(f"create schema if not exists copy.{schema}")
        connection.execute(f"create table copy.{schema}.{name} as from warehouse.{schema}.{name}")
        (count,) = connection.execute(f"select count(*) from copy.{schema}.{name}").fetchall()[0]
        rows.append((f"{schema}.{name}", count))
    connection.execute("checkpoint copy")
    connection.close()
    return copy.stat().st_size, sorted(rows, key=lambda item: -item[1])[:_LARGEST]


def _section(lines: Sequence[Line], rows: Sequence[tuple[str, int]], minutes: float) -> str:
    largest = ", ".join(f"{name} {count:,}" for name, count in rows)
    return (
        f"## {NIGHTS} nights\n\n"
        f"{FINDINGS:,} findings; every night {CHANGE:.0%} of them go, as many come, and as many say something else. "
        f"{datetime.now(UTC):%Y-%m-%d}, the year took {minutes:.0f} minutes.\n\n"
        f"{table(lines)}\n\nRows of the largest lasting tables: {largest}.\n"
    )
