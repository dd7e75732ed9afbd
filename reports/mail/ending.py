"""Nonprofit eligibility ending, as few bars as a mail can hold."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from reports.wording import Words
    from schemas.finding import Audit, Week

# The first and last week of each bar, counted from the night; those within a month are drawn strong.
_SPANS = ((0, 0), (1, 1), (2, 4), (5, 8), (9, 12))
_STRONG = 2


@dataclass(frozen=True)
class Ending:
    """Customers whose eligibility ends between two days, and the length of their bar in percent of the longest."""

    days: str
    customers: int
    percent: int
    strong: bool


def endings(words: Words, audit: Audit) -> tuple[Ending, ...]:
    """Return the bars of the next 13 weeks; none where eligibility ends in none of them."""
    spans = [audit.weeks[first : last + 1] for first, last in _SPANS]
    counts = [sum(week.customers for week in weeks) for weeks in spans]
    most = max(counts)
    if not most:
        return ()
    return tuple(
        Ending(_days(words, audit, weeks), customers, round(100 * customers / most), place < _STRONG)
        for place, (weeks, customers) in enumerate(zip(spans, counts, strict=True))
        if weeks
    )


def _days(words: Words, audit: Audit, weeks: Sequence[Week]) -> str:
    last = weeks[-1].start + timedelta(days=6)
    return words.gettext(
        "%(first)s to %(last)s",
        first=words.near_day(weeks[0].start, audit.as_of),
        last=words.near_day(last, audit.as_of),
    )
