"""One sale, one finding: a rule gives way where a sharper one reports the same subject."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from pipeline.database import literal

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from pipeline.database import Connection
    from schemas.finding import Rule, RuleResult

# Columns of a finding that may be in a rule's key; all others are facts.
_SUBJECT = {"customer_id", "subscription_id"}


def give_way(connection: Connection, results: Iterable[RuleResult], closing: Collection[str]) -> list[RuleResult]:
    """Take out of `core.found` what a sharper rule reports too; return the results with what is left of each.

    Findings of earlier nights that stay open tonight stand too: of a sharper rule that is not among the `closing`
    ones, on a subject that was not judged, or in a gap of the reading.
    Every rule gives way to what a sharper one found before that one gave way itself.
    """
    results = list(results)
    rules = {result.rule.id: result.rule for result in results}
    pairs = [
        (result.rule, rules[name])
        for result in results
        if result.found
        for name in result.rule.gives_way_to
        if name in rules
    ]
    _create_standing(connection, {sharper.id for _, sharper in pairs}, closing)
    connection.execute("create or replace temp table gave_way (finding_id varchar)")
    stands = {name for (name,) in connection.execute("select distinct rule_id from standing").fetchall()}
    for rule, sharper in pairs:
        if sharper.id in stands:
            connection.execute(f"insert into gave_way {_same_subject(rule, sharper)}")
    connection.execute("delete from core.found where finding_id in (select finding_id from gave_way)")
    left = dict(connection.execute("select rule_id, count(*) from core.found group by rule_id").fetchall())
    connection.execute("drop table gave_way")
    connection.execute("drop view standing")
    connection.execute("drop table still_open")
    return [replace(result, found=left.get(result.rule.id, 0)) for result in results]


def _create_standing(connection: Connection, sharper: Collection[str], closing: Collection[str]) -> None:
    """Gather the open findings of earlier nights of sharper rules that cannot say tonight whether they are over."""
    connection.execute(
        """
        create or replace temp table still_open as
        with last as (
            select finding_id, max_by(event, as_of) as event from audit.events
            where as_of < (select as_of from core.run) group by finding_id
        ),
        said as (
            select finding_id, rule_id, customer_id, subscription_id, facts from audit.findings
            where recorded_on < (select as_of from core.run) and list_contains($sharper, rule_id)
                and (
                    not list_contains($closing, rule_id)
                    or finding_id in (select finding_id from core.not_judged)
                    or finding_id in (select finding_id from core.in_a_gap)
                )
            qualify row_number() over (partition by finding_id order by recorded_on desc) = 1
        )
        select s.rule_id, s.customer_id, s.subscription_id, s.facts
        from said as s join last as l on s.finding_id = l.finding_id
        anti join core.found as f on s.finding_id = f.finding_id
        where l.event <> 'closed'
        """,
        {"sharper": list(sharper), "closing": list(closing)},
    )
    connection.execute("""
        create or replace temp view standing as
        select rule_id, customer_id, subscription_id, facts from core.found
        union all
        select rule_id, customer_id, subscription_id, facts from still_open
    """)


def _same_subject(rule: Rule, sharper: Rule) -> str:
    """Compile which findings of a rule have the subject of one of the sharper rule: equal in the keys of both."""
    shared = [name for name in rule.key if name in sharper.key]
    same = " and ".join(f"{_key('f', name)} is not distinct from {_key('s', name)}" for name in shared)
    return (
        f"select f.finding_id from core.found as f join standing as s on {same or 'false'} "
        f"where f.rule_id = {literal(rule.id)} and s.rule_id = {literal(sharper.id)}"
    )


def _key(table: str, name: str) -> str:
    return f"{table}.{name}" if name in _SUBJECT else f"json_extract_string({table}.facts, {literal(f'$.{name}')})"
