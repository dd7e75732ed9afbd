"""Takes the decisions out of a list of findings that people have filled in: all of its lines, or none."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from pipeline.beside import alone, replace_text
from pipeline.triage.rows import DateReader, RowCheck, finding_of_row, tidy
from pipeline.triage.sheet import FILLED
from pipeline.triage.triage import TriageEntry, entry_lines, moment, read_store, read_triage
from schemas.triage import Triage

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping
    from datetime import datetime
    from pathlib import Path

    from pipeline.triage.sheet import Sheet
    from schemas.reading import Problem


@dataclass(frozen=True)
class Plan:
    """What an import would do: new entries by finding, how many lines say nothing new or nothing at all."""

    changes: Mapping[str, Triage]
    unchanged: int
    empty: int
    problems: tuple[Problem, ...]


def import_sheet(
    file: str, sheet: Sheet, store: Path, known: Callable[[Collection[str]], set[str]], imported_at: datetime
) -> Plan:
    """Write down what a sheet decides, in one step; where anything has problems, nothing.

    `file` is what problems call the sheet; `known` returns those of some ids that are findings.
    """
    with alone(store):
        plan = plan_import(file, sheet, read_triage(store), known)
        if plan.changes and not plan.problems:
            text = read_store(store)
            entries = (
                TriageEntry(finding, triage, _later(imported_at, triage.decided_at))
                for finding, triage in plan.changes.items()
            )
            gap = "" if not text or text.endswith("\n") else "\n"
            replace_text(store, text + gap + entry_lines(entries, with_header=not text))
    return plan


def _later(imported_at: datetime, decided_at: str) -> datetime:
    """Return a time after that of the entry before, also in the same second or where a clock was set back."""
    return max(imported_at, moment(decided_at) + timedelta(seconds=1)) if decided_at else imported_at


def plan_import(
    file: str, sheet: Sheet, stored: Mapping[str, Triage], known: Callable[[Collection[str]], set[str]]
) -> Plan:
    """Check every row of a sheet against the findings there are and against each other."""
    filled = [row for row in sheet.rows if any(tidy(row.cells.get(name, "")) for name in FILLED)]
    ids = {finding_of_row(row) for row in filled}
    check = RowCheck(file, known(ids), DateReader(row.cells.get("promised_on", "") for row in filled))
    problems = list(sheet.problems)
    said: dict[str, tuple[Triage, int]] = {}
    unchanged = 0
    for row in filled:
        name, wrong = finding_of_row(row), check.problems(row)
        before = stored.get(name, Triage())
        triage = before if wrong else check.triage(row, before)
        wrong += check.outdated(row, before) if triage != before else []
        problems += wrong
        if wrong:
            continue
        first, line = said.setdefault(name, (triage, row.line))
        if first != triage:
            problems.append(check.repeated(row, line))
        unchanged += line != row.line or triage == before
    changes = {name: triage for name, (triage, _) in said.items() if triage != stored.get(name, Triage())}
    problems.sort(key=lambda problem: int((re.search(r"\d+", problem.where) or [0])[0]))
    return Plan(changes, unchanged, len(sheet.rows) - len(filled), tuple(problems))
