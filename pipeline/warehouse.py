"""The warehouse file: built beside the old one, then swapped into place."""

from __future__ import annotations

import os
import shutil
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import sql
from pipeline.database import DatabaseError, building, file_literal, literal, reading
from pipeline.errors import FaultError, LockedError, UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import date

    from pipeline.config import Config
    from pipeline.database import Connection
    from pipeline.errors import CspAuditError

LAYOUT = 3
_READ_ONLY = 0o444
_FOLDER = Path(sql.__file__).parent
# Policy is what has been in force from one day to another; the others are lists that do not change by date.
POLICIES = (
    "purchase_matrix",
    "answer_times",
    "notice_periods",
    "request_limits",
    "extended_service_terms",
    "discountable_products",
    "gcc_countries",
)
_REFERENCES = (*POLICIES, "qualification_sets", "segment_markers", "holidays")
# What a night writes down of itself, also where it is a backfill.
OF_A_NIGHT = ("runs", "inputs", "rule_results", "waivers", "changes", "matrix", "unread_rows")
_BEFORE = "select * from old.{table} where {night} < $as_of"
# A span that ended tonight, or later where an older night is audited, had not ended before tonight.
_SPANS_BEFORE = (
    "select * replace (if(gone_on < $as_of, gone_on, null) as gone_on) from old.{table} where first_night < $as_of"
)
# Tables that outlive the night, and which of their rows do: a night knows those before it, so that a rerun replaces
# what its date had left.
LASTING = {
    **{f"audit.{name}": _BEFORE.format(table=f"audit.{name}", night="as_of") for name in (*OF_A_NIGHT, "events")},
    "audit.findings": _BEFORE.format(table="audit.findings", night="recorded_on"),
    **{name: _SPANS_BEFORE.format(table=name) for name in ("audit.unseen", "audit.waived", "history.qualifications")},
    **{f"backfill.{name}": f"select * from old.backfill.{name}" for name in (*OF_A_NIGHT, "states")},
}


@dataclass(frozen=True)
class LastNight:
    """What the warehouse says of good runs: the newest, and the `lines` of each table on the one to compare with.

    `rule_ids` are the rules of all nights, those that are retired by now too.
    """

    newest: date | None
    lines: dict[str, int]
    rule_ids: frozenset[str] = frozenset()


def last_night(warehouse: Path, as_of: date) -> LastNight:
    """Read what the gate compares with: the newest good run before the night, or the only one, which is replaced."""
    if not warehouse.exists():
        return LastNight(None, {})
    with open_warehouse(warehouse) as connection:
        row = connection.execute(
            "select max(as_of), coalesce(max(as_of) filter (as_of < $night), max(as_of) filter (as_of = $night)) "
            "from audit.runs",
            {"night": as_of},
        ).fetchone()
        newest, before = row or (None, None)
        lines = connection.execute(
            "select table_name, sum(lines)::bigint from audit.inputs where as_of = ? group by table_name", [before]
        ).fetchall()
        rules = connection.execute("select distinct rule_id from audit.rule_results").fetchall()
    return LastNight(newest, dict(lines), frozenset(rule_id for (rule_id,) in rules))


@contextmanager
def open_warehouse(warehouse: Path, config: Config | None = None) -> Iterator[Connection]:
    """Open the warehouse read-only. Raises UsageError where there is none, or one of another layout.

    `config` bounds memory and threads, so that a question by day leaves room for a run.
    """
    if not warehouse.exists():
        message = f"{warehouse}: there is no warehouse yet. Run csp-audit run FOLDER first, or name another --state."
        raise UsageError(message)
    with ExitStack() as stack:
        # What goes wrong later, with the warehouse open, is not the file's fault.
        try:
            bounds = (config.memory_limit, config.threads) if config else ()
            connection = stack.enter_context(reading(warehouse, *bounds))
            row = connection.execute("select version from audit.layout").fetchone()
        except DatabaseError as error:
            raise _unusable(warehouse, error) from error
        if row != (LAYOUT,):
            message = f"{warehouse}: written by another version of csp-audit. Use that version, or another --state."
            raise UsageError(message)
        yield connection


def _unusable(warehouse: Path, error: DatabaseError) -> CspAuditError:
    if "Could not set lock" in str(error):
        return LockedError(
            f"{warehouse} is open for writing in another program. Close that (duckdb -readonly reads), then run again."
        )
    return UsageError(
        f"{warehouse}: cannot be read as a warehouse: {str(error).splitlines()[0]} "
        "Put a file from kept/ in its place, or name another --state."
    )


@contextmanager
def build(work: Path, config: Config, old: Path, as_of: date) -> Iterator[Connection]:
    """Open a new warehouse in the folder `work`, with its fixed tables and what lasts of the old one.

    On leaving well it is complete on disk at `work / "warehouse.duckdb"`.
    """
    path = work / "warehouse.duckdb"
    with building(path, config.memory_limit, config.threads, work / "spill") as connection:
        create_fixed_tables(connection)
        if old.exists():
            _carry_over(connection, old, as_of)
        yield connection
        connection.execute("checkpoint")
    if path.with_suffix(".duckdb.wal").exists():
        message = "the new warehouse did not close cleanly; last night's is untouched"
        raise FaultError(message)


def create_fixed_tables(connection: Connection) -> None:
    """Create the tables that no export fills, and fill the policy data."""
    connection.execute((_FOLDER / "warehouse.sql").read_text(encoding="utf-8"))
    connection.execute("insert into audit.layout values (?)", [LAYOUT])
    for name in _REFERENCES:
        file = file_literal(_FOLDER / "reference" / f"{name}.csv")
        connection.execute(f"insert into ref.{name} select * from read_csv({file}, all_varchar = true, header = true)")
    connection.execute((_FOLDER / "calendar.sql").read_text(encoding="utf-8"))


def _carry_over(connection: Connection, old: Path, as_of: date) -> None:
    connection.execute(f"attach {literal(str(old))} as old (read_only)")
    for table, rows in LASTING.items():
        connection.execute(f"insert into {table} {rows.replace('$as_of', f'date {literal(str(as_of))}')}")
    connection.execute("detach old")


def swap(new: Path, warehouse: Path, kept: Path, keep: int) -> None:
    """Put the new warehouse into place in one step, and keep the last few old ones beside it.

    The file is read-only for everyone who may read it: a session that writes would leave a log beside it that fits no
    other night's file. Such a log, where somebody left one, stays with the file that it belongs to.
    """
    kept.mkdir(exist_ok=True)
    if warehouse.exists():
        written = datetime.fromtimestamp(warehouse.stat().st_mtime, UTC)
        aside = kept / f"warehouse-{written:%Y%m%dT%H%M%S.%fZ}.duckdb"
        _link(warehouse, aside)
        log = warehouse.with_name(f"{warehouse.name}.wal")
        if log.exists():
            log.replace(aside.with_name(f"{aside.name}.wal"))
    new.chmod(new.stat().st_mode & _READ_ONLY)
    new.replace(warehouse)
    for path in sorted(kept.glob("warehouse-*.duckdb"), reverse=True)[keep:]:
        path.unlink()
        path.with_name(f"{path.name}.wal").unlink(missing_ok=True)


def _link(file: Path, aside: Path) -> None:
    """Give a file a second name; where the file system knows no such thing, a copy does."""
    aside.unlink(missing_ok=True)
    try:
        os.link(file, aside)
    except OSError:
        shutil.copy2(file, aside)
