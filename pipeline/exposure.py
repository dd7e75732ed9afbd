"""What the subscriptions of tonight's findings cost a month, where that is known."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pipeline.database import Connection


def create_exposure(connection: Connection) -> None:
    """Create `core.exposure`: one row for each subscription with a finding whose monthly price is known.

    The price is the subscription's own; without one it is the price list's, where the rows in force for the offer, its
    term, its billing and the customer's market agree on one price in one currency. Amounts are seats times price.
    """
    connection.execute("""
        create or replace table core.exposure as
        with reported as (
            select distinct subscription_id from core.found where subscription_id is not null
        ),
        sold as (
            select
                b.subscription_id, b.quantity, b.monthly_price, b.currency, b.term_duration, b.billing_cycle,
                o.offer_key, c.country
            from reported as f
            join core.subscriptions as b on f.subscription_id = b.subscription_id
            join core.offers as o
                on b.offer_id = o.offer_id
                and b.offer_name is not distinct from o.offer_name
                and b.segment is not distinct from o.stated_segment
            left join core.customers as c on b.customer_id = c.customer_id
        ),
        listed as (
            select
                s.subscription_id, min(p.monthly_price) as monthly_price, min(p.currency) as currency
            from sold as s
            join core.price_list as p on s.offer_key = p.offer_key
            cross join core.run as r
            where p.monthly_price is not null and p.currency is not null
                and coalesce(p.effective_start_date <= r.as_of, true)
                and coalesce(p.effective_end_date >= r.as_of, true)
                and coalesce(lower(p.term_duration) = s.term_duration, true)
                and coalesce(lower(p.billing_plan) = lower(s.billing_cycle), true)
                and coalesce(p.market = s.country, true)
            group by s.subscription_id
            having min(p.monthly_price) = max(p.monthly_price) and min(p.currency) = max(p.currency)
        ),
        priced as (
            select
                s.subscription_id, s.quantity,
                if(s.monthly_price is null or s.currency is null, l.monthly_price, s.monthly_price) as price,
                if(s.monthly_price is null or s.currency is null, l.currency, s.currency) as currency
            from sold as s left join listed as l on s.subscription_id = l.subscription_id
        )
        select
            subscription_id, currency,
            cast(cast(quantity as decimal(20, 0)) * price as decimal(38, 2)) as monthly_amount
        from priced where quantity is not null and price is not null
    """)
