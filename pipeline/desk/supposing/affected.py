"""Which customers a supposition can affect: the temporary table `affected`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipeline.rules import VIEWS_FOLDER
from pipeline.warehouse import POLICIES

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date

    from pipeline.database import Connection
    from pipeline.desk.supposing.changes import Sold, Supposition

_IN_FORCE = "valid_from <= {day} and (valid_to is null or valid_to >= {day})"
# Rows of a policy table that are in force on one of the two dates and not on the other.
_DIFFERENCE = """
    with tonight as (
        select * exclude (valid_from, valid_to, source) from night.ref.{table} where {on_night}
    ),
    supposed as (
        select * exclude (valid_from, valid_to, source) from night.ref.{table} where {on_day}
    )
    (select * from tonight except select * from supposed)
    union all
    (select * from supposed except select * from tonight)
"""
# Of each policy, the customers with rows that its rules read; `difference` holds the rows that differ.
_READERS = {
    "purchase_matrix": """
        select customer_id from night.core.customer_type
        where customer_type in (select customer_type from rules_changed)
    """,
    "answer_times": """
        select customer_id from night.core.qualifications
        where vetting_status = 'InReview' and qualification in (select qualification from difference)
        union
        select customer_id from night.core.gcc_validations
        where status = 'InReview' and 'GovernmentCommunityCloud' in (select qualification from difference)
    """,
    "notice_periods": "select customer_id from night.core.nonprofit_notices",
    "request_limits": """
        select customer_id from night.core.qualification_requests
        group by customer_id, qualification having count(*) >= (select min(requests) from difference)
    """,
    "extended_service_terms": """
        select customer_id from night.core.nonprofit_notice
        union
        select customer_id from night.core.nonprofit_lost
    """,
    "discountable_products": """
        select b.customer_id
        from night.core.sale as s join night.core.subscriptions as b on s.line = b.line
        where s.segment in ('Education', 'Nonprofit', 'GovernmentCommunityCloud')
            and coalesce(b.product_type, if(s.kind = 'azure', 'azure', null)) in (select product_type from difference)
    """,
    "gcc_countries": """
        select s.customer_id
        from night.core.sale_government as s join night.core.customers as c on s.customer_id = c.customer_id
        where c.country in (select country from difference)
    """,
}


def changed_policies(connection: Connection, day: date) -> tuple[str, ...]:
    """Return the tables of policy data of which other rows are in force on a day than on the night."""
    return tuple(name for name in POLICIES if connection.execute(_difference(name), {"day": day}).fetchall())


def _difference(table: str) -> str:
    on_night = _IN_FORCE.format(day="(select as_of from night.core.run)")
    return _DIFFERENCE.format(table=table, on_night=on_night, on_day=_IN_FORCE.format(day="$day"))


def create_affected(connection: Connection, supposition: Supposition) -> int:
    """Create the temporary table `affected`, and return how many customers it has."""
    connection.execute("create or replace temp table renamed (subscription_id varchar, offer_name varchar)")
    connection.execute("create or replace temp table reached (customer_id varchar)")
    for grant in supposition.grants:
        connection.execute("insert into reached values (?)", [grant.customer_id])
    for sold in supposition.sold:
        _reach_sold(connection, sold)
    if supposition.policy_as_of:
        _reach_policies(connection, supposition.policies, supposition.policy_as_of)
    connection.execute("create or replace temp table affected as select distinct customer_id from reached")
    return int(connection.execute("select count(*) from affected").fetchall()[0][0])


def _reach_sold(connection: Connection, sold: Sold) -> None:
    """Reach who has the subscription, or the offer or a change to it; and whose equivalents it may be among."""
    if sold.subscription_id is not None:
        connection.execute(
            "insert into reached select customer_id from night.core.subscriptions where subscription_id = ?",
            [sold.subscription_id],
        )
        return
    connection.execute(
        """
        insert into reached
        with offers as (
            select offer_id from night.core.offers where offer_key = $offer_key
        )
        select customer_id from night.core.subscriptions
        where offer_id in (select offer_id from offers) or scheduled_offer_id in (select offer_id from offers)
        union all
        select u.customer_id
        from night.core.under_notice as u join night.core.offer_segment as o on u.offer_no = o.offer_no
        where split_part(o.offer_key, ':', 1) = split_part($offer_key, ':', 1)
        """,
        {"offer_key": sold.offer_key},
    )


def _reach_policies(connection: Connection, policies: Sequence[str], day: date) -> None:
    for table in policies:
        connection.execute(f"create or replace temp table difference as {_difference(table)}", {"day": day})
        if table == "purchase_matrix":
            _create_changed_types(connection, day)
        connection.execute(f"insert into reached {_READERS[table]}")


def _create_changed_types(connection: Connection, day: date) -> None:
    """Create `rules_changed`: the customer types that may be sold something else, strictest readings with them."""
    from pipeline.desk.supposing.changes import suppose_policy

    rule = (VIEWS_FOLDER / "purchase_rule.sql").read_text(encoding="utf-8")
    connection.execute("attach ':memory:' as matrix")
    connection.execute("use matrix")
    for schema, names in {"core": ("run",), "ref": ("qualification_sets", "purchase_matrix")}.items():
        connection.execute(f"create schema {schema}")
        for name in names:
            connection.execute(f"create view {schema}.{name} as select * from night.{schema}.{name}")
    connection.execute(f"create temp table rules_tonight as {rule}")
    suppose_policy(connection, "purchase_matrix", day)
    connection.execute(f"create temp table rules_supposed as {rule}")
    connection.execute("""
        create temp table rules_changed as
        (select * from rules_tonight except select * from rules_supposed)
        union all
        (select * from rules_supposed except select * from rules_tonight)
    """)
