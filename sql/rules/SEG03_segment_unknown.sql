/*
id = "SEG03"
version = 1
level = "verify"
title = "Segment cannot be told"
message = "No source says which segment the offer {offer_id} belongs to"
why = """
The offer is not in the price list, the export has no segment for it, and its name bears no marker. An offer without \
a marker need not be commercial: about one government SKU in twenty has none. Until its segment is known, nobody can \
say whether the sale was allowed.
"""
steps = [
    "Look the offer up in Partner Center, and supply a price list that holds it.",
    "If the offer has left the price list, add a segment column to the subscriptions export.",
]
source = "Price lists of the Cloud Solution Provider programme"
needs = ["customers", "subscriptions"]
uses = ["price_list", "subscriptions.segment", "subscriptions.offer_name"]
key = ["subscription_id"]
since = 2026-11-20

[[case]]
name = "an offer that no source knows; a bare 'gov' is no marker"
as_of = 2026-11-20
customers = """
customer_id | company_name
c1          | Lipowa
"""
price_list = """
product_id | sku_id | segment
p1         | 0002   | Commercial
"""
subscriptions = """
subscription_id | customer_id | offer_id  | offer_name              | status
s1              | c1          | p1:0003:x | Identity Governance P2  | active
s2              | c1          | p9:0002:x |                         | paused
s3              | c1          | p9:0002:x |                         | expired
"""
finds = """
subscription_id | offer_id  | in_price_list | segment_source | list_segment | stated_segment | name_segment
s1              | p1:0003:x | false         |                |              |                |
s2              | p9:0002:x | false         |                |              |                |
"""

[[case]]
name = "the same product in another SKU says nothing, a legacy offer id compares without case"
as_of = 2026-11-20
customers = """
customer_id | company_name
c1          | Lipowa
"""
price_list = """
product_id | sku_id | segment    | offer_id
           |        | Commercial | 195416c1-3447-423a-b37b-ee59a99a19c4
"""
subscriptions = """
subscription_id | customer_id | offer_id
s1              | c1          | 195416c1-3447-423a-b37b-ee59a99a19c4
s2              | c1          | 195416c1-3447-423a-b37b-ee59a99a19c5
"""
finds = """
subscription_id
s2
"""

[[case]]
name = "price list with the SKU's zeros lost"
as_of = 2026-11-20
customers = """
customer_id | company_name
c1          | Lipowa
"""
price_list = """
product_id | sku_id | segment
p1         | 5      | Commercial
"""
subscriptions = """
subscription_id | customer_id | offer_id
s1              | c1          | p1:0005:x
s2              | c1          | p1:5
"""
finds = ""

[[case]]
name = "a segment column, or a marker in the name, tells it"
as_of = 2026-11-20
customers = """
customer_id | company_name
c1          | Lipowa
"""
subscriptions = """
subscription_id | customer_id | segment    | offer_name
s1              | c1          | Commercial | Exchange Online
s2              | c1          |            | Exchange Online (Non-Profit Pricing)
"""
finds = ""

[[case]]
name = "contradicting sources are not for this rule"
as_of = 2026-11-20
customers = """
customer_id | company_name
c1          | Lipowa
"""
price_list = """
product_id | sku_id | segment
p1         | 0002   | Commercial
p1         | 0002   | Education
"""
subscriptions = """
subscription_id | customer_id | offer_id
s1              | c1          | p1:0002:x
"""
finds = ""
*/
select
    s.customer_id,
    s.subscription_id,
    null as due_on,
    o.offer_id,
    o.segment,
    o.segment_source,
    case when o.is_in_price_list = 1 then true else false end as in_price_list,
    o.list_segment,
    o.stated_segment,
    o.name_segment,
    s.customer_type
from core.sale_questioned as s
inner join core.offer_segment as o on s.offer_no = o.offer_no
where s.customer_is_listed = 1 and o.segment is null and o.conflict is null
