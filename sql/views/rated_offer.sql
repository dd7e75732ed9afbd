-- stored
-- One row for each offer and each type of customer that it could be sold to: its segment, and whether that may be.
-- Plainly allowed is a sale inside what the matrix or the strictest reading allows, of an offer whose sources agree.
-- Two numbers beside those of the types: 16 is a customer whose type cannot be told, 17 one that is not in the export.
with buyer as (
    select q.type_no, q.customer_type, 1 as customer_is_listed from ref.qualification_sets as q
    union all
    select 16 as type_no, null as customer_type, 1 as customer_is_listed
    union all
    select 17 as type_no, null as customer_type, 0 as customer_is_listed
)

select
    o.offer_no * 32 + b.type_no as rated_no,
    o.offer_no,
    o.segment,
    o.cloud,
    o.kind,
    b.customer_is_listed,
    b.customer_type,
    p.outcome,
    case
        when p.outcome in ('allowed', 'unlisted, inside the strictest reading') and o.conflict is null then 1
        else 0
    end as is_plainly_allowed
from core.offer_segment as o
cross join buyer as b
left join core.purchase_rule as p on b.customer_type = p.customer_type and o.segment = p.segment
