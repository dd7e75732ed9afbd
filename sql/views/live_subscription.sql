-- One row for each live subscription. Only a status that is known to have ended is not live: an unknown one is.
select
    s.subscription_id,
    s.customer_id,
    s.offer_id,
    s.offer_name,
    s.segment as stated_segment,
    s.quantity,
    s.partner_tenant_id,
    s.reseller_id,
    s.migrated_from_subscription_id,
    s.line
from core.subscriptions as s
where s.status not in ('none', 'expired', 'disabled', 'deleted')
