"""What differs between the night's findings and those under a supposition: the temporary table `differing`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pipeline.database import literal
from pipeline.desk.supposing.changes import apply
from pipeline.desk.supposing.counted import create_counted
from pipeline.desk.supposing.differing import create_said
from pipeline.desk.supposing.policies import everything, find_reach, judge_night
from pipeline.desk.supposing.supposing import judge_part
from schemas.waiver import Waiver

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from pipeline.database import Connection
    from pipeline.desk.supposing.changes import Supposition
    from pipeline.desk.supposing.policies import Reach
    from pipeline.rulefile import RuleFile
    from schemas.finding import RuleResult

_FOUND = "finding_id, rule_id, customer_id, subscription_id, due_on, facts"
# Findings on customers that are judged with rows of their own, and on partners, whose rows stay as they are.
_OF_PART = "(customer_id is null or customer_id in (select customer_id from affected))"


@dataclass(frozen=True)
class _Judging:
    """A judging under the supposition, in the database `then_...`; beside it `now_...`, where the night is not trusted.

    `covers` are the findings that it decides on.
    """

    name: str
    covers: str
    reached: Collection[str]
    judged: Sequence[RuleResult]

    @property
    def results(self) -> list[RuleResult]:
        """Those of the rules that the supposition reaches; others were only judged since these give way to them."""
        return [result for result in self.judged if result.rule.id in self.reached]

    @property
    def decides(self) -> str:
        """The condition on the findings that are compared."""
        rules = [literal(result.rule.id) for result in self.results if result.is_judged]
        return f"{self.covers} and rule_id in ({', '.join(rules) or 'null'})"


def compare(
    connection: Connection,
    supposition: Supposition,
    files: Sequence[RuleFile],
    *,
    as_judged: bool,
    shown: int | None = None,
) -> list[RuleResult]:
    """Create the temporary table `differing`; return what the rules concerned came to under the supposition.

    The night's own findings stand for what there is now where they are `as_judged` by the rules of today; otherwise
    it is judged as it is too. Where no more than so many findings of a section are `shown`, others that would appear
    may only be in the table `counted`.
    """
    create_nothing(connection)
    reach = find_reach(supposition.tables, files) if as_judged else everything(files)
    judgings = []
    if supposition.changes_rows:
        judgings.append(_judge_part(connection, supposition, reach, as_judged=as_judged))
    if supposition.policies:
        # What is only counted must be compared with the night itself, and cover all customers.
        may_count = as_judged and not supposition.changes_rows
        judgings.append(
            _judge_night(connection, supposition, reach, as_judged=as_judged, shown=shown if may_count else None)
        )
    _create_found(connection, judgings, as_judged=as_judged)
    now = None if as_judged else {f"now_{one.name}": one.decides for one in judgings}
    create_said(connection, now, {f"then_{one.name}": one.decides for one in judgings})
    _create_differing(connection)
    return list({result.rule.id: result for judging in judgings for result in judging.results}.values())


def create_nothing(connection: Connection) -> None:
    """Create the tables `differing` and `counted` with no rows, where no rule has to be judged again."""
    connection.execute("use night")
    create_counted(connection)
    connection.execute("create or replace temp table lifted (finding_id varchar)")
    _create_found(connection, (), as_judged=True)
    create_said(connection, None, {})
    _create_differing(connection)


def _judge_part(connection: Connection, supposition: Supposition, reach: Reach, *, as_judged: bool) -> _Judging:
    if not as_judged:
        judge_part(connection, "now_part", reach)
    results = judge_part(connection, "then_part", reach, lambda copied: apply(copied, supposition))
    return _Judging("part", _OF_PART, reach.rules, results)


def _judge_night(
    connection: Connection, supposition: Supposition, reach: Reach, *, as_judged: bool, shown: int | None
) -> _Judging:
    if not as_judged:
        judge_night(connection, "now_night", reach)
    results = judge_night(connection, "then_night", reach, supposition, shown)
    covers = f"not {_OF_PART}" if supposition.changes_rows else "true"
    return _Judging("night", covers, reach.rules, results)


def _create_found(connection: Connection, judgings: Sequence[_Judging], *, as_judged: bool) -> None:
    """Create the views `now_found` and `then_found`; the latter also has what is waived and not found tonight."""
    tables = [f"now_{one.name}.core.found" for one in judgings]
    now = [_covered(one, table, "null") for one, table in zip(judgings, tables, strict=True)]
    if as_judged:
        now = [_covered(one, "night.core.tonight", "seats") for one in judgings]
    then = [_covered(one, f"then_{one.name}.core.found", "null") for one in judgings]
    lifted = f"select {_FOUND}, seats from night.core.states where finding_id in (select finding_id from lifted)"
    nothing = f"select {_FOUND}, seats from night.core.tonight limit 0"
    connection.execute(f"create or replace temp view now_found as {' union all '.join(now) or nothing}")
    connection.execute(f"create or replace temp view then_found as {' union all '.join([*then, lifted])}")


def _covered(judging: _Judging, table: str, seats: str) -> str:
    return f"select {_FOUND}, {seats}::bigint as seats from {table} where {judging.decides}"


def _create_differing(connection: Connection) -> None:
    """Create `differing`, with what puts its rows in order."""
    connection.execute("""
        create or replace temp table differing as
        select
            coalesce(a.finding_id, b.finding_id) as finding_id, coalesce(a.rule_id, b.rule_id) as rule_id,
            coalesce(a.customer_id, b.customer_id) as customer_id,
            coalesce(a.subscription_id, b.subscription_id) as subscription_id,
            if(a.finding_id is null, b.due_on, a.due_on) as due_on,
            -- null where they have to be looked up: those of a subscription, unless the night has them
            case when a.finding_id is null and b.seats is not null then b.seats
                when a.subscription_id is null and b.subscription_id is null
                then try_cast(json_extract_string(coalesce(a.facts, b.facts), '$.seats') as bigint) end as seats,
            case when b.finding_id is null then 'would_appear' when a.finding_id is null then 'would_vanish'
                else 'would_change' end as section
        from then_found as a full join now_found as b on a.finding_id = b.finding_id
        where a.finding_id is null or b.finding_id is null
            or a.facts is distinct from b.facts or a.due_on is distinct from b.due_on
    """)


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
            f"create or replace temp view current_findings as "
            f"select finding_id, rule_id, customer_id, subscription_id from {name}_found"
        )
        match_waivers(connection, as_of, [Waiver(*row) for row in rows])
        connection.execute(
            f"create or replace temp table waived_{name} as select finding_id, expires from waived_tonight"
        )


def lift_waivers(connection: Connection) -> None:
    """Let no waiver be in force: what is waived tonight, and would not vanish, would appear."""
    connection.execute("""
        insert into lifted
        select finding_id from night.core.states
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
        select finding_id, rule_id, customer_id, subscription_id, due_on, seats, 'would_appear' from night.core.states
        where state = 'waived' and finding_id not in (select finding_id from differing)
    """)
    connection.execute("delete from waived_then")
