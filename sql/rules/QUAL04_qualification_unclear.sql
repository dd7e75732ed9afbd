/*
id = "QUAL04"
version = 1
level = "verify"
title = "Qualification cannot be told"
message = "The decision on a qualification of this customer cannot be told"
why = """
A qualification that Microsoft vets counts only when it is approved. This customer has one whose decision the export \
leaves empty, or a qualification row that could not be read. The first does not count; of the second nobody can \
say, so the sales to the customer are not judged against the purchase matrix.
"""
steps = [
    "Open the customer's special qualifications in Partner Center and note the decision.",
    "Have the script that writes the qualifications export corrected, and run it again.",
]
source = "Customer qualifications, vettingStatus (Partner Center API)"
needs = ["customers", "subscriptions", "qualifications"]
uses = ["qualifications.vetting_status"]
key = ["customer_id"]
since = 2026-11-20

[[case]]
name = "education and GCC without a decision, of customers with live subscriptions"
as_of = 2026-11-20
customers = """
customer_id | company_name
c1          | Lipowa
c2          | County
"""
qualifications = """
customer_id | qualification            | vetting_status
c1          | Education                |
c2          | GovernmentCommunityCloud |
"""
subscriptions = """
subscription_id | customer_id | status
s1              | c1          | active
s2              | c2          | paused
"""
finds = """
customer_id | qualification
c1          | Education
c2          | GovernmentCommunityCloud
"""

[[case]]
name = "a row that could not be read"
as_of = 2026-11-20
customers = """
customer_id | company_name
c1          | Lipowa
"""
unread_customers = """
table_name     | customer_id
qualifications | c1
"""
subscriptions = """
subscription_id | customer_id
s1              | c1
"""
finds = """
customer_id | qualification
c1          |
"""

[[case]]
name = "decided ones, and those that nobody vets"
as_of = 2026-11-20
customers = """
customer_id | company_name
c1          | Lipowa
"""
qualifications = """
customer_id | qualification            | vetting_status
c1          | Education                | Approved
c1          | GovernmentCommunityCloud | Denied
c1          | Nonprofit                |
c1          | StateOwnedEntity         |
c1          | None                     |
"""
subscriptions = """
subscription_id | customer_id
s1              | c1
"""
finds = ""

[[case]]
name = "an export without vetting statuses, and a customer with nothing live"
as_of = 2026-11-20
customers = """
customer_id | company_name
c1          | Lipowa
"""
qualifications = """
customer_id | qualification
c1          | Education
"""
subscriptions = """
subscription_id | customer_id | status
s1              | c1          | active
s2              | c2          | expired
"""
finds = ""
*/
with undecided as (
    select q.customer_id, min(q.qualification) as qualification
    from core.qualifications as q
    cross join core.run as r
    where
        r.vetting_is_stated
        and q.vetting_status is null
        and (q.qualification = 'Education' or q.qualification = 'GovernmentCommunityCloud')
    group by q.customer_id
),

unread as (
    select u.customer_id from core.unread_customers as u where u.table_name = 'qualifications' group by u.customer_id
),

unclear as (
    select
        coalesce(d.customer_id, u.customer_id) as customer_id,
        d.qualification,
        case
            when u.customer_id is null then 'qualification without a vetting status'
            else 'qualification row that could not be read'
        end as problem
    from undecided as d
    full join unread as u on d.customer_id = u.customer_id
)

select
    n.customer_id,
    null as subscription_id,
    null as due_on,
    n.qualification,
    n.problem,
    count(*) as subscriptions
from unclear as n
inner join core.customers as c on n.customer_id = c.customer_id
inner join core.live_subscription as s on n.customer_id = s.customer_id
group by n.customer_id, n.qualification, n.problem
