-- stored
-- One row for each offer and each type of customer that it could be sold to.
-- Two numbers beside those of the types: 16 is a customer whose type cannot be told, 17 one that is not in the export.
with buyer as (
    select q.type_no, q.customer_type, 1 as customer_is_listed from ref.qualification_sets as q
    union all
    select 16 as type_no, null as customer_type, 1 as customer_is_listed
    union all
    select 17 as type_no, null as customer_type, 0 as customer_is_listed
)

select
    o.offer_no * 32 + b.type_no as sale_no,
    o.offer_no,
    o.segment,
    o.cloud,
    o.kind,
    o.conflict,
    b.customer_is_listed,
    b.customer_type
from core.offer_segment as o
cross join buyer as b
