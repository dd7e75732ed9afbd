-- stored
-- One row for each sale that is not plainly allowed, with what the rules on segments and customers read of it. Five
-- rules begin here, and each would otherwise look for the same few among all subscriptions.
select
    s.line,
    b.customer_id,
    b.subscription_id,
    b.quantity,
    b.cancellation_allowed_until_date,
    r.offer_no,
    r.segment,
    r.customer_is_listed,
    r.customer_type,
    r.outcome
from core.recorded_sale as s
inner join core.rated_sale as r on s.sale_no = r.sale_no
inner join core.subscriptions as b on s.line = b.line
where r.is_plainly_allowed = 0
