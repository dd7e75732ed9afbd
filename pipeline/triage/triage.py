"""Keeps what people have decided about findings: STATE/triage.csv, to which every import adds lines.

The newest line of a finding counts; the earlier ones are its history. Cells are written as in findings.csv, so that a
spreadsheet that opens the file runs nothing.
"""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING

from pipeline.errors import UsageError
from pipeline.regular import irregular
from reports.text import csv_cell, read_cell
from schemas.triage import Triage

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

# What can be decided about a finding, and what each word says.
DECISIONS = {
    "fix": "it is right, and somebody corrects it",
    "wait": "the answer of the customer, the reseller or Microsoft is awaited",
    "accept": "it is right, and the risk is taken; a waiver keeps it out of the counts",
    "contest": "the partner disputes it with Microsoft",
    "false positive": "it is not right: the data or the rule is wrong",
}
COLUMNS = ("finding_id", "decision", "owner", "promised_on", "note", "imported_at")
_TIME = "%Y-%m-%dT%H:%M:%SZ"


@dataclass(frozen=True)
class TriageEntry:
    """What an import said of one finding; all four empty: that it has no triage any more."""

    finding_id: str
    triage: Triage
    imported_at: datetime


def read_triage(path: Path) -> Mapping[str, Triage]:
    """Return what counts for each finding that was ever decided on; without a file there is none. Raises UsageError.

    One that was emptied is there, and false: it says when.
    """
    return {entry.finding_id: entry.triage for entry in read_entries(path)}


def usable_triage(path: Path) -> tuple[Mapping[str, Triage], str]:
    """Return what counts for each finding, or nothing and the reason why the file cannot be read ("" where it can).

    For a night: what people have decided changes none of its findings, and must not stop it.
    """
    try:
        return read_triage(path), ""
    except UsageError as error:
        return {}, str(error)


def moment(text: str) -> datetime:
    """Return the time that a text names, of UTC where it names no zone. Raises ValueError."""
    time = datetime.fromisoformat(text)
    return time.replace(tzinfo=UTC) if time.tzinfo is None else time.astimezone(UTC)


def read_entries(path: Path) -> list[TriageEntry]:
    """Return every line of the file, the oldest first; without a file there is none.

    Raises UsageError, which names the line, where somebody has edited it into something else.
    """
    records = csv.reader(io.StringIO(read_store(path), newline=""), strict=True)
    try:
        _check_header(next(records, None))
        return [_entry(record) for record in records if record]
    except (csv.Error, ValueError, OverflowError) as error:
        message = f"{path}, line {records.line_num}: {error}. Correct the line, or put a copy of the file in its place."
        raise UsageError(message) from error


def _check_header(header: list[str] | None) -> None:
    if header not in (None, list(COLUMNS)):
        message = f"the header is not {','.join(COLUMNS)}"
        raise ValueError(message)


def read_store(path: Path) -> str:
    """Return the file's text, "" where there is none. Raises UsageError where it cannot be read."""
    try:
        if kind := irregular(path):
            message = f"{path}: cannot be read: it is {kind}. Put a copy of the file in its place."
            raise UsageError(message)
        return path.read_bytes().decode("utf-8-sig")
    except FileNotFoundError:
        return ""
    except (OSError, UnicodeDecodeError) as error:
        message = f"{path}: cannot be read: {error}. Put a copy of the file in its place."
        raise UsageError(message) from error


def entry_lines(entries: Iterable[TriageEntry], *, with_header: bool) -> str:
    """Return the lines that say so."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    if with_header:
        writer.writerow(COLUMNS)
    for entry in entries:
        said = entry.triage
        promised_on = said.promised_on.isoformat() if said.promised_on else ""
        texts = (entry.finding_id, said.decision, said.owner, promised_on, said.note, _stamp(entry.imported_at))
        writer.writerow(csv_cell(text) for text in texts)
    return out.getvalue()


def _entry(record: list[str]) -> TriageEntry:
    if len(record) != len(COLUMNS):
        message = f"there are {len(record)} cells in place of {len(COLUMNS)}"
        raise ValueError(message)
    finding, decision, owner, promised_on, note, imported_at = map(read_cell, record)
    if decision not in {"", *DECISIONS}:
        message = f"the decision is none of {', '.join(DECISIONS)}"
        raise ValueError(message)
    day, time = date.fromisoformat(promised_on) if promised_on else None, moment(imported_at)
    return TriageEntry(finding, Triage(decision, owner, day, note, _stamp(time)), time)


def _stamp(time: datetime) -> str:
    return time.astimezone(UTC).strftime(_TIME)
