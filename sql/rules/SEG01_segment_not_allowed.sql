/*
id = "SEG01"
version = 1
level = "violation"
title = "Segment not allowed"
message = "{segment} offer sold to a customer that is {customer_type}"
why = """
The purchase rules name, for each type of customer, the segments that it may be sold. This live subscription is of a \
segment that they forbid for the qualifications that the customer holds today. Microsoft can cancel such a sale or \
charge the full price, and the partner can lose the right to sell the segment.
"""
steps = [
    "If the customer is entitled to the segment, have the missing qualification added or approved in Partner Center.",
    "Otherwise move the seats to an offer of a segment that the customer may be sold.",
    "If the return window is still open, cancel the subscription within it.",
]
source = "Sell to specialized industries, purchase rules (Partner Center)"
needs = ["customers", "subscriptions", "qualifications"]
key = ["subscription_id"]
since = 2026-11-20

[[case]]
name = "education offer to a customer without qualifications"
as_of = 2026-11-20
customers = """
customer_id | company_name
c1          | Lipowa
"""
subscriptions = """
subscription_id | customer_id | segment
s1              | c1          | Education
"""
finds = """
subscription_id | segment   | customer_type | allowed
s1              | Education | (none)        | Commercial
"""

[[case]]
name = "education offer to a customer whose qualification is in review; the return window is open"
as_of = 2026-11-20
customers = """
customer_id | company_name
c1          | Lipowa
"""
qualifications = """
customer_id | qualification | vetting_status | vetting_create_date
c1          | Education     | InReview       | 2026-11-12
"""
subscriptions = """
subscription_id | customer_id | segment   | cancellation_allowed_until_date
s1              | c1          | Education | 2026-11-20
s2              | c1          | Education | 2026-11-19
"""
finds = """
subscription_id | due_on     | vetting_status | vetting_since
s1              | 2026-11-20 | InReview       | 2026-11-12
s2              |            | InReview       | 2026-11-12
"""

[[case]]
name = "commercial offer to a GCC customer; a status that is not known is live"
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
subscription_id | customer_id | segment    | status
s1              | c1          | Commercial | paused
s2              | c1          | Commercial | suspended
s3              | c1          | Commercial | deleted
"""
finds = """
subscription_id | segment    | allowed
s1              | Commercial | GovernmentCommunityCloud
s2              | Commercial | GovernmentCommunityCloud
"""

[[case]]
name = "nonprofit and education on the first day of the combination"
as_of = 2024-02-01
customers = """
customer_id | company_name
c1          | Lipowa
"""
qualifications = """
customer_id | qualification | vetting_status
c1          | Nonprofit     |
c1          | Education     | Approved
"""
subscriptions = """
subscription_id | customer_id | segment
s1              | c1          | Education
s2              | c1          | Nonprofit
"""
finds = ""

[[case]]
name = "the price list is trusted before the offer's name"
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
subscription_id | customer_id | offer_id  | offer_name
s1              | c1          | p1:0002:x | Teams for faculty
"""
finds = ""

[[case]]
name = "an unlisted combination, and a customer whose qualifications could not be read, are not for this rule"
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
"""
unread_customers = """
table_name     | customer_id
qualifications | c2
"""
subscriptions = """
subscription_id | customer_id | segment
s1              | c1          | Education
s2              | c2          | Education
"""
finds = ""
*/
with pending as (
    select
        q.customer_id,
        q.qualification,
        min(q.vetting_status) as vetting_status,
        min(q.vetting_reason) as vetting_reason,
        min(q.vetting_create_date) as vetting_since
    from core.qualifications as q
    where q.vetting_status is distinct from 'Approved'
    group by q.customer_id, q.qualification
)

select
    b.customer_id,
    b.subscription_id,
    case when b.cancellation_allowed_until_date >= r.as_of then b.cancellation_allowed_until_date end as due_on,
    s.segment,
    s.segment_source,
    s.list_segment,
    s.stated_segment,
    s.name_segment,
    s.customer_type,
    s.may_be_sold as allowed,
    p.vetting_status,
    p.vetting_reason,
    p.vetting_since
from core.sale as s
inner join core.subscriptions as b on s.line = b.line
cross join core.run as r
left join pending as p on b.customer_id = p.customer_id and s.segment = p.qualification
where s.outcome = 'forbidden'
