"""The findings of one customer with all that was recorded of them, and the rules that report them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from pipeline.database import records
from pipeline.findings import finding_of
from pipeline.rulefile import RULES_FOLDER, read_rule
from reports.messages import message, next_step
from reports.wording import Words
from schemas.finding import State

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from pipeline.database import Record
    from pipeline.desk.desk import Desk

_ENGLISH = Words()
# A finding has a row for each night on which it said something else than before.
_SAID = "select f.* from audit.findings as f where f.customer_id = $customer order by f.finding_id, f.recorded_on"
_OF_CUSTOMER = "finding_id in (select f.finding_id from audit.findings as f where f.customer_id = $customer)"
_EVENTS = f"select e.* from audit.events as e where e.{_OF_CUSTOMER} order by e.as_of"
_WAIVED = f"select w.* from audit.waived as w where w.{_OF_CUSTOMER} order by w.first_night, w.scope"
_STATES = "select s.* from core.states as s where s.customer_id = $customer"
_VERSIONS = "select rule_id, rule_version, judgement, reason from audit.rule_results where as_of = $as_of"


def findings_of(desk: Desk, customer_id: str) -> list[Record]:
    """Return every finding that a customer has had: what it is tonight, what it said, and what happened to it."""
    asked = {"customer": customer_id}
    said = _by_finding(records(desk.connection, _SAID, asked))
    events = _by_finding(records(desk.connection, _EVENTS, asked))
    waived = _by_finding(records(desk.connection, _WAIVED, asked))
    states = {row["finding_id"]: row for row in records(desk.connection, _STATES, asked)}
    return [
        {
            "finding_id": name,
            "rule_id": rows[-1]["rule_id"],
            **_tonight(desk, states.get(name)),
            "said": [{**row, "facts": json.loads(row["facts"])} for row in rows],
            "events": events.get(name, []),
            "waived": waived.get(name, []),
        }
        for name, rows in said.items()
    ]


def _by_finding(rows: Iterable[Record]) -> dict[str, list[Record]]:
    grouped: dict[str, list[Record]] = {}
    for row in rows:
        grouped.setdefault(row["finding_id"], []).append(row)
    return grouped


def _tonight(desk: Desk, row: Record | None) -> Record:
    """Return a finding's state, and what it says; one that was closed before last night says nothing any more."""
    if row is None:
        return {"state": State.CLOSED}
    rule = desk.rules.get(row["rule_id"])
    finding = finding_of(row, rule, None) if rule else None
    return {
        "state": row["state"],
        "level": rule.level if rule else None,
        "message": message(_ENGLISH, finding) if finding else None,
        "next_step": next_step(_ENGLISH, finding) if finding else None,
        **{name: row[name] for name in ("due_on", "first_seen", "opened_on", "reopened", "confirmed", "source")},
    }


def rules_of(desk: Desk, findings: Iterable[Record]) -> list[Record]:
    """Return the rules that report a customer's findings, as the night judged them."""
    reporting = {item["rule_id"] for item in findings}
    rows = records(desk.connection, _VERSIONS, {"as_of": desk.as_of})
    return [row for row in sorted(rows, key=lambda row: str(row["rule_id"])) if row["rule_id"] in reporting]


def rule_text(rule: Mapping[str, Any]) -> str | None:
    """Return a rule in words with its SELECT; None where this program has no such rule any more."""
    path = next(iter(sorted(RULES_FOLDER.glob(f"{rule['rule_id']}_*.sql"))), None)
    if path is None:
        return None
    file = read_rule(path)
    own = file.rule
    steps = "\n".join(f"{number}. {step}" for number, step in enumerate(own.steps, start=1))
    return (
        f"{own.id}  {own.title}\n"
        f"Level {own.level}. Version {own.version}; the night was judged by version {rule['rule_version']}.\n"
        f"Judged: {rule['judgement']}. {rule['reason']}".rstrip()
        + "\n\n"
        f"Why\n{own.why}\n\nWhat to do\n{steps}\n\nSource\n{own.source}\n\nThe rule as SQL\n{file.select}\n"
    )
