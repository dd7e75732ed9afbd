-- One row for each live subscription: which offer it is, what type of customer has it, and whether that may be.
-- Join core.subscriptions on `line`, and core.offer_segment on `offer_no` for the evidence of the segment.
-- The customer type is null where the customer is not in the customers export, or where its type cannot be told.
select
    s.line,
    o.offer_no,
    o.segment,
    o.cloud,
    o.kind,
    o.customer_is_listed,
    o.customer_type,
    o.outcome,
    o.is_plainly_allowed
from core.recorded_sale as s
inner join core.rated_offer as o on s.rated_no = o.rated_no
