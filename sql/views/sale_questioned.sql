-- One row for each sale that is not plainly allowed, with what the rules on segments and customers read of it. Five
-- rules begin here, and each would otherwise look for the same few among all subscriptions.
select
    s.line,
    s.customer_id,
    s.subscription_id,
    s.quantity,
    s.cancellation_allowed_until_date,
    r.offer_no,
    r.segment,
    r.customer_is_listed,
    r.customer_type,
    r.outcome
from core.sale_not_allowed as s
inner join core.rated_sale as r on s.sale_no = r.sale_no
