"""Reads the findings that would appear, vanish or change, with all that is said of each."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pipeline.database import literal
from schemas.finding import Finding, State

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import date

    from pipeline.database import Connection
    from pipeline.rulefile import RuleFile
    from schemas.finding import Fact, Rule


_SAID = (
    "finding_id, rule_id, customer_id, company_name, customer_type, subscription_id, offer_name, segment, seats, "
    "due_on, facts"
)
_SHOWN = "finding_id in (select finding_id from shown)"


@dataclass(frozen=True)
class Differing:
    """One finding that would appear, vanish or change; `before` is what it says tonight; waived until that day."""

    finding: Finding
    waived_until: date | None
    before_facts: Mapping[str, Fact]
    before_due_on: date | None


def create_said(connection: Connection, now: Mapping[str, str] | None, then: Mapping[str, str]) -> None:
    """Create the views `now_said` and `then_said`: of the findings that are `shown`, all that a message may name.

    Each comes from databases in which something was judged, with the condition on the findings that are decided there;
    now, where it is None, from the night. The night also has what is waived and not found tonight, the table `lifted`.
    Subscriptions are joined by their line: to look for a few ids among all takes longer than anything else here.
    """
    connection.execute("create or replace temp table shown (finding_id varchar, line bigint)")
    _look_at_subscriptions(connection, list(then))
    tonight = f"select {_SAID} from night.core.tonight where {_SHOWN}"
    lifted = f"select {_SAID} from night.core.states where {_SHOWN} and finding_id in (select finding_id from lifted)"
    views = {
        "now": [tonight] if now is None else [_said(*part) for part in now.items()],
        "then": [*(_said(*part) for part in then.items()), lifted],
    }
    for when, parts in views.items():
        connection.execute(f"create or replace temp view {when}_said as {' union all '.join(parts)}")


def _look_at_subscriptions(connection: Connection, judged: Sequence[str]) -> None:
    """Create the view `judged_subscriptions`: those that a finding which was judged may name."""
    # A part of the night has its own few, and the findings that are only lifted know their seats.
    database = judged[0] if len(judged) == 1 else "night"
    connection.execute(
        "create or replace temp view judged_subscriptions as "
        f"select subscription_id, quantity, line from {database}.core.subscriptions"
    )


def _said(database: str, covers: str) -> str:
    """Compile what a night also keeps beside a finding, as `record_contents` does, for a database of a judging."""
    return f"""
        select
            f.finding_id, f.rule_id, f.customer_id,
            if(f.customer_id is null, json_extract_string(f.facts, '$.partner_name'), c.company_name) as company_name,
            t.customer_type, f.subscription_id, coalesce(n.offer_name, s.offer_name) as offer_name, o.segment,
            coalesce(s.quantity, try_cast(json_extract_string(f.facts, '$.seats') as bigint)) as seats,
            f.due_on, f.facts
        from (select * from {database}.core.found where {covers} and {_SHOWN}) as f
        join shown as w on f.finding_id = w.finding_id
        left join {database}.core.customers as c on f.customer_id = c.customer_id
        left join {database}.core.customer_type as t on f.customer_id = t.customer_id
        left join {database}.core.subscriptions as s on w.line = s.line
        left join renamed as n on f.subscription_id = n.subscription_id
        left join {database}.core.offer_segment as o
            on s.offer_id = o.offer_id
            and s.offer_name is not distinct from o.offer_name
            and s.segment is not distinct from o.stated_segment
    """


def read_differing(
    connection: Connection, section: str, files: Sequence[RuleFile], most: int | None
) -> list[Differing]:
    """Return the findings of a section, most pressing first, at most so many."""
    rules = {file.rule.id: file.rule for file in files}
    when = "now" if section == "would_vanish" else "then"
    _create_places(connection, section, rules, most)
    cursor = connection.execute(f"""
        select
            f.*, (select as_of from night.core.run) as first_seen, w.expires as waived_until,
            b.facts as before_facts, b.due_on as before_due_on
        from places as p
        join {when}_said as f on p.finding_id = f.finding_id
        left join now_found as b on p.finding_id = b.finding_id
        left join waived_{when} as w on p.finding_id = w.finding_id
        order by p.place
    """)
    names = [column[0] for column in cursor.description or ()]
    return [_differing(dict(zip(names, row, strict=True)), rules) for row in cursor.fetchall()]


def _has_all_seats(connection: Connection, section: str) -> bool:
    """Whether the seats of a section are known, and no message needs the subscription: the night says these itself."""
    lacking = connection.execute("""
        select 1 from differing
        where section = 'would_vanish' and seats is null and subscription_id is not null limit 1
    """).fetchall()
    return section == "would_vanish" and not lacking


def _create_places(connection: Connection, section: str, rules: Mapping[str, Rule], most: int | None) -> None:
    """Create `places`: the ids of the findings to show, in their order; and `shown`, the same for the views."""
    known = _has_all_seats(connection, section)
    nothing = "(select null as subscription_id, null as quantity, null as line)"
    subscriptions = nothing if known else "judged_subscriptions"
    most_rows = "" if most is None else f"limit {int(most)}"
    ranks = "\n".join(f"when {literal(rule.id)} then {rule.level.rank}" for rule in rules.values())
    # Seats only put those in order that are as pressing as the last one shown: no others are looked up.
    connection.execute(
        f"""
        create or replace temp table places as
        with ranked as (
            select
                finding_id, subscription_id, case rule_id {ranks} end as rank,
                coalesce(due_on, date 'infinity') as due_on, seats
            from differing where section = $section
        ),
        last as (
            select max(pressing) as pressing from (
                select (rank, due_on) as pressing from ranked order by rank, due_on {most_rows}
            )
        ),
        ordered as (
            select r.finding_id, r.rank, r.due_on, coalesce(s.quantity, r.seats, 0) as seats, s.line
            from ranked as r cross join last as l
            left join {subscriptions} as s on r.subscription_id = s.subscription_id
            where (r.rank, r.due_on) <= l.pressing
            order by r.rank, r.due_on, seats desc, r.finding_id {most_rows}
        )
        select finding_id, line, row_number() over (order by rank, due_on, seats desc, finding_id) as place from ordered
        """,
        {"section": section},
    )
    connection.execute("delete from shown")
    connection.execute("insert into shown select finding_id, line from places")


def _differing(row: dict[str, Any], rules: Mapping[str, Rule]) -> Differing:
    before = json.loads(row.pop("before_facts") or "{}")
    due_before, until = row.pop("before_due_on"), row.pop("waived_until")
    rule, facts = rules[row.pop("rule_id")], json.loads(row.pop("facts"))
    finding = Finding(rule=rule, state=State.OPEN, facts=facts, source="", **row)
    return Differing(finding, until, before, due_before)
