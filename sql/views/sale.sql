-- stored
-- One row for each live subscription: which offer it is, what type of customer has it, and whether that may be.
-- It is kept narrow, since every sale has a row: join core.subscriptions on `line`, core.offer_segment on `offer_no`.
-- The customer type is null where the customer is not in the customers export, or where its type cannot be told.
select
    s.line,
    o.offer_no,
    case when t.customer_id is null then 0 else 1 end as customer_is_listed,
    t.customer_type,
    p.outcome
from core.live_subscription as s
inner join core.offer_segment as o
    on
        s.offer_id = o.offer_id
        and s.offer_name is not distinct from o.offer_name
        and s.stated_segment is not distinct from o.stated_segment
left join core.customer_type as t on s.customer_id = t.customer_id
left join core.purchase_rule as p on t.customer_type = p.customer_type and o.segment = p.segment
