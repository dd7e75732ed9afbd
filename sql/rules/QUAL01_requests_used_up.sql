/*
id = "QUAL01"
version = 1
level = "verify"
title = "Requests for a qualification are used up"
message = "{qualification} was requested {used} times and does not count; requests left: {left}"
why = """
A customer's qualification may be requested at most three times; after that only Microsoft Support can help. This \
customer's requests for the qualification are used up, and it does not count tonight.
"""
steps = [
    "Check the decisions and their reasons in Partner Center, and gather the evidence that was missing.",
    "Open a case with Microsoft Support; another request would be refused.",
    "Sell no offer of that segment to the customer meanwhile.",
]
source = "Sell to specialized industries, a qualification may be requested at most three times (Partner Center)"
needs = ["customers", "qualifications", "qualification_requests"]
uses = ["qualifications.vetting_status"]
key = ["customer_id", "qualification"]
since = 2026-11-21

[not_judged]
qualifications_unread = "a qualification row of the customer could not be read"

[[case]]
name = "three requests, and more than three; the day of the last one counts"
as_of = 2026-11-20
customers = """
customer_id | company_name
c1          | Lipowa
c2          | Dębowa
c3          | County
"""
qualifications = """
customer_id | qualification | vetting_status
c1          | Education     | Denied
c1          | Nonprofit     | Approved
c2          | Nonprofit     | InReview
"""
qualification_requests = """
customer_id | qualification            | requested_date | outcome
c1          | Education                | 2026-11-20     | inreview
c1          | Education                | 2026-05-01     | denied
c1          | Education                | 2026-01-15     | withdrawn
c2          | Nonprofit                | 2026-03-01     |
c2          | Nonprofit                | 2026-04-01     |
c2          | Nonprofit                | 2026-11-19     |
c2          | Nonprofit                | 2026-02-01     |
c3          | GovernmentCommunityCloud | 2026-03-01     |
c3          | GovernmentCommunityCloud | 2026-04-01     |
c3          | GovernmentCommunityCloud | 2026-05-01     |
"""
finds = """
customer_id | qualification            | used | left | last_requested_on | due_on | evidence_table         | evidence_line
c1          | Education                | 3    | 0    | 2026-11-20        |        | qualification_requests | 1
c2          | Nonprofit                | 4    | 0    | 2026-11-19        |        | qualification_requests | 6
c3          | GovernmentCommunityCloud | 3    | 0    | 2026-05-01        |        | qualification_requests | 10
"""

[[case]]
name = "an approved row of another customer, or of another qualification, does not help"
as_of = 2026-11-20
customers = """
customer_id | company_name
c1          | Lipowa
c2          | Dębowa
"""
qualifications = """
customer_id | qualification | vetting_status
c1          | Nonprofit     | Approved
c2          | Education     | Approved
c1          | Education     |
"""
qualification_requests = """
customer_id | qualification | requested_date
c1          | Education     | 2026-01-15
c1          | Education     | 2026-02-15
c1          | Education     | 2026-03-15
"""
finds = """
customer_id | qualification
c1          | Education
"""

[[case]]
name = "two requests so far, a third from tomorrow, or one of another qualification"
as_of = 2026-11-20
customers = """
customer_id | company_name
c1          | Lipowa
c2          | Dębowa
"""
qualification_requests = """
customer_id | qualification | requested_date
c1          | Education     | 2026-01-15
c1          | Education     | 2026-02-15
c1          | Education     | 2026-11-21
c2          | Education     | 2026-01-15
c2          | Education     | 2026-02-15
c2          | Nonprofit     | 2026-03-15
"""
finds = ""

[[case]]
name = "it counts by now, or it is no special one, or the customer is not in the export"
as_of = 2026-11-20
customers = """
customer_id | company_name
c1          | Lipowa
c2          | Dębowa
"""
qualifications = """
customer_id | qualification | vetting_status
c1          | Education     | Approved
c2          | Nonprofit     |
"""
qualification_requests = """
customer_id | qualification    | requested_date
c1          | Education        | 2026-01-15
c1          | Education        | 2026-02-15
c1          | Education        | 2026-03-15
c1          | StateOwnedEntity | 2026-01-15
c1          | StateOwnedEntity | 2026-02-15
c1          | StateOwnedEntity | 2026-03-15
c2          | Nonprofit        | 2026-01-15
c2          | Nonprofit        | 2026-02-15
c2          | Nonprofit        | 2026-03-15
c2          | None             | 2026-01-15
c2          | None             | 2026-02-15
c2          | None             | 2026-03-15
c9          | Education        | 2026-01-15
c9          | Education        | 2026-02-15
c9          | Education        | 2026-03-15
"""
finds = ""

[[case]]
name = "an export without vetting statuses lists what is in effect"
as_of = 2026-11-20
customers = """
customer_id | company_name
c1          | Lipowa
"""
qualifications = """
customer_id | qualification
c1          | Education
"""
qualification_requests = """
customer_id | qualification | requested_date
c1          | Education     | 2026-01-15
c1          | Education     | 2026-02-15
c1          | Education     | 2026-03-15
"""
finds = ""

[[case]]
name = "not judged: a qualification row of the customer could not be read"
as_of = 2026-11-20
customers = """
customer_id | company_name
c1          | Lipowa
"""
unread_customers = """
table_name     | customer_id
qualifications | c1
"""
qualification_requests = """
customer_id | qualification | requested_date
c1          | Education     | 2026-01-15
c1          | Education     | 2026-02-15
c1          | Education     | 2026-03-15
"""
finds = ""
*/
with in_force as (
    select l.requests
    from ref.request_limits as l
    cross join core.run as r
    where l.valid_from <= r.as_of and (l.valid_to is null or l.valid_to >= r.as_of)
),

counted as (
    select q.customer_id, q.qualification, count(*) as used, max(q.requested_date) as last_requested_on
    from core.qualification_requests as q
    cross join core.run as r
    where
        q.qualification in ('Education', 'Nonprofit', 'GovernmentCommunityCloud')
        and q.requested_date <= r.as_of
    group by q.customer_id, q.qualification
),

used_up as (
    select n.customer_id, n.qualification, n.used, n.last_requested_on, f.requests
    from counted as n
    inner join in_force as f on n.used >= f.requests
),

-- the row of the last request
evidence as (
    select u.customer_id, u.qualification, min(q.line) as line
    from used_up as u
    inner join core.qualification_requests as q
        on
            u.customer_id = q.customer_id
            and u.qualification = q.qualification
            and u.last_requested_on = q.requested_date
    group by u.customer_id, u.qualification
)

select
    u.customer_id,
    null as subscription_id,
    null as due_on,
    u.qualification,
    u.used,
    case when u.requests > u.used then u.requests - u.used else 0 end as left,
    u.last_requested_on,
    t.customer_type,
    'qualification_requests' as evidence_table,
    e.line as evidence_line,
    case when t.customer_type is null then 'qualifications_unread' end as not_judged
from used_up as u
inner join evidence as e on u.customer_id = e.customer_id and u.qualification = e.qualification
inner join core.customer_type as t on u.customer_id = t.customer_id
where
    not exists (
        select a.customer_id
        from core.approved_qualification as a
        where a.customer_id = u.customer_id and a.qualification = u.qualification
    )
