"""Loads one export: sieve, reconcile, referee, quarantine; what is left is a clean, typed table in `core`."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

from pipeline.database import identifier, literal
from pipeline.errors import NotAuditedError
from pipeline.export import scan
from pipeline.quarantine import quarantine_broken, quarantine_duplicates, unread_rows
from pipeline.reconcile import reconcile
from pipeline.referee import check_sieve, judge_every_row
from pipeline.sieve import definitions, empty_table, select_rows
from pipeline.steady import steady
from reports.text import clip
from schemas.catalog import TABLES
from schemas.reading import Input, Problem

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pipeline.config import UnreadConfig
    from pipeline.database import Connection
    from pipeline.export import Export
    from schemas.table import Table


# A note names this many headers, and so much of each.
_MOST_HEADERS, _LONGEST_HEADER = 50, 60
# A note names this many unknown words; the others are counted.
_MOST_WORDS = 3


class Engine(StrEnum):
    """Who judges the rows: the sieve with pandera as its referee, or pandera alone."""

    SIEVE = "sieve"
    PANDERA = "pandera"


def load_all(connection: Connection, exports: Iterable[Export], engine: Engine, unread: UnreadConfig) -> list[Input]:
    """Fill every table of `core`; one that was not supplied is empty. A table of many files has as many inputs.

    Raises NotAuditedError where lines cannot be accounted for or too many rows are unread, and FaultError where
    sieve and referee disagree.
    """
    by_table: dict[str, list[Export]] = {name: [] for name in TABLES}
    for export in exports:
        by_table[export.table.name].append(export)
    inputs: list[Input] = []
    for name, files in by_table.items():
        inputs += [load(connection, export, engine, unread) for export in files[:1]]
        inputs += [load_beside(connection, export, engine, unread) for export in files[1:]]
        inputs += [] if files else [create_absent(connection, TABLES[name])]
    for name in {item.table for item in inputs if item.unread}:
        connection.execute("insert into core.unread_tables values (?)", [name])
    problems = [problem for item in inputs if (problem := _too_much_unread(item, unread))]
    if problems:
        raise NotAuditedError(problems, unread_rows(connection))
    return inputs


def load_beside(connection: Connection, export: Export, engine: Engine, unread: UnreadConfig) -> Input:
    """Add a further file to a table: it is read into a table of its own first, as its lines are counted from one."""
    table = f"core.{export.table.name}"
    item = load(connection, export, engine, unread, f"{table}_beside")
    connection.execute(f"insert into {table} by name select * from {table}_beside")
    connection.execute(f"drop table {table}_beside")
    return item


def load(
    connection: Connection, export: Export, engine: Engine, unread: UnreadConfig, table: str | None = None
) -> Input:
    """Create `table` from one file; by default it is the table of `core` that the export is for.

    Raises NotAuditedError where the file is no longer the one that passed the gate.
    """
    with steady(export):
        return _load(connection, export, engine, unread, table)


def _load(connection: Connection, export: Export, engine: Engine, unread: UnreadConfig, table: str | None) -> Input:
    table = table or f"core.{export.table.name}"
    rows = select_rows(export, scan(export.text, export.header), judged_later=engine is Engine.PANDERA)
    connection.execute(f"create table {table} ({definitions(export.table)})")
    connection.execute(f"insert into {table} {rows}")
    reckoning = reconcile(connection, export, table)
    if engine is Engine.PANDERA:
        judge_every_row(connection, export, table)
    else:
        check_sieve(connection, export, table)
    broken = quarantine_broken(connection, export, table, unread.kept_rows)
    _finish(connection, export, table)
    same, contradicting = quarantine_duplicates(connection, export, table, unread.kept_rows)
    total = reckoning.loaded + reckoning.rejected
    return Input(
        table=export.table.name,
        file=export.file,
        modified_at=export.found.modified_at,
        bytes=export.text.size,
        sha256=export.text.sha256,
        encoding=export.text.encoding,
        rows=total,
        loaded=total - broken - same - contradicting,
        unread=broken + contradicting,
        duplicates=same,
        columns=tuple(sorted(export.header.present)),
        notes=(*export.found.notes, *_notes(connection, export, table)),
    )


def create_absent(connection: Connection, table: Table) -> Input:
    """Create the table of an export that was not supplied: it has its columns and no rows."""
    connection.execute(f"create table core.{table.name} as {empty_table(table)}")
    return Input(table=table.name, file=None)


def _finish(connection: Connection, export: Export, table: str) -> None:
    """Leave the columns of the schema, and where each row stood."""
    connection.execute(f"alter table {table} drop column broken")
    connection.execute(f"alter table {table} drop column raw_cells")
    connection.execute(f"alter table {table} add column file varchar default {literal(export.file)}")


def _notes(connection: Connection, export: Export, table: str) -> list[str]:
    notes = []
    if export.header.ignored:
        names = ", ".join(clip(name, _LONGEST_HEADER) or "(no name)" for name in export.header.ignored[:_MOST_HEADERS])
        more = len(export.header.ignored) - _MOST_HEADERS
        names += f" and {more} more" if more > 0 else ""
        notes.append(f"Columns that are not known were ignored: {names}.")
    for name, value in export.header.stated:
        notes.append(f"Rows without a {name} of their own have {value}, as the lines before the header say.")
    for name, order in export.orders.items():
        notes.append(f"Slashed dates in {name} were read {order}.")
    for column in export.table.columns:
        if column.kind.known and column.name in export.header.present:
            notes += _unknown_words(connection, table, column.name, column.kind.known)
    return notes


def _unknown_words(connection: Connection, table: str, column: str, known: frozenset[str]) -> list[str]:
    words = ", ".join(literal(word) for word in sorted(known))
    rows = connection.execute(
        f"select {identifier(column)}, count(*) from {table} where {identifier(column)} not in ({words}) "
        "group by 1 order by 2 desc, 1"
    ).fetchall()
    if not rows:
        return []
    named = ", ".join(f"{word[:40]} ({count})" for word, count in rows[:_MOST_WORDS])
    more = f" and {len(rows) - _MOST_WORDS} more" if len(rows) > _MOST_WORDS else ""
    return [f"Values of {column} that are not known: {named}{more}."]


def _too_much_unread(item: Input, unread: UnreadConfig) -> Problem | None:
    """Call the night not audited when so much is unread that its findings would mislead."""
    if item.unread <= max(unread.max_rows, item.rows * unread.max_share):
        return None
    found = f"{item.unread:,} of {item.rows:,} rows that could not be read"
    expected = f"at most {unread.max_share:.2%}, or {unread.max_rows} rows"
    step = "See quarantine.csv for lines and reasons, correct the export, and run again."
    return Problem(item.file or item.table, "", found, expected, step)
