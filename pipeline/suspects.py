"""The circuit breaker: which rules report so many customers all at once that they, or their data, are suspect."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from reports.order import by_pressure
from schemas.finding import Suspicion

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import date

    from pipeline.config import BreakerConfig
    from pipeline.database import Connection
    from schemas.finding import Finding, RuleResult

# Waived findings are among the hits: a waiver that ends is no reason to doubt the data. Nights on which a rule was
# suspect are not what it usually reports, but they take their place among the last nights: what stays so is believed
# when too few others are left. A rule that usually reports nobody may report a few, so that nobody counts as one.
_SUSPECTS = """
    with hits as (
        select rule_id, count(distinct customer_id) as hit from core.found group by rule_id
    ),
    last_nights as (
        select as_of from audit.runs where as_of < $as_of order by as_of desc limit $nights
    ),
    before as (
        select rule_id, rule_version, median(hit) as usual
        from audit.rule_results
        where as_of in (from last_nights) and hit is not null and usual is null
        group by rule_id, rule_version having count(*) >= $least_nights
    ),
    tonight as (
        select r.rule_id, r.rule_version, coalesce(h.hit, 0) as hit, c.customers
        from audit.rule_results as r
        left join hits as h on r.rule_id = h.rule_id
        cross join (select count(*) as customers from core.customers) as c
        where r.as_of = $as_of and r.judgement in ('judged', 'partly judged')
    )
    update audit.rule_results as r
    set
        hit = t.hit,
        customers = t.customers,
        usual = if(t.hit > $max_share * t.customers and t.hit > $times * greatest(b.usual, 1), b.usual, null)
    from tonight as t
    left join before as b on t.rule_id = b.rule_id and t.rule_version = b.rule_version
    where r.as_of = $as_of and r.rule_id = t.rule_id
"""


def record_suspects(connection: Connection, as_of: date, breaker: BreakerConfig) -> None:
    """Keep how many customers each judged rule reports tonight and, of those that are suspect, what is usual."""
    connection.execute(_SUSPECTS, {"as_of": as_of, **breaker.model_dump()})


def suspicion_of(row: Mapping[str, Any]) -> Suspicion | None:
    """Return why the rule of a row of rule results is suspect, if it is."""
    return None if row["usual"] is None else Suspicion(row["hit"], row["customers"], row["usual"])


def why_suspect(result: RuleResult) -> str:
    """Say in one line that a rule is suspect, why, and what to check."""
    it, rule = result.suspicion or Suspicion(), result.rule.id
    return (
        f"suspect rule or data: {rule} reports {it.hit} of {it.customers} customers, and usually {it.usual:g}. Its "
        "findings are counted apart. Check the price list and the qualifications export"
    )


def told_of_suspect(result: RuleResult) -> str:
    """Say in one line that a rule is suspect tonight, and what to do."""
    return f"{why_suspect(result)}; csp-audit findings --rule {result.rule.id} lists them."


def told_of_suspects(connection: Connection, schema: str, as_of: date) -> tuple[str, ...]:
    """Say in a line which rules are suspect on a night that a schema keeps; no line where none is."""
    rows = connection.execute(
        f"select rule_id from {schema}.rule_results where as_of = ? and usual is not null order by rule_id", [as_of]
    ).fetchall()
    rules = ", ".join(rule for (rule,) in rows)
    told = f"Suspect rule or data on {as_of}: {rules}. csp-audit findings --run {as_of} says why."
    return (told,) if rules else ()


def marked(findings: Iterable[Finding], suspects: Iterable[RuleResult]) -> tuple[Finding, ...]:
    """Mark the findings of suspect rules, and put them behind those that count."""
    rules = {result.rule.id for result in suspects}
    if not rules:
        return tuple(findings)
    return by_pressure(replace(item, suspect=True) if item.rule.id in rules else item for item in findings)
