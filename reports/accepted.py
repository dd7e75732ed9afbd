"""The findings that somebody has accepted, the most pressing of them by name."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from reports.address import filtered
from reports.messages import message
from reports.rows import customer
from schemas.finding import State

if TYPE_CHECKING:
    from collections.abc import Iterable

    from reports.wording import Words
    from schemas.finding import Finding

MOST = 3


@dataclass(frozen=True)
class AcceptedRow:
    """One finding that is waived; `href` leads to it in the table of all findings."""

    finding: Finding
    customer: str
    message: str
    href: str


@dataclass(frozen=True)
class Accepted:
    """The first findings that are waived, and how many there are."""

    rows: tuple[AcceptedRow, ...]
    total: int


def accepted(words: Words, findings: Iterable[Finding]) -> Accepted:
    """Return the waived ones of tonight's findings, in their order."""
    waived = [item for item in findings if item.state is State.WAIVED]
    rows = (
        AcceptedRow(item, customer(words, item), message(words, item), filtered(finding=item.finding_id))
        for item in waived[:MOST]
    )
    return Accepted(tuple(rows), len(waived))
