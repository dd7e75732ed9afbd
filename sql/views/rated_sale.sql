-- stored
-- One row for each offer and each type of customer that it could be sold to: whether the matrix says that it may be.
-- Plainly allowed is a sale inside what the matrix or the strictest reading allows, of an offer whose sources agree.
select
    s.sale_no,
    s.offer_no,
    s.segment,
    s.kind,
    s.customer_is_listed,
    s.customer_type,
    p.outcome,
    case
        when p.outcome in ('allowed', 'unlisted, inside the strictest reading') and s.conflict is null then 1
        else 0
    end as is_plainly_allowed
from core.possible_sale as s
left join core.purchase_rule as p on s.customer_type = p.customer_type and s.segment = p.segment
