"""What tonight's reading may only have lost: such findings stay open, and rules that lack an input close nothing."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from pipeline.quarantine import NAMELESS

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable
    from datetime import date

    from pipeline.database import Connection
    from schemas.finding import Rule, RuleResult
    from schemas.reading import Input

# An input that has been missing for so many runs is no longer expected.
_LATE_RUNS = 30
# Lists kept by hand: while a row of one is unread, rules that name it close nothing.
_PRICES = "price_list"
_KEPT_BY_HAND = {"partners", "gcc_validations", "nonprofit_notices", "qualification_requests"}
# Findings on subjects that tonight's reading may only have lost: a row of theirs is in the quarantine, or they are
# missing from an export with rows that could not be split.
_IN_A_GAP = f"""
    with subjects as (
        select
            finding_id, max_by(customer_id, recorded_on) as customer_id,
            max_by(subscription_id, recorded_on) as subscription_id
        from audit.findings group by finding_id
    ),
    lost_offers as (
        select distinct o.offer_id
        from core.offers as o join core.unread_offers as p on o.offer_key = p.offer_key
    ),
    unpriced as (
        select s.subscription_id, s.customer_id from core.subscriptions as s
        where s.offer_id in (select offer_id from lost_offers)
            or s.scheduled_offer_id in (select offer_id from lost_offers)
    ),
    read as (
        select 'subscriptions' as table_name, u.finding_id
        from subjects as u join core.subscriptions as t on u.subscription_id = t.subscription_id
        union all
        select 'customers', u.finding_id from subjects as u join core.customers as t on u.customer_id = t.customer_id
        union all
        select 'qualifications', u.finding_id
        from subjects as u join core.qualifications as t on u.customer_id = t.customer_id
    )
    select u.finding_id from subjects as u
    where u.subscription_id in (select subscription_id from core.unread_subscriptions)
        or u.customer_id in (
            select customer_id from core.unread_customers
            where table_name in ('customers', 'qualifications', '{NAMELESS}')
        )
        or (
            u.subscription_id is null
            and u.customer_id in (select customer_id from core.unread_customers where table_name = 'subscriptions')
        )
    union all
    select u.finding_id from subjects as u
    where u.subscription_id in (select subscription_id from unpriced)
        or (u.subscription_id is null and u.customer_id in (select customer_id from unpriced))
    union all
    select u.finding_id from subjects as u cross join core.unsplit_tables as t
    where t.table_name <> 'price_list'
        and (u.subscription_id is not null or t.table_name <> 'subscriptions')
        and (t.table_name, u.finding_id) not in (select table_name, finding_id from read)
"""


def create_gaps(connection: Connection) -> None:
    """Create `core.in_a_gap`: findings of earlier nights that tonight's reading may only have lost."""
    connection.execute(f"create or replace table core.in_a_gap as {_IN_A_GAP}")


def closing_rules(
    connection: Connection, as_of: date, results: Iterable[RuleResult], inputs: Collection[Input]
) -> list[str]:
    """Return the rules that can say tonight that a finding is over: judged, and with every input that they use."""
    lost = _lost_inputs(connection, as_of, inputs)
    torn = {item.table for item in inputs if item.unread} & _KEPT_BY_HAND
    unsplit = connection.execute("select table_name from core.unsplit_tables").fetchall()
    torn |= {name for (name,) in unsplit} & {_PRICES}
    return [
        result.rule.id
        for result in results
        if result.is_judged and not lost & set(result.rule.uses) and not torn & _tables(result.rule)
    ]


def _tables(rule: Rule) -> set[str]:
    return {name.partition(".")[0] for name in (*rule.needs, *rule.uses)}


def _lost_inputs(connection: Connection, as_of: date, inputs: Collection[Input]) -> set[str]:
    """Return the tables and columns that a run of late had and tonight has not."""
    rows = connection.execute(
        """
        select distinct table_name, unnest(columns) from audit.inputs
        where as_of in (select as_of from audit.runs where as_of < ? order by as_of desc limit ?)
        """,
        [as_of, _LATE_RUNS],
    ).fetchall()
    tonight: dict[str, set[str]] = {}
    for item in inputs:
        tonight.setdefault(item.table, set()).update(item.columns)
    columns = {f"{table}.{column}" for table, column in rows if column not in tonight.get(table, set())}
    return columns | {table for table, _ in rows if not tonight.get(table)} | _fewer_files(connection, as_of, inputs)


def _fewer_files(connection: Connection, as_of: date, inputs: Collection[Input]) -> set[str]:
    """Return the tables of which the night before had more files: one list of several may only be late."""
    before = connection.execute(
        """
        select table_name, count(file) from audit.inputs
        where as_of = (select max(as_of) from audit.runs where as_of < ?) group by table_name
        """,
        [as_of],
    ).fetchall()
    files = Counter(item.table for item in inputs if item.file)
    return {table for table, count in before if count > max(files[table], 1)}
