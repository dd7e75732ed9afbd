/*
id = "SEG05"
version = 1
level = "violation"
title = "Special segment where no discount exists"
message = "{segment} segment on a subscription of type {product_type}, for which no discount exists"
why = """
Discounts for special segments exist for perpetual software and for licence-based services. None exist for Azure and \
for software subscriptions: sold to the same customer as ordinary commercial business they would be right, but this \
live subscription carries a special segment.
"""
steps = [
    "Look the offer up in Partner Center and see which segment it was sold as.",
    "If the segment is right, move the seats to the commercial offer of the same product.",
    "If it is not, have the source that states it corrected: the price list, or the script that writes the export.",
]
source = "Sell to specialized industries, special prices: which products have them (Partner Center)"
needs = ["customers", "subscriptions", "subscriptions.product_type", "subscriptions.term_duration"]
uses = ["price_list", "subscriptions.segment", "subscriptions.offer_name"]
key = ["subscription_id"]
since = 2026-11-21

[[case]]
name = "Azure in any special segment and of any term, to a customer that may buy the segment or may not"
as_of = 2026-11-20
customers = """
customer_id | company_name
c1          | Lipowa
c2          | County
"""
qualifications = """
customer_id | qualification            | vetting_status
c1          | Nonprofit                | Approved
c2          | GovernmentCommunityCloud | Approved
"""
subscriptions = """
subscription_id | customer_id | segment                  | product_type     | term_duration | status
s1              | c1          | Nonprofit                | azure            |               | active
s2              | c1          | Education                | azure            | onetime       | paused
s3              | c2          | GovernmentCommunityCloud | azurereservation | p3y           | active
s4              | c1          | Nonprofit                | azure            | p1y           | expired
"""
finds = """
subscription_id | segment                  | product_type     | term_duration
s1              | Nonprofit                | azure            |
s2              | Education                | azure            | onetime
s3              | GovernmentCommunityCloud | azurereservation | p3y
"""

[[case]]
name = "software for a term, even for one that nobody knows; the price list says the segment"
as_of = 2026-11-20
customers = """
customer_id | company_name
c1          | Lipowa
"""
price_list = """
product_id | sku_id | segment
p1         | 0002   | Education
"""
subscriptions = """
subscription_id | customer_id | offer_id  | offer_name                | product_type | term_duration
s1              | c1          | p1:0002:x |                           | software     | p1m
s2              | c1          | p2:0001:x | Project 2024 for students | software     | p1y
s3              | c1          | p1:0002:x |                           | software     | p3y
s4              | c1          | p1:0002:x |                           | software     | p5y
"""
finds = """
subscription_id | segment_source | in_price_list | list_segment | stated_segment | name_segment
s1              | price list     | true          | Education    |                |
s2              | offer name     | false         |              |                | Education
s3              | price list     | true          | Education    |                |
s4              | price list     | true          | Education    |                |
"""

[[case]]
name = "perpetual software and licence-based services have special prices"
as_of = 2026-11-20
customers = """
customer_id | company_name
c1          | Lipowa
"""
subscriptions = """
subscription_id | customer_id | segment   | product_type         | term_duration
s1              | c1          | Education | software             | onetime
s2              | c1          | Education | onlineservicesnce    | p1y
s3              | c1          | Education | onlineserviceslegacy |
"""
finds = ""

[[case]]
name = "a product type that is empty or not known, software without a term, and an unknown segment"
as_of = 2026-11-20
customers = """
customer_id | company_name
c1          | Lipowa
"""
subscriptions = """
subscription_id | customer_id | segment   | product_type | term_duration
s1              | c1          | Education |              | p1y
s2              | c1          | Education | hardware     | p1y
s3              | c1          | Education | software     |
s4              | c1          |           | azure        | p1y
"""
finds = ""

[[case]]
name = "an offer id of Azure is enough, where the product type is empty"
as_of = 2026-11-20
customers = """
customer_id | company_name
c1          | Lipowa
"""
subscriptions = """
subscription_id | customer_id | offer_id     | segment   | product_type
s1              | c1          | ms-azr-0145p | Education |
s2              | c1          | o:0001:x     | Education |
"""
finds = """
subscription_id | product_type
s1              | azure
"""

[[case]]
name = "Azure for GCC High and DoD is a cloud of its own (GCC07); moderate GCC on Azure, and software for GCC High, are not"
as_of = 2026-11-20
customers = """
customer_id | company_name
c1          | County
"""
qualifications = """
customer_id | qualification            | vetting_status
c1          | GovernmentCommunityCloud | Approved
"""
subscriptions = """
subscription_id | customer_id | offer_name            | product_type     | term_duration | segment
s1              | c1          | Azure for GCC High    | azure            |               |
s2              | c1          | Azure Reservation DoD | azurereservation | p1y           |
s3              | c1          | Azure for GCC         | azure            |               |
s4              | c1          | Office for GCC High   | software         | p1y           |
"""
finds = """
subscription_id
s3
s4
"""

[[case]]
name = "commercial Azure is ordinary business, and a customer that is not exported is for REL01"
as_of = 2026-11-20
customers = """
customer_id | company_name
c1          | Lipowa
"""
subscriptions = """
subscription_id | customer_id | segment    | product_type | term_duration
s1              | c1          | Commercial | azure        | p1y
s2              | c2          | Education  | azure        | p1y
"""
finds = ""
*/
with in_force as (
    select d.product_type, d.term_duration, d.discounted
    from ref.discountable_products as d
    cross join core.run as r
    where d.valid_from <= r.as_of and (d.valid_to is null or d.valid_to >= r.as_of)
),

kinds as (
    select
        f.product_type,
        max(case when f.discounted then 0 else 1 end) as may_be_without,
        max(case when f.term_duration is null then 0 else 1 end) as term_decides
    from in_force as f
    group by f.product_type
),

sold as (
    select
        b.customer_id,
        b.subscription_id,
        -- an offer id of Azure is enough
        coalesce(b.product_type, case when s.kind = 'azure' then 'azure' end) as product_type,
        b.term_duration,
        s.segment,
        s.cloud,
        s.offer_no
    from core.sale as s
    inner join core.subscriptions as b on s.line = b.line
    where s.segment in ('Education', 'Nonprofit', 'GovernmentCommunityCloud') and s.customer_is_listed = 1
)

select
    b.customer_id,
    b.subscription_id,
    null as due_on,
    b.segment,
    b.product_type,
    b.term_duration,
    o.segment_source,
    case when o.is_in_price_list = 1 then true else false end as in_price_list,
    o.list_segment,
    o.stated_segment,
    o.name_segment
from sold as b
inner join core.offer_segment as o on b.offer_no = o.offer_no
inner join kinds as k on b.product_type = k.product_type
where
    k.may_be_without = 1
    -- Azure Government is a cloud of its own, and no discount: GCC07 judges it
    and not (b.product_type in ('azure', 'azurereservation') and b.cloud is not null)
    and (k.term_decides = 0 or b.term_duration is not null)
    and not exists (
        select f.product_type
        from in_force as f
        where
            f.product_type = b.product_type
            and f.discounted
            and (f.term_duration is null or f.term_duration = b.term_duration)
    )
