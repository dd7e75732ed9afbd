"""Counts what a rule would report of very many subscriptions, of which a table shows fifty at most.

Most of these have no finding of the night and no other under the supposition: theirs would appear, and gives way to
nothing. They are counted, and spelled out only where they are shown. On all others the rule is judged as ever.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from pipeline.database import DatabaseError, MachineError
from pipeline.rules import finding_id, judge_rules

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

    from pipeline.database import Connection
    from pipeline.rulefile import RuleFile
    from schemas.finding import Rule, RuleResult

_OF_SUBSCRIPTIONS = ("subscription_id",)


def create_counted(connection: Connection) -> None:
    """Create the temporary table `counted`, of subscriptions on which a finding would appear, with no rows."""
    connection.execute(
        "create or replace temp table counted (subscription_id varchar, customer_id varchar, due_on date)"
    )


def find_countable(files: Iterable[RuleFile]) -> RuleFile | None:
    """Return the first rule that reports subscriptions and nothing else, and leaves none of them unjudged.

    No second is counted: either might have to give way to what was only counted of the other.
    """
    return next((file for file in files if file.rule.key == _OF_SUBSCRIPTIONS and not file.rule.not_judged), None)


def judge_known(connection: Connection, file: RuleFile, supplied: Mapping[str, Collection[str]]) -> RuleResult:
    """Judge a rule on the subscriptions with a finding, the night's or in `core.found`; fill `counted` with all others.

    The night's are also those that stay open without having been found. A rule that reports a subscription twice, or
    fails on one, is judged on all.
    """
    connection.execute("""
        create or replace temp table known as
        select subscription_id from night.core.states where subscription_id is not null
        union
        select subscription_id from core.found where subscription_id is not null
    """)
    if _count_others(connection, file):
        return _judge_on_known(connection, file, supplied)
    create_counted(connection)
    return judge_rules(connection, [file], supplied)[0]


def _count_others(connection: Connection, file: RuleFile) -> bool:
    """Fill `counted`; return whether the rule could be asked, and each subscription is there once."""
    try:
        connection.execute(f"""
            insert into counted
            select subscription_id, customer_id, due_on from ({file.select}\n) anti join known using (subscription_id)
        """)
    except MachineError:
        raise
    except DatabaseError:
        return False
    # As many hashes as rows leave no doubt; fewer may be chance, which costs no more than time.
    ((is_unique,),) = connection.execute(
        "select count(*) = count(distinct hash(subscription_id)) from counted"
    ).fetchall()
    return bool(is_unique)


def spell_out(
    connection: Connection,
    file: RuleFile,
    most: int,
    reached: Iterable[Rule],
    supplied: Mapping[str, Collection[str]],
) -> None:
    """Judge a rule on those of the counted that are among the `most` pressing findings that would appear."""
    before = [rule.id for rule in reached if rule.level.rank < file.rule.level.rank]
    ((taken,),) = connection.execute(
        """
        select count(*) from core.found
        where list_contains($before, rule_id) and finding_id not in (select finding_id from night.core.tonight)
        """,
        {"before": before},
    ).fetchall()
    if taken >= most:
        return
    connection.execute(f"""
        create or replace temp table known as
        with sold as (
            select c.subscription_id, c.due_on, coalesce(s.quantity, 0) as seats
            from counted as c left join core.subscriptions as s on c.subscription_id = s.subscription_id
        )
        select subscription_id from sold order by due_on nulls last, seats desc, {finding_id(file.rule)}
        limit {most - taken}
    """)
    _judge_on_known(connection, file, supplied)
    connection.execute("delete from counted where subscription_id in (select subscription_id from known)")


def _judge_on_known(connection: Connection, file: RuleFile, supplied: Mapping[str, Collection[str]]) -> RuleResult:
    select = f"select * from ({file.select}\n) where subscription_id in (select subscription_id from known)"
    return judge_rules(connection, [replace(file, select=select)], supplied)[0]
