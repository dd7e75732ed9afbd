/*
id = "SEG02"
version = 2
level = "verify"
title = "Combination of qualifications is not listed"
message = "{segment} offer sold to a customer that is {customer_type}, a combination that the purchase rules do not list"
why = """
The purchase rules say nothing of a customer that holds this combination of qualifications. Read strictly, it may be \
sold only what each of its qualifications allows alone, and this live subscription lies outside of that. This is the \
auditor's reading, not Microsoft's word.
"""
steps = [
    "Check in Partner Center that the customer really holds all these qualifications, and have a wrong one removed.",
    "If the combination is right, ask Microsoft Support whether the segment may be sold, and keep the answer.",
]
source = "Sell to specialized industries, purchase rules (Partner Center); the combination is not in its table"
needs = ["customers", "subscriptions", "qualifications"]
uses = ["price_list", "subscriptions.segment", "subscriptions.offer_name", "qualifications.vetting_status"]
gives_way_to = ["SEG05", "GCC05", "GCC02", "NPO03"]
key = ["subscription_id"]
since = 2026-11-20

[[case]]
name = "nonprofit and state-owned: each allows Commercial, only one Nonprofit"
as_of = 2026-11-20
customers = """
customer_id | company_name
c1          | Lipowa
"""
qualifications = """
customer_id | qualification    | vetting_status
c1          | Nonprofit        | Approved
c1          | StateOwnedEntity |
"""
subscriptions = """
subscription_id | customer_id | segment    | status
s1              | c1          | Nonprofit  | active
s2              | c1          | Commercial | active
s3              | c1          | Nonprofit  | expired
"""
finds = """
subscription_id | segment   | allowed
s1              | Nonprofit | Commercial
"""

[[case]]
name = "GCC and education have nothing in common"
as_of = 2026-11-20
customers = """
customer_id | company_name
c1          | County College
"""
qualifications = """
customer_id | qualification            | vetting_status
c1          | GovernmentCommunityCloud | Approved
c1          | Education                | Approved
"""
subscriptions = """
subscription_id | customer_id | segment                  | status
s1              | c1          | GovernmentCommunityCloud | active
s2              | c1          | Commercial               | paused
"""
finds = """
subscription_id | allowed
s1              | nothing
s2              | nothing
"""

[[case]]
name = "nonprofit and education, the day before the combination was listed"
as_of = 2024-01-31
customers = """
customer_id | company_name
c1          | Lipowa
"""
qualifications = """
customer_id | qualification | vetting_status
c1          | Nonprofit     | Approved
c1          | Education     | Approved
"""
subscriptions = """
subscription_id | customer_id | segment
s1              | c1          | Education
s2              | c1          | Commercial
"""
finds = """
subscription_id
s1
"""

[[case]]
name = "the same on the day itself"
as_of = 2024-02-01
customers = """
customer_id | company_name
c1          | Lipowa
"""
qualifications = """
customer_id | qualification | vetting_status
c1          | Nonprofit     | Approved
c1          | Education     | Approved
"""
subscriptions = """
subscription_id | customer_id | segment
s1              | c1          | Education
s2              | c1          | GovernmentCommunityCloud
"""
finds = ""

[[case]]
name = "and on the day after"
as_of = 2024-02-02
customers = """
customer_id | company_name
c1          | Lipowa
"""
qualifications = """
customer_id | qualification | vetting_status
c1          | Nonprofit     | Approved
c1          | Education     | Approved
"""
subscriptions = """
subscription_id | customer_id | segment
s1              | c1          | Nonprofit
s2              | c1          | GovernmentCommunityCloud
"""
finds = ""

[[case]]
name = "a qualification in review makes no combination"
as_of = 2026-11-20
customers = """
customer_id | company_name
c1          | Lipowa
"""
qualifications = """
customer_id | qualification            | vetting_status
c1          | Nonprofit                | Approved
c1          | GovernmentCommunityCloud | InReview
"""
subscriptions = """
subscription_id | customer_id | segment
s1              | c1          | Nonprofit
"""
finds = ""

[[case]]
name = "one sale, one finding: no discount (SEG05), outside the United States (GCC05), not validated (GCC02)"
as_of = 2026-11-20
customers = """
customer_id | company_name | country
c1          | Lipowa       | PL
c2          | County       | US
"""
qualifications = """
customer_id | qualification    | vetting_status
c1          | Nonprofit        | Approved
c1          | StateOwnedEntity |
c2          | Nonprofit        | Approved
c2          | StateOwnedEntity |
"""
gcc_validations = """
customer_id | submitted_date | submitted_tenant_id | status
c2          | 2026-11-02     | p1                  | Denied
"""
price_list = """
product_id | sku_id | segment
o          | 0002   | Nonprofit
"""
subscriptions = """
subscription_id | customer_id | offer_id | segment                  | product_type      | term_duration
s1              | c1          | o:0001:x | Nonprofit                | software          | p1y
s2              | c1          | o:0001:x | GovernmentCommunityCloud | onlineservicesnce | p1y
s3              | c2          | o:0001:x | GovernmentCommunityCloud | onlineservicesnce | p1y
s4              | c1          | o:0002:x |                          | software          | onetime
"""
finds = """
subscription_id | segment   | segment_source | in_price_list | list_segment | stated_segment | name_segment
s4              | Nonprofit | price list     | true          | Nonprofit    |                |
"""

[[case]]
name = "one sale, one finding: sold after the nonprofit qualification was lost, it is for NPO03"
as_of = 2026-11-20
customers = """
customer_id | company_name
c1          | County College
"""
qualifications = """
customer_id | qualification            | vetting_status
c1          | GovernmentCommunityCloud | Approved
c1          | Education                | Approved
"""
history = """
customer_id | qualification | vetting_status | first_night | gone_on
c1          | Nonprofit     | Approved       | 2025-01-01  | 2026-11-10
"""
subscriptions = """
subscription_id | customer_id | segment   | creation_date
s1              | c1          | Nonprofit | 2026-11-10
s2              | c1          | Nonprofit | 2026-11-11
"""
finds = """
subscription_id
s1
"""
*/
select
    s.customer_id,
    s.subscription_id,
    null as due_on,
    o.segment,
    o.segment_source,
    case when o.is_in_price_list = 1 then true else false end as in_price_list,
    o.list_segment,
    o.stated_segment,
    o.name_segment,
    s.customer_type,
    w.may_be_sold as allowed
from core.sale_questioned as s
inner join core.offer_segment as o on s.offer_no = o.offer_no
inner join core.purchase_rule as w on s.customer_type = w.customer_type and s.segment = w.segment
where s.outcome = 'unlisted, outside the strictest reading'
