"""Reads a list of findings that came back from a spreadsheet, however that has written it."""

from __future__ import annotations

import csv
from dataclasses import dataclass, field
from itertools import chain, islice, repeat
from typing import TYPE_CHECKING

from pipeline.errors import UsageError
from pipeline.export import MAX_RECORD_BYTES
from pipeline.preamble import DELIMITERS, split
from pipeline.signals import temporary_folder
from pipeline.survey import survey
from pipeline.transcode import BrokenTextError, plain_text
from schemas.conditions import fold
from schemas.reading import Problem

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

FILLED = ("decision", "owner", "promised_on", "note")
# Which decision a row knows of. A sheet without it was not exported, and its rows are taken as they are.
KNOWN = "decided_at"
_NAMES = {fold(name): name for name in ("finding_id", *FILLED, KNOWN)}
_HEADER_LINES = 20
_WORKBOOK = b"PK\x03\x04"
_SAVE = "Save it in the spreadsheet as CSV UTF-8, then import that file."


@dataclass(frozen=True)
class SheetRow:
    """One row: the line on which it begins, and the text of each column that triage reads."""

    line: int
    cells: Mapping[str, str]


@dataclass(frozen=True)
class Sheet:
    """A file's rows that have anything in them, and what is wrong with the file or with the shape of a row."""

    rows: tuple[SheetRow, ...] = ()
    problems: tuple[Problem, ...] = field(default=())


def read_sheet(path: Path) -> Sheet:
    """Read CSV in any encoding that the gate takes, with commas, semicolons or tabs. Raises UsageError."""
    file = path.name
    with temporary_folder("csp-audit-triage-") as work:
        try:
            text = _read_text(path, work)
        except BrokenTextError as error:
            found = f"bytes that are not {error.encoding}"
            return _refused(file, f"line {error.line}", found, "text in one encoding", _SAVE)
        except OSError as error:
            message = f"{path}: cannot be read: {error.strerror}. Check the file and its permissions."
            raise UsageError(message) from error
    return text if isinstance(text, Sheet) else _parse(file, text)


def _read_text(path: Path, work: Path) -> list[str] | Sheet:
    """Return the file's lines with their ends, or why there are none."""
    with path.open("rb") as read:
        is_workbook = read.read(len(_WORKBOOK)) == _WORKBOOK
    seen = survey(path)
    if is_workbook or seen.nul_line is not None:
        found = "a workbook" if is_workbook else "a NUL byte: the file is no text, or UTF-16 without its mark"
        return _refused(path.name, "", found, "a CSV file", _SAVE)
    if seen.encoding is None:
        found = "letters that could be Windows-1250 or Windows-1252"
        return _refused(path.name, "", found, "UTF-8, or UTF-16 with a byte order mark", _SAVE)
    text = plain_text(path, seen, seen.encoding, work)
    with text.path.open(encoding="utf-8-sig", errors="surrogateescape", newline="\n") as lines:
        return list(lines)


def _refused(file: str, where: str, found: str, expected: str, step: str) -> Sheet:
    return Sheet(problems=(Problem(file, where, found, expected, step),))


def _parse(file: str, lines: Sequence[str]) -> Sheet:
    skip = next((n for n, line in enumerate(lines[:_HEADER_LINES]) if not _says_nothing(line)), None)
    if skip is None:
        return _refused(file, "", "no line of text", "a header line and rows", "Name the file that you have filled in.")
    mark, header = max(
        ((mark, [_NAMES.get(fold(cell)) for cell in split(lines[skip], mark)]) for mark in DELIMITERS),
        key=lambda candidate: sum(name is not None for name in candidate[1]),
    )
    named = [name for name in header if name]
    if "finding_id" not in named or not set(named) & set(FILLED) or len(set(named)) < len(named):
        found = f"the columns {', '.join(named)}" if named else "no column that is known"
        expected = f"finding_id and at least one of {', '.join(FILLED)}, each once"
        step = "Fill in what csp-audit findings --format csv prints."
        return _refused(file, f"line {skip + 1}", found, expected, step)
    return _read_rows(file, lines, skip + 1, mark, header)


def _says_nothing(line: str) -> bool:
    return not line.strip(' ,;\t"\r\n') or line.lstrip('"').lower().startswith("sep=")


def _read_rows(file: str, lines: Sequence[str], skip: int, mark: str, header: Sequence[str | None]) -> Sheet:
    rows: list[SheetRow] = []
    problems: list[Problem] = []
    for line, record in _records(islice(lines, skip, None), skip, mark):
        if isinstance(record, str):
            step = "Mend the quotes in that row, or save the file anew."
            problems.append(Problem(file, f"line {line}", record, "rows whose quotes match", step))
        elif any(map(str.strip, record[len(header) :])):
            found = f"{len(record)} cells"
            step = "Put the cell that has its delimiter in it into quotes."
            problems.append(Problem(file, f"line {line}", found, f"{len(header)}, as in the header", step))
        elif len(record) < len(header) and line > len(lines) - 1 and not lines[-1].endswith("\n"):
            found = f"the end of the file after {len(record)} cells"
            step = "The file is cut off: save or copy it again."
            problems.append(Problem(file, f"line {line}", found, f"{len(header)}, as in the header", step))
        elif any(map(str.strip, record)):
            # A row may end early: its last cells are empty, and not unknown.
            cells = {name: cell for name, cell in zip(header, chain(record, repeat("")), strict=False) if name}
            rows.append(SheetRow(line, cells))
    return Sheet(tuple(rows), tuple(problems))


def _records(lines: Iterator[str], skip: int, mark: str) -> Iterator[tuple[int, list[str] | str]]:
    """Yield each record with the line on which it begins; a text in place of one says why the reading ends there."""
    csv.field_size_limit(MAX_RECORD_BYTES)
    reader = csv.reader(lines, delimiter=mark, strict=True)
    while True:
        line = skip + reader.line_num + 1
        try:
            yield line, next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            yield line, f"a row that cannot be split ({error})"
            return
