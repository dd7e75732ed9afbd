"""The findings of a night that somebody asks for: chosen and put in order in SQL, then made into values."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from pipeline.audit import read_summary
from pipeline.database import records
from pipeline.desk.listing.filters import conditions
from pipeline.findings import finding_of
from pipeline.nights import create_states_of
from pipeline.suspects import marked
from pipeline.triage.triage import read_triage
from reports.exposure import Exposure
from schemas.finding import Level

if TYPE_CHECKING:
    from collections.abc import Mapping
    from decimal import Decimal

    from pipeline.database import Connection
    from pipeline.desk.desk import Desk
    from pipeline.desk.listing.filters import Filters
    from pipeline.nights import NightRef
    from schemas.finding import Audit, Finding, Rule

# As reports.order.by_pressure has it.
_IN_ORDER = """
    select l.* exclude (rank, is_suspect) from listed as l
    order by
        is_suspect, rank, case state when 'closed' then 2 when 'waived' then 1 else 0 end,
        state not in ('new', 'reopened'), due_on nulls last, coalesce(seats, 0) desc, finding_id
    limit $most
"""
# Each subscription once, as reports.exposure has it: a finding seen tonight before one that was kept open.
_EXPOSURE = """
    with one_each as (
        select is_suspect, rank, monthly_amount, currency from listed
        where subscription_id is not null and state not in ('closed', 'waived')
        qualify row_number() over (
            partition by is_suspect, rank, subscription_id
            order by
                confirmed desc, state = 'waived', state not in ('new', 'reopened'), due_on nulls last,
                coalesce(seats, 0) desc, finding_id
        ) = 1
    )
    select is_suspect, rank, if(monthly_amount is null, null, currency) as currency, sum(monthly_amount), count(*)
    from one_each group by 1, 2, 3 order by 1, 2, 3
"""


@dataclass(frozen=True)
class OfLevel:
    """What is listed of one level: current findings, closed ones, and what the current ones cost a month.

    The findings of suspect rules are one of their own, since they are counted apart.
    """

    level: Level
    current: int
    closed: int
    exposure: Exposure
    suspect: bool = False


@dataclass(frozen=True)
class Listing:
    """Findings, most pressing first: `audit` has those to show, and the counts of the whole night.

    `found` counts all that were asked for; `levels` says the same of each level that has any.
    """

    audit: Audit
    found: int
    levels: tuple[OfLevel, ...]

    @property
    def findings(self) -> tuple[Finding, ...]:
        """The findings to show."""
        return self.audit.findings


def listing(desk: Desk, night: NightRef, filters: Filters, most: int | None = None) -> Listing:
    """Return the findings of a night that pass all filters, at most so many of them.

    Those of rules that are retired are among them.
    """
    triage = read_triage(desk.state.triage)
    create_states_of(desk.connection, night, "states_of_night")
    overdue = [finding for finding, said in triage.items() if said.is_overdue(night.as_of)]
    summary = read_summary(desk.connection, desk.known_rules, night)
    _create_listed(desk.connection, desk.known_rules, summary, filters, overdue)
    rows = records(desk.connection, _IN_ORDER, {"most": most})
    findings = tuple(finding_of(row, desk.known_rules[row["rule_id"]], triage.get(row["finding_id"])) for row in rows)
    audit = replace(summary, findings=marked(findings, summary.suspects))
    levels = _levels(desk.connection)
    return Listing(audit, sum(one.current + one.closed for one in levels), levels)


def _create_listed(
    connection: Connection, rules: Mapping[str, Rule], audit: Audit, filters: Filters, overdue: list[str]
) -> None:
    """Create the temporary table `listed`: the states that pass, with the rank of their level."""
    texts, values = conditions(filters, rules, audit.as_of, overdue)
    suspects = {result.rule.id for result in audit.suspects}
    of_rules = {
        "rule_ids": list(rules),
        "ranks": [rule.level.rank for rule in rules.values()],
        "are_suspect": [name in suspects for name in rules],
    }
    connection.execute(
        f"""
        create or replace temp table listed as
        with rules as (
            select unnest($rule_ids) as rule_id, unnest($ranks) as rank, unnest($are_suspect) as is_suspect
        )
        select s.*, r.rank, r.is_suspect from states_of_night as s join rules as r on s.rule_id = r.rule_id
        where {" and ".join(["true", *texts])}
        """,
        {**of_rules, **values},
    )


def _levels(connection: Connection) -> tuple[OfLevel, ...]:
    counts = connection.execute("""
        select is_suspect, rank, count(*) filter (state <> 'closed'), count(*) filter (state = 'closed')
        from listed group by is_suspect, rank order by is_suspect, rank
    """).fetchall()
    spent = _exposures(connection)
    levels = list(Level)
    return tuple(
        OfLevel(levels[rank], current, closed, spent.get((suspect, rank), Exposure()), suspect)
        for suspect, rank, current, closed in counts
    )


def _exposures(connection: Connection) -> dict[tuple[bool, int], Exposure]:
    """Return what the current findings cost a month, by whether their rule is suspect and the rank of their level."""
    amounts: defaultdict[tuple[bool, int], list[tuple[str, Decimal]]] = defaultdict(list)
    unpriced: defaultdict[tuple[bool, int], int] = defaultdict(int)
    for suspect, rank, currency, amount, subscriptions in connection.execute(_EXPOSURE).fetchall():
        if currency is None:
            unpriced[suspect, rank] += subscriptions
        else:
            amounts[suspect, rank].append((currency, amount))
    return {key: Exposure(tuple(amounts[key]), unpriced[key]) for key in (*amounts, *unpriced)}
