"""What `csp-audit waive list` answers: every waiver of the file, and what it comes to on the newest night."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from pipeline.desk.answer import Answer, Section
from pipeline.waivers.matching import match_waivers
from schemas.waiver import WaiverStatus

if TYPE_CHECKING:
    from collections.abc import Collection
    from pathlib import Path

    from pipeline.database import Connection
    from pipeline.desk.desk import Desk
    from schemas.waiver import Waiver, WaiverUse

_COLUMNS = (
    "scope", "company_name", "status", "created", "expires", "days_left", "findings", "approved_by", "reason", "line",
)  # fmt: skip
_NOTES = (
    "findings: what a waiver hides tonight, or would hide were it in force. days left: after the newest night.",
    "An expired waiver hides nothing. One that matches nothing can be removed.",
)


def use_waivers(desk: Desk, waivers: Collection[Waiver]) -> tuple[WaiverUse, ...]:
    """Match waivers with the findings that are current on the newest night."""
    desk.connection.execute("""
        create or replace temp table current_findings as
        select finding_id, rule_id, customer_id, subscription_id from core.states where state <> 'closed'
    """)
    return match_waivers(desk.connection, desk.as_of, waivers)


def waivers_answer(desk: Desk, file: Path, waivers: Collection[Waiver]) -> Answer:
    """List the waivers in the order of the file."""
    uses = use_waivers(desk, waivers)
    names = _companies(desk.connection)
    rows = tuple(
        (
            use.waiver.scope,
            names.get(place),
            use.status.value,
            use.waiver.created,
            use.waiver.expires,
            (use.waiver.expires - desk.as_of).days,
            use.findings,
            use.waiver.approved_by,
            use.waiver.reason,
            use.waiver.line,
        )
        for place, use in enumerate(uses)
    )
    (hidden,) = desk.connection.execute("select count(*) from waived_tonight").fetchone() or (0,)
    counts = Counter(use.status for use in uses)
    section = Section("waivers", "Waivers", _COLUMNS, rows, _NOTES if rows else (), "The file has no waiver.")
    facts = {"as_of": desk.as_of, "file": str(file), "count": len(uses), "findings_waived": hidden}
    return Answer((_lead(desk, file, counts, hidden),), (section,), facts)


def _lead(desk: Desk, file: Path, counts: Counter[WaiverStatus], hidden: int) -> str:
    if not counts:
        return f"{file}: no waivers."
    statuses = ", ".join(f"{status}: {counts[status]}" for status in WaiverStatus if counts[status])
    covered = "1 finding is" if hidden == 1 else f"{hidden:,} findings are"
    return f"{file.name} on {desk.as_of}: {statuses}. {covered} waived."


def _companies(connection: Connection) -> dict[int, str]:
    """Return the customer's name by the waiver's place: the customer of the scope, or that of a finding it covers."""
    rows = connection.execute("""
        select w.place, c.company_name
        from waivers as w join core.customers as c on w.customer_id = c.customer_id
        union all
        select m.place, any_value(s.company_name)
        from waiver_matches as m
        join waivers as w on m.place = w.place
        join core.states as s on m.finding_id = s.finding_id
        where w.customer_id is null
        group by m.place
    """).fetchall()
    return dict(rows)
