"""The lines before a header: those that say nothing, and those that fill a column of every row."""

from __future__ import annotations

import csv
from typing import TYPE_CHECKING

from pipeline.database import connect_in_memory, literal
from pipeline.expressions import holds, raw, value
from reports.text import visible
from schemas.conditions import fold
from schemas.reading import Problem

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from schemas.table import Table

DELIMITERS = (",", ";", "\t")
_EMPTY = ("#type ", "sep=")
# So much of a value that is wrong stands in the message.
_MOST_CHARACTERS = 40
_STEP = "Correct that line, or remove it"


def split(line: str, delimiter: str) -> list[str]:
    """Return a line's cells, none where its quotes do not match."""
    try:
        return [cell.strip() for cell in next(csv.reader([line], delimiter=delimiter, strict=True))]
    except csv.Error:
        return []


def read_preamble(table: Table, lines: Sequence[str]) -> list[tuple[str, str]]:
    """Return a (key, value) for each line before the header; both are empty where the line says nothing."""
    said = []
    for line in lines:
        pair = _pair(table, line)
        if pair is None and not _is_empty(line):
            break
        said.append(pair or ("", ""))
    return said


def _is_empty(line: str) -> bool:
    return not line.strip(' ,;\t"') or line.lstrip('"').lower().startswith(_EMPTY)


def _pair(table: Table, line: str) -> tuple[str, str] | None:
    """Find a key of the table's preamble and its value; empty cells behind them come from a spreadsheet."""
    keys = {fold(key): key for key, _ in table.preamble}
    for delimiter in DELIMITERS:
        key, stated, *others = [*split(line, delimiter), "", ""]
        if fold(key) in keys and not any(others):
            return keys[fold(key)], stated
    return None


def stated_columns(
    table: Table, file: str, said: Iterable[tuple[str, str]]
) -> tuple[tuple[tuple[str, str], ...], list[Problem]]:
    """Return the columns that the preamble fills, and a problem for each value that no cell of theirs may have."""
    columns = dict(table.preamble)
    stated: dict[str, str] = {}
    problems = []
    for line, (key, text) in enumerate(said, start=1):
        if text and columns[key] in stated:
            problems.append(Problem(file, f"line {line}", f"a second line {key}", "one", f"{_STEP}, then run again."))
        elif text:
            stated[columns[key]] = text
            problems += _broken(table, file, line, key, text)
    return tuple(stated.items()), problems


def _broken(table: Table, file: str, line: int, key: str, text: str) -> list[Problem]:
    """Judge the value as the sieve judges a cell."""
    column = dict(table.preamble)[key]
    flags = [flag for flag in table.flags if flag.place(frozenset({column}))]
    tests = ", ".join(holds(flag, value(table.column(column), {}), {}) for flag in flags)
    with connect_in_memory() as connection:
        row = connection.execute(f"select {tests} from (select {literal(text)} as {raw(column)})").fetchone() or ()
    found = f"{key} {visible(text[:_MOST_CHARACTERS])}"
    step = f"{_STEP} and give each row its {column}, then run again."
    return [
        Problem(file, f"line {line}", found, flag.condition.expected, step)
        for flag, is_kept in zip(flags, row, strict=True)
        if not is_kept
    ]
