"""Triage: what an analyst has decided about a finding."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import date


@dataclass(frozen=True)
class Triage:
    """What stands beside a finding in the exported file; empty texts and None are what nobody has filled in.

    `decided_at` is when the newest of it was imported, in UTC as 2026-11-20T09:30:00Z; "" where nothing ever was. Two
    that say the same are equal, whenever they were imported; one that says nothing is false.
    """

    decision: str = ""
    owner: str = ""
    promised_on: date | None = None
    note: str = ""
    decided_at: str = field(default="", compare=False)

    def __bool__(self) -> bool:
        """Whether anything is decided: a triage that was emptied still knows when."""
        return self != Triage()

    def is_overdue(self, day: date) -> bool:
        """Whether what was promised has not come by the day."""
        return self.promised_on is not None and self.promised_on < day
