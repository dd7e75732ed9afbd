/*
id = "GCC05"
version = 1
level = "violation"
title = "GCC sold outside the United States"
message = "Government Community Cloud offer sold to a customer in {country}"
why = """
The Government Community Cloud is for government entities of the United States. All other governments must use the \
commercial offers. The customers export gives another country for this customer.
"""
steps = [
    "Check the customer's country in Partner Center; have a wrong one corrected.",
    "If the sale was wrong and the return window is open, cancel the subscription before it closes.",
    "Otherwise move the seats to the commercial offer.",
]
source = """Sell to specialized industries, all other governments use the commercial offers (Partner Center); \
that territories of the United States count as the United States is the auditor's reading"""
needs = ["customers", "customers.country", "subscriptions"]
uses = ["price_list", "subscriptions.segment", "subscriptions.offer_name"]
gives_way_to = ["SEG05"]
key = ["subscription_id"]
since = 2026-11-21

[[case]]
name = "another country, whatever the cloud and the qualifications"
as_of = 2026-11-20
customers = """
customer_id | company_name | country
c1          | Powiat       | PL
c2          | Comune       | IT
"""
qualifications = """
customer_id | qualification            | vetting_status
c1          | GovernmentCommunityCloud | Approved
"""
subscriptions = """
subscription_id | customer_id | segment                  | offer_name       | status
s1              | c1          | GovernmentCommunityCloud | Visio            | paused
s2              | c1          | GovernmentCommunityCloud | Visio (GCC High) | active
s3              | c2          |                          | Visio DoD        | active
s4              | c2          | GovernmentCommunityCloud | Visio            | deleted
"""
finds = """
subscription_id | country | segment                  | cloud    | segment_source
s1              | PL      | GovernmentCommunityCloud |          | segment column
s2              | PL      | GovernmentCommunityCloud | GCC High | segment column
s3              | IT      | GovernmentCommunityCloud | DoD      | offer name
"""

[[case]]
name = "the price list says that the offer is for GCC"
as_of = 2026-11-20
customers = """
customer_id | company_name | country
c1          | Powiat       | PL
"""
price_list = """
product_id | sku_id | segment
p1         | 0002   | GovernmentCommunityCloud
p1         | 0003   | Commercial
"""
subscriptions = """
subscription_id | customer_id | offer_id  | segment
s1              | c1          | p1:0002:x |
s2              | c1          | p1:0003:x | GovernmentCommunityCloud
"""
finds = """
subscription_id | segment_source
s1              | price list
"""

[[case]]
name = "the United States, its territories, and a country that is not given"
as_of = 2026-11-20
customers = """
customer_id | company_name | country
c1          | County       | US
c2          | Guam         | GU
c3          | San Juan     | PR
c4          | Pago Pago    | AS
c5          | Saipan       | MP
c6          | Saint Croix  | VI
c7          | City         |
"""
subscriptions = """
subscription_id | customer_id | segment
s1              | c1          | GovernmentCommunityCloud
s2              | c2          | GovernmentCommunityCloud
s3              | c3          | GovernmentCommunityCloud
s4              | c4          | GovernmentCommunityCloud
s5              | c5          | GovernmentCommunityCloud
s6              | c6          | GovernmentCommunityCloud
s7              | c7          | GovernmentCommunityCloud
"""
finds = ""

[[case]]
name = "other segments, an unknown one, and a customer that is not exported (REL01)"
as_of = 2026-11-20
customers = """
customer_id | company_name | country
c1          | Powiat       | PL
"""
subscriptions = """
subscription_id | customer_id | segment
s1              | c1          | Commercial
s2              | c1          | Education
s3              | c1          |
s4              | c2          | GovernmentCommunityCloud
"""
finds = ""

[[case]]
name = "one sale, one finding: where no discount exists for anybody the sale is for SEG05"
as_of = 2026-11-20
customers = """
customer_id | company_name | country
c1          | Powiat       | PL
"""
subscriptions = """
subscription_id | customer_id | segment                  | product_type | term_duration
s1              | c1          | GovernmentCommunityCloud | software     | p1y
s2              | c1          | GovernmentCommunityCloud | software     | onetime
"""
finds = """
subscription_id
s2
"""
*/
with in_force as (
    select g.country
    from ref.gcc_countries as g
    cross join core.run as r
    where g.valid_from <= r.as_of and (g.valid_to is null or g.valid_to >= r.as_of)
)

select
    s.customer_id,
    s.subscription_id,
    null as due_on,
    c.country,
    s.segment,
    s.cloud,
    o.segment_source,
    case when o.is_in_price_list = 1 then true else false end as in_price_list,
    o.list_segment,
    o.stated_segment,
    o.name_segment
from core.sale_government as s
inner join core.offer_segment as o on s.offer_no = o.offer_no
inner join core.customers as c on s.customer_id = c.customer_id
left join in_force as g on c.country = g.country
where s.segment = 'GovernmentCommunityCloud' and c.country is not null and g.country is null
