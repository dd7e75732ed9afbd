"""What people have promised about findings, and has not come."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

from reports.address import filtered
from reports.messages import message
from reports.rows import customer

if TYPE_CHECKING:
    from reports.wording import Words
    from schemas.finding import Audit, Finding
    from schemas.triage import Triage

MOST = 4


@dataclass(frozen=True)
class Promise:
    """A promise whose day has passed while its finding is still there; `href` leads to the finding."""

    finding: Finding
    triage: Triage
    customer: str
    message: str
    promised_on: date
    away: str
    href: str


def overdue(audit: Audit) -> tuple[Finding, ...]:
    """Return tonight's findings for which the promised day has passed, the longest overdue first."""
    late = (item for item in audit.findings if item.state.is_current and _is_late(audit, item))
    return tuple(sorted(late, key=lambda item: (_day(item), item.level.rank, item.finding_id)))


def promises(words: Words, audit: Audit) -> tuple[Promise, ...]:
    """Return what to say of the first overdue promises."""
    return tuple(
        Promise(
            finding=item,
            triage=item.triage,
            customer=customer(words, item),
            message=message(words, item),
            promised_on=_day(item),
            away=words.away(_day(item), audit.as_of),
            href=filtered(finding=item.finding_id),
        )
        for item in overdue(audit)[:MOST]
        if item.triage
    )


def _is_late(audit: Audit, finding: Finding) -> bool:
    return finding.triage is not None and finding.triage.is_overdue(audit.as_of)


def _day(finding: Finding) -> date:
    promised = finding.triage.promised_on if finding.triage else None
    return promised or date.max


def unread_decisions(words: Words, audit: Audit) -> tuple[str, ...]:
    """Return the sentence on decisions that are not shown because their file could not be read."""
    if not audit.triage_fault:
        return ()
    return (words.gettext("The decisions on findings (triage.csv) could not be read and are not shown."),)
