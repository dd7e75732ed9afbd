"""Finds a finding or a subscription that somebody names, or says which ones are like it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipeline.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Collection

    from pipeline.database import Connection

# So many signs may be wrong for an id to be a slip of another.
_SLIPS = 3
_MOST_NEAR = 5
_KNOWN = """
    with said as (
        select finding_id, rule_id, company_name, recorded_on from audit.findings
        union all
        select finding_id, rule_id, company_name, recorded_on from backfill.states
    ),
    known as (
        select finding_id, any_value(rule_id) as rule_id, max_by(company_name, recorded_on) as company_name
        from said group by finding_id
    )
"""


def known_findings(connection: Connection, ids: Collection[str]) -> set[str]:
    """Return those of the ids that are a finding of any night, closed ones too."""
    query = f"{_KNOWN} select finding_id from known where finding_id in (select unnest($ids::varchar[]))"
    return {name for (name,) in connection.execute(query, {"ids": list(ids)}).fetchall()}


def near_findings(connection: Connection, asked: str) -> list[str]:
    """Return a text for each finding whose id is nearly the one that was asked for: id, rule and company."""
    rows = connection.execute(
        f"""
        {_KNOWN}
        select finding_id, rule_id, company_name from known
        where levenshtein(finding_id, $asked) <= $slips
        order by levenshtein(finding_id, $asked), finding_id limit $most
        """,
        {"asked": asked, "slips": _SLIPS, "most": _MOST_NEAR},
    ).fetchall()
    return [f"{name} ({', '.join(filter(None, (rule, company)))})" for name, rule, company in rows]


def find_finding(connection: Connection, asked: str) -> str:
    """Return the id of a finding. Raises UsageError, with near matches, where no night has had it."""
    name = finding_name(asked)
    if known_findings(connection, [name]):
        return name
    near = near_findings(connection, name)
    raise UsageError(_unknown("finding", asked, near, "csp-audit findings lists them all."))


def find_subscription(connection: Connection, asked: str) -> str:
    """Return the id of a subscription of the newest night, or of one that a finding was about.

    Raises UsageError, with near matches among those with findings, where there is none.
    """
    name = asked.strip().lower()
    is_known = connection.execute(
        """
        select exists (select 1 from core.subscriptions where subscription_id = $name)
            or exists (select 1 from audit.findings where subscription_id = $name)
        """,
        {"name": name},
    ).fetchone()
    if is_known == (True,):
        return name
    rows = connection.execute(
        """
        select distinct subscription_id, levenshtein(subscription_id, $name) as slips from core.states
        where levenshtein(subscription_id, $name) <= $slips
        order by slips, subscription_id limit $most
        """,
        {"name": name, "slips": _SLIPS, "most": _MOST_NEAR},
    ).fetchall()
    near = [subscription for subscription, _ in rows]
    raise UsageError(_unknown("subscription", asked, near, "Copy its id from the export or from csp-audit findings."))


def finding_name(asked: str) -> str:
    """Return an id as the warehouse writes it: "F-" and lower case."""
    text = asked.strip()
    return text[:1].upper() + text[1:].lower()


def _unknown(kind: str, asked: str, near: Collection[str], step: str) -> str:
    from reports.text import visible

    suggestion = f" Did you mean {', '.join(near)}?" if near else ""
    return visible(f"there is no {kind} {' '.join(asked.split())}.{suggestion} {step}")
