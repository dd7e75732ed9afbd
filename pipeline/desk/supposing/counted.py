"""Counts what a rule would report of very many subscriptions, of which a table shows fifty at most.

Most of these have no finding tonight and no other under the supposition: they would appear, and give way to nothing.
They are counted, and spelled out only where they are shown. On all other subscriptions the rule is judged as ever.
"""

from __future__ import annotations

from dataclasses import replace
from operator import itemgetter
from typing import TYPE_CHECKING

from pipeline.rules import finding_id, judge_rules

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

    from pipeline.database import Connection
    from pipeline.rulefile import RuleFile
    from schemas.finding import RuleResult

# Rows from which on counting is so much quicker that it is worth finding out.
MANY = 50_000
_OF_SUBSCRIPTIONS = ("subscription_id",)


def create_counted(connection: Connection) -> None:
    """Create the temporary table `counted`, of subscriptions on which a finding would appear, with no rows."""
    connection.execute(
        "create or replace temp table counted (subscription_id varchar, customer_id varchar, due_on date)"
    )


def find_countable(connection: Connection, files: Iterable[RuleFile]) -> RuleFile | None:
    """Return the rule that reports the most subscriptions, each of them once, if these are too many to judge at once.

    Only rules are asked that read a view of many rows which was made anew in the database in use. One rule is counted
    and no second: either might have to give way to what was only counted of the other.
    """
    views = connection.execute(
        "select table_name from duckdb_tables() "
        "where database_name = current_database() and schema_name = 'core' and estimated_size > ?",
        [MANY],
    ).fetchall()
    counts = {
        file.rule.id: (_count(connection, file), file)
        for file in files
        if file.rule.key == _OF_SUBSCRIPTIONS
        and not file.rule.not_judged
        and any(f"core.{name}" in file.select for (name,) in views)
    }
    rows, most = max(counts.values(), key=itemgetter(0), default=(0, None))
    return most if rows > MANY else None


def _count(connection: Connection, file: RuleFile) -> int:
    """Return how many subscriptions a rule reports; 0 where these are not many, or one of them is reported twice."""
    ((rows,),) = connection.execute(f"""
        select case when count(*) > {MANY} and count(*) = count(distinct subscription_id) then count(*) else 0 end
        from ({file.select}\n)
    """).fetchall()
    return int(rows)


def judge_known(connection: Connection, file: RuleFile, supplied: Mapping[str, Collection[str]]) -> RuleResult:
    """Judge a rule on the subscriptions with a finding, tonight or in `core.found`; fill `counted` with all others."""
    connection.execute("""
        create or replace temp table known as
        select subscription_id from night.core.tonight where subscription_id is not null
        union
        select subscription_id from core.found where subscription_id is not null
    """)
    result = _judge_on_known(connection, file, supplied)
    if result.is_judged:
        connection.execute(f"""
            insert into counted
            select subscription_id, customer_id, due_on from ({file.select}\n) anti join known using (subscription_id)
        """)
    return result


def spell_out(
    connection: Connection,
    file: RuleFile,
    most: int,
    judged: Sequence[RuleResult],
    supplied: Mapping[str, Collection[str]],
) -> None:
    """Judge the rule on those of the counted that are among the `most` pressing that would appear."""
    before = [result.rule.id for result in judged if result.rule.level.rank < file.rule.level.rank]
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
