"""Finds an export's header line, its delimiter, and which of the schema's columns it has."""

from __future__ import annotations

import csv
from contextlib import suppress
from dataclasses import replace
from itertools import islice
from typing import TYPE_CHECKING, TextIO

from pipeline.bounds import too_wide
from pipeline.export import MAX_RECORD_BYTES, Header, Text
from pipeline.preamble import DELIMITERS, read_preamble, split, stated_columns
from pipeline.steady import open_bytes, open_text
from reports.text import clip, visible
from schemas.reading import Problem

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from schemas.conditions import Either
    from schemas.table import Table

SAMPLE_RECORDS = 500
_NAMES = {",": "comma", ";": "semicolon", "\t": "tab"}
_HEADER_LINES = 20
# Characters of the records that are looked at, and of a header in a message.
_MOST_SAMPLED = 4 * MAX_RECORD_BYTES
_LONGEST_HEADER = 60
# Python's reader would stop at cells of 131,072 characters, which DuckDB reads.
csv.field_size_limit(MAX_RECORD_BYTES)
_RERUN = "Ask for the export to be run again"


def read_header(
    table: Table, file: str, text: Text, delimiter: str | None, most_columns: int
) -> Header | list[Problem]:
    """Return the header, or why there is none that fits. `delimiter` is the configured one, if any."""
    lines = _first_lines(text)
    said = read_preamble(table, lines)
    if len(said) == len(lines):
        return [Problem(file, "", "no line of text", "a header line and rows", f"{_RERUN}.")]
    candidates = [(mark, split(lines[len(said)], mark)) for mark in _delimiters(table, delimiter)]
    mark, cells = max(
        candidates, key=lambda candidate: sum(table.match(cell) is not None for cell in candidate[1][:most_columns])
    )
    if len(cells) > most_columns:
        return [too_wide(file, len(said) + 1, len(cells), most_columns)]
    if len(cells) == 1 or not any(table.match(cell) for cell in cells):
        return [_unknown(table, file, len(said) + 1, cells)]
    stated, problems = stated_columns(table, file, said)
    header = _complete(table, file, len(said) + 1, mark, cells)
    if not isinstance(header, Header):
        return [*problems, *header]
    return problems or replace(header, stated=stated)


def _delimiters(table: Table, configured: str | None) -> tuple[str, ...]:
    """Return what may part the cells; many files of one table need not all be parted by the configured one."""
    if configured is None:
        return DELIMITERS
    return (configured, *DELIMITERS) if table.many else (configured,)


def _first_lines(text: Text) -> list[str]:
    with open_text(text.path, "utf-8-sig", "replace", "\n") as file:
        return [file.readline(MAX_RECORD_BYTES).rstrip("\n") for _ in range(_HEADER_LINES)]


def _unknown(table: Table, file: str, line: int, cells: Sequence[str]) -> Problem:
    marks = ", ".join(f"a {_NAMES[mark]}" for mark in DELIMITERS)
    return Problem(
        file,
        f"line {line}",
        f"{len(cells)} column(s), none with a header that belongs to {table.name}" if len(cells) > 1 else "one column",
        f"a header line such as {', '.join(_least(table))}, split by {marks}",
        f"{_RERUN}, or set tables.{table.name}.delimiter in the configuration.",
    )


def _least(table: Table) -> list[str]:
    """Return the columns of the shortest header that fits."""
    groups = {name for either in table.either for name in either.groups[0]}
    return [column.name for column in table.columns if column.required or column.name in groups]


def _complete(table: Table, file: str, line: int, delimiter: str, cells: list[str]) -> Header | list[Problem]:
    matched = [table.match(cell) for cell in cells]
    names = [column.name if column else None for column in matched]
    problems = [_twice(file, line, name, cells, names) for name in _repeated(names)]
    for column in table.columns:
        if column.required and column.name not in names:
            headers = " or ".join((column.name, *column.aliases))
            found = f"no column {column.name} among {len(cells)} columns"
            problems.append(Problem(file, f"line {line}", found, f"a header {headers}", f"{_RERUN} with that column."))
    problems += [
        _incomplete(file, line, either, len(cells))
        for either in table.either
        if not any(set(group) <= set(names) for group in either.groups)
    ]
    ignored = tuple(cell for cell, name in zip(cells, names, strict=True) if name is None)
    return problems or Header(line, delimiter, tuple(names), ignored)


def _incomplete(file: str, line: int, either: Either, width: int) -> Problem:
    lacking = " nor ".join(" and ".join(group) for group in either.groups)
    found = f"neither {lacking} among {width} columns"
    return Problem(file, f"line {line}", found, f"headers {either.expected}", f"{_RERUN} with those columns.")


def _repeated(names: Sequence[str | None]) -> list[str]:
    return list(dict.fromkeys(name for name in names if name is not None and names.count(name) > 1))


def _twice(file: str, line: int, name: str, cells: list[str], names: Sequence[str | None]) -> Problem:
    both = " and ".join(
        visible(clip(cell, _LONGEST_HEADER)) for cell, match in zip(cells, names, strict=True) if match == name
    )
    return Problem(
        file, f"line {line}", f"two columns for {name}: {both}", "one", "Remove or rename one of them in the export."
    )


def sample_records(text: Text, header: Header) -> list[list[str]]:
    """Read the first records after the header with Python's own reader, for a look at their shape."""
    with open_text(text.path, "utf-8-sig", "replace", "") as file:
        for _ in range(header.skip):
            file.readline()
        limited = islice(_short_lines(file), SAMPLE_RECORDS * 4)
        records: list[list[str]] = []
        # A cell over csv's limit ends the look: an open quote, most likely, of which the load will say the line.
        with suppress(csv.Error):
            records.extend(islice(csv.reader(limited, delimiter=header.delimiter), SAMPLE_RECORDS))
        return records


def _short_lines(file: TextIO) -> Iterator[str]:
    """Give lines until so much of the file is in memory that it says enough about its shape."""
    read = 0
    while read < _MOST_SAMPLED and (line := file.readline(MAX_RECORD_BYTES)):
        read += len(line)
        yield line


def tail_problem(file: str, text: Text, header: Header) -> Problem | None:
    """Say whether the file ends in the middle of a record, as a transfer that broke off leaves it."""
    with open_bytes(text.path) as read:
        read.seek(max(0, text.size_on_disk - MAX_RECORD_BYTES))
        lines = read.read().decode("utf-8", "replace").rstrip("\n ").split("\n")
    data_lines = text.lines - header.skip
    lines = lines[-min(len(lines), data_lines, 50) :]
    if any(_is_record(lines[-n:], header) for n in range(1, len(lines) + 1)):
        return None
    width = len(header.columns)
    found = "the file ends in the middle of a row"
    return Problem(file, f"line {text.lines}", found, f"{width} columns in every row", f"{_RERUN}: it looks cut off.")


def _is_record(lines: list[str], header: Header) -> bool:
    try:
        records = list(csv.reader((line + "\n" for line in lines), delimiter=header.delimiter, strict=True))
    except csv.Error:
        return False
    return len(records) == 1 and len(records[0]) >= len(header.columns)
