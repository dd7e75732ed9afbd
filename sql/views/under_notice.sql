-- stored
-- One row for each nonprofit sale of a customer whose nonprofit qualification counts while a notice runs, with the
-- commercial equivalent that the price list in force holds: another offer of the same product, with the same title
-- without the price suffix, market, currency and term, where they are known. It is a suggestion, and its columns are
-- null where there is none. The difference is per seat and month; it is known only for the term and market of the sale.
with listed as (
    select
        p.offer_key,
        p.product_id,
        p.sku_title,
        t.bare_title,
        p.segment,
        p.market,
        p.currency,
        p.term_duration,
        p.billing_plan,
        p.monthly_price,
        p.line
    from core.price_list as p
    inner join core.titles as t on p.sku_title = t.title
    cross join core.run as r
    where
        p.product_id is not null
        and (p.effective_start_date is null or p.effective_start_date <= r.as_of)
        and (p.effective_end_date is null or p.effective_end_date >= r.as_of)
),

sold as (
    select
        s.line,
        s.customer_id,
        s.subscription_id,
        s.quantity,
        s.last_day,
        s.term_duration,
        s.billing_cycle,
        s.monthly_price,
        s.currency,
        n.removal_date,
        c.country,
        s.offer_no,
        o.offer_key
    from core.sale_nonprofit as s
    inner join core.nonprofit_notice as n on s.customer_id = n.customer_id
    inner join core.customers as c on s.customer_id = c.customer_id
    inner join core.offer_segment as o on s.offer_no = o.offer_no
    inner join ref.qualification_sets as q on s.customer_type = q.customer_type
    cross join core.run as r
    where q.nonprofit = 1 and n.removal_date >= r.as_of
),

pairs as (
    select
        s.line,
        e.offer_key as suggested_offer,
        e.sku_title as suggested_title,
        e.currency as suggested_currency,
        case
            when
                e.currency = case when s.monthly_price is null or s.currency is null then own.currency else s.currency end
                and (own.term_duration = s.term_duration or own.term_duration is null or s.term_duration is null)
                and (own.market = s.country or own.market is null or s.country is null)
                then
                    e.monthly_price
                    - case when s.monthly_price is null or s.currency is null then own.monthly_price else s.monthly_price end
        end as suggested_difference,
        row_number() over (
            partition by s.line
            order by
                coalesce(case when own.term_duration = s.term_duration then 0 end, 1) asc,
                coalesce(case when own.market = s.country then 0 end, 1) asc,
                coalesce(case when own.currency = s.currency then 0 end, 1) asc,
                coalesce(case when own.billing_plan = s.billing_cycle then 0 end, 1) asc,
                coalesce(e.offer_key, '') asc,
                coalesce(case when e.billing_plan = own.billing_plan then 0 end, 1) asc,
                -- a price that is not known comes last
                coalesce(case when e.monthly_price is not null then 0 end, 1) asc,
                coalesce(e.monthly_price, 0) asc,
                coalesce(own.monthly_price, 0) asc,
                e.line asc
        ) as place
    from sold as s
    inner join listed as own on s.offer_key = own.offer_key
    inner join listed as e on own.product_id = e.product_id and own.bare_title = e.bare_title
    where
        e.segment = 'Commercial'
        and e.offer_key <> own.offer_key
        and (own.market = e.market or own.market is null or e.market is null)
        and (s.country = e.market or s.country is null or e.market is null)
        and (own.currency = e.currency or own.currency is null or e.currency is null)
        and (own.term_duration = e.term_duration or own.term_duration is null or e.term_duration is null)
)

select
    s.line,
    s.customer_id,
    s.subscription_id,
    s.quantity,
    s.last_day,
    s.removal_date,
    s.offer_no,
    p.suggested_offer,
    p.suggested_title,
    p.suggested_difference,
    p.suggested_currency
from sold as s
left join pairs as p on s.line = p.line and p.place = 1
