"""A waiver: a finding that somebody has accepted, until a date and for a reason."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import date

_KINDS = "finding|customer|subscription"
_SCOPE = re.compile(rf"(?:(?!{_KINDS})(?P<rule>\S+) of )?(?P<kind>{_KINDS}) (?P<subject>.+)", re.DOTALL)


class ScopeKind(StrEnum):
    """What a waiver is for: one finding, or what somebody has or buys."""

    FINDING = "finding"
    CUSTOMER = "customer"
    SUBSCRIPTION = "subscription"


@dataclass(frozen=True)
class Scope:
    """What a waiver covers: the findings on one subject, of one rule where `rule` is set."""

    kind: ScopeKind
    subject: str
    rule: str | None = None

    def __str__(self) -> str:
        """Return it in one line, as it is stored: `SEG01 of customer 1234...`."""
        subject = f"{self.kind} {self.subject}"
        return f"{self.rule} of {subject}" if self.rule else subject

    @classmethod
    def parsed(cls, stored: str) -> Scope | None:
        """Return the scope of a stored line; None where the line is none."""
        found = _SCOPE.fullmatch(stored)
        return cls(ScopeKind(found["kind"]), found["subject"], found["rule"]) if found else None


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
        return str(self.covers)

    @property
    def covers(self) -> Scope:
        """What it covers, in parts."""
        if self.finding:
            return Scope(ScopeKind.FINDING, self.finding, self.rule)
        if self.customer:
            return Scope(ScopeKind.CUSTOMER, self.customer, self.rule)
        return Scope(ScopeKind.SUBSCRIPTION, str(self.subscription), self.rule)

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

    @property
    def covers(self) -> Scope | None:
        """What the waiver covers, in parts; None where the stored scope is none."""
        return Scope.parsed(self.scope)


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
