/*
id = "SEG04"
version = 2
level = "verify"
title = "Evidence for the segment conflicts"
message = "Sources disagree on the segment of the offer: {conflict}"
why = """
The price list, the segment column and the offer's name do not say the same of this offer. The price list is used \
where it says anything, then the column, then the name; but one of them is wrong, and with it perhaps the verdict \
that the sale is allowed.
"""
steps = [
    "Look the offer up in Partner Center and see which segment it was sold as.",
    "Have the source that is wrong corrected: the price list, or the script that writes the export.",
]
source = "Price lists of the Cloud Solution Provider programme"
needs = ["customers", "subscriptions"]
uses = ["price_list", "subscriptions.segment", "subscriptions.offer_name"]
gives_way_to = ["SEG01", "SEG02", "SEG05", "GCC02", "GCC05", "NPO03"]
key = ["subscription_id"]
since = 2026-11-20

[[case]]
name = "price list against name, and against the column"
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
subscription_id | customer_id | offer_id  | offer_name               | segment   | status
s1              | c1          | p1:0002:x | Teams (Charity)          |           | active
s2              | c1          | p1:0002:x | Teams                    | Education | paused
s3              | c1          | p1:0002:x | Teams                    |           | active
s4              | c1          | p1:0002:x | Teams (Charity)          |           | deleted
"""
finds = """
subscription_id | segment    | name_segment | stated_segment | conflict
s1              | Commercial | Nonprofit    |                | price list and offer name
s2              | Commercial |              | Education      | price list and segment column
"""

[[case]]
name = "rows of the price list that contradict each other"
as_of = 2026-11-20
customers = """
customer_id | company_name
c1          | Lipowa
"""
price_list = """
product_id | sku_id | segment
p1         | 0002   | Commercial
p1         | 2      | Education
"""
subscriptions = """
subscription_id | customer_id | offer_id
s1              | c1          | p1:0002:x
"""
finds = """
subscription_id | segment | conflict
s1              |         | price list rows contradict each other
"""

[[case]]
name = "markers in several spellings that agree with the list; a non-breaking hyphen is a hyphen"
as_of = 2026-11-20
customers = """
customer_id | company_name
c1          | Lipowa
"""
qualifications = """
customer_id | qualification | vetting_status
c1          | Nonprofit     | Approved
"""
price_list = """
product_id | sku_id | segment
p1         | 0002   | Nonprofit
"""
subscriptions = """
subscription_id | customer_id | offer_id  | offer_name
s1              | c1          | p1:0002:x | Teams (Non\u2011Profit Pricing)
s2              | c1          | p1:0002:x | Teams (NONPROFIT STAFF PRICING)
s3              | c1          | p1:0002:x | Teams
"""
finds = ""

[[case]]
name = "one sale, one finding: a sale that breaks the matrix anyway is for SEG01"
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
subscription_id | customer_id | offer_id  | offer_name
s1              | c1          | p1:0002:x | Teams (Charity)
"""
finds = ""

[[case]]
name = "one sale, one finding: outside the United States (GCC05), not validated (GCC02), sold after the removal (NPO03)"
as_of = 2026-11-20
customers = """
customer_id | company_name | country
c1          | Powiat       | PL
c2          | County       | US
c3          | Dębowa       | PL
"""
qualifications = """
customer_id | qualification            | vetting_status
c1          | GovernmentCommunityCloud | Approved
c2          | GovernmentCommunityCloud | Approved
c3          | Nonprofit                | Approved
"""
gcc_validations = """
customer_id | submitted_date | submitted_tenant_id | status
c2          | 2026-11-02     | p1                  | Denied
"""
nonprofit_notices = """
customer_id | notice_date | removal_date
c3          | 2026-08-01  | 2026-11-10
"""
subscriptions = """
subscription_id | customer_id | offer_name        | segment                  | creation_date
s1              | c1          | Teams for faculty | GovernmentCommunityCloud | 2026-01-01
s2              | c2          | Teams for faculty | GovernmentCommunityCloud | 2026-01-01
s3              | c3          | Teams for faculty | Nonprofit                | 2026-11-10
s4              | c3          | Teams for faculty | Nonprofit                | 2026-11-09
"""
finds = """
subscription_id
s4
"""

[[case]]
name = "and so it is outside the strictest reading (SEG02), and where no discount exists (SEG05)"
as_of = 2026-11-20
customers = """
customer_id | company_name
c1          | Lipowa
c2          | Dębowa
"""
qualifications = """
customer_id | qualification    | vetting_status
c1          | Nonprofit        | Approved
c1          | StateOwnedEntity |
c2          | Education        | Approved
"""
price_list = """
product_id | sku_id | segment
p1         | 0002   | Education
"""
subscriptions = """
subscription_id | customer_id | offer_id  | offer_name      | product_type | term_duration
s1              | c1          | p1:0002:x | Teams (Charity) |              |
s2              | c2          | p1:0002:x | Teams (Charity) | azure        |
s3              | c2          | p1:0002:x | Teams (Charity) | software     | onetime
"""
finds = """
subscription_id | segment   | segment_source | in_price_list | conflict
s3              | Education | price list     | true          | price list and offer name
"""
*/
select
    s.customer_id,
    s.subscription_id,
    null as due_on,
    o.segment,
    o.conflict,
    o.segment_source,
    case when o.is_in_price_list = 1 then true else false end as in_price_list,
    o.list_segment,
    o.stated_segment,
    o.name_segment,
    s.customer_type
from core.sale_questioned as s
inner join core.offer_segment as o on s.offer_no = o.offer_no
where s.customer_is_listed = 1 and o.conflict is not null
