"""Compares tonight's findings with the last good run: new, open, reopened, closed.

States are worked out from events (`audit.events`) of earlier nights and from `core.found`. A rule that was not
judged tonight closes nothing, and no finding is closed because a row could not be read: both stay open, as they were
last seen.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from pipeline.quarantine import NAMELESS

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import date

    from pipeline.database import Connection
    from schemas.finding import Input, Rule, RuleResult

_PRIOR = """
    with prior as (
        select finding_id, any_value(rule_id) as rule_id, max_by(event, as_of) as event
        from audit.events where as_of < $as_of group by finding_id
    )
"""
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
                or (u.subscription_id is null and table_name = 'subscriptions')
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
    """Create `core.in_a_gap`: the findings of earlier nights that tonight's reading may only have lost."""
    connection.execute(f"create or replace temp table in_a_gap as {_IN_A_GAP}")


def closing_rules(
    connection: Connection, as_of: date, results: Iterable[RuleResult], inputs: Iterable[Input]
) -> list[str]:
    """Return the rules that can say tonight that a finding is over: judged, and with every input that they use."""
    lost = _lost_inputs(connection, as_of, inputs)
    torn = {item.table for item in inputs if item.unread} & _KEPT_BY_HAND
    unsplit = connection.execute("select table_name from core.unsplit_tables").fetchall()
    unsplit = connection.execute("select table_name from core.unsplit_tables").fetchall()
    torn |= {name for (name,) in unsplit} & {_PRICES}
    return [
        result.rule.id
        for result in results
        if result.is_judged and not lost & set(result.rule.uses) and not torn & _tables(result.rule)
    ]


def _tables(rule: Rule) -> set[str]:
    return {name.partition(".")[0] for name in (*rule.needs, *rule.uses)}


def record_findings(connection: Connection, as_of: date, closing: Iterable[str], inputs: Iterable[Input]) -> None:
    """Write tonight's events, and what each finding says where that is new; only `closing` rules close any."""
    connection.execute(
        f"""
        insert into audit.events
        {_PRIOR}
        select $as_of, f.finding_id, f.rule_id, if(p.finding_id is null, 'new', 'reopened')
        from core.found as f left join prior as p on f.finding_id = p.finding_id
        where p.finding_id is null or p.event = 'closed'
        union all
        select $as_of, p.finding_id, p.rule_id, 'closed'
        from prior as p
        where p.event <> 'closed' and list_contains($closing, p.rule_id)
            and p.finding_id not in (select finding_id from core.found)
            and p.finding_id not in (select finding_id from core.not_judged)
            and p.finding_id not in (select finding_id from in_a_gap)
        """,
        {"as_of": as_of, "closing": list(closing)},
    )
    _record_contents(connection, as_of, {item.table: item.file for item in inputs if item.file})


def _lost_inputs(connection: Connection, as_of: date, inputs: Iterable[Input]) -> set[str]:
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


def _fewer_files(connection: Connection, as_of: date, inputs: Iterable[Input]) -> set[str]:
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


def _record_contents(connection: Connection, as_of: date, files: dict[str, str]) -> None:
    """Add a row for each finding that says tonight what it did not say before; where it stands is no news."""
    connection.execute(
        """
        create or replace table core.tonight as
        select
            f.finding_id, f.rule_id, f.customer_id,
            if(f.customer_id is null, json_extract_string(f.facts, '$.partner_name'), c.company_name) as company_name,
            t.customer_type, f.subscription_id,
            s.offer_name, o.segment,
            coalesce(s.quantity, try_cast(json_extract_string(f.facts, '$.seats') as bigint)) as seats,
            f.due_on,
            case
                when f.evidence_line is not null
                    then concat(json_extract_string($files, concat('$.', f.evidence_table)), ':', f.evidence_line)
                when s.line is not null then concat(s.file, ':', s.line)
                when c.line is not null then concat(c.file, ':', c.line)
                else ''
            end as source,
            f.facts, e.monthly_amount, e.currency
        from core.found as f
        left join core.customers as c on f.customer_id = c.customer_id
        left join core.customer_type as t on f.customer_id = t.customer_id
        left join core.subscriptions as s on f.subscription_id = s.subscription_id
        left join core.offer_segment as o
            on s.offer_id = o.offer_id
            and s.offer_name is not distinct from o.offer_name
            and s.segment is not distinct from o.stated_segment
        left join core.exposure as e on f.subscription_id = e.subscription_id
        """,
        {"files": _json(files)},
    )
    connection.execute(
        """
        insert into audit.findings
        with last as (
            select * from audit.findings
            qualify row_number() over (partition by finding_id order by recorded_on desc) = 1
        )
        select
            n.finding_id, $as_of, n.rule_id, n.customer_id, n.company_name, n.customer_type, n.subscription_id,
            n.offer_name, n.segment, n.seats, n.due_on, n.source, n.facts, n.monthly_amount, n.currency
        from core.tonight as n left join last as l on n.finding_id = l.finding_id
        where
            (
                l.company_name, l.customer_type, l.offer_name, l.segment, l.seats, l.due_on, l.facts,
                l.monthly_amount, l.currency
            )
            is distinct from
            (
                n.company_name, n.customer_type, n.offer_name, n.segment, n.seats, n.due_on, n.facts,
                n.monthly_amount, n.currency
            )
        """,
        {"as_of": as_of},
    )


def _json(files: dict[str, str]) -> str:
    import json

    return json.dumps(files)


def create_states(connection: Connection, as_of: date) -> None:
    """Create `core.states`: every finding of tonight, those kept open by a rule not judged, and those closed."""
    connection.execute(
        f"""
        create table core.states as
        {_PRIOR},
        tonight as (select finding_id, event from audit.events where as_of = $as_of),
        current as (
            select finding_id from core.found
            union
            select finding_id from prior where event <> 'closed'
        ),
        seen as (
            select finding_id, min(as_of) as first_seen from audit.events where as_of <= $as_of group by finding_id
        ),
        said as (
            select * from audit.findings where recorded_on <= $as_of
            qualify row_number() over (partition by finding_id order by recorded_on desc) = 1
        )
        select
            s.* replace (coalesce(n.source, s.source) as source), coalesce(t.event, 'open') as state, e.first_seen,
            n.finding_id is not null as confirmed
        from current as c
        join said as s on c.finding_id = s.finding_id
        join seen as e on c.finding_id = e.finding_id
        left join tonight as t on c.finding_id = t.finding_id
        left join core.tonight as n on c.finding_id = n.finding_id
        """,
        {"as_of": as_of},
    )


def record_qualifications(connection: Connection, as_of: date) -> None:
    """Bring `history.qualifications` up to tonight: end the spans that are gone, begin those that are new."""
    connection.execute("""
        create temp table held as
        select distinct customer_id, qualification, vetting_status from core.qualifications
    """)
    same = (
        "h.customer_id = q.customer_id and h.qualification = q.qualification "
        "and h.vetting_status is not distinct from q.vetting_status"
    )
    # A row in quarantine is a gap in our reading: it ends no span. One that could not be split may be anybody's.
    connection.execute(
        f"""
        update history.qualifications as h set gone_on = $as_of
        where h.gone_on is null
            and not exists (select 1 from held as q where {same})
            and h.customer_id not in (select customer_id from core.unread_customers where table_name = 'qualifications')
            and not exists (select 1 from core.unsplit_tables where table_name = 'qualifications')
        """,
        {"as_of": as_of},
    )
    connection.execute(
        f"""
        insert into history.qualifications
        select q.customer_id, q.qualification, q.vetting_status, $as_of, null from held as q
        where not exists (select 1 from history.qualifications as h where h.gone_on is null and {same})
        """,
        {"as_of": as_of},
    )
    connection.execute("drop table held")
