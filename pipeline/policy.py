"""Policy: what is demanded from one day to another, as sql/reference holds it, and what the configuration sets instead.

Plain files: the command line reads them without a database.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

import sql

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from pipeline.database import Connection

_FOLDER = Path(sql.__file__).parent / "reference"
_VALIDITY = {"valid_from", "valid_to", "source"}


@dataclass(frozen=True)
class PolicyRow:
    """One row of a policy file: its own cells, by column, then from when until when (both included; None: still)."""

    cells: Mapping[str, str]
    valid_from: date
    valid_to: date | None
    source: str

    def is_in_force(self, day: date) -> bool:
        """Whether the row is in force on a day."""
        return self.valid_from <= day and (self.valid_to is None or day <= self.valid_to)


@dataclass(frozen=True)
class Holiday:
    """A day on which nobody answers in a country (ISO 3166 alpha-2), beside Saturdays and Sundays."""

    country: str
    day: date
    name: str
    source: str


def in_force(name: str, day: date, answer_times: Mapping[str, int]) -> list[PolicyRow]:
    """Return the rows of a policy file that are in force on a day, with what the configuration sets in their place."""
    rows = [row for row in map(_policy_row, _read(name)) if row.is_in_force(day)]
    return [_configured(row, answer_times) for row in rows] if name == "answer_times" else rows


def unlisted_types(matrix: Iterable[PolicyRow]) -> list[str]:
    """Return the combinations of qualifications that a purchase matrix says nothing about."""
    listed = {row.cells["customer_type"] for row in matrix}
    return [row["customer_type"] for row in _read("qualification_sets") if row["customer_type"] not in listed]


def holidays() -> list[Holiday]:
    """Return the holidays of all years that are known, by country and day."""
    known = [
        Holiday(row["country"], date.fromisoformat(row["day"]), row["name"], row["source"]) for row in _read("holidays")
    ]
    return sorted(known, key=lambda holiday: (holiday.country, holiday.day))


def answered_qualifications() -> list[str]:
    """Return the qualifications for which there is an answer time."""
    return list(dict.fromkeys(row["qualification"] for row in _read("answer_times")))


def apply_answer_times(connection: Connection, answer_times: Mapping[str, int]) -> None:
    """Put the configuration's answer times (business days) into `ref.answer_times`, at every date."""
    for qualification, days in answer_times.items():
        connection.execute(
            "update ref.answer_times set business_days = ?, source = ? where qualification = ?",
            [days, _configured_source(qualification), qualification],
        )


def _configured(row: PolicyRow, answer_times: Mapping[str, int]) -> PolicyRow:
    qualification = row.cells["qualification"]
    days = answer_times.get(qualification)
    if days is None:
        return row
    return replace(row, cells={**row.cells, "business_days": str(days)}, source=_configured_source(qualification))


def _configured_source(qualification: str) -> str:
    return f"The configuration: answer_times.{qualification}"


def _policy_row(row: dict[str, str]) -> PolicyRow:
    cells = {name: cell for name, cell in row.items() if name not in _VALIDITY}
    until = date.fromisoformat(row["valid_to"]) if row["valid_to"] else None
    return PolicyRow(cells, date.fromisoformat(row["valid_from"]), until, row["source"])


def _read(name: str) -> list[dict[str, str]]:
    with (_FOLDER / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))
