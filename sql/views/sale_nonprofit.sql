-- stored
-- One row for each nonprofit sale to a listed customer that has a notice or has lost its qualification, with what the
-- rules on nonprofit eligibility read of it: a few among all subscriptions, found once.
with concerned as (
    select n.customer_id from core.nonprofit_notice as n
    union all
    select l.customer_id from core.nonprofit_lost as l
),

customer as (
    select c.customer_id from concerned as c group by c.customer_id
)

select
    s.line,
    b.customer_id,
    b.subscription_id,
    b.quantity,
    b.creation_date,
    b.effective_start_date,
    b.last_day,
    b.cancellation_allowed_until_date,
    b.auto_renew_enabled,
    b.scheduled_action,
    b.term_duration,
    b.billing_cycle,
    b.monthly_price,
    b.currency,
    s.offer_no,
    s.kind,
    s.customer_type
from core.sale as s
inner join core.subscriptions as b on s.line = b.line
inner join customer as c on b.customer_id = c.customer_id
where s.segment = 'Nonprofit' and s.customer_is_listed = 1
