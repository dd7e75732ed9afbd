-- stored
-- One row for each live subscription: its line, and the number of its offer and customer type in core.possible_sale.
-- Two numbers a sale are all that is kept: written with their names they cost four times as much.
select s.line, o.offer_no * 32 + coalesce(t.type_no, 17) as sale_no
from core.live_subscription as s
inner join core.offer_segment as o
    on
        s.offer_id = o.offer_id
        and s.offer_name is not distinct from o.offer_name
        and s.stated_segment is not distinct from o.stated_segment
left join core.customer_type as t on s.customer_id = t.customer_id
