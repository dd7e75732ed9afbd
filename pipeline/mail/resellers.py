"""The resellers file: which address gets the edition of which reseller, in which language."""

from __future__ import annotations

import csv
import io
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pipeline.errors import UsageError
from pipeline.mail.settings import is_address
from pipeline.regular import read_text
from reports.languages import LANGUAGES
from reports.text import clip, visible

if TYPE_CHECKING:
    from _csv import Reader
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from pipeline.mail.settings import MailConfig

_COLUMNS = ("reseller_id", "address", "language")
_LONGEST = 60


@dataclass(frozen=True)
class ResellerRecipient:
    """One line of the file; the id as exports are read, in small letters."""

    reseller_id: str
    address: str
    language: str = "en"


def configured_resellers(mail: MailConfig | None) -> tuple[ResellerRecipient, ...]:
    """Return what the configured file says, or nothing where none is configured; raises as `read_resellers`."""
    return read_resellers(mail.resellers) if mail and mail.resellers else ()


def read_resellers(path: Path) -> tuple[ResellerRecipient, ...]:
    """Read the file, in UTF-8, with commas, semicolons or tabs; without a language it is English.

    Raises UsageError with one line for each that is wrong: it names the file, the line and the column.
    """
    header, rows = _read(path)
    names = [name.strip().lower() for name in header]
    problems = [f"{path}, line 1, {text}" for text in _wrong_header(names)]
    lines = [] if problems else [(line, _cells(names, row)) for line, row in rows if any(map(str.strip, row))]
    seen = Counter[tuple[str, str]]()
    for line, cells in lines:
        problems += [f"{path}, line {line}, {text}" for text in _wrong_cells(cells, len(names))]
        key = cells.get("reseller_id", "").lower(), cells.get("address", "").lower()
        seen[key] += 1
        if seen[key] > 1:
            problems.append(f"{path}, line {line}, address: {_short(key[1])} is there twice for {_short(key[0])}.")
    if problems:
        raise UsageError("\n".join(f"{problem} Correct the file and run again." for problem in problems))
    return tuple(
        ResellerRecipient(cells["reseller_id"].lower(), cells["address"], cells.get("language") or "en")
        for _, cells in lines
    )


def _read(path: Path) -> tuple[list[str], list[tuple[int, list[str]]]]:
    try:
        text = read_text(path, "utf-8-sig")
        first = text.partition("\n")[0]
    except (OSError, UnicodeDecodeError) as error:
        why = error.strerror if isinstance(error, OSError) else "it is not text in UTF-8"
        message = f"{path}: the resellers file cannot be read: {why}. Correct the file, or mail.resellers."
        raise UsageError(message) from error
    rows = list(_numbered(path, csv.reader(io.StringIO(text), delimiter=max(",;\t", key=first.count), strict=True)))
    return (rows[0][1], rows[1:]) if rows else ([], [])


def _numbered(path: Path, reader: Reader) -> Iterator[tuple[int, list[str]]]:
    """Yield each row with the number of its last line; where one cannot be read, say in which line it begins."""
    begins = 1
    try:
        for row in reader:
            yield reader.line_num, row
            begins = reader.line_num + 1
    except csv.Error as error:
        why = "a quotation mark is opened and not closed" if "end of data" in str(error) else error
        message = f"{path}, line {begins}: {why}. Correct the file and run again."
        raise UsageError(message) from error


def _cells(names: Sequence[str], row: Sequence[str]) -> dict[str, str]:
    """Return a row by column; what is beyond the header is kept under a name that no column has."""
    cells = dict(zip(names, map(str.strip, row), strict=False))
    return cells | ({"": str(len(row))} if any(map(str.strip, row[len(names) :])) else {})


def _wrong_header(names: Sequence[str]) -> Iterator[str]:
    for name, times in Counter(names).items():
        if name not in _COLUMNS:
            yield f"column {_short(name) or 'without a name'}: is not known; the columns are {', '.join(_COLUMNS)}."
        elif times > 1:
            yield f"column {name}: is there twice."
    for name in _COLUMNS[:2]:
        if name not in names:
            yield f"column {name}: is missing."


def _wrong_cells(cells: dict[str, str], columns: int) -> Iterator[str]:
    if "" in cells:
        yield f"{cells['']} cells: the header has {columns}."
    if not cells.get("reseller_id"):
        yield "reseller_id: is empty."
    if not is_address(cells.get("address", "")):
        yield f"address: {_short(cells.get('address', '')) or 'nothing'} is not a plain mail address."
    if (language := cells.get("language") or "en") not in LANGUAGES:
        yield f"language: {_short(language)} is not one of {', '.join(LANGUAGES)}."


def _short(text: str) -> str:
    return clip(visible(text), _LONGEST)
