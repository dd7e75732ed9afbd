"""Puts one export through the gate and loads it, for tests that look at rows."""

from __future__ import annotations

import json
import tempfile
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from pipeline.config import Config
from pipeline.database import connect_in_memory
from pipeline.gate import Question, admit
from pipeline.load import Engine, load
from pipeline.warehouse import create_fixed_tables
from tests.pipeline.exports import AS_OF, PLAIN, night, records, write, write_folder

if TYPE_CHECKING:
    from pipeline.database import Connection
    from schemas.reading import Input

Cell = str | int | float | bool | None


@dataclass(frozen=True)
class Loaded:
    """What became of one export: its typed rows by line, and the quarantine (line, column, value, reason)."""

    rows: tuple[dict[str, Cell], ...]
    unread: tuple[tuple[int, str, str, str], ...]
    input: Input
    lines: int

    @property
    def lines_loaded(self) -> list[Cell]:
        return [row["line"] for row in self.rows]

    @property
    def lines_unread(self) -> list[int]:
        return sorted({line for line, *_ in self.unread})


def load_content(
    table: str, content: bytes | str, engine: Engine = Engine.SIEVE, config: Config | None = None
) -> Loaded:
    """Load a file of this content; the night's other exports stand beside it. Raises what the program raises."""
    config = config or Config(threads=1)
    with tempfile.TemporaryDirectory() as place:
        folder, work = Path(place, "exports"), Path(place, "work")
        work.mkdir()
        write_folder(folder, {name: rows for name, rows in night().items() if name != table})
        write(folder / f"{table}.csv", content)
        exports = admit(Question(folder, date.fromisoformat(AS_OF), {}), config, work)
        (export,) = (export for export in exports if export.table.name == table)
        connection = _database()
        connection.execute(f"drop table if exists core.{table}")
        connection.execute("delete from quarantine.rows")
        connection.execute("set threads = $1", [config.threads])
        outcome = load(connection, export, engine, config.unread)
        typed = connection.execute(f"select to_json(columns(* exclude (file))) from core.{table} as t order by t.line")
        names = [column[0] for column in typed.description]
        rows = [dict(zip(names, map(_cell, row), strict=True)) for row in typed.fetchall()]
        unread = connection.execute(
            "select line, column_name, value, reason from quarantine.rows order by all"
        ).fetchall()
    return Loaded(tuple(rows), tuple(unread), outcome, export.text.lines)


@cache
def _database() -> Connection:
    """Return one database for all loads of a process: its fixed tables take longer than a small load."""
    connection = connect_in_memory()
    create_fixed_tables(connection)
    return connection


def _cell(text: str | None) -> Cell:
    value: Cell = None if text is None else json.loads(text)
    return value


def load_rows(
    table: str, rows: list[dict[str, str]], engine: Engine = Engine.SIEVE, config: Config | None = None
) -> Loaded:
    """Load rows that all have the same columns."""
    return load_content(table, PLAIN.text(records(rows)), engine, config)
