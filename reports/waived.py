"""What people have accepted: how many findings are waived, and which waivers somebody should look at."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from schemas.waiver import ScopeKind, WaiverStatus

if TYPE_CHECKING:
    from reports.wording import Words
    from schemas.finding import Audit
    from schemas.waiver import AppliedWaiver, Waiver, WaiverUse

# A waiver that ends within this time is to be renewed, or its findings to be mended.
SOON = timedelta(days=30)
MOST = 3
_ORDER = (WaiverStatus.EXPIRED, WaiverStatus.NO_MATCH, WaiverStatus.IN_FORCE)


@dataclass(frozen=True)
class WaiverNote:
    """A waiver to look at, what it covers, and why."""

    waiver: Waiver
    scope: str
    why: str


def waived(words: Words, number: int) -> str:
    """Return how many findings are waived, or nothing where none is."""
    return words.ngettext("%(n)s waived", "%(n)s waived", number) if number else ""


def waiver_notes(words: Words, audit: Audit) -> tuple[WaiverNote, ...]:
    """Return the waivers that are expired, match nothing, or end soon; in this order, then by their last day."""
    uses = sorted(
        (use for use in audit.waivers if use.status in _ORDER),
        key=lambda use: (_ORDER.index(use.status), use.waiver.expires, use.waiver.line),
    )
    noted = ((use.waiver, _why(words, audit, use)) for use in uses)
    return tuple(WaiverNote(waiver, scope(words, waiver), why) for waiver, why in noted if why)


def scope(words: Words, waiver: Waiver | AppliedWaiver) -> str:
    """Return what a waiver covers in the words of a page; a stored scope that is none is said as it is."""
    covers = waiver.covers
    if covers is None:
        return waiver.scope
    if covers.kind is ScopeKind.FINDING:
        return words.gettext("finding %(subject)s", subject=covers.subject)
    if covers.kind is ScopeKind.CUSTOMER and covers.rule:
        return words.gettext("%(rule)s of customer %(subject)s", rule=covers.rule, subject=covers.subject)
    if covers.kind is ScopeKind.CUSTOMER:
        return words.gettext("customer %(subject)s", subject=covers.subject)
    if covers.rule:
        return words.gettext("%(rule)s of subscription %(subject)s", rule=covers.rule, subject=covers.subject)
    return words.gettext("subscription %(subject)s", subject=covers.subject)


def _why(words: Words, audit: Audit, use: WaiverUse) -> str:
    day = words.near_day(use.waiver.expires, audit.as_of)
    if use.status is WaiverStatus.NO_MATCH:
        return words.gettext("matches no finding")
    if use.status is WaiverStatus.EXPIRED and not use.findings:
        return words.gettext("expired after %(day)s, and matches no finding", day=day)
    if use.status is WaiverStatus.EXPIRED:
        return words.ngettext(
            "expired after %(day)s: %(n)s finding counts again",
            "expired after %(day)s: %(n)s findings count again",
            use.findings, day=day,
        )  # fmt: skip
    if use.waiver.expires > audit.as_of + SOON:
        return ""
    return words.ngettext(
        "ends after %(day)s: %(n)s finding will count again",
        "ends after %(day)s: %(n)s findings will count again",
        use.findings, day=day,
    )  # fmt: skip


def no_longer_waived(words: Words, audit: Audit) -> tuple[str, ...]:
    """Return the sentence on findings whose waiver has ended: nothing about them has changed, but they count again."""
    if not audit.no_longer_waived:
        return ()
    return (
        words.ngettext(
            "%(n)s finding counts again: its waiver has ended.",
            "%(n)s findings count again: their waivers have ended.",
            audit.no_longer_waived,
        ),
    )
