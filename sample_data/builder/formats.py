"""How the tools of the field write a table: encodings, delimiters, quotes, and the forms of a cell."""

from __future__ import annotations

import codecs
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from sample_data.builder.data import Cell, Record

_NOON = 12
_TYPE_LINE = "#TYPE System.Management.Automation.PSCustomObject"
_ACADEMIC_WORDS = {
    "Commercial": "Corporate",
    "Education": "Academic",
    "Nonprofit": "Non-Profit",
    "GovernmentCommunityCloud": "GCC",
}
_AGREEMENT_WORDS = _ACADEMIC_WORDS | {"Nonprofit": "Charity", "GovernmentCommunityCloud": "Government"}
_LIST_WORDS = _ACADEMIC_WORDS | {
    "Commercial": "Commercial",
    "Education": "Education",
    "Nonprofit": "Charity",
    "GovernmentCommunityCloud": "Government",
}
_SCRIPT_WORDS = {
    "Education": "education",
    "Nonprofit": "non-profit",
    "GovernmentCommunityCloud": "government_community_cloud",
    "StateOwnedEntity": "state owned entity",
}


@dataclass(frozen=True)
class Dialect:
    """How one tool writes a file of cells."""

    encoding: str
    delimiter: str
    newline: str
    bom: bytes = b""
    everything_quoted: bool = False
    type_line: bool = False

    def write(self, rows: Sequence[Sequence[str | None]]) -> bytes:
        """Write rows of cells; None is a cell without quotes, even where everything else has them."""
        lines = [self.delimiter.join(map(self._cell, row)) for row in rows]
        if self.type_line:
            lines.insert(0, _TYPE_LINE)
        return self.bom + "".join(line + self.newline for line in lines).encode(self.encoding)

    def _cell(self, text: str | None) -> str:
        if text is None:
            return ""
        if self.everything_quoted or any(mark in text for mark in (self.delimiter, '"', "\n")):
            return '"' + text.replace('"', '""') + '"'
        return text


SCREEN = Dialect("utf-8", ",", "\n", bom=codecs.BOM_UTF8)
POLISH_SPREADSHEET = Dialect("cp1250", ";", "\r\n")
POWERSHELL = Dialect("utf-16-le", ",", "\r\n", codecs.BOM_UTF16_LE, everything_quoted=True, type_line=True)
POWERSHELL_UTF8 = Dialect("utf-8", ",", "\r\n", codecs.BOM_UTF8, everything_quoted=True, type_line=True)
POWERSHELL_TABS = Dialect("utf-16-le", "\t", "\r\n", codecs.BOM_UTF16_LE, everything_quoted=True, type_line=True)
UNICODE_TEXT = Dialect("utf-16-le", "\t", "\r\n", codecs.BOM_UTF16_LE)


@dataclass(frozen=True)
class Layout:
    """One file; `columns` gives for each header the field and, after a colon, the form of its cells.

    `preamble` are the cells of the lines before the header.
    """

    file: str
    dialect: Dialect
    columns: Mapping[str, str]
    preamble: tuple[tuple[str, ...], ...] = ()

    def write(self, records: Sequence[Record]) -> bytes:
        """Write the records as this file."""
        return self.dialect.write([*self.preamble, list(self.columns), *(self._row(record) for record in records)])

    def _row(self, record: Record) -> list[str | None]:
        row = [_cell(record, *spec.partition(":")[::2]) for spec in self.columns.values()]
        cells = record.get("cells")
        return row[:cells] if isinstance(cells, int) else row


def _cell(record: Record, name: str, form: str) -> str | None:
    value = record[name]
    if value is None:
        return None
    return FORMS[form](value) if form else _plain(value)


def _plain(value: Cell) -> str:
    return f"{value:%Y-%m-%dT%H:%M:%SZ}" if isinstance(value, datetime) else str(value)


def _dates(pattern: str) -> Callable[[Any], str]:
    """Write dates by a pattern; a text in place of a date is a mistake of the export and stays as it is."""
    return lambda value: format(value, pattern) if isinstance(value, datetime) else str(value)


def _clock_of_america(value: datetime) -> str:
    half = "PM" if value.hour >= _NOON else "AM"
    return f"{value.month}/{value.day}/{value.year} {value.hour % 12 or 12}:{value:%M:%S} {half}"


def _without_zeros(value: str) -> str:
    """Write a SKU as a spreadsheet leaves it."""
    return str(int(value)) if value.isdecimal() else value


FORMS: dict[str, Callable[[Any], str]] = {
    "upper": str.upper,
    "day": _dates("%Y-%m-%d"),
    "dotted": _dates("%d.%m.%Y"),
    "dotted clock": _dates("%d.%m.%Y %H:%M"),
    "american": _clock_of_america,
    "milliseconds": _dates("%Y-%m-%dT%H:%M:%S.885Z"),
    "offset": _dates("%Y-%m-%dT%H:%M:%S.6832021+00:00"),
    "comma": lambda value: str(value).replace(".", ","),
    "yes or no": lambda value: "Yes" if value else "No",
    "without zeros": _without_zeros,
    "capital": str.capitalize,
    "academic words": lambda value: _ACADEMIC_WORDS.get(value, value),
    "agreement words": lambda value: _AGREEMENT_WORDS.get(value, value),
    "list words": lambda value: _LIST_WORDS.get(value, value),
    "script words": lambda value: _SCRIPT_WORDS.get(value, value),
}
