"""Answers a query that somebody wrote in SQL: read from the warehouse, and from nothing else.

Values: dates and times in ISO form, decimals as they are, lists and structs as JSON text, bytes in hexadecimal.
"""

from __future__ import annotations

import csv
import io
import json
import math
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, time
from decimal import Decimal
from itertools import chain
from typing import TYPE_CHECKING, Any, TypeVar

from pipeline.database import DatabaseError, OutOfMemoryError, querying, statement_kinds
from pipeline.desk.answer import MOST_DRAWN, SCHEMA_VERSION, Answer, Section
from pipeline.errors import UsageError
from pipeline.signals import temporary_folder
from reports.text import csv_cell, encodable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from pipeline.config import Config
    from pipeline.database import Connection

    Made = TypeVar("Made")

_CHUNK = 1000
_ALLOWED = {"SELECT", "EXPLAIN"}
_HOW = "Only one SELECT is allowed, on the tables of the warehouse (also DESCRIBE, SHOW, SUMMARIZE and EXPLAIN)."
_TABLES = 'List the tables with csp-audit sql "show all tables".'
# How DuckDB's first line begins where a query reaches for what it may not: a file, an extension, a setting, a change.
_REFUSED = (
    "Permission Error",
    "Invalid Input Error: Cannot change configuration",
    "Invalid Input Error: Cannot execute statement",
    "TransactionContext Error: Cannot FORCE CHECKPOINT",
)


@dataclass(frozen=True)
class Result:
    """What a query gives: the names of the columns, each once, and the rows, in chunks as they are read."""

    columns: tuple[str, ...]
    chunks: Iterator[list[tuple[Any, ...]]]

    @property
    def rows(self) -> Iterator[tuple[Any, ...]]:
        """The rows one by one; they can be read once."""
        return chain.from_iterable(self.chunks)


def read_query(written: bytes) -> str:
    """Return the text of a query. Raises UsageError where it is not UTF-8."""
    try:
        return written.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        message = "the query is not text in UTF-8. Save it as UTF-8 and run again."
        raise UsageError(message) from error


@contextmanager
def querying_warehouse(warehouse: Path, config: Config, query: str) -> Iterator[Result]:
    """Run a query on a warehouse, with the memory limit and threads of the configuration.

    Raises UsageError, in one line, where it is not one SELECT, is wrong, or reaches for anything but the warehouse.
    """
    with temporary_folder("csp-audit-sql-") as spill, _in_plain_words(config):
        _refuse_other_statements(query)
        with (
            querying(warehouse, config.memory_limit, config.threads, spill) as connection,
            ThreadPoolExecutor(1) as worker,
        ):

            def run(call: Callable[..., Made], *words: object) -> Made:
                # Ctrl-C reaches this thread, which waits; the one that is inside DuckDB would not see it.
                try:
                    return worker.submit(call, *words).result()
                except KeyboardInterrupt:
                    connection.interrupt()
                    raise

            yield _result(connection, query, run)


def _result(connection: Connection, query: str, run: Callable[..., Any]) -> Result:
    run(connection.execute, query)
    names = _each_once([str(column[0]) for column in connection.description or ()])
    return Result(names, iter(lambda: run(connection.fetchmany, _CHUNK), []))


def _refuse_other_statements(query: str) -> None:
    kinds = statement_kinds(query)
    if len(kinds) != 1 or kinds[0] not in _ALLOWED:
        found = "no statement" if not kinds else "1 statement" if len(kinds) == 1 else f"{len(kinds)} statements"
        named = f" ({', '.join(dict.fromkeys(kinds))})" if kinds else ""
        message = f"the query is {found}{named}. {_HOW}"
        raise UsageError(message)


@contextmanager
def _in_plain_words(config: Config) -> Iterator[None]:
    try:
        yield
    except OutOfMemoryError as error:
        message = f"memory_limit = {config.memory_limit} is too little for this query. Raise it in the configuration."
        raise UsageError(message) from error
    except DatabaseError as error:
        raise UsageError(_said(str(error).splitlines()[0])) from error


def _said(line: str) -> str:
    if line.startswith(_REFUSED):
        return f"the query reaches outside the warehouse, or changes something ({line.rstrip('.')}). {_HOW}"
    if "pytz" in line:
        return "the query gives a time with a time zone, which cannot be shown. Cast it to timestamp, or to varchar."
    return f"{line.rstrip('.!')}. {_TABLES}"


def _each_once(names: list[str]) -> tuple[str, ...]:
    """Return the names, numbered where a query gives one twice: a record holds each name once."""
    unique: list[str] = []
    for name in names:
        number, other = 1, name
        while other in unique:
            number += 1
            other = f"{name}_{number}"
        unique.append(other)
    return tuple(unique)


def as_answer(result: Result) -> Answer:
    """Return the first rows as an answer, and say where there are more."""
    rows: list[tuple[str | None, ...]] = []
    for row in result.rows:
        if len(rows) == MOST_DRAWN:
            note = f"There are more rows than these {MOST_DRAWN}: --format csv lists all."
            break
        rows.append(tuple(_text(cell) for cell in row))
    else:
        note = ""
    count = f"The first {len(rows)} rows." if note else f"{len(rows)} {'row' if len(rows) == 1 else 'rows'}."
    section = Section("rows", "Result", result.columns, tuple(rows), (note,) if note else (), "No rows.")
    return Answer((count,), (section,))


def csv_chunks(result: Result) -> Iterator[str]:
    """Give a csv file piece by piece; cells are made harmless for spreadsheets."""
    yield _csv([result.columns])
    for chunk in result.chunks:
        yield _csv([tuple(_csv_cell(cell) for cell in row) for row in chunk])


def json_chunks(result: Result) -> Iterator[str]:
    """Give a JSON document piece by piece: `rows` is a list of records."""
    yield f'{{\n  "schema_version": {SCHEMA_VERSION},\n  "rows": ['
    mark = "\n    "
    for row in result.rows:
        record = dict(zip(result.columns, (_json_value(cell) for cell in row), strict=True))
        yield mark + encodable(json.dumps(record, ensure_ascii=False, allow_nan=False))
        mark = ",\n    "
    yield "\n  ]\n}\n" if mark.startswith(",") else "]\n}\n"


def _csv(rows: list[tuple[Any, ...]]) -> str:
    out = io.StringIO()
    csv.writer(out, lineterminator="\n").writerows(rows)
    return out.getvalue()


def _csv_cell(cell: object) -> str | int | float | Decimal | None:
    if cell is None or (isinstance(cell, int | float | Decimal) and not isinstance(cell, bool)):
        return cell
    return csv_cell(_text(cell) or "")


def _json_value(cell: object) -> str | int | float | bool | None:
    if cell is None or isinstance(cell, bool | int) or (isinstance(cell, float) and math.isfinite(cell)):
        return cell
    return _text(cell)


def _text(cell: object) -> str | None:
    """Write a value as text; what has no rows and columns of its own is one line of JSON."""
    match cell:
        case None:
            return None
        case bool():
            return "true" if cell else "false"
        case date() | time():
            return cell.isoformat()
        case bytes():
            return cell.hex()
        case list() | tuple() | dict():
            return json.dumps(_inner(cell), ensure_ascii=False, allow_nan=False)
    return str(cell)


def _inner(cell: object) -> object:
    """Return a list or a struct of values that JSON knows."""
    if isinstance(cell, dict):
        return {str(name): _inner(value) for name, value in cell.items()}
    if isinstance(cell, list | tuple):
        return [_inner(value) for value in cell]
    return _json_value(cell)
