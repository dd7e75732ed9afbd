/*
id = "NPO03"
version = 1
level = "violation"
title = "Nonprofit sold after the qualification was removed"
message = "Nonprofit subscription created on {created_on}, after the nonprofit qualification was to end"
why = """
Once the nonprofit qualification is removed, no new nonprofit subscription may be sold to the customer. This one was \
created on or after the removal date of Microsoft's notice, or after the night on which the qualification was first \
missing from the export.
"""
steps = [
    "If the return window is open, cancel the subscription before it closes.",
    "Otherwise move the seats to the commercial equivalent.",
    "If the review was won and the qualification is back, take the notice out of the hand-kept file of notices.",
]
source = "Sell to specialized industries, eligibility reviews of nonprofit customers (Partner Center)"
needs = ["customers", "subscriptions", "qualifications"]
uses = [
    "nonprofit_notices", "nonprofit_notices.removal_date", "price_list", "subscriptions.segment",
    "subscriptions.offer_name", "qualifications.vetting_status",
]
gives_way_to = ["SEG05"]
key = ["subscription_id"]
since = 2026-11-21

[[case]]
name = "created on the day before, on and after the removal date; the return window is open or closed"
as_of = 2026-11-20
customers = """
customer_id | company_name
c1          | Lipowa
"""
nonprofit_notices = """
customer_id | notice_date | removal_date
c1          | 2026-08-01  | 2026-11-10
"""
subscriptions = """
subscription_id | customer_id | segment   | creation_date | cancellation_allowed_until_date | status
s1              | c1          | Nonprofit | 2026-11-09    | 2026-11-20                      | active
s2              | c1          | Nonprofit | 2026-11-10    | 2026-11-20                      | active
s3              | c1          | Nonprofit | 2026-11-11    | 2026-11-19                      | paused
s4              | c1          | Nonprofit | 2026-11-12    | 2026-11-21                      | active
s5              | c1          | Nonprofit | 2026-11-12    |                                 | active
s6              | c1          | Nonprofit | 2026-11-12    |                                 | deleted
"""
finds = """
subscription_id | customer_id | created_on | removal_date | lost_on | due_on
s2              | c1          | 2026-11-10 | 2026-11-10   |         | 2026-11-20
s3              | c1          | 2026-11-11 | 2026-11-10   |         |
s4              | c1          | 2026-11-12 | 2026-11-10   |         | 2026-11-21
s5              | c1          | 2026-11-12 | 2026-11-10   |         |
"""

[[case]]
name = "the removal date itself is enough, even while the customer is still listed"
as_of = 2026-11-20
customers = """
customer_id | company_name
c1          | Lipowa
c2          | Dębowa
c3          | Bukowa
"""
qualifications = """
customer_id | qualification | vetting_status
c1          | Nonprofit     | Approved
c2          | Nonprofit     | Approved
c3          | Nonprofit     | Approved
"""
nonprofit_notices = """
customer_id | notice_date | removal_date
c1          | 2026-08-21  | 2026-11-19
c2          | 2026-08-22  |
c3          | 2026-08-23  | 2026-11-21
"""
subscriptions = """
subscription_id | customer_id | segment   | creation_date
s1              | c1          | Nonprofit | 2026-11-20
s2              | c2          | Nonprofit | 2026-11-20
s3              | c3          | Nonprofit | 2026-11-21
s4              | c2          | Nonprofit | 2026-11-19
"""
finds = """
subscription_id | removal_date
s1              | 2026-11-19
s2              | 2026-11-20
"""

[[case]]
name = "created after the night on which the qualification was first missing; the latest such night counts"
as_of = 2026-11-20
customers = """
customer_id | company_name
c1          | Lipowa
c2          | Dębowa
"""
history = """
customer_id | qualification | vetting_status | first_night | gone_on
c1          | Nonprofit     | Approved       | 2025-01-01  | 2025-06-01
c1          | Nonprofit     | Approved       | 2026-01-01  | 2026-11-10
c2          | Nonprofit     |                | 2026-01-01  | 2026-11-12
c2          | Nonprofit     | Denied         | 2026-11-12  |
"""
qualifications = """
customer_id | qualification | vetting_status
c2          | Nonprofit     | Denied
"""
subscriptions = """
subscription_id | customer_id | segment   | creation_date | status
s1              | c1          | Nonprofit | 2026-11-09    | active
s2              | c1          | Nonprofit | 2026-11-10    | active
s3              | c1          | Nonprofit | 2026-11-11    | active
s4              | c2          | Nonprofit | 2026-11-13    | suspended
s5              | c1          | Nonprofit | 2026-11-13    | expired
"""
finds = """
subscription_id | lost_on    | removal_date | created_on
s3              | 2026-11-10 |              | 2026-11-11
s4              | 2026-11-12 |              | 2026-11-13
"""

[[case]]
name = "notice and history beside each other: either is enough"
as_of = 2026-11-20
customers = """
customer_id | company_name
c1          | Lipowa
"""
nonprofit_notices = """
customer_id | notice_date | removal_date
c1          | 2026-08-01  | 2026-11-10
"""
history = """
customer_id | qualification | vetting_status | first_night | gone_on
c1          | Nonprofit     | Approved       | 2025-01-01  | 2026-11-05
"""
subscriptions = """
subscription_id | customer_id | segment   | creation_date
s1              | c1          | Nonprofit | 2026-11-05
s2              | c1          | Nonprofit | 2026-11-06
"""
finds = """
subscription_id | lost_on    | removal_date
s2              | 2026-11-05 | 2026-11-10
"""

[[case]]
name = "not lost: never nonprofit, held again, a qualification row that could not be read, or only ever in review"
as_of = 2026-11-20
customers = """
customer_id | company_name
c1          | Lipowa
c2          | Dębowa
c3          | Bukowa
c4          | Sosnowa
c5          | Klonowa
c6          | Wierzbowa
"""
qualifications = """
customer_id | qualification | vetting_status
c2          | Nonprofit     | Approved
c6          | Nonprofit     |
"""
unread_customers = """
table_name     | customer_id
qualifications | c3
"""
history = """
customer_id | qualification | vetting_status | first_night | gone_on
c2          | Nonprofit     | Approved       | 2025-01-01  | 2026-06-01
c2          | Nonprofit     | Approved       | 2026-07-01  |
c3          | Nonprofit     | Approved       | 2025-01-01  | 2026-06-01
c4          | Nonprofit     | InReview       | 2025-01-01  | 2026-06-01
c5          | Education     | Approved       | 2025-01-01  | 2026-06-01
c6          | Nonprofit     | Approved       | 2025-01-01  | 2026-11-20
c6          | Nonprofit     |                | 2026-11-20  |
"""
subscriptions = """
subscription_id | customer_id | segment   | creation_date
s1              | c1          | Nonprofit | 2026-11-15
s2              | c2          | Nonprofit | 2026-11-15
s3              | c3          | Nonprofit | 2026-11-15
s4              | c4          | Nonprofit | 2026-11-15
s5              | c5          | Nonprofit | 2026-11-15
s6              | c6          | Nonprofit | 2026-11-20
"""
finds = ""

[[case]]
name = "other segments, and a customer that is not in the customers export"
as_of = 2026-11-20
customers = """
customer_id | company_name
c1          | Lipowa
"""
nonprofit_notices = """
customer_id | notice_date | removal_date
c1          | 2026-08-01  | 2026-11-10
c9          | 2026-08-01  | 2026-11-10
"""
subscriptions = """
subscription_id | customer_id | segment    | creation_date
s1              | c1          | Commercial | 2026-11-15
s2              | c1          |            | 2026-11-15
s3              | c9          | Nonprofit  | 2026-11-15
"""
finds = ""

[[case]]
name = "one sale, one finding: where no discount exists for anybody the sale is for SEG05"
as_of = 2026-11-20
customers = """
customer_id | company_name
c1          | Lipowa
"""
nonprofit_notices = """
customer_id | notice_date | removal_date
c1          | 2026-08-01  | 2026-11-10
"""
subscriptions = """
subscription_id | customer_id | segment   | creation_date | product_type
s1              | c1          | Nonprofit | 2026-11-15    | azure
s2              | c1          | Nonprofit | 2026-11-15    |
"""
finds = """
subscription_id
s2
"""
*/
with passed as (
    select n.customer_id, n.removal_date
    from core.nonprofit_notice as n
    cross join core.run as r
    where n.removal_date <= r.as_of
),

removed as (
    select coalesce(p.customer_id, l.customer_id) as customer_id, p.removal_date, l.lost_on
    from passed as p
    full join core.nonprofit_lost as l on p.customer_id = l.customer_id
)

select
    s.customer_id,
    s.subscription_id,
    case when s.cancellation_allowed_until_date >= r.as_of then s.cancellation_allowed_until_date end as due_on,
    s.creation_date as created_on,
    d.removal_date,
    d.lost_on,
    o.segment_source,
    case when o.is_in_price_list = 1 then true else false end as in_price_list,
    o.list_segment,
    o.stated_segment,
    o.name_segment,
    s.customer_type
from core.sale_nonprofit as s
inner join removed as d on s.customer_id = d.customer_id
inner join core.offer_segment as o on s.offer_no = o.offer_no
cross join core.run as r
where s.creation_date >= d.removal_date or s.creation_date > d.lost_on
