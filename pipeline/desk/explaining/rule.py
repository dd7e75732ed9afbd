"""Explains a rule: what it says of itself, and what it came to on the newest night."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING

from pipeline.database import records
from pipeline.desk.answer import Answer, Section
from pipeline.desk.rules import rule_answer

if TYPE_CHECKING:
    from pipeline.database import Record
    from pipeline.desk.answer import Cell
    from pipeline.desk.desk import Desk
    from pipeline.rulefile import RuleFile
    from schemas.finding import Rule

_RESULT = """
    select judgement, reason, rule_version, gaps from audit.rule_results where rule_id = $rule and as_of = $as_of
"""
_COUNTS = """
    select
        count(*) filter (state not in ('closed', 'waived')) as found,
        count(*) filter (state in ('new', 'reopened')) as new,
        count(*) filter (state = 'new rule') as by_a_new_rule,
        count(*) filter (state = 'closed') as closed,
        count(*) filter (state = 'waived') as waived,
        count(*) filter (state <> 'closed' and not confirmed) as not_seen
    from core.states where rule_id = $rule
"""
_COUNTED = ("found", "new", "by_a_new_rule", "closed", "waived", "not_seen")
_GAPS_COLUMNS = ("code", "reason", "subjects")


def explained_rule(desk: Desk, file: RuleFile) -> Answer:
    """Return a rule in full, and what it came to on the newest night."""
    alone, tonight = rule_answer(file), tonight_answer(desk, file.rule)
    return replace(
        alone,
        lead=(*alone.lead, *tonight.lead),
        sections=(*alone.sections, *tonight.sections),
        facts={**alone.facts, **tonight.facts},
    )


def tonight_answer(desk: Desk, rule: Rule) -> Answer:
    """Return what a rule came to on the newest night: how far it was judged, and its findings by state."""
    found = records(desk.connection, _RESULT, {"rule": rule.id, "as_of": desk.as_of})
    if not found:
        told = f"{rule.id} is newer than the audit of {desk.as_of}: the next run judges it."
        return Answer((told,), (), {"as_of": desk.as_of, "judgement": None})
    result, counts = found[0], records(desk.connection, _COUNTS, {"rule": rule.id})[0]
    gaps = tuple(
        (code, rule.not_judged.get(code, ""), subjects) for code, subjects in json.loads(result["gaps"]).items()
    )
    facts: dict[str, Cell] = {
        "as_of": desk.as_of, "judgement": result["judgement"], "reason": result["reason"],
        "judged_version": result["rule_version"], **{name: counts[name] for name in _COUNTED},
    }  # fmt: skip
    sections = (
        Section("tonight", f"Findings of {desk.as_of}", _COUNTED, (tuple(counts[name] for name in _COUNTED),)),
        Section("gaps", "Subjects not judged", _GAPS_COLUMNS, gaps, nothing="Every subject was judged."),
    )
    return Answer((_judgement(desk, rule, result),), sections, facts)


def _judgement(desk: Desk, rule: Rule, result: Record) -> str:
    reason = f": {result['reason']}" if result["reason"] else ""
    version = f", in version {result['rule_version']}" if result["rule_version"] != rule.version else ""
    return f"{rule.id} on {desk.as_of}: {result['judgement']}{reason}{version}."
