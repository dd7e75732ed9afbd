"""The one order in which findings are listed: what presses most comes first."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

from schemas.finding import State

if TYPE_CHECKING:
    from collections.abc import Iterable

    from schemas.finding import Finding

_FRESH = frozenset({State.NEW, State.REOPENED})
# Closed and waived findings ask nobody for anything tonight.
_AT_REST = {State.WAIVED: 1, State.CLOSED: 2}


def is_fresh(finding: Finding) -> bool:
    """Whether a finding is new or reopened since the last good run."""
    return finding.state in _FRESH


def is_at_rest(finding: Finding) -> bool:
    """Whether a finding is waived or closed."""
    return finding.state in _AT_REST


def is_counted(finding: Finding) -> bool:
    """Whether a finding is in the counts: open tonight, and not by a suspect rule."""
    return not is_at_rest(finding) and not finding.suspect


def _pressing(finding: Finding) -> tuple[bool, int, int, bool, date, int, str]:
    return (
        finding.suspect,
        finding.level.rank,
        _AT_REST.get(finding.state, 0),
        not is_fresh(finding),
        finding.due_on or date.max,
        -(finding.seats or 0),
        finding.finding_id,
    )


def by_pressure(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """Sort by level, waived and closed last, then new before old, then date (none last), then seats.

    Those of suspect rules come behind all others: they are many, and none of them is pressing before that is checked.
    """
    return tuple(sorted(findings, key=_pressing))
