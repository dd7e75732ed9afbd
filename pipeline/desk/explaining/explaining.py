"""Explains one finding: what it says, what it rests on, what may be sold instead, what to do, and its history."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipeline.database import records
from pipeline.desk.answer import Answer, Section
from pipeline.desk.explaining import history as past
from pipeline.desk.explaining.evidence import MOST_ROWS, evidence_rows
from pipeline.desk.explaining.matrix import MATRIX_COLUMNS, matrix_rows, may_be_sold
from pipeline.desk.listing.words import age, decided
from pipeline.findings import finding_of
from pipeline.nights import NightRef, create_states_of, newest_night
from pipeline.triage.triage import read_triage
from reports.evidence import evidence
from reports.messages import message
from reports.wording import Words

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pipeline.database import Connection, Record
    from pipeline.desk.answer import Cell
    from pipeline.desk.desk import Desk
    from schemas.finding import Finding

_WORDS = Words()
_SAID = (
    "customer_id", "company_name", "customer_type", "subscription_id", "offer_name", "segment", "seats",
    "monthly_amount", "currency", "due_on", "first_seen", "opened_on", "reopened", "source",
)  # fmt: skip
# The last night on which a finding was anything, where it is nothing on the newest. A backfill replaces a night.
_LAST_NIGHT = """
    with nights as (
        select max(as_of) as as_of, 'audit' as schema_name from audit.events where finding_id = $finding
        union all
        select max(as_of), 'backfill' from backfill.states where finding_id = $finding
    )
    select as_of, schema_name from nights where as_of is not null order by as_of desc, schema_name desc limit 1
"""


def finding_answer(desk: Desk, finding_id: str, *, drawn: bool) -> Answer:
    """Explain a finding as it is on the newest night, or as it was when it was last anything.

    A drawn answer says once where a row of the exports stands.
    """
    night, row = _state(desk.connection, finding_id)
    triage = read_triage(desk.state.triage).get(finding_id)
    finding = finding_of(row, desk.known_rules[row["rule_id"]], triage)
    told = message(_WORDS, finding)
    known = "; ".join(age(finding, night.as_of))
    lead = (
        f"{told}.",
        f"{finding_id}, {finding.rule.id} ({finding.level}), {finding.state} on {night.as_of}: {known}.",
        *(f"{text}." for text in decided(finding, night.as_of)),
    )
    facts: dict[str, Cell] = {
        "as_of": night.as_of,
        "finding_id": finding_id,
        "rule": finding.rule.id,
        "level": finding.level.value,
        "state": finding.state.value,
        "message": told,
        **{name: getattr(finding, name) for name in _SAID},
        "confirmed": finding.confirmed,
        "may_be_sold": may_be_sold(desk.connection, finding),
    }
    return Answer(lead, tuple(_sections(desk, finding, facts, drawn=drawn)), facts)


def _state(connection: Connection, finding_id: str) -> tuple[NightRef, Record]:
    """Return the last night on which a finding was there, or was closed, and what it was then."""
    query = "select * from {} where finding_id = $finding"
    found = records(connection, query.format("core.states"), {"finding": finding_id})
    if found:
        return newest_night(connection), found[0]
    as_of, schema = connection.execute(_LAST_NIGHT, {"finding": finding_id}).fetchall()[0]
    night = NightRef(as_of, schema, is_newest=False)
    create_states_of(connection, night, "states_of_night")
    return night, records(connection, query.format("states_of_night"), {"finding": finding_id})[0]


def _sections(desk: Desk, finding: Finding, facts: dict[str, Cell], *, drawn: bool) -> Iterator[Section]:
    names = (*_SAID, "may_be_sold") if drawn else facts
    about = tuple((name, facts[name]) for name in names if facts[name] not in {None, ""})
    yield Section("about", "What it is about", ("name", "value"), about)
    matrix = matrix_rows(desk.connection, finding)
    if matrix:
        instead = f"May be sold instead: {facts['may_be_sold'] or 'not known'}."
        yield Section("matrix", "Purchase matrix", MATRIX_COLUMNS, matrix, (instead,))
    yield Section("facts", "Facts", ("fact", "value"), evidence(_WORDS, finding))
    yield Section("steps", "What to do", ("number", "step"), tuple(enumerate(finding.rule.steps, start=1)))
    rule = (("why", finding.rule.why), ("source", finding.rule.source))
    yield Section("reason", f"Why {finding.rule.id} is there", ("name", "value"), rule)
    columns, rows = evidence_rows(desk.connection, finding, drawn=drawn)
    note = f"As loaded for {desk.as_of}; at most {MOST_ROWS} rows of a table, the one that the finding rests on first."
    yield Section("evidence", "Rows of the exports", columns, rows, (note,), "None is in the newest exports.")
    yield from _past(desk, finding.finding_id)


def _past(desk: Desk, finding_id: str) -> Iterator[Section]:
    yield Section("history", "History", past.HISTORY_COLUMNS, past.history(desk.connection, finding_id))
    waived = past.waived_spans(desk.connection, finding_id)
    yield Section("waivers", "Waivers", past.WAIVED_COLUMNS, waived, nothing="It has never been waived.")
    imported = past.triage_history(desk.state.triage, finding_id)
    yield Section("triage", "Triage", past.TRIAGE_COLUMNS, imported, nothing="Nothing is decided.")
