"""What is said of a finding beside its message: since when it is known, and what people have decided."""

from __future__ import annotations

from typing import TYPE_CHECKING

from schemas.finding import State

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import date

    from schemas.finding import Finding


def age(item: Finding, as_of: date) -> Iterator[str]:
    """Say since when a finding is known, for how long it is open, and how often it had been closed."""
    yield f"since {item.first_seen}"
    if item.state is State.CLOSED:
        yield f"closed: {item.cause}" if item.cause else "closed"
    elif item.opened_on and (days := (as_of - item.opened_on).days):
        yield f"open for {days:,} {'day' if days == 1 else 'days'}"
    if item.reopened:
        yield f"reopened {'once' if item.reopened == 1 else f'{item.reopened} times'}"
    if item.state is not State.CLOSED and not item.confirmed:
        yield "not seen this night"


def decided(item: Finding, as_of: date) -> Iterator[str]:
    """Say who has waived a finding, and what somebody has decided and promised."""
    if item.waiver:
        yield f"Waived until {item.waiver.expires} by {item.waiver.approved_by}: {item.waiver.reason}"
    if item.triage:
        said = item.triage
        late = " (overdue)" if said.is_overdue(as_of) and item.state.is_current else ""
        promised = f"promised for {said.promised_on}{late}" if said.promised_on else ""
        told = ", ".join(filter(None, (said.decision, said.owner, promised)))
        yield "Triage: " + ": ".join(filter(None, (told, said.note)))
