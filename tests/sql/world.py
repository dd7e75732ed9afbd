"""A small warehouse in memory, filled from rows of text: what the rules see, without files and gate."""

from __future__ import annotations

import json
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pandas as pd

from pipeline.database import connect_in_memory
from pipeline.expressions import derived, raw
from pipeline.gaps import create_gaps
from pipeline.precedence import give_way
from pipeline.rules import create_views, judge_rules
from pipeline.sieve import empty_table
from pipeline.warehouse import create_fixed_tables
from schemas.catalog import TABLES
from schemas.conditions import OneOf

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from datetime import date

    from pipeline.database import Connection
    from pipeline.rulefile import RuleFile
    from schemas.column import Column
    from schemas.finding import RuleResult
    from schemas.table import Table
    from tests.sql.case_tables import Cells

# What a row says where its table does not have the column; any other one is null, or what the schema says.
DEFAULTS = {
    "customers": {"company_name": "{customer_id}"},
    "subscriptions": {"status": "active", "creation_date": "2026-01-01", "offer_id": "o:0001:x"},
}
HISTORY_COLUMNS = ("customer_id", "qualification", "vetting_status", "first_night", "gone_on")
EVERYTHING = {name: {column.name for column in table.columns} for name, table in TABLES.items()}


@contextmanager
def world(
    as_of: date, tables: Mapping[str, Sequence[Cells]], *, vetting_is_stated: bool = True
) -> Iterator[Connection]:
    """Open a warehouse as the rules find it on that night; `unread_customers` may be among the tables."""
    connection = connect_in_memory()
    try:
        create_fixed_tables(connection)
        connection.execute("insert into core.run values (?, ?)", [as_of, vetting_is_stated])
        for name, table in TABLES.items():
            connection.execute(f"create table core.{name} as {empty_table(table)}")
            _fill(connection, table, tables.get(name, ()))
        for row in tables.get("unread_customers", ()):
            connection.execute(
                "insert into core.unread_customers values (?, ?)", [row["table_name"], row["customer_id"]]
            )
        for row in tables.get("unread_tables", ()):
            connection.execute("insert into core.unread_tables values (?)", [row["table_name"]])
        for row in tables.get("history", ()):
            connection.execute(
                "insert into history.qualifications values (?, ?, ?, ?, ?)",
                [row.get(name) for name in HISTORY_COLUMNS],
            )
        create_views(connection)
        yield connection
    finally:
        connection.close()


def _fill(connection: Connection, table: Table, rows: Sequence[Cells]) -> None:
    if not rows:
        return
    unknown = rows[0].keys() - EVERYTHING[table.name]
    if unknown:
        message = f"{table.name} has no column {sorted(unknown)}"
        raise ValueError(message)
    frame = pd.DataFrame(
        {raw(column.name).strip('"'): [_cell(table, column, row) for row in rows] for column in table.columns},
        dtype="object",
    )
    frame["line"] = range(1, len(rows) + 1)
    columns = {c.name: f"cast({raw(c.name)} as {c.kind.duckdb_type})" for c in table.columns}
    columns |= {d.name: f"cast({derived(d)} as {d.duckdb_type})" for d in table.derived}
    cells = ", ".join(f"cast({raw(column.name)} as varchar) as {raw(column.name)}" for column in table.columns)
    connection.register("frame", frame)
    connection.execute(f"""
        insert into core.{table.name} ({", ".join(columns)}, line, file)
        select {", ".join(f"{value} as {name}" for name, value in columns.items())}, line, '{table.name}.csv'
        from (select {cells}, line from frame)
    """)
    connection.unregister("frame")


def _cell(table: Table, column: Column, row: Cells) -> str | None:
    """Return a cell's text; a word that its column's closed list does not hold is a slip in the case."""
    default = DEFAULTS.get(table.name, {}).get(column.name, column.absent)
    text = row[column.name] if column.name in row else default and default.format_map(row)
    for condition in column.conditions:
        known = {name for _, name in condition.spellings} if isinstance(condition, OneOf) else {text}
        if text is not None and text not in known:
            message = f"{table.name}.{column.name}: {text!r} is not one of {sorted(known)}"
            raise ValueError(message)
    return text


def judge(
    connection: Connection, files: Iterable[RuleFile], supplied: Mapping[str, Iterable[str]] | None = None
) -> list[RuleResult]:
    """Judge the rules as a night does, by default with every table and column supplied."""
    given = EVERYTHING if supplied is None else {name: set(columns) for name, columns in supplied.items()}
    results = judge_rules(connection, files, given)
    create_gaps(connection)
    return give_way(connection, results, [result.rule.id for result in results])


def found(connection: Connection) -> list[dict[str, object]]:
    """Return what was found: each finding's id, rule and subject, and its facts beside them."""
    rows = connection.execute("""
        select finding_id, rule_id, customer_id, subscription_id, due_on, evidence_table, evidence_line, facts
        from core.found order by finding_id
    """).fetchall()
    names = ("finding_id", "rule_id", "customer_id", "subscription_id", "due_on", "evidence_table", "evidence_line")
    return [{**json.loads(row[-1]), **dict(zip(names, row[:-1], strict=True))} for row in rows]
