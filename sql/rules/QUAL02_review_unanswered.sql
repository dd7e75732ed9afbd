/*
id = "QUAL02"
version = 1
level = "deadline"
title = "Qualification in review longer than its answer time"
message = "{qualification} has been in review since {vetting_since}; the answer was due on {due_on}"
why = """
Validations for GCC are answered within two business days, counted without the holidays of the United States. For \
Education Microsoft publishes no answer time: three business days, in the customer's own country, are the auditor's \
reading. While a qualification is in review it does not count, and often an unanswered question is what it waits for.
"""
steps = [
    "Look for a question from Microsoft in the mailbox of the customer's contact, and have it answered.",
    "Check the status in Partner Center.",
    "If nothing is asked, open a case with Microsoft Support; a new request would use one of the three.",
]
source = """Sell Office 365 Government GCC for CSP, validations are answered within two business days (Partner \
Center); that US federal holidays are no business days, and the answer time for Education, are the auditor's reading"""
needs = ["customers", "qualifications", "qualifications.vetting_status", "qualifications.vetting_create_date"]
uses = ["customers.country"]
gives_way_to = ["GCC06"]
key = ["customer_id", "qualification"]
since = 2026-11-21

[not_judged]
no_date = "the row does not say since when it is in review"

[[case]]
name = "Education of a Polish customer: three business days, week-ends do not count"
as_of = 2026-11-20
customers = """
customer_id | company_name | country
c1          | Lipowa       | PL
c2          | Dębowa       | PL
c3          | Bukowa       | PL
c4          | Sosnowa      | PL
c5          | Klonowa      |
"""
qualifications = """
customer_id | qualification | vetting_status | vetting_create_date
c1          | Education     | InReview       | 2026-11-13
c2          | Education     | InReview       | 2026-11-16
c3          | Education     | InReview       | 2026-11-17
c4          | Education     | InReview       | 2026-11-15
c5          | Education     | InReview       | 2026-11-14
"""
finds = """
customer_id | qualification | due_on     | vetting_since | business_days | evidence_table | evidence_line
c1          | Education     | 2026-11-18 | 2026-11-13    | 3             | qualifications | 1
c2          | Education     | 2026-11-19 | 2026-11-16    | 3             | qualifications | 2
c4          | Education     | 2026-11-18 | 2026-11-15    | 3             | qualifications | 4
c5          | Education     | 2026-11-18 | 2026-11-14    | 3             | qualifications | 5
"""

[[case]]
name = "GCC: two business days of the United States, whatever the customer's country; Thanksgiving does not count"
as_of = 2026-11-28
customers = """
customer_id | company_name | country
c1          | County       | US
c2          | City         | PL
c3          | State        |
c4          | Tribe        | US
"""
qualifications = """
customer_id | qualification            | vetting_status | vetting_create_date
c1          | GovernmentCommunityCloud | InReview       | 2026-11-24
c2          | GovernmentCommunityCloud | InReview       | 2026-11-24
c3          | GovernmentCommunityCloud | InReview       | 2026-11-20
c4          | GovernmentCommunityCloud | InReview       | 2026-11-25
"""
finds = """
customer_id | due_on     | business_days
c1          | 2026-11-27 | 2
c2          | 2026-11-27 | 2
c3          | 2026-11-24 | 2
"""

[[case]]
name = "Education: Thanksgiving counts for a Polish customer, and not for one in the United States"
as_of = 2026-11-28
customers = """
customer_id | company_name | country
c1          | Lipowa       | PL
c2          | College      | US
"""
qualifications = """
customer_id | qualification | vetting_status | vetting_create_date
c1          | Education     | InReview       | 2026-11-24
c2          | Education     | InReview       | 2026-11-24
"""
finds = """
customer_id | due_on
c1          | 2026-11-27
"""

[[case]]
name = "over the end of the year: New Year's Day counts for a Polish customer only"
as_of = 2027-01-06
customers = """
customer_id | company_name | country
c1          | Lipowa       | PL
c2          | College      | US
c3          | School       | US
"""
qualifications = """
customer_id | qualification | vetting_status | vetting_create_date
c1          | Education     | InReview       | 2026-12-31
c2          | Education     | InReview       | 2026-12-30
c3          | Education     | InReview       | 2026-12-31
"""
finds = """
customer_id | due_on
c1          | 2027-01-05
c2          | 2027-01-05
"""

[[case]]
name = "the last business day of the answer time itself is in time"
as_of = 2026-11-24
customers = """
customer_id | company_name | country
c1          | County       | US
c2          | Lipowa       | PL
"""
qualifications = """
customer_id | qualification            | vetting_status | vetting_create_date
c1          | GovernmentCommunityCloud | InReview       | 2026-11-20
c2          | Education                | InReview       | 2026-11-19
"""
finds = ""

[[case]]
name = "the day after it is not"
as_of = 2026-11-25
customers = """
customer_id | company_name | country
c1          | County       | US
c2          | Lipowa       | PL
"""
qualifications = """
customer_id | qualification            | vetting_status | vetting_create_date
c1          | GovernmentCommunityCloud | InReview       | 2026-11-20
c2          | Education                | InReview       | 2026-11-19
"""
finds = """
customer_id | due_on
c1          | 2026-11-24
c2          | 2026-11-24
"""

[[case]]
name = "of several rows the earliest date counts; one without a date hides nothing"
as_of = 2026-11-20
customers = """
customer_id | company_name | country
c1          | Lipowa       | PL
"""
qualifications = """
customer_id | qualification | vetting_status | vetting_create_date
c1          | Education     | InReview       |
c1          | Education     | InReview       | 2026-11-19
c1          | Education     | InReview       | 2026-11-02
"""
finds = """
customer_id | due_on     | vetting_since | evidence_line
c1          | 2026-11-05 | 2026-11-02    | 3
"""

[[case]]
name = "decided, without a status, not vetted by Partner Center, or of a customer that is not in the export"
as_of = 2026-11-20
customers = """
customer_id | company_name | country
c1          | Lipowa       | PL
"""
qualifications = """
customer_id | qualification            | vetting_status | vetting_create_date
c1          | Education                | Approved       | 2026-01-02
c1          | Education                |                | 2026-01-02
c1          | GovernmentCommunityCloud | Denied         | 2026-01-02
c1          | Nonprofit                | InReview       | 2026-01-02
c1          | StateOwnedEntity         | InReview       | 2026-01-02
c9          | Education                | InReview       | 2026-01-02
"""
finds = ""

[[case]]
name = "one customer, one finding: where the validation itself is known, GCC06 reports it"
as_of = 2026-11-28
customers = """
customer_id | company_name | country
c1          | County       | US
c2          | City         | US
c3          | College      | US
"""
qualifications = """
customer_id | qualification            | vetting_status | vetting_create_date
c1          | GovernmentCommunityCloud | InReview       | 2026-11-20
c2          | GovernmentCommunityCloud | InReview       | 2026-11-20
c3          | Education                | InReview       | 2026-11-16
"""
gcc_validations = """
customer_id | submitted_date | submitted_tenant_id | status
c1          | 2026-11-20     | p1                  | InReview
c2          | 2026-11-25     | p1                  | InReview
c3          | 2026-11-20     | p1                  | InReview
"""
finds = """
customer_id | qualification            | due_on
c2          | GovernmentCommunityCloud | 2026-11-24
c3          | Education                | 2026-11-19
"""

[[case]]
name = "not judged: a row without a date, or with one that no calendar holds"
as_of = 2026-11-20
customers = """
customer_id | company_name | country
c1          | Lipowa       | PL
c2          | Dębowa       | PL
c3          | Bukowa       | PL
"""
qualifications = """
customer_id | qualification | vetting_status | vetting_create_date
c1          | Education     | InReview       |
c2          | Education     | InReview       | 0001-01-01
c3          | Education     | InReview       |
c3          | Education     | InReview       | 2026-11-19
"""
finds = ""
*/
with holiday_countries as (
    select h.country from ref.holidays as h group by h.country
),

in_force as (
    select a.qualification, a.business_days, a.calendar
    from ref.answer_times as a
    cross join core.run as r
    where a.valid_from <= r.as_of and (a.valid_to is null or a.valid_to >= r.as_of)
),

waiting as (
    select
        q.customer_id,
        q.qualification,
        q.vetting_create_date as vetting_since,
        q.line,
        f.business_days,
        coalesce(h.country, '') as calendar_country
    from core.qualifications as q
    inner join core.customers as c on q.customer_id = c.customer_id
    inner join in_force as f on q.qualification = f.qualification
    left join holiday_countries as h on h.country = case when f.calendar = 'customer' then c.country else f.calendar end
    where q.vetting_status = 'InReview' and q.qualification in ('Education', 'GovernmentCommunityCloud')
),

-- The calendar counts a day off like the business day before it; a date outside of it is no date.
dated as (
    select
        w.customer_id,
        w.qualification,
        w.vetting_since,
        w.line,
        w.business_days,
        due.day as due_on,
        row_number() over (
            partition by w.customer_id, w.qualification
            order by coalesce(due.day, cast('9999-12-31' as date)) asc, w.line asc
        ) as place,
        row_number() over (
            partition by w.customer_id, w.qualification
            order by coalesce(due.day, cast('0001-01-01' as date)) asc, w.line asc
        ) as place_undated_first
    from waiting as w
    left join ref.calendar as since on w.calendar_country = since.country and w.vetting_since = since.day
    left join ref.calendar as due
        on
            w.calendar_country = due.country
            and due.business_day_number = since.business_day_number + w.business_days
            and due.is_business_day = 1
),

undated as (
    select d.customer_id, d.qualification
    from dated as d
    where d.place_undated_first = 1 and d.due_on is null
)

select
    d.customer_id,
    null as subscription_id,
    d.due_on,
    d.qualification,
    d.vetting_since,
    d.business_days,
    'qualifications' as evidence_table,
    d.line as evidence_line,
    case when d.due_on < r.as_of then null else 'no_date' end as not_judged
from dated as d
cross join core.run as r
left join undated as u on d.customer_id = u.customer_id and d.qualification = u.qualification
where d.place = 1 and (d.due_on < r.as_of or u.customer_id is not null)
