-- stored
-- One row for each sale of a government offer to a customer of the customers export, with what the rules on government
-- clouds read of it. Five rules begin here, and each would otherwise look for the same few among all subscriptions.
select
    s.line,
    b.customer_id,
    b.subscription_id,
    b.creation_date,
    b.partner_tenant_id,
    b.product_type,
    s.offer_no,
    s.segment,
    s.cloud,
    s.kind
from core.sale as s
inner join core.subscriptions as b on s.line = b.line
where s.segment = 'GovernmentCommunityCloud' and s.customer_is_listed = 1
