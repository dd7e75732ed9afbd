-- stored
-- One row for each sale that is not plainly allowed: its line, its number in core.rated_sale, and what the rules on
-- segments and customers read of the subscription. Rules read it through core.sale_questioned.
select
    s.line,
    s.sale_no,
    b.customer_id,
    b.subscription_id,
    b.quantity,
    b.cancellation_allowed_until_date
from core.recorded_sale as s
inner join core.rated_sale as r on s.sale_no = r.sale_no
inner join core.subscriptions as b on s.line = b.line
where r.is_plainly_allowed = 0
