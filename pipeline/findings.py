"""Reads findings out of the warehouse, as values."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from pipeline.database import records
from pipeline.nights import create_states_of
from reports.order import by_pressure
from schemas.finding import Finding, Rule, State
from schemas.waiver import AppliedWaiver

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pipeline.database import Connection
    from pipeline.nights import NightRef
    from schemas.triage import Triage

_PLAIN = (
    "finding_id", "customer_id", "company_name", "customer_type", "subscription_id", "offer_name", "segment",
    "seats", "due_on", "first_seen", "source", "confirmed", "monthly_amount", "currency", "opened_on", "reopened",
    "cause", "reseller_id",
)  # fmt: skip


def read_findings(
    connection: Connection, rules: Mapping[str, Rule], night: NightRef, triage: Mapping[str, Triage]
) -> tuple[Finding, ...]:
    """Return the findings of a night, most pressing first; `rules` are today's and those that are retired."""
    create_states_of(connection, night, "states_of_night")
    rows = records(connection, "select * from states_of_night")
    return tuple(by_pressure(finding_of(row, rules[row["rule_id"]], triage.get(row["finding_id"])) for row in rows))


def finding_of(row: Mapping[str, Any], rule: Rule, triage: Triage | None) -> Finding:
    """Return the finding that a row of states says."""
    waiver = None
    if row["waived_reason"] is not None:
        waiver = AppliedWaiver(
            row["waived_scope"], row["waived_reason"], row["waived_by"], row["waived_from"], row["waived_until"]
        )
    return Finding(
        rule=rule,
        state=State(row["state"]),
        facts=json.loads(row["facts"]),
        waiver=waiver,
        triage=triage,
        **{name: row[name] for name in _PLAIN},
    )
