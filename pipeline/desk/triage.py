"""What `csp-audit triage list` answers: every decision that counts, and the promises that are overdue."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

from pipeline.desk.answer import Answer, Section
from pipeline.triage.triage import read_triage

if TYPE_CHECKING:
    from collections.abc import Collection

    from pipeline.database import Connection
    from pipeline.desk.answer import Cell
    from pipeline.desk.desk import Desk

_COLUMNS = (
    "finding_id", "rule", "company_name", "state", "decision", "owner", "promised_on", "overdue", "note",
    "decided_at",
)  # fmt: skip
_OVERDUE = _COLUMNS.index("overdue")
_PROMISED = _COLUMNS.index("promised_on")
_SUBJECTS = """
    with asked as (select unnest($ids) as finding_id),
    said as (
        select finding_id, rule_id, company_name, recorded_on from audit.findings
        union all
        select finding_id, rule_id, company_name, recorded_on from backfill.states
    ),
    last as (
        select finding_id, any_value(rule_id) as rule_id, max_by(company_name, recorded_on) as company_name
        from said where finding_id in (select finding_id from asked) group by finding_id
    )
    select l.finding_id, l.rule_id, l.company_name, coalesce(s.state, 'closed') as state
    from last as l left join core.states as s on l.finding_id = s.finding_id
"""


def triage_answer(desk: Desk, *, overdue: bool) -> Answer:
    """List the decisions, overdue promises first; only these where `overdue` is asked for.

    A promise is overdue where its day is before the night and its finding is current.
    """
    triages = {finding: triage for finding, triage in read_triage(desk.state.triage).items() if triage}
    subjects = _subjects(desk.connection, triages)
    rows: list[tuple[Cell, ...]] = []
    for finding, triage in triages.items():
        rule, company, state = subjects.get(finding, (None, None, None))
        late = state not in {None, "closed"} and triage.is_overdue(desk.as_of)
        said = (triage.decision, triage.owner, triage.promised_on, late, triage.note, triage.decided_at)
        rows.append((finding, rule, company, state, *said))
    rows.sort(key=_urgency)
    late_rows = tuple(row for row in rows if row[_OVERDUE])
    title, nothing = ("Overdue promises", "No promise is overdue.") if overdue else ("Decisions", "Nothing is decided.")
    section = Section("decisions", title, _COLUMNS, late_rows if overdue else tuple(rows), nothing=nothing)
    facts: dict[str, Cell] = {"as_of": desk.as_of, "count": len(rows), "overdue": len(late_rows)}
    decided = "1 finding has" if len(rows) == 1 else f"{len(rows):,} findings have"
    promises = "1 promise is" if len(late_rows) == 1 else f"{len(late_rows):,} promises are"
    return Answer((f"{desk.as_of}: {decided} a triage; {promises} overdue.",), (section,), facts)


def _subjects(connection: Connection, ids: Collection[str]) -> dict[str, tuple[str, str | None, str]]:
    """Return rule, company and state of some findings, as they were last seen."""
    if not ids:
        return {}
    rows = connection.execute(_SUBJECTS, {"ids": list(ids)}).fetchall()
    return {finding: (rule, company, state) for finding, rule, company, state in rows}


def _urgency(row: tuple[Cell, ...]) -> tuple[bool, date, str]:
    promised_on = row[_PROMISED]
    return not row[_OVERDUE], promised_on if isinstance(promised_on, date) else date.max, str(row[0])
