"""Finds what earlier nights have left for a run: the warehouse, or what can be read in place of a damaged one."""

from __future__ import annotations

import shutil
from contextlib import suppress
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

from pipeline.aside import second_name
from pipeline.database import DatabaseError, MachineError, OutOfMemoryError, is_damage, log_of, read_table, reading
from pipeline.errors import DamagedError
from pipeline.migrations import migrated
from pipeline.regular import is_file
from pipeline.signals import stop_if_asked
from pipeline.warehouse import LAYOUT, aside_name, cause_of, kept_copies, layout_of
from schemas.finding import Recovery

if TYPE_CHECKING:
    from pathlib import Path

    from pipeline.config import Config
    from pipeline.state import State

# The schemas whose tables outlive a night, and what else of the old warehouse a run reads.
_LASTING = ("audit", "history", "backfill")
_READ_TOO = ("core.run", "core.customers")


@dataclass(frozen=True)
class Past:
    """What a run reads of earlier nights: a warehouse of today's layout; None where there is nothing.

    `recovery` is set where it stands in for a damaged one.
    """

    warehouse: Path | None
    recovery: Recovery | None = None


def find_past(state: State, work: Path, config: Config) -> Past:
    """Look at the warehouse, without reading all of it; one of an older layout is brought up to date in `work`.

    Raises UsageError where it is of a newer layout or the system does not let it be read, and LockedError where another
    program writes it.
    """
    if not is_file(state.warehouse):
        return Past(None)
    try:
        return Past(_up_to_date(_without_log(state.warehouse, work), work, config))
    except DamagedError:
        return restored(state, work, config)


def recovered(error: Exception, past: Past, state: State, work: Path, config: Config) -> Past:
    """Return what to read instead, where a run failed because of a damaged block of the warehouse that it read.

    What the run has left in `work` is gone then.
    The error is raised again where the warehouse is whole, or stands in for a damaged one already.
    """
    is_over = past.warehouse is None or past.recovery or isinstance(error, OutOfMemoryError)
    if is_over or not (is_damage(error) or isinstance(error, DamagedError)) or _is_whole(past.warehouse, config):
        raise error
    _empty(work)
    return restored(state, work, config)


def _empty(work: Path) -> None:
    shutil.rmtree(work)
    (work / "spill").mkdir(parents=True)


def restored(state: State, work: Path, config: Config) -> Past:
    """Return the newest kept copy that can be read from end to end in place of the warehouse, or nothing.

    Raises UsageError and LockedError as `find_past` does, of a copy: it may be whole, and nothing newer is.
    """
    damaged = aside_name(state.warehouse, "damaged")
    for copy in kept_copies(state.kept):
        try:
            return _standing_in(copy, damaged, work, config)
        except DamagedError:
            # What was interrupted looks like damage.
            stop_if_asked()
    return Past(None, Recovery(damaged))


def _standing_in(copy: Path, damaged: str, work: Path, config: Config) -> Past:
    file = _without_log(copy, work)
    layout_of(file)
    try:
        newest = read_to_the_end(file, config)
    except OutOfMemoryError:
        raise
    except (DatabaseError, DamagedError) as error:
        raise cause_of(copy, error) from error
    try:
        return Past(_up_to_date(file, work, config), Recovery(damaged, newest))
    except MachineError:
        # Of what is written: a full disk is no reason to lose history.
        raise
    except DatabaseError as error:
        raise cause_of(copy, error) from error


def told(recovery: Recovery) -> str:
    """Say in one line what was damaged, what was read instead, and where the damaged file goes."""
    history = (
        f"history is that of the night of {recovery.restored_from}, the newest kept copy that could be read"
        if recovery.restored_from
        else "no kept copy could be read, so history begins anew"
    )
    return f"warehouse.duckdb was damaged: {history}. The damaged file goes to kept/{recovery.damaged}."


def _without_log(file: Path, work: Path) -> Path:
    """Return a file by a name in `work`, where a log of the database lies beside it: no run reads that.

    Raises LockedError and UsageError as `layout_of` does.
    """
    # Every warehouse is closed with a checkpoint (`build` refuses one that was not), so a log never holds anything of a
    # night: it is what somebody's session left, or of another file, with which this one cannot be opened.
    if not log_of(file).exists():
        return file
    with suppress(DamagedError):
        layout_of(file)
    alone = work / "alone" / file.name
    alone.parent.mkdir(exist_ok=True)
    second_name(file, alone)
    return alone


def _up_to_date(file: Path, work: Path, config: Config) -> Path:
    layout = layout_of(file)
    if layout == LAYOUT:
        return file
    try:
        return migrated(file, work / "migrated.duckdb", config, layout)
    except DatabaseError as error:
        if is_damage(error):
            raise DamagedError(str(error)) from error
        raise


def _is_whole(file: Path | None, config: Config) -> bool:
    try:
        return file is None or bool(read_to_the_end(file, config))
    except (DamagedError, DatabaseError):
        return False


def read_to_the_end(file: Path, config: Config) -> date | None:
    """Read every block that a run may read, and return the newest night.

    Raises DamagedError where one is damaged, and DatabaseError where the file is no warehouse.
    """
    with reading(file, config.memory_limit, config.threads) as connection:
        tables = connection.execute(
            "select concat(schema_name, '.', table_name) as name from duckdb_tables() "
            "where list_contains(?, schema_name) or list_contains(?, name) order by name",
            [_LASTING, _READ_TOO],
        ).fetchall()
        for (table,) in tables:
            read_table(connection, table)
        ((newest,),) = connection.execute("select max(as_of) from audit.runs").fetchall()
    return newest if isinstance(newest, date) else None
