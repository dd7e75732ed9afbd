-- stored
-- One row for each sale that is not plainly allowed, with what the rules on segments and customers read of it. Five
-- rules begin here, and each would otherwise look for the same few among all subscriptions.
select
    s.line,
    b.customer_id,
    b.subscription_id,
    b.offer_id,
    b.quantity,
    b.cancellation_allowed_until_date,
    s.offer_no,
    s.segment,
    s.customer_is_listed,
    s.customer_type,
    s.outcome
from core.sale as s
inner join core.subscriptions as b on s.line = b.line
where s.is_plainly_allowed = 0
