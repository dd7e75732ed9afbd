"""What a night says of the nights around it: what changed since the last one, and that a newer one stands."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from reports.rulenews import closed_by_rules
from reports.sentences import counts_of
from schemas.finding import Level, Verdict

if TYPE_CHECKING:
    from reports.wording import Words
    from schemas.finding import Audit, Counts


def change(words: Words, audit: Audit) -> str:
    """Return what changed among the violations since the last good run; nothing where all that there are is suspect."""
    if audit.verdict is Verdict.NOT_AUDITED:
        return words.gettext("Nothing on this page may be read as clean.")
    if audit.compared_with is None:
        return words.gettext("This is the first audit.")
    counts = counts_of(audit, Level.VIOLATION)
    if audit.suspects and not counts.found:
        # What is suspect may be new: that no other violation is would say too much.
        return ""
    closed = counts.closed - closed_by_rules(audit, Level.VIOLATION)
    if _is_next_night(audit):
        return _since_last_night(words, counts, closed)
    return _since_day(words, counts, closed, words.near_day(audit.compared_with, audit.as_of))


def since(words: Words, audit: Audit, last_night: str, day: str) -> str:
    """Return a marked text in one of its two forms: against last night, or against an earlier day, as %(day)s."""
    if audit.compared_with is None or _is_next_night(audit):
        return words.gettext(last_night)
    return words.gettext(day, day=words.near_day(audit.compared_with, audit.as_of))


def _is_next_night(audit: Audit) -> bool:
    return audit.compared_with is not None and audit.as_of - audit.compared_with == timedelta(days=1)


def _were_any(counts: Counts) -> bool:
    """Whether there may have been violations before, so that none of them may be denied."""
    return bool(counts.found or counts.closed or counts.waived)


def _since_last_night(words: Words, counts: Counts, closed: int) -> str:
    if counts.new:
        return words.ngettext("%(n)s is new since last night.", "%(n)s are new since last night.", counts.new)
    if closed:
        return words.ngettext("%(n)s was closed since last night.", "%(n)s were closed since last night.", closed)
    if _were_any(counts):
        return words.gettext("None is new since last night.")
    return words.gettext("None last night either.")


def _since_day(words: Words, counts: Counts, closed: int, day: str) -> str:
    if counts.new:
        return words.ngettext("%(n)s is new since %(day)s.", "%(n)s are new since %(day)s.", counts.new, day=day)
    if closed:
        return words.ngettext("%(n)s was closed since %(day)s.", "%(n)s were closed since %(day)s.", closed, day=day)
    if _were_any(counts):
        return words.gettext("None is new since %(day)s.", day=day)
    return words.gettext("None on %(day)s either.", day=day)


def recovery(words: Words, audit: Audit) -> str:
    """Return what a night says whose history is older than it should be; nothing for any other.

    Findings themselves rest on tonight's exports, but for those that need to know since when.
    """
    if audit.recovery is None:
        return ""
    if audit.recovery.restored_from is None:
        return words.gettext(
            "The history of the audit was damaged and could not be restored: this audit begins anew. Every finding "
            "counts as new, and what earlier nights knew is missing."
        )
    return words.gettext(
        "The history of the audit was damaged and was restored as of %(day)s. What happened after that day is "
        "forgotten: findings may count as new or as closed once more.",
        day=words.day(audit.recovery.restored_from),
    )


def backfill(words: Words, audit: Audit) -> str:
    """Return what a night says that was audited after a newer one; nothing for any other."""
    if audit.newer_night is None:
        return ""
    return words.gettext(
        "This night was audited on %(day)s, after %(newer)s had been: it changes no newer night.",
        day=words.day(audit.started_at.date()),
        newer=words.day(audit.newer_night),
    )
