"""The one place that opens DuckDB, with the settings that a night relies on."""

from __future__ import annotations

import errno
import os
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import duckdb

from pipeline.errors import DamagedError
from pipeline.signals import interruptible

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

Settings = dict[str, str | bool | int | float | list[str]]
Connection = duckdb.DuckDBPyConnection
DatabaseError = duckdb.Error
# For what the machine is to blame: files, memory, a commit that could not be written. All else is the statement's.
MachineError = duckdb.OperationalError
Record = dict[str, Any]
OutOfMemoryError = duckdb.OutOfMemoryException

# How DuckDB says that a file is not what was written: a checksum of a block is wrong, the end is missing, or all is.
_DAMAGE = (
    "Corrupt database file", "Could not read enough bytes", "out-of-bounds access in file",
    "not a valid DuckDB database file",
)  # fmt: skip
# And that the log beside a file does not belong to it, or is damaged itself.
_LOG_DAMAGE = "replaying WAL"
# How it says, in an error that it takes for fatal, that the disk failed. Of a sync it names no file, and not even that
# the error was EIO, the only one of which it says this.
_SYNC_FAILED = "fsync failed!"
_DISK_FAILED = tuple(f"Could not {what}" for what in ("fsync", "write", "read", "seek", "truncate", "remove", "move"))
# Extensions would be fetched from the network in the middle of a night.
_NO_NETWORK = {"autoinstall_known_extensions": "false", "autoload_known_extensions": "false"}


def connect_in_memory(memory_limit: str = "1GB", threads: int = 2) -> Connection:
    """Open a database that lives in memory only."""
    return _quiet(duckdb.connect(":memory:", config=_settings(memory_limit, threads)))


@contextmanager
def building(path: Path, memory_limit: str, threads: int, spill: Path) -> Iterator[Connection]:
    """Open a new database file to build in; what does not fit in memory spills into the folder `spill`.

    Raises MachineError where the disk fails.
    """
    settings: Settings = {**_settings(memory_limit, threads), "temp_directory": str(spill)}
    with _telling_the_disk():
        connection = _quiet(duckdb.connect(str(path), config=settings))
        try:
            yield connection
        finally:
            connection.close()


@contextmanager
def reading(path: Path, memory_limit: str = "1GB", threads: int = 2) -> Iterator[Connection]:
    """Open a warehouse read-only, without access to anything outside it; nothing spills to disk.

    Raises DamagedError where the file turns out to be damaged, also while it is open.
    """
    settings: Settings = {
        **_settings(memory_limit, threads), "enable_external_access": "false", "temp_directory": "",
    }  # fmt: skip
    with _telling_damage(path):
        connection = _quiet(duckdb.connect(str(path), read_only=True, config=settings))
        try:
            yield connection
        finally:
            connection.close()


@contextmanager
def querying(path: Path, memory_limit: str, threads: int, spill: Path) -> Iterator[Connection]:
    """Open a warehouse for a query that somebody wrote: nothing outside it can be reached, no setting changed.

    Raises DamagedError as `reading` does.
    """
    settings: Settings = {**_settings(memory_limit, threads), "temp_directory": str(spill)}
    with _telling_damage(path):
        connection = _quiet(duckdb.connect(str(path), read_only=True, config=settings))
        try:
            shut(connection)
            yield connection
        finally:
            connection.close()


@contextmanager
def supposing(path: Path, memory_limit: str, threads: int, spill: Path) -> Iterator[Connection]:
    """Open a database in memory beside a warehouse, which is attached read-only as `night`; nothing else is in reach.

    Names are looked for in `night`. More databases in memory can be attached. Raises DamagedError as `reading` does.
    The file is mapped into memory: a part of it that cannot be read is SIGBUS, which `mapped` answers.
    """
    settings: Settings = {**_settings(memory_limit, threads), "temp_directory": str(spill)}
    with _telling_damage(path):
        connection = _quiet(duckdb.connect(":memory:", config=settings))
        try:
            _attach_mapped(connection, path)
            shut(connection)
            connection.execute("use night")
            yield connection
        finally:
            connection.close()


def _attach_mapped(connection: Connection, path: Path) -> None:
    """Attach a warehouse as `night`, mapped into memory: blocks that are copied cost many times the page faults.

    What cannot be mapped (a bound of the job, a file system without it) is read as any other file, and so is what is
    no whole database, of which that says the cause.
    """
    attach = f"attach {literal(str(path))} as night (read_only"
    try:
        connection.execute(f"{attach}, io_mode 'MMAP')")
    except MachineError:
        connection.execute(f"{attach})")


def shut(connection: Connection) -> None:
    """Let nothing that runs from now on read or write a file, load an extension, or open this up again.

    What is attached stays in reach, and what does not fit in memory still spills.
    """
    connection.execute("set enable_external_access = false")
    # a table's name would otherwise also be looked for among Python's variables
    connection.execute("set python_enable_replacements = false")
    connection.execute("set lock_configuration = true")


def is_damage(error: BaseException) -> bool:
    """Whether a file of a database, the one or the other, was not what had been written."""
    return isinstance(error, DatabaseError) and any(words in str(error) for words in (*_DAMAGE, _LOG_DAMAGE))


def damaged(path: Path, error: BaseException) -> DamagedError:
    """Return the error that says of a file what to do about it."""
    if _LOG_DAMAGE in str(error):
        return DamagedError(
            f"{path}: cannot be read with {log_of(path).name} beside it, a log of another file. The next csp-audit run "
            "puts that log aside; or move it away, then ask again."
        )
    return DamagedError(
        f"{path}: cannot be read as a warehouse: {str(error).splitlines()[0].rstrip('.!')}. The next csp-audit run "
        "keeps the file aside and restores history from kept/; or name another --state."
    )


def log_of(path: Path) -> Path:
    """Return where the database keeps what is not in a file yet, and looks for it whenever it opens the file.

    Of a link it is beside what that leads to.
    """
    place = Path(os.path.realpath(path)) if path.is_symlink() else path
    return place.with_name(f"{place.name}.wal")


def read_table(connection: Connection, table: str) -> None:
    """Read every block of a table, whose name is quoted where that is needed. Raises DatabaseError."""
    connection.execute(f"select bit_xor(hash(t)) from {table} as t").fetchall()


@contextmanager
def _telling_damage(path: Path) -> Iterator[None]:
    try:
        yield
    except DatabaseError as error:
        if is_damage(error):
            raise damaged(path, error) from error
        raise


@contextmanager
def _telling_the_disk() -> Iterator[None]:
    """Let a disk that fails be the machine's trouble also where that leaves the database unusable."""
    try:
        yield
    except duckdb.FatalException as error:
        said = str(error)
        if not any(words in said for words in (_SYNC_FAILED, *_DISK_FAILED)) or os.strerror(errno.EBADF) in said:
            raise
        why = f": {os.strerror(errno.EIO)}" if _SYNC_FAILED in said else ""
        message = f"{said}{why}"
        raise duckdb.IOException(message) from error


def statement_kinds(query: str) -> list[str]:
    """Return what kind of statement each one of a query is: `SELECT`, `COPY`, ...; OTHER where it has no name.

    Raises DatabaseError where the query cannot be parsed.
    """
    try:
        return [statement.type.name for statement in duckdb.extract_statements(query)]
    except ValueError:
        return ["OTHER"]


def definition(name: str, type_name: str, *, is_id: bool) -> str:
    """Define a column of a new table.

    Ids that differ from row to row are stored as they are: packing them is a quarter of the cost of a load, and
    unpacking them half of the cost of every look at them.
    """
    return f"{identifier(name)} {type_name}{' using compression uncompressed' if is_id else ''}"


def literal(value: str) -> str:
    """Quote a text as an SQL literal."""
    return "'" + value.replace("'", "''") + "'"


def file_literal(path: Path) -> str:
    """Quote the path of one file for a reader that would take a path for a pattern of many."""
    return literal("".join(f"[{sign}]" if sign in "*?[" else sign for sign in str(path)))


def identifier(name: str) -> str:
    """Quote a name as an SQL identifier."""
    return '"' + name.replace('"', '""') + '"'


def _settings(memory_limit: str, threads: int) -> Settings:
    return {**_NO_NETWORK, "memory_limit": memory_limit, "threads": str(threads)}


def _quiet(connection: Connection) -> Connection:
    """Switch the progress bar off, which prints to stdout also into a pipe; let a stop interrupt what runs."""
    connection.execute("set enable_progress_bar = false")
    return interruptible(connection)


def records(
    connection: Connection, query: str, parameters: Sequence[Any] | Mapping[str, Any] | None = None
) -> list[Record]:
    """Return the rows of a query by the names of their columns; for few rows."""
    cursor = connection.execute(query, parameters or ())
    names = [column[0] for column in cursor.description or ()]
    return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
