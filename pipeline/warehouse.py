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
from pipeline.aside import is_same, second_name
from pipeline.clock import kept_name
from pipeline.database import DatabaseError, OutOfMemoryError, building, damaged, file_literal, literal, log_of, reading
from pipeline.errors import DamagedError, FaultError, LockedError, UsageError
from pipeline.migrations import OLDEST
from pipeline.regular import is_file
from pipeline.session import LOG
from schemas.finding import Recovery

if TYPE_CHECKING:
    from collections.abc import Iterator
    from contextlib import AbstractContextManager
    from datetime import date

    from pipeline.config import Config
    from pipeline.database import Connection
    from pipeline.errors import CspAuditError

# Of the tables; every change of them is a step in migrations.py.
LAYOUT = 4
_READ_ONLY = 0o444
# How DuckDB begins to say that the system did not let it open or read a file.
_OF_THE_SYSTEM = ("Cannot open file", "Could not read from file")
_KEPT = "warehouse"
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

    `rule_ids` are the rules of all nights, those that are retired by now too. `recovery` is what an earlier run of the
    same night did about a damaged warehouse: it still holds for a rerun.
    """

    newest: date | None
    lines: dict[str, int]
    rule_ids: frozenset[str] = frozenset()
    recovery: Recovery | None = None


def last_night(warehouse: Path | None, as_of: date) -> LastNight:
    """Read what the gate compares with: the newest good run before the night, or the only one, which is replaced."""
    if warehouse is None or not is_file(warehouse):
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
        damage = connection.execute(
            "select damaged_file, restored_from from audit.runs where as_of = ? and damaged_file is not null", [as_of]
        ).fetchone()
    recovery = Recovery(*damage) if damage else None
    return LastNight(newest, dict(lines), frozenset(rule_id for (rule_id,) in rules), recovery)


@contextmanager
def open_warehouse(warehouse: Path, config: Config | None = None) -> Iterator[Connection]:
    """Open the warehouse read-only. Raises UsageError where there is none, one of another layout, or a damaged one.

    `config` bounds memory and threads, so that a question by day leaves room for a run.
    """
    bounds = (config.memory_limit, config.threads) if config else ()
    with of_this_layout(warehouse, reading(warehouse, *bounds)) as connection:
        yield connection


@contextmanager
def of_this_layout(warehouse: Path, opening: AbstractContextManager[Connection]) -> Iterator[Connection]:
    """Open the warehouse in the given way, in which its tables go by their own names. Raises as `open_warehouse`."""
    if not is_file(warehouse):
        message = f"{warehouse}: there is no warehouse yet. Run csp-audit run FOLDER first, or name another --state."
        raise UsageError(message)
    with ExitStack() as stack:
        # What goes wrong later, with the warehouse open, is not the file's fault.
        try:
            connection = stack.enter_context(opening)
            layout = _layout(warehouse, connection)
        except (DatabaseError, DamagedError) as error:
            raise cause_of(warehouse, error) from error
        if layout != LAYOUT:
            message = f"{warehouse}: written by an older version of csp-audit. Run csp-audit run once, then ask again."
            raise UsageError(message)
        yield connection


def layout_of(warehouse: Path) -> int:
    """Return the layout of a warehouse that a run can read, today's or an older one.

    Raises DamagedError where it is no warehouse, LockedError where it is being written, and UsageError where it is of
    a layout that this version does not know, or the system does not let it be read.
    """
    # what is no file would be waited for
    is_file(warehouse)
    try:
        with reading(warehouse) as connection:
            return _layout(warehouse, connection)
    except (DatabaseError, DamagedError) as error:
        raise cause_of(warehouse, error) from error


def _layout(warehouse: Path, connection: Connection) -> int:
    row = connection.execute("select version from audit.layout").fetchone()
    layout = int(row[0]) if row else 0
    if layout > LAYOUT:
        raise UsageError(_newer(warehouse))
    if layout < OLDEST:
        message = f"{warehouse}: written by a version of csp-audit that was never released. Name another --state."
        raise UsageError(message)
    return layout


def _newer(warehouse: Path) -> str:
    return f"{warehouse}: written by a newer version of csp-audit. Use that version, or another --state."


def cause_of(warehouse: Path, error: DatabaseError | DamagedError) -> CspAuditError:
    """Tell a damaged file (DamagedError) from one that is whole and cannot be read for another reason."""
    if isinstance(error, OutOfMemoryError):
        return UsageError("memory_limit is too little to open the warehouse. Raise it in the configuration.")
    if "Could not set lock" in str(error):
        return LockedError(
            f"{warehouse} is open for writing in another program. Close that (duckdb -readonly reads), then run again."
        )
    # the format of the file itself, which the database may change when its own version does
    if "version number" in str(error):
        return UsageError(_newer(warehouse))
    if reason := _refused(warehouse, error):
        return UsageError(f"{warehouse}: cannot be read: {reason}. Check its permissions and the disk, then run again.")
    return error if isinstance(error, DamagedError) else damaged(warehouse, error)


def _refused(warehouse: Path, error: DatabaseError | DamagedError) -> str | None:
    """Return for which reason the system does not let the file be read, or did not a moment ago."""
    try:
        _read_bytes(warehouse)
    except OSError as problem:
        return problem.strerror
    said = str(error).splitlines()[0]
    return said.rpartition(": ")[2] if any(words in said for words in _OF_THE_SYSTEM) else None


def _read_bytes(file: Path) -> None:
    with file.open("rb") as content:
        while content.read(1 << 20):
            pass


@contextmanager
def build(work: Path, config: Config, old: Path | None, as_of: date) -> Iterator[Connection]:
    """Open a new warehouse in the folder `work`, with its fixed tables and what lasts of the old one.

    The old one (of today's layout) stays attached as `old`. On leaving well the new one is complete on disk at
    `work / "warehouse.duckdb"`. Raises DatabaseError also where a block of the old one is damaged.
    """
    path = work / "warehouse.duckdb"
    with building(path, config.memory_limit, config.threads, work / "spill") as connection:
        create_fixed_tables(connection)
        if old and old.exists():
            _carry_over(connection, old, as_of)
        yield connection
        connection.execute("checkpoint")
    if log_of(path).exists():
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


def swap(new: Path, warehouse: Path, kept: Path, keep: int, damaged_as: str = "") -> None:
    """Put the new warehouse into place in one step, and keep the last few old ones beside it.

    A damaged one is kept by the name `damaged_as` for as long as somebody wants it.

    The file is read-only for everyone who may read it: a session that writes would leave a log beside it that fits no
    other night's file. Such a log, where somebody left one, stays with a damaged file; else it is put aside alone.
    Where `warehouse` is a link it stays one, and what it leads to, on the disk of `new`, is replaced. Raises OSError.
    """
    place = Path(os.path.realpath(warehouse))
    kept.mkdir(exist_ok=True)
    if place.exists():
        aside = kept / (damaged_as or _kept_as(place, kept))
        second_name(place, aside)
        _put_log_aside(place, aside if damaged_as else kept / aside_name(place, "stray"))
    new.chmod(new.stat().st_mode & _READ_ONLY)
    new.replace(place)
    for path in kept_copies(kept)[keep:]:
        _drop(path)


def _drop(copy: Path) -> None:
    """Take a kept copy away; where that cannot be, the next night tries again, and this one goes on."""
    try:
        if not copy.is_symlink():
            log_of(copy).unlink(missing_ok=True)
        copy.unlink()
    except OSError as error:
        LOG.warning("%s: cannot be removed: %s", copy, error.strerror)


def _put_log_aside(warehouse: Path, beside: Path) -> None:
    log, aside = log_of(warehouse), log_of(beside)
    if log.exists():
        shutil.move(log, aside)
        LOG.warning("%s held nothing of a night and was put aside: kept/%s", log.name, aside.name)


def _kept_as(warehouse: Path, kept: Path) -> str:
    """Return the name under which a warehouse is kept: the same once more where a run was killed in the middle."""
    newest = kept_copies(kept)[:1]
    if newest and is_same(newest[0], warehouse):
        return newest[0].name
    return kept_name(newest[0].name if newest else "", datetime.fromtimestamp(warehouse.stat().st_mtime, UTC))


def kept_copies(kept: Path) -> list[Path]:
    """Return the earlier warehouses, the newest first; damaged ones are not among them."""
    return sorted(kept.glob(f"{_KEPT}-*.duckdb"), reverse=True)


def aside_name(warehouse: Path, what: str) -> str:
    """Return by which name a warehouse is put aside, of which kind: with the moment at which it was written."""
    written = datetime.fromtimestamp(warehouse.stat().st_mtime, UTC)
    return f"{what}-{written:%Y%m%dT%H%M%S.%fZ}.duckdb"
