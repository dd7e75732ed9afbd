"""Judges one row of a list of findings that people have filled in."""

from __future__ import annotations

import re
from dataclasses import replace
from difflib import get_close_matches
from typing import TYPE_CHECKING

from pipeline.desk.known import finding_name
from pipeline.triage.sheet import FILLED, KNOWN
from pipeline.triage.triage import DECISIONS, moment
from reports.text import clip, csv_cell, read_cell, visible
from schemas.conditions import fold
from schemas.dates import SLASHED, DateOrder, parse_date
from schemas.reading import Problem

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import date

    from pipeline.triage.sheet import SheetRow
    from schemas.triage import Triage

# What empties a cell, with the dashes that spreadsheets make of it: an empty one leaves what was said before.
CLEARING = {"-", "\u2013", "\u2014"}
MOST_CHARACTERS = 2000
_MOST_SHOWN = 60
_NOT_UTF_8 = re.compile("[\ud800-\udfff]")
_DECISIONS = {fold(word): word for word in DECISIONS}
_MONTHS = 12


def finding_of_row(row: SheetRow) -> str:
    """Return the id of a row's finding as the warehouse writes it."""
    return finding_name(tidy(row.cells.get("finding_id", "")))


def tidy(cell: str) -> str:
    """Return a cell as one line, without the signs that keep a spreadsheet from running it."""
    return read_cell(csv_cell(cell.strip())).strip()


class DateReader:
    """Reads one column's dates; slashed ones only where some date of the column tells the order of all."""

    def __init__(self, cells: Iterable[str]) -> None:
        """Look for a part that can only be a day."""
        slashed = [cell for cell in map(tidy, cells) if re.fullmatch(SLASHED, cell)]
        parts = [tuple(map(int, cell.split(" ", maxsplit=1)[0].split("/")[:2])) for cell in slashed]
        day_first, month_first = (any(part[place] > _MONTHS for part in parts) for place in (0, 1))
        self._order = DateOrder.DAY_FIRST if day_first else DateOrder.MONTH_FIRST if month_first else None
        self._is_mixed = day_first and month_first

    def day(self, text: str) -> date | None:
        """Return the day that a text names, None where it names none, or one of two."""
        if self._is_mixed and re.fullmatch(SLASHED, text):
            return None
        return parse_date(text, self._order)

    def why_undecided(self, text: str) -> str:
        """Say why a slashed date cannot be read; "" where the order is not the reason."""
        if not re.fullmatch(SLASHED, text) or (self._order and not self._is_mixed):
            return ""
        if self._is_mixed:
            return "in a file with slashed dates of both orders"
        return "which could be day/month or month/day: no date in the file has a part above 12"


class RowCheck:
    """What must hold of a row: its finding is known, and each cell is one that its column may have."""

    def __init__(self, file: str, known: set[str], dates: DateReader) -> None:
        """Take the ids of findings that are known, and what reads the column promised_on."""
        self._file = file
        self._known = known
        self._dates = dates

    def problems(self, row: SheetRow) -> list[Problem]:
        """Return why a row is refused."""
        name = finding_of_row(row)
        found = [] if name in self._known else [self._unknown_finding(row, name)]
        for column in FILLED:
            cell = row.cells.get(column, "")
            text = tidy(cell)
            if _NOT_UTF_8.search(cell):
                expected, step = "text in UTF-8", "Save the file as CSV UTF-8, then import it again."
                found.append(self._problem(row, column, "bytes that are not UTF-8", expected, step))
            elif len(text) > MOST_CHARACTERS:
                expected = f"at most {MOST_CHARACTERS:,}"
                step = "Shorten it, and look for a quote that is never closed."
                found.append(self._problem(row, column, f"{len(text):,} characters", expected, step))
            elif text and text not in CLEARING:
                found += self._wrong_decision(row, text) if column == "decision" else []
                found += self._wrong_date(row, text) if column == "promised_on" else []
        return found

    def triage(self, row: SheetRow, before: Triage) -> Triage:
        """Return what a row without problems makes of what was decided before."""
        texts = {column: tidy(row.cells.get(column, "")) for column in FILLED}
        said = {column: "" if text in CLEARING else text for column, text in texts.items() if text}
        day = said.pop("promised_on", None)
        if "decision" in said:
            said["decision"] = _DECISIONS.get(fold(said["decision"]), "")
        after = replace(before, **said)  # type: ignore[arg-type]
        return after if day is None else replace(after, promised_on=self._dates.day(day))

    def repeated(self, row: SheetRow, line: int) -> Problem:
        """Say that an earlier row says something else of the same finding."""
        found = f"a second row of {finding_of_row(row)}, which says something else than line {line}"
        return self._problem(row, "finding_id", found, "one row of each finding", "Remove one of the two.")

    def outdated(self, row: SheetRow, before: Triage) -> list[Problem]:
        """Say that a row which changes what was decided does not know the newest of it, and would undo that."""
        cell = row.cells.get(KNOWN)
        if cell is None or not before.decided_at or _knows(tidy(cell), before.decided_at):
            return []
        said = ", ".join(filter(None, (before.decision, before.owner and f"owner {before.owner}")))
        said = said or ("a promise or a note" if before else "emptied")
        known = _shown(tidy(cell)) if tidy(cell) else "an empty cell"
        found = f"{known}, but the finding was decided on at {before.decided_at} ({clip(visible(said), _MOST_SHOWN)})"
        step = "Export the findings again, and fill in that list."
        return [self._problem(row, KNOWN, found, "the time of its newest decision", step)]

    def _problem(self, row: SheetRow, column: str, found: str, expected: str, step: str) -> Problem:
        return Problem(self._file, f"line {row.line}, {column}", found, expected, step)

    def _unknown_finding(self, row: SheetRow, name: str) -> Problem:
        found = f"{_shown(name)}, which is no finding of this warehouse" if name else "an empty cell"
        step = "Copy the id from csp-audit findings, or name the right --state."
        return self._problem(row, "finding_id", found, "the id of a finding", step)

    def _wrong_decision(self, row: SheetRow, text: str) -> list[Problem]:
        if fold(text) in _DECISIONS:
            return []
        near = get_close_matches(fold(text), _DECISIONS, n=1, cutoff=0.6)
        step = f"Did you mean {_DECISIONS[near[0]]}?" if near else "Choose one of these words."
        return [self._problem(row, "decision", _shown(text), f"one of {', '.join(DECISIONS)}", step)]

    def _wrong_date(self, row: SheetRow, text: str) -> list[Problem]:
        if self._dates.day(text):
            return []
        why, step = self._dates.why_undecided(text), "Write the date as 2026-11-20."
        found = f"{_shown(text)}, {why}" if why else _shown(text)
        expected = "a date that can be read in one way" if why else "a date"
        return [self._problem(row, "promised_on", found, expected, step)]


def _knows(text: str, decided_at: str) -> bool:
    try:
        return moment(text) >= moment(decided_at)
    except (ValueError, OverflowError):
        return False


def _shown(text: str) -> str:
    return f'"{clip(visible(text), _MOST_SHOWN)}"'
