"""Compares tonight's findings with the last good run: new, by a new rule, open, reopened, closed, and waived.

States are worked out from what earlier nights have left (`audit.events` and the spans) and from `core.found`. A rule
that was not judged tonight closes nothing, and no finding is closed because a row could not be read: both stay open,
as they were last seen.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from pipeline.nights import STATES
from pipeline.waivers.matching import match_waivers

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable
    from datetime import date

    from pipeline.database import Connection
    from schemas.finding import RuleResult
    from schemas.reading import Input
    from schemas.waiver import Waiver, WaiverUse

_PRIOR = """
    with prior as (
        select finding_id, any_value(rule_id) as rule_id, max_by(event, as_of) as event
        from audit.events where as_of < $as_of group by finding_id
    )
"""


def record_findings(
    connection: Connection, as_of: date, results: Iterable[RuleResult], closing: Collection[str]
) -> None:
    """Write tonight's events; beside rules that are retired, only `closing` rules close any."""
    _create_rule_news(connection, as_of, results, closing)
    connection.execute(
        f"""
        insert into audit.events
        {_PRIOR}
        select
            $as_of, f.finding_id, f.rule_id,
            case when r.is_news then 'new rule' when p.finding_id is null then 'new' else 'reopened' end, ''
        from core.found as f
        join rule_news as r on f.rule_id = r.rule_id
        left join prior as p on f.finding_id = p.finding_id
        where p.finding_id is null or p.event = 'closed'
        union all
        select
            $as_of, p.finding_id, p.rule_id, 'closed',
            case
                when r.rule_id is null then 'the rule is retired' when r.is_news then 'the rule has changed' else ''
            end
        from prior as p left join rule_news as r on p.rule_id = r.rule_id
        where p.event <> 'closed' and p.finding_id not in (select finding_id from core.found)
            and (
                r.rule_id is null
                or (
                    r.closes and p.finding_id not in (select finding_id from core.not_judged)
                    and p.finding_id not in (select finding_id from core.in_a_gap)
                )
            )
        """,
        {"as_of": as_of},
    )


def _create_rule_news(
    connection: Connection, as_of: date, results: Iterable[RuleResult], closing: Collection[str]
) -> None:
    """Create `rule_news`: whether a rule may close findings, and whether it is new or finds more than it did.

    On the first night ever no rule is news. A version counts from the first night on which it was judged.
    """
    connection.execute("create or replace temp table tonights_rules (rule_id varchar, version integer, closes boolean)")
    rows = [(result.rule.id, result.rule.version, result.rule.id in closing) for result in results]
    if rows:
        connection.executemany("insert into tonights_rules values (?, ?, ?)", rows)
    connection.execute(
        """
        create or replace temp table rule_news as
        with before as (
            select
                rule_id,
                max(rule_version) filter (judgement in ('judged', 'partly judged')) as version
            from audit.rule_results where as_of < $as_of group by rule_id
        )
        select
            t.rule_id, t.closes,
            exists (select 1 from audit.runs where as_of < $as_of)
            and (b.rule_id is null or coalesce(t.version > b.version, false)) as is_news
        from tonights_rules as t left join before as b on t.rule_id = b.rule_id
        """,
        {"as_of": as_of},
    )


def record_contents(connection: Connection, as_of: date, inputs: Iterable[Input]) -> None:
    """Add a row for each finding that says tonight what it did not say before; where it stands is no news."""
    files = {item.table: item.file for item in inputs if item.file}
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
            f.facts, e.monthly_amount, e.currency,
            -- a sale is its own reseller's; what concerns the customer as a whole is that of the reseller in charge
            case
                when f.subscription_id is not null and s.line is not null then coalesce(s.reseller_id, c.reseller_id)
                else coalesce(c.reseller_id, json_extract_string(f.facts, '$.reseller_id'))
            end as reseller_id
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
        {"files": json.dumps(files)},
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
            n.offer_name, n.segment, n.seats, n.due_on, n.source, n.facts, n.monthly_amount, n.currency,
            n.reseller_id
        from core.tonight as n left join last as l on n.finding_id = l.finding_id
        where
            (
                l.company_name, l.customer_type, l.offer_name, l.segment, l.seats, l.due_on, l.facts,
                l.monthly_amount, l.currency, l.reseller_id
            )
            is distinct from
            (
                n.company_name, n.customer_type, n.offer_name, n.segment, n.seats, n.due_on, n.facts,
                n.monthly_amount, n.currency, n.reseller_id
            )
        """,
        {"as_of": as_of},
    )


def record_waivers(connection: Connection, as_of: date, waivers: Collection[Waiver]) -> tuple[WaiverUse, ...]:
    """Keep which findings are waived tonight, and which stay open although they were not found."""
    create_current_findings(connection, as_of)
    uses = match_waivers(connection, as_of, waivers)
    _keep_spans(
        connection, as_of, "audit.waived", ("finding_id", "scope", "reason", "approved_by", "created", "expires"),
        "select * from waived_tonight",
    )  # fmt: skip
    _keep_spans(
        connection, as_of, "audit.unseen", ("finding_id",),
        "select finding_id from current_findings where finding_id not in (select finding_id from core.found)",
    )  # fmt: skip
    rows = [
        (
            as_of, use.waiver.line, use.waiver.rule, use.waiver.finding, use.waiver.customer, use.waiver.subscription,
            use.waiver.reason, use.waiver.approved_by, use.waiver.created, use.waiver.expires, use.status, use.findings,
        )
        for use in uses
    ]  # fmt: skip
    if rows:
        connection.executemany(f"insert into audit.waivers values ({', '.join('?' * len(rows[0]))})", rows)
    return uses


def create_current_findings(connection: Connection, as_of: date) -> None:
    """Create the temporary table `current_findings`: those open on a night, with their subjects."""
    connection.execute(
        """
        create or replace temp table current_findings as
        with last as (
            select finding_id, max_by(event, as_of) as event from audit.events where as_of <= $as_of group by finding_id
        )
        select f.finding_id, f.rule_id, f.customer_id, f.subscription_id
        from audit.findings as f join last as l on f.finding_id = l.finding_id
        where l.event <> 'closed' and f.recorded_on <= $as_of
        qualify row_number() over (partition by f.finding_id order by f.recorded_on desc) = 1
        """,
        {"as_of": as_of},
    )


def _keep_spans(connection: Connection, as_of: date, table: str, columns: Collection[str], tonight: str) -> None:
    """Bring a table of spans up to tonight: end those that do not go on, begin those that are new."""
    same = " and ".join(f"h.{name} is not distinct from t.{name}" for name in columns)
    connection.execute(
        f"update {table} as h set gone_on = $as_of "
        f"where h.gone_on is null and not exists (select 1 from ({tonight}) as t where {same})",
        {"as_of": as_of},
    )
    connection.execute(
        f"insert into {table} select {', '.join(columns)}, $as_of, null from ({tonight}) as t "
        f"where not exists (select 1 from {table} as h where h.gone_on is null and {same})",
        {"as_of": as_of},
    )


def create_states(connection: Connection, as_of: date) -> None:
    """Create `core.states`: every finding of tonight, those kept open by a rule not judged, and those closed.

    The source of one that was not found tonight is the row of its subject, where that was read; a place in the exports
    of an earlier night would be anybody's tonight.
    """
    connection.execute(
        f"""
        create table core.states as
        with state as ({STATES})
        select
            s.* replace (
                case
                    when n.finding_id is not null then n.source
                    when b.line is not null then concat(b.file, ':', b.line)
                    when s.subscription_id is null and c.line is not null then concat(c.file, ':', c.line)
                    else ''
                end as source
            )
        from state as s
        left join core.tonight as n on s.finding_id = n.finding_id
        left join core.subscriptions as b on s.subscription_id = b.subscription_id
        left join core.customers as c on s.customer_id = c.customer_id
        """,
        {"as_of": as_of},
    )
