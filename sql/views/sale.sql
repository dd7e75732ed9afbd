-- stored
-- One row for each live subscription of a customer in the customers export: what was sold, and whether it may be.
-- It is kept narrow, since every sale has a row: join core.subscriptions on `line` for the rest.
select
    s.line,
    t.customer_type,
    o.segment,
    o.segment_source,
    o.list_segment,
    o.stated_segment,
    o.name_segment,
    o.conflict,
    p.outcome,
    p.may_be_sold
from core.live_subscription as s
inner join core.customer_type as t on s.customer_id = t.customer_id
inner join core.offer_segment as o
    on
        s.offer_id = o.offer_id
        and s.offer_name is not distinct from o.offer_name
        and s.stated_segment is not distinct from o.stated_segment
left join core.purchase_rule as p on t.customer_type = p.customer_type and o.segment = p.segment
