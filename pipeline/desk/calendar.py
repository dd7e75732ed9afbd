"""The dated findings of the night as calendar events, so that a second import brings a calendar up to date."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from pipeline.database import records
from pipeline.desk.answer import as_text
from pipeline.findings import finding_of
from reports.messages import message, next_step
from reports.wording import Words
from schemas.finding import Level, State

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from pipeline.database import Record
    from pipeline.desk.desk import Desk
    from schemas.finding import Rule

_ENGLISH = Words()
# A date on a finding that a person must decide is none by which anything is due.
LEVELS = (Level.DEADLINE, Level.VIOLATION)
_BEGIN = (
    "BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//csp-audit//deadlines//EN", "METHOD:PUBLISH",
    "X-WR-CALNAME:csp-audit deadlines",
)  # fmt: skip
_END = ("END:VCALENDAR",)
# What does not stand any more is cancelled while its last date is ahead: a calendar may have missed a night.
_EVENTS = """
    with turned as (
        select
            e.finding_id, min(e.as_of) as first_seen, max(e.as_of) filter (e.event <> 'closed') as opened_on,
            count(*) filter (e.event = 'reopened') as reopened
        from audit.events as e
        group by e.finding_id
    ),
    last_dates as (
        select f.finding_id, max_by(f.due_on, f.recorded_on) filter (f.due_on is not null) as due_on
        from audit.findings as f
        group by f.finding_id
    ),
    said as (
        select f.* exclude (due_on)
        from audit.findings as f
        qualify row_number() over (partition by f.finding_id order by f.recorded_on desc) = 1
    ),
    levels as (
        select r.rule_id, max_by(r.level, r.as_of) as level from audit.rule_results as r group by r.rule_id
    ),
    standing as (
        select * from core.states where state not in ('closed', 'waived') and due_on is not null
    ),
    dated as (
        select * from standing
        union all by name
        select
            s.*, l.due_on, 'closed' as state, '' as cause, t.first_seen, t.opened_on, t.reopened, false as confirmed
        from said as s
        join last_dates as l on s.finding_id = l.finding_id
        join turned as t on s.finding_id = t.finding_id
        where l.due_on >= $as_of and s.finding_id not in (select n.finding_id from standing as n)
    )
    select d.*
    from dated as d
    join levels as l on d.rule_id = l.rule_id
    where list_contains(string_split($levels, ' '), l.level) and ($customer is null or d.customer_id = $customer)
    order by d.due_on, d.finding_id
"""
# A sequence is a number of 31 bits; seconds since then fit until 2088.
_SEQUENCE_BEGINS = datetime(2020, 1, 1)  # noqa: DTZ001 - as the warehouse's times, which are in UTC


@dataclass(frozen=True)
class Deadlines:
    """A calendar file, and how many of its events stand and how many are cancelled."""

    content: bytes
    events: int
    cancelled: int


def deadlines(desk: Desk, levels: Collection[Level] = LEVELS, customer_id: str | None = None) -> Deadlines:
    """Return an all-day event for each finding of the night with a due date that is not waived.

    What is closed or waived by now, or has lost its date, is a cancelled event until its last date has passed. Times
    are those of the run, so that the same warehouse gives the same bytes; the sequence of all events rises with each
    run, also with one that takes the place of the newest night.
    """
    rows = records(desk.connection, _EVENTS, {"as_of": desk.as_of, "levels": " ".join(levels), "customer": customer_id})
    (run,) = records(desk.connection, "select started_at from audit.runs where as_of = $as_of", {"as_of": desk.as_of})
    lines = [*_BEGIN, *(line for row in rows for line in _event(desk, row, run["started_at"])), *_END]
    cancelled = sum(row["state"] == State.CLOSED for row in rows)
    return Deadlines("".join(f"{line}\r\n" for line in lines).encode(), len(rows) - cancelled, cancelled)


def _event(desk: Desk, row: Record, started_at: datetime) -> Iterator[str]:
    """Write one event; a deadline takes nobody's day, so it is transparent."""
    rule = desk.rules.get(row["rule_id"])
    yield "BEGIN:VEVENT"
    yield f"UID:{row['finding_id']}@csp-audit"
    yield f"DTSTAMP:{started_at:%Y%m%dT%H%M%SZ}"
    yield f"LAST-MODIFIED:{started_at:%Y%m%dT%H%M%SZ}"
    yield f"SEQUENCE:{(started_at - _SEQUENCE_BEGINS) // timedelta(seconds=1)}"
    yield f"DTSTART;VALUE=DATE:{row['due_on']:%Y%m%d}"
    yield _text("SUMMARY", _summary(row, rule))
    yield _text("DESCRIPTION", _description(row, rule))
    yield f"STATUS:{'CANCELLED' if row['state'] == State.CLOSED else 'CONFIRMED'}"
    yield "TRANSP:TRANSPARENT"
    yield "END:VEVENT"


def _text(name: str, text: str) -> str:
    """Write a text, escaped and folded. The library's own events cost three times as much as these lines."""
    from icalendar import Parameters, vText
    from icalendar.parser import Contentline

    folded: bytes = Contentline.from_parts(name, Parameters(), vText(text)).to_ical()
    return folded.decode()


def _summary(row: Record, rule: Rule | None) -> str:
    customer = row["company_name"] or row["customer_id"] or "the partner"
    return f"{rule.title if rule else row['rule_id']}: {as_text(customer)}"


def _description(row: Record, rule: Rule | None) -> str:
    """Say what the finding says; one whose rule is retired has no words any more."""
    asked = f"csp-audit explain {row['finding_id']}"
    if rule is None:
        return "\n".join((row["finding_id"], asked))
    finding = finding_of({**row, "waived_reason": row.get("waived_reason")}, rule, None)
    told = (message(_ENGLISH, finding), f"Next: {next_step(_ENGLISH, finding)}")
    return "\n".join((*map(as_text, told), row["finding_id"], asked))
