"""How the records of a file with stray quotes are told apart: the rule that the loader keeps, letter by letter.

It is csv's own (RFC 4180) wherever that says anything. Beyond it:

- Spaces between a quote and the comma or line break next to its cell are left out; csv takes them for text, and
  a quote behind them for a letter.
- Text behind a closing quote breaks its record. That cell goes on as one without quotes, and the record ends where
  it would have ended: at the next line break outside quotes.
- A quote that is never closed breaks its record, which takes the rest of the file.
- Empty cells behind the last column are left out; with any other cell there, or with one too few, a record is broken.
- A line of spaces is blank.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

WIDTH = 3


@dataclass
class Record:
    """One record and the lines that it takes; `strays` counts closing quotes with text behind them."""

    line: int
    cells: list[str] = field(default_factory=list)
    lines: int = 1
    strays: int = 0
    is_open: bool = False
    has_quotes: bool = False

    @property
    def is_broken(self) -> bool:
        return self.is_open or self.strays > 0 or len(self.cells) != WIDTH

    @property
    def is_blank(self) -> bool:
        return len(self.cells) == 1 and not self.has_quotes and not self.cells[0].strip(" ")

    def trimmed(self) -> Record:
        while len(self.cells) > WIDTH and not self.cells[-1]:
            self.cells.pop()
        return self


def read_by_the_rule(text: str) -> Iterator[Record]:
    """Give the records behind the header, without blank lines."""
    rest, line = text.split("\n", 1)[1], 2
    while rest:
        record = Record(line)
        rest = _read_record(rest, record)
        line += record.lines
        if not record.trimmed().is_blank:
            yield record


def _read_record(rest: str, record: Record) -> str:
    while True:
        quoted = rest.lstrip(" ").startswith('"')
        cell, rest = _read_quoted(rest.lstrip(" ")[1:], record) if quoted else _read_plain(rest)
        record.has_quotes |= quoted
        record.cells.append(cell)
        record.lines += cell.count("\n")
        if not rest.startswith(","):
            return rest[1:]
        rest = rest[1:]


def _read_plain(rest: str) -> tuple[str, str]:
    end = min(place for mark in ",\n" if (place := (rest + mark).find(mark)) >= 0)
    return rest[:end], rest[end:]


def _read_quoted(rest: str, record: Record) -> tuple[str, str]:
    cell, closing = "", rest.find('"')
    while rest[closing : closing + 2] == '""':
        cell, rest = cell + rest[: closing + 1], rest[closing + 2 :]
        closing = rest.find('"')
    if closing < 0:
        record.is_open = True
        return cell + rest.rstrip("\n"), ""
    behind, rest_of_text = _read_plain(rest[closing + 1 :])
    record.strays += bool(behind.strip(" "))
    return cell + rest[:closing], rest_of_text
