/*
id = "SEG01"
version = 2
level = "violation"
title = "Segment not allowed"
message = "{segment} offer sold to a customer that is {customer_type}"
why = """
The purchase rules name, for each type of customer, the segments that it may be sold. This live subscription is of a \
segment that they forbid for the qualifications that the customer holds today; one that is in review or denied does \
not count.
"""
steps = [
    "Open the customer in Partner Center and check its special qualifications; have a wrong or missing one corrected.",
    "If the sale was wrong and the return window is open, cancel the subscription before it closes.",
    "Otherwise move the seats to an offer of a segment that the customer may be sold.",
]
source = "Sell to specialized industries, purchase rules (Partner Center)"
needs = ["customers", "subscriptions", "qualifications"]
uses = ["price_list", "subscriptions.segment", "subscriptions.offer_name", "qualifications.vetting_status"]
gives_way_to = ["SEG05", "GCC05", "GCC02", "NPO03", "NPO04"]
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
s3              | c1          | Education | 2026-11-21
"""
finds = """
subscription_id | due_on     | vetting_status | vetting_since
s1              | 2026-11-20 | InReview       | 2026-11-12
s2              |            | InReview       | 2026-11-12
s3              | 2026-11-21 | InReview       | 2026-11-12
"""

[[case]]
name = "of several decisions on the qualification the newest is named, as one"
as_of = 2026-11-20
customers = """
customer_id | company_name
c1          | Lipowa
c2          | Dębowa
"""
qualifications = """
customer_id | qualification | vetting_status | vetting_create_date | vetting_reason
c1          | Education     | InReview       | 2026-01-10          |
c1          | Education     | Denied         | 2026-11-12          | Not an Academic Domain
c2          | Education     | Denied         | 2026-01-10          | Not an Academic Domain
c2          | Education     | InReview       | 2026-11-12          |
c2          | Education     | Denied         |                     | Not an Education Customer
"""
subscriptions = """
subscription_id | customer_id | segment
s1              | c1          | Education
s2              | c2          | Education
"""
finds = """
subscription_id | vetting_status | vetting_since | vetting_reason
s1              | Denied         | 2026-11-12    | Not an Academic Domain
s2              | InReview       | 2026-11-12    |
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
name = "the same customer on that day: GCC stays forbidden"
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
s1              | c1          | GovernmentCommunityCloud
"""
finds = """
subscription_id | customer_type         | allowed
s1              | Nonprofit + Education | Commercial, Nonprofit, Education
"""

[[case]]
name = "the day before, the combination was not listed, and is not for this rule"
as_of = 2024-01-31
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
s1              | c1          | GovernmentCommunityCloud
s2              | c1          | Education
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

[[case]]
name = "which source says the segment, and whether the offer is in the price list"
as_of = 2026-11-20
customers = """
customer_id | company_name
c1          | Lipowa
"""
price_list = """
product_id | sku_id | segment
p1         | 0002   | Education
p1         | 0003   | Education
p1         | 0003   | Nonprofit
"""
subscriptions = """
subscription_id | customer_id | offer_id  | offer_name        | segment
s1              | c1          | p1:0002:x | Teams for faculty | Education
s2              | c1          | p1:0003:x | Teams             | Education
s3              | c1          | p9:0001:x | Teams for faculty |
"""
finds = """
subscription_id | segment   | segment_source | in_price_list | list_segment | stated_segment | name_segment
s1              | Education | price list     | true          | Education    | Education      | Education
s2              | Education | segment column | true          |              | Education      |
s3              | Education | offer name     | false         |              |                | Education
"""

[[case]]
name = "one sale, one finding: no discount (SEG05), outside the United States (GCC05), not validated (GCC02)"
as_of = 2026-11-20
customers = """
customer_id | company_name | country
c1          | Lipowa       | PL
c2          | County       | US
c3          | City         |
"""
gcc_validations = """
customer_id | submitted_date | submitted_tenant_id | status
c2          | 2026-11-02     | p1                  | Denied
"""
subscriptions = """
subscription_id | customer_id | segment                  | product_type      | term_duration
s1              | c1          | Education                | azure             | p1y
s2              | c1          | GovernmentCommunityCloud | onlineservicesnce | p1y
s3              | c2          | GovernmentCommunityCloud | onlineservicesnce | p1y
s4              | c3          | GovernmentCommunityCloud | onlineservicesnce | p1y
"""
finds = """
subscription_id | vetting_status | vetting_since | vetting_reason
s4              |                |               |
"""

[[case]]
name = "and so is a nonprofit sale to a customer that has lost the qualification (NPO03, NPO04)"
as_of = 2026-11-20
customers = """
customer_id | company_name
c1          | Lipowa
c2          | Dębowa
"""
history = """
customer_id | qualification | vetting_status | first_night | gone_on
c1          | Nonprofit     | Approved       | 2026-01-01  | 2026-11-10
"""
subscriptions = """
subscription_id | customer_id | segment   | creation_date | auto_renew_enabled | commitment_end_date
s1              | c1          | Nonprofit | 2026-11-11    | true               | 2027-11-10
s2              | c1          | Nonprofit | 2026-11-10    | false              | 2027-11-09
s3              | c1          | Nonprofit | 2026-11-10    | true               | 2027-11-09
s4              | c2          | Nonprofit | 2026-11-11    | false              | 2027-11-10
"""
finds = """
subscription_id
s3
s4
"""
*/
with pending as (
    select
        q.customer_id,
        q.qualification,
        q.vetting_status,
        q.vetting_reason,
        q.vetting_create_date as vetting_since,
        -- the newest says how things stand; of rows that differ in nothing else, the line decides nothing
        row_number() over (
            partition by q.customer_id, q.qualification
            order by
                coalesce(q.vetting_create_date, cast('1900-01-01' as date)) desc,
                coalesce(q.vetting_status, '') asc,
                coalesce(q.vetting_reason, '') asc,
                q.line asc
        ) as place
    from core.qualifications as q
    where
        (
            q.vetting_status in ('InReview', 'Denied')
            or (q.vetting_status is null and q.qualification in ('Education', 'GovernmentCommunityCloud'))
        )
        -- to put those of all other customers in order takes longer than everything else here
        and exists (
            select s.customer_id
            from core.sale_questioned as s
            where s.customer_id = q.customer_id and s.outcome = 'forbidden'
        )
)

select
    s.customer_id,
    s.subscription_id,
    case when s.cancellation_allowed_until_date >= r.as_of then s.cancellation_allowed_until_date end as due_on,
    o.segment,
    o.segment_source,
    case when o.is_in_price_list = 1 then true else false end as in_price_list,
    o.list_segment,
    o.stated_segment,
    o.name_segment,
    s.customer_type,
    w.may_be_sold as allowed,
    p.vetting_status,
    p.vetting_reason,
    p.vetting_since
from core.sale_questioned as s
inner join core.offer_segment as o on s.offer_no = o.offer_no
inner join core.purchase_rule as w on s.customer_type = w.customer_type and s.segment = w.segment
cross join core.run as r
left join pending as p on s.customer_id = p.customer_id and o.segment = p.qualification and p.place = 1
where s.outcome = 'forbidden'
