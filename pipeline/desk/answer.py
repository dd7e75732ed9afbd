"""An answer: what a command says, as a value, so that every command has the same three formats."""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from itertools import islice
from typing import TYPE_CHECKING, TypeAlias

from reports.jsontext import pieces
from reports.text import csv_cell, visible

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

SCHEMA_VERSION = 1
# A longer table is read in a spreadsheet; drawing it would take longer than finding it.
MOST_DRAWN = 200
# Rows that are written at a time.
_CHUNK = 1000

Cell: TypeAlias = "str | int | bool | float | Decimal | date | datetime | None"
_Plain: TypeAlias = "str | int | bool | float | None"


@dataclass(frozen=True)
class Section:
    """One table of an answer: `columns` are names in snake case; `notes` are sentences under the table.

    Very many rows are an iterator: they can be read once, section after section.
    Where there are no rows, `nothing` says so.
    """

    name: str
    title: str
    columns: tuple[str, ...]
    rows: Iterable[tuple[Cell, ...]]
    notes: tuple[str, ...] = ()
    nothing: str = "None."


@dataclass(frozen=True)
class Answer:
    """What a command says: sentences first, then tables; `facts` are what a program reads of the sentences."""

    lead: tuple[str, ...]
    sections: tuple[Section, ...] = ()
    facts: Mapping[str, Cell] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Refuse two things of one name, of which JSON would show one. Raises ValueError."""
        names = [*self.facts, *(section.name for section in self.sections)]
        if len(names) > len(set(names)):
            message = f"an answer has two parts of one name: {', '.join(names)}"
            raise ValueError(message)


def json_pieces(answer: Answer) -> Iterator[str]:
    """Give the facts, the sentences, and a list of records for each section, piece by piece."""
    sections = {section.name: _json_records(section) for section in answer.sections}
    facts = {name: _plain(cell) for name, cell in answer.facts.items()}
    return pieces({"schema_version": SCHEMA_VERSION, **facts, "lead": [*answer.lead], **sections})


def csv_pieces(answer: Answer) -> Iterator[str]:
    """Give one table piece by piece; where there are several sections, the first column names the section."""
    many = len(answer.sections) > 1
    columns = list(dict.fromkeys(name for section in answer.sections for name in section.columns))
    yield _csv([[*(["section"] if many else []), *columns]])
    for section in answer.sections:
        named = [section.name] if many else []
        lines = ([*named, *cells] for cells in _csv_rows(section, columns))
        while chunk := list(islice(lines, _CHUNK)):
            yield _csv(chunk)


def _json_records(section: Section) -> Iterator[dict[str, _Plain]]:
    columns = section.columns
    for row in section.rows:
        yield dict(zip(columns, map(_plain, row), strict=True))


def _csv_rows(section: Section, columns: Sequence[str]) -> Iterator[list[_Plain]]:
    """Give the cells of each row under the columns of all sections."""
    places = [section.columns.index(name) if name in section.columns else None for name in columns]
    for row in section.rows:
        yield ["" if place is None else _csv_text(row[place]) for place in places]


def _csv(lines: Iterable[Sequence[_Plain]]) -> str:
    out = io.StringIO()
    csv.writer(out, lineterminator="\n").writerows(lines)
    return out.getvalue()


def as_text(cell: Cell) -> str:
    """Return what a table shows of a cell: one line in which nothing works unseen on the terminal."""
    if cell is None:
        return ""
    if isinstance(cell, bool):
        return "yes" if cell else "no"
    if isinstance(cell, datetime):
        return f"{cell:%Y-%m-%d %H:%M}"
    if isinstance(cell, Decimal | float):
        return f"{cell:,.2f}"
    if isinstance(cell, int):
        return f"{cell:,}"
    return visible(" ".join(str(cell).split()))


def _plain(cell: Cell) -> _Plain:
    if isinstance(cell, Decimal):
        return f"{cell:.2f}"
    return cell.isoformat() if isinstance(cell, date) else cell


def _csv_text(cell: Cell) -> _Plain:
    if isinstance(cell, bool):
        return "yes" if cell else "no"
    plain = _plain(cell)
    return csv_cell(plain) if isinstance(plain, str) else plain
