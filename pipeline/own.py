"""What the warehouse holds of one reseller of record: its customers, its sales, and what was open of them."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pipeline.audit import MATRIX_RULES, MOST_CHANGES, NIGHTS
from pipeline.quarantine import NAMELESS
from pipeline.rules import finding_id
from schemas.change import Change, ChangeKind
from schemas.finding import Level, MatrixCell, Night, Purchase

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import date

    from pipeline.database import Connection
    from schemas.finding import Rule

# The tables that hold rows of customers; the others are the provider's, or show how many resellers there are.
TABLES = (
    "customers", "subscriptions", "qualifications", "gcc_validations", "nonprofit_notices", "qualification_requests",
)  # fmt: skip
_OF_OWN_CUSTOMERS = "customer_id in (select customer_id from own_customers)"
# The subjects of a rule, by its key: so it is known which of those that it could not judge are the reseller's.
_SUBJECTS = {
    ("subscription_id",): "select subscription_id from own_sales",
    ("customer_id",): "select customer_id from own_customers",
    ("customer_id", "qualification"): """
        select c.customer_id, q.qualification from own_customers as c
        join (
            select customer_id, qualification from core.qualifications
            union
            select customer_id, qualification from core.qualification_requests
        ) as q on c.customer_id = q.customer_id
    """,
    ("customer_id", "submitted_tenant_id"): """
        select v.customer_id, v.submitted_tenant_id
        from core.gcc_validations as v join own_customers as c on v.customer_id = c.customer_id
    """,
}


@dataclass(frozen=True)
class Own:
    """One reseller's customers on the newest night, and whether others have sold to them too.

    `mixed` are customers of which another reseller, or nobody, has a sale as well: a number over all sales of such a
    customer is not the reseller's to see.
    """

    all: frozenset[str]
    mixed: frozenset[str]


def reseller_ids(connection: Connection) -> list[str]:
    """Return the ids of the resellers of record that have a customer or a sale on the newest night, sorted."""
    rows = connection.execute("""
        select reseller_id from core.customers where reseller_id is not null
        union
        select reseller_id from core.subscriptions where reseller_id is not null
        order by reseller_id
    """).fetchall()
    return [reseller for (reseller,) in rows]


def create_own(connection: Connection, reseller_id: str) -> Own:
    """Create the temporary tables `own_sales` and `own_customers`, and return whose customers are whose.

    A sale is its own reseller's; one that names none is that of the reseller in charge of the customer.
    """
    connection.execute(
        """
        create or replace temp table own_sales as
        select s.subscription_id, s.customer_id, s.line
        from core.subscriptions as s left join core.customers as c on s.customer_id = c.customer_id
        where coalesce(s.reseller_id, c.reseller_id) = ?
        """,
        [reseller_id],
    )
    connection.execute(
        """
        create or replace temp table own_customers as
        select customer_id from core.customers where reseller_id = $reseller
        union
        select customer_id from own_sales
        """,
        {"reseller": reseller_id},
    )
    customers = connection.execute("select customer_id from own_customers").fetchall()
    mixed = connection.execute("""
        select distinct s.customer_id
        from core.subscriptions as s join own_customers as o on s.customer_id = o.customer_id
        where s.subscription_id not in (select subscription_id from own_sales)
    """).fetchall()
    return Own(
        frozenset(customer for (customer,) in customers),
        frozenset(customer for (customer,) in mixed),
    )


def own_rows(connection: Connection) -> dict[str, int]:
    """Return how many rows of each table about customers are the reseller's."""
    counts = {}
    for table in TABLES:
        own = "line in (select line from own_sales)" if table == "subscriptions" else _OF_OWN_CUSTOMERS
        ((counts[table],),) = connection.execute(f"select count(*) from core.{table} where {own}").fetchall()
    return counts


def torn_tables(connection: Connection) -> set[str]:
    """Return the tables with an unread row that may be about the reseller's customers.

    Any row may be that does not name its customer, or names one of whom the night knows nothing else.
    """
    rows = connection.execute(
        f"""
        with unread as (
            select table_name, sum(unread) as rows from audit.inputs
            where as_of = (select as_of from core.run) group by table_name having sum(unread) > 0
        ),
        known as (
            select customer_id from core.customers
            union
            select customer_id from core.subscriptions
        ),
        named as (
            select if(table_name = $nameless, 'subscriptions', table_name) as table_name, customer_id
            from core.unread_customers
        ),
        kept as (
            select table_name, count(distinct (file, line)) as rows from quarantine.rows group by table_name
        )
        select u.table_name from unread as u left join kept as k on u.table_name = k.table_name
        where u.table_name not in (select table_name from named)
            or coalesce(k.rows, 0) < u.rows
            or u.table_name in (select table_name from core.unsplit_tables)
            or u.table_name in (
                select table_name from quarantine.rows where column_name = '' or contains(column_name, 'customer_id')
            )
            or u.table_name in (
                select n.table_name from named as n
                where n.{_OF_OWN_CUSTOMERS} or n.customer_id not in (select customer_id from known)
            )
        """,
        {"nameless": NAMELESS},
    ).fetchall()
    return {name for (name,) in rows}


def own_gaps(connection: Connection, rule: Rule) -> dict[str, int] | None:
    """Return how many of the reseller's subjects a rule could not judge, by code; None where that cannot be told."""
    if rule.key not in _SUBJECTS:
        return None
    rows = connection.execute(
        f"""
        select code, count(*) from core.not_judged
        where rule_id = ? and finding_id in (select {finding_id(rule)} from ({_SUBJECTS[rule.key]}))
        group by code order by code
        """,
        [rule.id],
    ).fetchall()
    return dict(rows)


def own_matrix(connection: Connection) -> tuple[MatrixCell, ...]:
    """Return the purchase matrix with the reseller's sales of the newest night; cells and order as in every report."""
    rows = connection.execute("""
        with own as (
            select s.customer_type, o.segment, b.subscription_id
            from core.sale as s
            join own_sales as b on s.line = b.line
            join core.offer_segment as o on s.offer_no = o.offer_no
            where s.customer_type is not null and o.segment is not null
        ),
        reported as (select distinct subscription_id from core.found where rule_id in ('SEG01', 'SEG02')),
        counted as (
            select o.customer_type, o.segment, count(*) as sold, count(r.subscription_id) as reported
            from own as o left join reported as r on o.subscription_id = r.subscription_id group by all
        )
        select p.customer_type, p.segment, p.outcome, coalesce(c.sold, 0), coalesce(c.reported, 0)
        from core.purchase_rule as p
        left join counted as c on p.customer_type = c.customer_type and p.segment = c.segment
        join ref.qualification_sets as q on p.customer_type = q.customer_type
        where p.outcome in ('allowed', 'forbidden') or p.customer_type in (select customer_type from own)
        order by q.rowid, p.segment
    """).fetchall()
    return tuple(
        MatrixCell(kind, segment, Purchase(outcome), sold, reported, MATRIX_RULES.get(Purchase(outcome)))
        for kind, segment, outcome, sold, reported in rows
    )


def own_changes(connection: Connection, as_of: date) -> tuple[tuple[Change, ...], Mapping[ChangeKind, int]]:
    """Return what changed about the reseller's customers on the newest night, as `pipeline.audit.read_changes`.

    A customer that went is in no export any more: nobody can tell whose it was, so none is named.
    """
    kinds = [kind.value for kind in ChangeKind]
    rows = connection.execute(
        f"""
        select kind, customer_id, company_name, qualification, before, after, may_now_be_sold from audit.changes
        where as_of = $as_of and list_contains($kinds, kind) and {_OF_OWN_CUSTOMERS}
        order by list_position($kinds, kind), company_name, customer_id, qualification
        """,
        {"as_of": as_of, "kinds": kinds},
    ).fetchall()
    changes = [
        Change(ChangeKind(kind), customer_id, name, qualification, before, after, tuple(filter(None, sold.split(", "))))
        for kind, customer_id, name, qualification, before, after, sold in rows
    ]
    counts = Counter(change.kind for change in changes)
    taken: Counter[ChangeKind] = Counter()
    return tuple(item for item in changes if _is_among_first(taken, item)), dict(counts)


def _is_among_first(taken: Counter[ChangeKind], change: Change) -> bool:
    taken[change.kind] += 1
    return taken[change.kind] <= MOST_CHANGES


def own_nights(
    connection: Connection, as_of: date, reseller_id: str, tonight: Mapping[Level, int]
) -> tuple[Night, ...]:
    """Count what was open of the reseller's after each of the last nights; `tonight` is what is open on the last one.

    Whose a finding was is what it said on that night, or, where it named nobody, whom it named next. What rules
    reported that were suspect on a night is left out of it.
    """
    rows = connection.execute(
        """
        with days as (select as_of from audit.runs where as_of < $as_of order by as_of desc limit $nights),
        own as (select distinct finding_id from audit.findings where reseller_id = $reseller),
        happened as (
            select finding_id, as_of as since, lead(as_of) over (partition by finding_id order by as_of) as until, event
            from audit.events where finding_id in (select finding_id from own)
        ),
        said as (
            select
                finding_id, rule_id, recorded_on as since,
                first_value(reseller_id ignore nulls) over (
                    partition by finding_id order by recorded_on rows between current row and unbounded following
                ) as reseller_id,
                lead(recorded_on) over (partition by finding_id order by recorded_on) as until
            from audit.findings where finding_id in (select finding_id from own)
        ),
        open as (
            select d.as_of, s.rule_id, count(*) as findings
            from days as d
            join happened as h on h.since <= d.as_of and coalesce(d.as_of < h.until, true) and h.event <> 'closed'
            join said as s
                on h.finding_id = s.finding_id and s.since <= d.as_of and coalesce(d.as_of < s.until, true)
                and s.reseller_id = $reseller
            where not exists (
                select 1 from audit.waived as w
                where w.finding_id = h.finding_id and w.first_night <= d.as_of
                    and (w.gone_on is null or w.gone_on > d.as_of)
            )
            group by d.as_of, s.rule_id
        )
        select d.as_of, r.level, sum(o.findings)::bigint
        from days as d
        left join open as o on d.as_of = o.as_of
        left join audit.rule_results as r on o.as_of = r.as_of and o.rule_id = r.rule_id and r.usual is null
        group by d.as_of, r.level order by d.as_of
        """,
        {"as_of": as_of, "nights": NIGHTS - 1, "reseller": reseller_id},
    ).fetchall()
    nights: dict[date, dict[Level, int]] = {}
    for day, level, found in rows:
        levels = nights.setdefault(day, dict.fromkeys(Level, 0))
        if level is not None:
            levels[Level(level)] = found
    nights[as_of] = {level: tonight.get(level, 0) for level in Level}
    return tuple(Night(day, levels) for day, levels in nights.items())


def waived_before(connection: Connection, as_of: date) -> set[str]:
    """Return the ids of the findings that were waived on the good night before."""
    rows = connection.execute(
        """
        select w.finding_id from audit.waived as w
        cross join (select max(as_of) as as_of from audit.runs where as_of < ?) as b
        where w.first_night <= b.as_of and (w.gone_on is null or w.gone_on > b.as_of)
        """,
        [as_of],
    ).fetchall()
    return {finding for (finding,) in rows}


def other_customers(connection: Connection, ids: Iterable[str]) -> set[str]:
    """Return which of the ids are customers that are not the reseller's."""
    rows = connection.execute(
        """
        select customer_id from (
            select customer_id from core.customers where list_contains($ids, customer_id)
            union
            select customer_id from core.subscriptions where list_contains($ids, customer_id)
        ) where customer_id not in (select customer_id from own_customers)
        """,
        {"ids": sorted(ids)},
    ).fetchall()
    return {customer for (customer,) in rows}
