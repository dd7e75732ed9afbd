"""What a night read: its exports, the rows that no rule saw, and why an export was refused."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import date, datetime


@dataclass(frozen=True)
class Input:
    """One export as the run used it, or an optional table that was not supplied (`file` is None).

    `rows` counts data rows in the file; rows = loaded + unread + duplicates. `notes` are plain sentences
    (columns that were ignored, the file chosen among several, values that are not known). `columns` are the schema's
    columns that the export has.
    """

    table: str
    file: str | None
    modified_at: datetime | None = None
    bytes: int = 0
    sha256: str = ""
    encoding: str = ""
    rows: int = 0
    loaded: int = 0
    unread: int = 0
    duplicates: int = 0
    notes: tuple[str, ...] = ()
    columns: tuple[str, ...] = ()


@dataclass(frozen=True)
class UnreadRow:
    """One reason why one row was not read; `column` and `value` are empty where the row as a whole broke."""

    table: str
    file: str
    line: int
    column: str
    value: str
    reason: str


@dataclass(frozen=True)
class Problem:
    """Why an input was refused: what was found where, what was expected, and the next command."""

    file: str
    where: str
    found: str
    expected: str
    next_step: str

    def __str__(self) -> str:
        """One line: the file and place, what was found and expected, and the next step."""
        place = f"{self.file}, {self.where}" if self.where else self.file
        return f"{place}: found {self.found}; expected {self.expected}. {self.next_step}"


@dataclass(frozen=True)
class Refusal:
    """A night that was not audited: what was refused, and the last good run, which still stands."""

    run_id: str
    as_of: date
    started_at: datetime
    exit_code: int
    version: str
    command: str
    last_good: date | None
    problems: tuple[Problem, ...]
    unread_rows: tuple[UnreadRow, ...] = ()
