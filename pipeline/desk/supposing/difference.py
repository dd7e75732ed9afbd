"""What differs between the night's findings and those under a supposition: the temporary table `differing`."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pipeline.desk.supposing.changes import apply
from pipeline.desk.supposing.supposing import judge_part
from schemas.finding import Finding, State
from schemas.waiver import Waiver

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import date

    from pipeline.database import Connection
    from pipeline.desk.supposing.changes import Supposition
    from pipeline.rulefile import RuleFile
    from schemas.finding import Fact, RuleResult

_COLUMNS = (
    "finding_id, rule_id, customer_id, company_name, customer_type, subscription_id, offer_name, segment, seats, "
    "due_on, facts"
)


@dataclass(frozen=True)
class Differing:
    """One finding that would appear, vanish or change; `before` is what it says tonight; waived until that day."""

    finding: Finding
    waived_until: date | None
    before_facts: Mapping[str, Fact]
    before_due_on: date | None


def compare(
    connection: Connection, supposition: Supposition, files: Sequence[RuleFile], *, as_judged: bool
) -> list[RuleResult]:
    """Create the temporary table `differing`; return what the rules came to under the supposition.

    The night's own findings stand for what there is now where they are `as_judged` by the rules of today; otherwise
    the customers are judged as they are too.
    """
    connection.execute("use night")
    if not as_judged:
        judge_part(connection, "unchanged", files)
    _take(connection, "night.core.tonight" if as_judged else "unchanged.core.said", "now_found")
    results = judge_part(connection, "supposed", files, lambda copied: apply(copied, supposition))
    _take(connection, "supposed.core.said", "then_found")
    _create_differing(connection, [result.rule.id for result in results if result.is_judged])
    return results


def create_nothing(connection: Connection) -> None:
    """Create the table `differing` with no rows, where no rule has to be judged again."""
    connection.execute("create or replace temp table affected (customer_id varchar)")
    for name in ("now_found", "then_found"):
        _take(connection, "night.core.tonight", name)
    _create_differing(connection, [])


def _take(connection: Connection, table: str, name: str) -> None:
    connection.execute(f"""
        create or replace temp table {name} as
        select {_COLUMNS} from {table}
        where customer_id in (select customer_id from affected) or customer_id is null
    """)


def _create_differing(connection: Connection, judged: Sequence[str]) -> None:
    connection.execute(
        """
        create or replace temp table differing as
        select
            coalesce(a.finding_id, b.finding_id) as finding_id,
            case when b.finding_id is null then 'would_appear' when a.finding_id is null then 'would_vanish'
                else 'would_change' end as section
        from then_found as a full join now_found as b on a.finding_id = b.finding_id
        where list_contains($judged, coalesce(a.rule_id, b.rule_id))
            and (
                a.finding_id is null or b.finding_id is null
                or a.facts is distinct from b.facts or a.due_on is distinct from b.due_on
            )
        """,
        {"judged": list(judged)},
    )


def waive(connection: Connection) -> None:
    """Create `waived_now` and `waived_then`: the findings that the night's waivers cover, now and as supposed."""
    from pipeline.waivers.matching import match_waivers

    (as_of,) = connection.execute("select as_of from night.core.run").fetchall()[0]
    rows = connection.execute(
        """
        select reason, approved_by, created, expires, rule_id, finding_id, customer_id, subscription_id
        from night.audit.waivers where as_of = ? order by line
        """,
        [as_of],
    ).fetchall()
    for name in ("now", "then"):
        connection.execute(
            f"create or replace temp table current_findings as "
            f"select finding_id, rule_id, customer_id, subscription_id from {name}_found"
        )
        match_waivers(connection, as_of, [Waiver(*row) for row in rows])
        connection.execute(
            f"create or replace temp table waived_{name} as select finding_id, expires from waived_tonight"
        )


def lift_waivers(connection: Connection) -> None:
    """Let no waiver be in force: what is waived tonight, and would not vanish, would appear."""
    connection.execute(f"""
        insert into then_found
        select {_COLUMNS} from night.core.states
        where state = 'waived' and finding_id not in (select finding_id from then_found)
            and finding_id not in (select finding_id from differing)
    """)
    connection.execute("""
        update differing set section = 'would_appear'
        where section = 'would_change'
            and finding_id in (select finding_id from night.core.states where state = 'waived')
    """)
    connection.execute("""
        insert into differing
        select finding_id, 'would_appear' from night.core.states
        where state = 'waived' and finding_id not in (select finding_id from differing)
    """)
    connection.execute("delete from waived_then")


def read_differing(
    connection: Connection, section: str, files: Sequence[RuleFile], most: int | None
) -> list[Differing]:
    """Return the findings of a section, most pressing first, at most so many."""
    rules = {file.rule.id: file.rule for file in files}
    levels = {rule.id: rule.level.rank for rule in rules.values()}
    cursor = connection.execute(
        f"""
        select
            f.*, (select as_of from night.core.run) as first_seen,
            if($section = 'would_vanish', n.expires, t.expires) as waived_until,
            b.facts as before_facts, b.due_on as before_due_on
        from differing as d
        join (
            select * from then_found where $section <> 'would_vanish'
            union all
            select * from now_found where $section = 'would_vanish'
        ) as f on d.finding_id = f.finding_id
        left join now_found as b on d.finding_id = b.finding_id
        left join waived_now as n on d.finding_id = n.finding_id
        left join waived_then as t on d.finding_id = t.finding_id
        where d.section = $section
        order by
            cast(json_extract($levels, concat('$.', f.rule_id)) as integer), f.due_on nulls last,
            coalesce(f.seats, 0) desc, f.finding_id
        {"" if most is None else f"limit {int(most)}"}
        """,
        {"section": section, "levels": json.dumps(levels)},
    )
    names = [column[0] for column in cursor.description or ()]
    return [_differing(dict(zip(names, row, strict=True)), rules) for row in cursor.fetchall()]


def _differing(row: dict[str, Any], rules: Mapping[str, Any]) -> Differing:
    before = json.loads(row.pop("before_facts") or "{}")
    due_before, until = row.pop("before_due_on"), row.pop("waived_until")
    rule, facts = rules[row.pop("rule_id")], json.loads(row.pop("facts"))
    finding = Finding(rule=rule, state=State.OPEN, facts=facts, source="", **row)
    return Differing(finding, until, before, due_before)
