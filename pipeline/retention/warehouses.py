"""The warehouses of a state directory, told apart before anything goes: what is written again, and what goes whole.

A block that is damaged is noticed only where it is read. So each warehouse is read to its end first: a removal that
came upon such a block in the middle would have removed half.
"""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pipeline.database import DatabaseError, OutOfMemoryError, identifier, log_of, read_table, reading
from pipeline.errors import DamagedError, UsageError
from pipeline.regular import is_file
from pipeline.retention.files import DAMAGED
from pipeline.retention.subject import tables_of
from pipeline.signals import stop_if_asked
from pipeline.warehouse import kept_copies, layout_of

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from pipeline.config import Config
    from pipeline.database import Connection
    from pipeline.retention.subject import Tables
    from pipeline.state import State


@dataclass(frozen=True)
class Warehouses:
    """Those that can be read from end to end, the newest night's last, and those kept that can only go whole."""

    readable: tuple[Path, ...] = ()
    damaged: tuple[Path, ...] = ()


def warehouses_of(state: State, config: Config) -> Warehouses:
    """Read every warehouse to its end, and change none.

    Raises UsageError where one is of a newer layout, or the system does not let it be read, and where a damaged one may
    not be removed: the newest night's, one that somebody else has put there, and a link. Raises LockedError where
    another program writes one.
    """
    damaged = sorted(state.kept.glob(f"{DAMAGED}*"))
    ours = kept_copies(state.kept)
    readable = []
    for path in sorted(set(state.kept.glob("*.duckdb")) - {*damaged}):
        if path not in ours:
            _look_at_another(path, config)
        elif not _is_sound(path, config):
            damaged += [path, log_of(path)] if log_of(path).exists() else [path]
            continue
        readable.append(path)
    # What it leads to may be the warehouse of the newest night by now.
    if links := [path for path in damaged if path.is_symlink()]:
        message = f"{links[0]}: is a link. Remove it, and the file that it leads to, then run again."
        raise UsageError(message)
    if is_file(state.warehouse):
        if not _is_sound(state.warehouse, config):
            raise UsageError(_broken(state.warehouse))
        readable.append(state.warehouse)
    return Warehouses(tuple(readable), tuple(damaged))


@contextmanager
def opened(path: Path, config: Config) -> Iterator[tuple[Connection, str]]:
    """Open a warehouse read-only; give the name of its database beside the connection. Raises as `reading` does."""
    with reading(path, config.memory_limit, config.threads) as connection:
        (name,) = connection.execute("select current_database()").fetchone() or ("",)
        yield connection, str(name)


def _broken(warehouse: Path) -> str:
    return (
        f"{warehouse}: a part of it is damaged, so not all of it can be searched. Run csp-audit run FOLDER first: it "
        "builds a new one, and keeps this one in kept/, from where it is removed whole. Then run this again."
    )


def _is_sound(path: Path, config: Config) -> bool:
    try:
        layout_of(path)
        _read_through(path, config)
    except DamagedError:
        # What was interrupted looks like damage.
        stop_if_asked()
        return False
    return True


def _look_at_another(path: Path, config: Config) -> None:
    """Look at a database that somebody has put into kept/: it is written again, and never removed whole."""
    try:
        tables = _read_through(path, config)
    except DamagedError as error:
        stop_if_asked()
        message = f"{path}: cannot be read, nor searched. Remove it, then run again."
        raise UsageError(message) from error
    if "audit.layout" in tables:
        layout_of(path)


def _read_through(path: Path, config: Config) -> Tables:
    """Read every block of every table; return the tables.

    Raises DamagedError, OutOfMemoryError, and UsageError for others.
    """
    try:
        with opened(path, config) as (connection, database):
            tables = tables_of(connection, database)
            for name in tables:
                read_table(connection, ".".join(map(identifier, name.split("."))))
    except OutOfMemoryError:
        raise
    except DatabaseError as error:
        stop_if_asked()
        said = str(error).splitlines()[0].rstrip(".!")
        message = f"{path}: cannot be read to its end: {said}. Check the disk, then run again."
        raise UsageError(message) from error
    return tables
