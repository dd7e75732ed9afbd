"""Finds what somebody asks to have explained: a finding by its id or the beginning of it, or a rule."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from pipeline.desk.answer import as_text
from pipeline.desk.known import find_finding, finding_name
from pipeline.desk.rules import find_rule
from pipeline.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from pipeline.database import Connection

_SHORTEST = 6
_MOST_LISTED = 8
_HEXADECIMAL = re.compile("[0-9a-f]+")
# Of every night: those that were closed, and those that only a backfill has.
_STARTS_SO = """
    with said as (
        select finding_id, rule_id, company_name, recorded_on from audit.findings where starts_with(finding_id, $start)
        union all
        select finding_id, rule_id, company_name, recorded_on from backfill.states where starts_with(finding_id, $start)
    )
    select finding_id, any_value(rule_id), max_by(company_name, recorded_on) from said group by finding_id
    order by finding_id limit $most
"""


def is_rule(asked: str, rules: Collection[str]) -> bool:
    """Whether a rule is meant: one that there is, or anything that is not written like a finding."""
    name = asked.strip()
    return name.upper() in rules or not (name.upper().startswith("F-") or _HEXADECIMAL.fullmatch(name.lower()))


def find_explained(connection: Connection, asked: str, rules: Collection[str]) -> tuple[str | None, str | None]:
    """Return the id of a finding, or that of a rule; the other one is None. Raises UsageError with near matches."""
    if is_rule(asked, rules):
        return None, find_rule(rules, asked)
    return find_finding_begun(connection, asked), None


def find_finding_begun(connection: Connection, asked: str) -> str:
    """Return the id of the only finding that begins so, with at least six signs ("F-" may be left out).

    Raises UsageError, with near matches, where there is none, and with a list where there are several.
    """
    name = finding_name(asked)
    start = name if name.startswith("F-") else f"F-{asked.strip().lower()}"
    if len(start) < _SHORTEST:
        message = f"{as_text(asked)!r} is too short for a finding. Give the first {_SHORTEST} signs of its id or more."
        raise UsageError(message)
    found = connection.execute(_STARTS_SO, {"start": start, "most": _MOST_LISTED + 1}).fetchall()
    if len(found) > 1:
        raise UsageError(_several(asked, found))
    return str(found[0][0]) if found else find_finding(connection, start)


def _several(asked: str, found: Sequence[tuple[str, str, str | None]]) -> str:
    listed = "; ".join(as_text(", ".join(filter(None, row))) for row in found[:_MOST_LISTED])
    more = ", and more" if len(found) > _MOST_LISTED else ""
    return f"{as_text(asked)!r} is the beginning of several findings: {listed}{more}. Give more of the id."
