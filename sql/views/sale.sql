-- One row for each live subscription: which offer it is, and what type of customer has it.
-- Join core.subscriptions on `line`, and core.offer_segment on `offer_no` for the evidence of the segment.
-- The customer type is null where the customer is not in the customers export, or where its type cannot be told.
select
    s.line,
    p.offer_no,
    p.segment,
    p.cloud,
    p.kind,
    p.customer_is_listed,
    p.customer_type
from core.recorded_sale as s
inner join core.possible_sale as p on s.sale_no = p.sale_no
