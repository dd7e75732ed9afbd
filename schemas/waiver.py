"""A waiver: a finding that somebody has accepted, until a date and for a reason."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import date


@dataclass(frozen=True)
class Waiver:
    """One entry of the waivers file.

    Its scope is one finding, one customer or one subscription; a `rule` narrows the scope to that rule's findings.
    It holds from the day `created` to the day `expires`, both included. `line` is where the entry begins in the file.
    """

    reason: str
    approved_by: str
    created: date
    expires: date
    rule: str | None = None
    finding: str | None = None
    customer: str | None = None
    subscription: str | None = None
    line: int = 0

    @property
    def scope(self) -> str:
        """What it covers, in one line: `SEG01 of customer 1234...`."""
        kind = "finding" if self.finding else "customer" if self.customer else "subscription"
        subject = f"{kind} {self.finding or self.customer or self.subscription}"
        return f"{self.rule} of {subject}" if self.rule else subject

    def holds_on(self, day: date) -> bool:
        """Whether it is in force on a day."""
        return self.created <= day <= self.expires


@dataclass(frozen=True)
class AppliedWaiver:
    """What stands beside a finding that is waived: for what, why, by whom, and from when to when (both included)."""

    scope: str
    reason: str
    approved_by: str
    created: date
    expires: date


class WaiverStatus(StrEnum):
    """What a waiver came to on one night."""

    IN_FORCE = "in force"
    NO_MATCH = "matches nothing"
    EXPIRED = "expired"
    NOT_YET = "not yet in force"


@dataclass(frozen=True)
class WaiverUse:
    """A waiver on one night; `findings` counts what it hides, or would hide were it still in force."""

    waiver: Waiver
    status: WaiverStatus
    findings: int = 0
