"""What the page says of one finding: as a row of a table, or as the deadline to name."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from reports import terms
from reports.exposure import monthly
from reports.messages import message, next_step
from reports.order import is_at_rest, is_counted
from reports.text import clip
from schemas.finding import Level, State

if TYPE_CHECKING:
    from datetime import date

    from reports.wording import Words
    from schemas.finding import Audit, Finding

SOON = 7  # days
_LONGEST = 240  # characters of what people have written


@dataclass(frozen=True)
class Row:
    """One finding as listed; `kind` is what its customer is, `hot` a date that has passed or comes within a week.

    `state` is empty where it is open as it was. `triage` says what people have decided; `notes` are the short texts
    below its first day: its state, for how long it is open, and whether that was confirmed tonight.
    """

    finding: Finding
    message: str
    state: str
    since: date
    triage: tuple[str, ...]
    next_step: str
    customer: str
    kind: str
    monthly: str
    hot: bool
    notes: tuple[str, ...]


@dataclass(frozen=True)
class Nearest:
    """The deadline to name: the next one ahead, or the oldest where all have passed."""

    finding: Finding
    customer: str
    due_on: date
    ahead: int
    passed: int


def row(words: Words, audit: Audit, finding: Finding) -> Row:
    """Return what the page says of one finding."""
    due_on, state = finding.due_on, state_text(words, finding)
    return Row(
        finding=finding,
        message=message(words, finding),
        state=state,
        since=since(finding),
        triage=_triage(words, audit, finding),
        next_step=next_step(words, finding),
        customer=customer(words, finding),
        kind=_kind(words, finding),
        monthly=monthly(words, finding),
        hot=due_on is not None and (due_on - audit.as_of).days <= SOON,
        notes=_notes(words, audit, finding, state),
    )


def _notes(words: Words, audit: Audit, finding: Finding, state: str) -> tuple[str, ...]:
    days = (audit.as_of - since(finding)).days
    return tuple(filter(None, (state, age(words, days), *doubts(words, finding))))


def doubts(words: Words, finding: Finding) -> tuple[str, ...]:
    """Return why one of tonight's findings may not be so, one short text each."""
    unsure, suspect = not finding.confirmed, finding.suspect and not is_at_rest(finding)
    texts = (
        words.gettext("not confirmed tonight") if unsure and finding.state.is_current else "",
        words.gettext("suspect, counted apart") if suspect else "",
    )
    return tuple(filter(None, texts))


def since(finding: Finding) -> date:
    """Return the day since which a finding is open."""
    return finding.opened_on or finding.first_seen


def state_text(words: Words, finding: Finding) -> str:
    """Return the state of a finding as its row says it, or nothing where it is open as it was."""
    again = finding.reopened
    if finding.state is State.OPEN and not again:
        return ""
    if finding.state not in {State.OPEN, State.REOPENED} or (again <= 1 and finding.state is State.REOPENED):
        return terms.state_name(words, finding.state)
    return words.ngettext("reopened once", "reopened for the %(nth)s time", again, nth=words.nth(again))


def age(words: Words, days: int) -> str:
    """Return for how many days something is open, or nothing on the first."""
    return words.ngettext("open for %(n)s day", "open for %(n)s days", days) if days > 0 else ""


def _triage(words: Words, audit: Audit, finding: Finding) -> tuple[str, ...]:
    said = finding.triage
    if said is None:
        return ()
    day = words.near_day(said.promised_on, audit.as_of) if said.promised_on else ""
    texts = (
        words.gettext("Owner: %(owner)s", owner=clip(said.owner, _LONGEST)) if said.owner else "",
        words.gettext("Promised for %(day)s", day=day) if day else "",
        words.gettext("Decision: %(decision)s", decision=clip(said.decision, _LONGEST)) if said.decision else "",
        words.gettext("Note: %(note)s", note=clip(said.note, _LONGEST)) if said.note else "",
    )
    return tuple(filter(None, texts))


def customer(words: Words, finding: Finding) -> str:
    """Return what to call a finding's customer, or the partner where that is the subject."""
    known = finding.company_name or finding.customer_id
    if known or finding.customer_id is not None:
        return known or words.gettext("customer not known")
    return str(finding.facts.get("tenant_id") or words.gettext("partner not known"))


def _kind(words: Words, finding: Finding) -> str:
    if finding.customer_id is None:
        return words.gettext("Partner")
    return terms.term(words, finding.customer_type or "")


def nearest(words: Words, audit: Audit) -> Nearest | None:
    """Return the deadline to name, or nothing where no open deadline has a date."""
    deadlines = (item for item in audit.findings if item.level is Level.DEADLINE and is_counted(item))
    dated = sorted(
        ((item.due_on, item.finding_id, item) for item in deadlines if item.due_on),
        key=lambda entry: entry[:2],
    )
    if not dated:
        return None
    ahead = [entry for entry in dated if entry[0] >= audit.as_of]
    due_on, _, finding = (ahead or dated)[0]
    passed = len(dated) - len(ahead)
    return Nearest(finding, customer(words, finding), due_on, ahead=len(ahead), passed=passed)
