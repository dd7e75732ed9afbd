"""Which customers another qualification or segment can affect: the temporary table `affected`."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pipeline.database import Connection
    from pipeline.desk.supposing.changes import Sold, Supposition


def create_affected(connection: Connection, supposition: Supposition) -> int:
    """Create the temporary table `affected`, and return how many customers it has."""
    connection.execute("create or replace temp table renamed (subscription_id varchar, offer_name varchar)")
    connection.execute("create or replace temp table reached (customer_id varchar)")
    for grant in supposition.grants:
        connection.execute("insert into reached values (?)", [grant.customer_id])
    for sold in supposition.sold:
        _reach_sold(connection, sold)
    connection.execute("""
        create or replace temp table affected as
        select distinct customer_id from reached where customer_id is not null
    """)
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
        -- one column at a time is looked for while it is read; of two, every row is compared
        select customer_id from night.core.subscriptions where offer_id in (select offer_id from offers)
        union all
        select customer_id from night.core.subscriptions where scheduled_offer_id in (select offer_id from offers)
        union all
        select u.customer_id
        from night.core.under_notice as u join night.core.offer_segment as o on u.offer_no = o.offer_no
        where split_part(o.offer_key, ':', 1) = split_part($offer_key, ':', 1)
        """,
        {"offer_key": sold.offer_key},
    )
