/*
id = "GCC06"
version = 1
level = "deadline"
title = "GCC validation not answered in time"
message = "GCC validation asked for on {requested_on} has no answer, which was due on {due_on}"
why = """
Validations of partners and of customers for the Government Community Cloud are answered within two business days. \
This one is still open after that time. Until it is answered, nothing may be sold on it.
"""
steps = [
    "Look the validation up in Partner Center; if it has been decided, note the decision and its day in the file.",
    "If it has not, open a ticket with Microsoft Support that names the day on which it was asked for.",
]
source = """Sell Office 365 Government GCC for CSP, validations are answered within two business days (Partner \
Center); that US federal holidays are no business days is the auditor's reading"""
needs = ["customers", "gcc_validations", "partners", "partners.gcc_requested_date", "partners.gcc_approved_date"]
key = ["qualification", "customer_id", "tenant_id", "validation"]
since = 2026-11-21

[[case]]
name = "the day after the second business day; Thanksgiving is none"
as_of = 2026-11-28
customers = """
customer_id | company_name
c1          | County
c2          | City
c3          | State
"""
partners = """
tenant_id | name  | role        | gcc_requested_date | gcc_approved_date
p1        | North | direct_bill | 2026-11-24         |
p2        | South | direct_bill | 2026-11-25         |
p3        |       | direct_bill | 2026-11-23         |
p4        | West  | direct_bill | 2026-11-23         | 2026-11-25
p5        | East  | direct_bill |                    |
"""
gcc_validations = """
customer_id | submitted_date | submitted_tenant_id | status   | validation_id
c1          | 2026-11-24     | p1                  | InReview | v1
c2          | 2026-11-25     | p1                  | InReview |
c3          | 2026-11-23     | p1                  | InReview |
"""
finds = """
customer_id | qualification            | tenant_id | partner_name | validation | due_on     | evidence_table
c1          | GovernmentCommunityCloud |           |              | p1         | 2026-11-27 | gcc_validations
c3          | GovernmentCommunityCloud |           |              | p1         | 2026-11-25 | gcc_validations
            | GovernmentCommunityCloud | p1        | North        |            | 2026-11-27 | partners
            | GovernmentCommunityCloud | p3        | p3           |            | 2026-11-25 | partners
"""

[[case]]
name = "the second business day itself, and the day before it"
as_of = 2026-11-27
customers = """
customer_id | company_name
c1          | County
c2          | City
"""
partners = """
tenant_id | role        | gcc_requested_date | gcc_approved_date
p1        | direct_bill | 2026-11-24         |
p2        | direct_bill | 2026-11-25         |
"""
gcc_validations = """
customer_id | submitted_date | submitted_tenant_id | status
c1          | 2026-11-24     | p1                  | InReview
c2          | 2026-11-25     | p1                  | InReview
"""
finds = ""

[[case]]
name = "submitted on Friday or at the week-end: Tuesday is the last day, on Wednesday it is late"
as_of = 2026-11-18
customers = """
customer_id | company_name
c1          | County
c2          | City
c3          | State
c4          | Tribe
"""
partners = """
tenant_id | role        | gcc_requested_date | gcc_approved_date
p1        | direct_bill | 2026-11-14         |
"""
gcc_validations = """
customer_id | submitted_date | submitted_tenant_id | status
c1          | 2026-11-13     | p1                  | InReview
c2          | 2026-11-14     | p1                  | InReview
c3          | 2026-11-15     | p1                  | InReview
c4          | 2026-11-16     | p1                  | InReview
"""
finds = """
customer_id | tenant_id | due_on     | requested_on
c1          |           | 2026-11-17 | 2026-11-13
c2          |           | 2026-11-17 | 2026-11-14
c3          |           | 2026-11-17 | 2026-11-15
            | p1        | 2026-11-17 | 2026-11-14
"""

[[case]]
name = "on that Tuesday nothing is late"
as_of = 2026-11-17
customers = """
customer_id | company_name
c1          | County
c2          | City
"""
partners = """
tenant_id | role        | gcc_requested_date | gcc_approved_date
p1        | direct_bill | 2026-11-15         |
"""
gcc_validations = """
customer_id | submitted_date | submitted_tenant_id | status
c1          | 2026-11-13     | p1                  | InReview
c2          | 2026-11-15     | p1                  | InReview
"""
finds = ""

[[case]]
name = "one finding for each customer and tenant id, the earliest in review"
as_of = 2026-11-20
customers = """
customer_id | company_name
c1          | County
"""
partners = """
tenant_id | role
p1        | direct_bill
"""
gcc_validations = """
customer_id | submitted_date | submitted_tenant_id | status
c1          | 2026-11-19     | p1                  | InReview
c1          | 2026-11-10     | p1                  | InReview
c1          | 2026-11-02     | p1                  | Denied
c1          | 2026-11-12     | p2                  | InReview
"""
finds = """
customer_id | validation | due_on     | requested_on
c1          | p1         | 2026-11-13 | 2026-11-10
c1          | p2         | 2026-11-16 | 2026-11-12
"""

[[case]]
name = "what has been answered, and a customer that is not exported"
as_of = 2026-11-20
customers = """
customer_id | company_name
c1          | County
"""
partners = """
tenant_id | role        | gcc_requested_date | gcc_approved_date
p1        | direct_bill | 2026-10-01         | 2026-10-09
p2        | direct_bill |                    | 2026-10-09
"""
gcc_validations = """
customer_id | submitted_date | submitted_tenant_id | status   | decided_date
c1          | 2026-10-01     | p1                  | Approved | 2026-10-09
c1          | 2026-10-01     | p2                  | Denied   |
c2          | 2026-10-01     | p1                  | InReview |
"""
finds = ""
*/
with answer_time as (
    select t.qualification, t.business_days, t.calendar
    from ref.answer_times as t
    cross join core.run as r
    where
        t.qualification = 'GovernmentCommunityCloud'
        and t.valid_from <= r.as_of
        and (t.valid_to is null or t.valid_to >= r.as_of)
),

asked as (
    select
        v.customer_id,
        null as tenant_id,
        null as partner_name,
        v.submitted_tenant_id as validation,
        v.validation_id,
        v.submitted_date,
        'gcc_validations' as evidence_table,
        v.line
    from core.gcc_validations as v
    inner join core.customers as c on v.customer_id = c.customer_id
    where v.status = 'InReview'
    union all
    select
        null as customer_id,
        p.tenant_id,
        -- partners need not have a name
        coalesce(p.name, p.tenant_id) as partner_name,
        null as validation,
        null as validation_id,
        p.gcc_requested_date as submitted_date,
        'partners' as evidence_table,
        p.line
    from core.partners as p
    where p.gcc_requested_date is not null and p.gcc_approved_date is null
),

dated as (
    select
        a.customer_id,
        a.tenant_id,
        a.partner_name,
        a.validation,
        a.validation_id,
        a.submitted_date,
        a.evidence_table,
        a.line,
        w.qualification,
        due.day as due_on,
        row_number() over (
            partition by a.customer_id, a.tenant_id, a.validation
            order by a.submitted_date asc, coalesce(a.validation_id, '') asc, a.line asc
        ) as place
    from asked as a
    cross join answer_time as w
    left join ref.calendar as asked_on on w.calendar = asked_on.country and a.submitted_date = asked_on.day
    left join ref.calendar as due
        on
            w.calendar = due.country
            and due.business_day_number = asked_on.business_day_number + w.business_days
            and due.is_business_day = 1
)

select
    d.customer_id,
    null as subscription_id,
    d.due_on,
    d.qualification,
    d.tenant_id,
    d.partner_name,
    d.validation,
    d.validation_id,
    d.submitted_date as requested_on,
    d.evidence_table,
    d.line as evidence_line
from dated as d
cross join core.run as r
where d.place = 1 and d.due_on < r.as_of
