/*
id = "NPO02"
version = 1
level = "verify"
title = "Removal date has passed without effect"
message = """The nonprofit qualification was to be removed on {removal_date}; still listed: {still_listed}, \
subscriptions that renew by themselves: {auto_renewing}"""
why = """
Ninety days after a notice Microsoft removes the nonprofit qualification and switches off the automatic renewal of the \
nonprofit subscriptions. The date has passed, and the customer is still listed as Nonprofit, or a nonprofit \
subscription would still renew. Either the review was decided in the customer's favour, or the removal is late.
"""
steps = [
    "Look the customer's qualification and any contested review up in Partner Center.",
    "If the review was won, take the notice out of the hand-kept file of notices.",
    "If not, switch automatic renewal off, and offer the customer the commercial equivalent.",
]
source = "Sell to specialized industries, eligibility reviews of nonprofit customers (Partner Center)"
needs = ["customers", "subscriptions", "qualifications", "nonprofit_notices"]
uses = [
    "nonprofit_notices.removal_date", "nonprofit_notices.contested", "subscriptions.auto_renew_enabled", "price_list",
    "subscriptions.segment", "subscriptions.offer_name", "qualifications.vetting_status",
]
key = ["customer_id"]
since = 2026-11-21

[not_judged]
qualifications_unread = "a qualification row of the customer could not be read"

[[case]]
name = "still listed, from the day after the removal date on"
as_of = 2026-11-20
customers = """
customer_id | company_name
c1          | Lipowa
c2          | Dębowa
c3          | Bukowa
c4          | Sosnowa
"""
qualifications = """
customer_id | qualification | vetting_status
c1          | Nonprofit     | Approved
c2          | Nonprofit     |
c3          | Nonprofit     | Approved
c4          | Nonprofit     | Approved
"""
nonprofit_notices = """
customer_id | notice_date | removal_date | contested
c1          | 2026-08-21  |              | true
c2          | 2026-07-01  | 2026-11-19   | false
c3          | 2026-08-22  |              |
c4          | 2026-08-01  | 2026-11-21   |
"""
finds = """
customer_id | removal_date | contested | still_listed | auto_renewing | due_on | evidence_table    | evidence_line
c1          | 2026-11-19   | true      | true         | 0             |        | nonprofit_notices | 1
c2          | 2026-11-19   | false     | true         | 0             |        | nonprofit_notices | 2
"""

[[case]]
name = "the qualification is gone, but live nonprofit subscriptions still renew"
as_of = 2026-11-20
customers = """
customer_id | company_name
c1          | Lipowa
c2          | Dębowa
"""
qualifications = """
customer_id | qualification | vetting_status
c1          | Nonprofit     | Denied
c2          | Education     | Approved
"""
nonprofit_notices = """
customer_id | notice_date | removal_date
c1          | 2026-06-01  | 2026-08-30
c2          | 2026-06-01  |
"""
subscriptions = """
subscription_id | customer_id | segment    | auto_renew_enabled | status
s1              | c1          | Nonprofit  | true               | suspended
s2              | c1          | Nonprofit  | true               | paused
s3              | c1          | Nonprofit  | false              | active
s4              | c1          | Nonprofit  |                    | active
s5              | c1          | Commercial | true               | active
s6              | c1          | Nonprofit  | true               | expired
s7              | c2          | Nonprofit  | true               | active
"""
finds = """
customer_id | still_listed | auto_renewing | contested | removal_date
c1          | false        | 2             |           | 2026-08-30
c2          | false        | 1             |           | 2026-08-30
"""

[[case]]
name = "the removal took effect: not listed, and nothing live renews"
as_of = 2026-11-20
customers = """
customer_id | company_name
c1          | Lipowa
"""
nonprofit_notices = """
customer_id | notice_date | removal_date
c1          | 2026-06-01  |
"""
subscriptions = """
subscription_id | customer_id | segment    | auto_renew_enabled | status
s1              | c1          | Nonprofit  | false              | active
s2              | c1          | Nonprofit  |                    | paused
s3              | c1          | Nonprofit  | true               | deleted
s4              | c1          | Commercial | true               | active
s5              | c1          |            | true               | active
"""
finds = ""

[[case]]
name = "a newer notice runs, the customer is not in the export, or there was no notice"
as_of = 2026-11-20
customers = """
customer_id | company_name
c1          | Lipowa
c2          | Dębowa
"""
qualifications = """
customer_id | qualification | vetting_status
c1          | Nonprofit     | Approved
c2          | Nonprofit     | Approved
c9          | Nonprofit     | Approved
"""
nonprofit_notices = """
customer_id | notice_date | removal_date
c1          | 2025-06-01  |
c1          | 2026-10-01  |
c9          | 2026-06-01  |
"""
subscriptions = """
subscription_id | customer_id | segment   | auto_renew_enabled
s1              | c1          | Nonprofit | true
s2              | c2          | Nonprofit | true
s3              | c9          | Nonprofit | true
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
nonprofit_notices = """
customer_id | notice_date
c1          | 2026-06-01
"""
subscriptions = """
subscription_id | customer_id | segment   | auto_renew_enabled
s1              | c1          | Nonprofit | true
"""
finds = ""
*/
with passed as (
    select n.customer_id, n.removal_date, n.contested, n.line
    from core.nonprofit_notice as n
    cross join core.run as r
    where n.removal_date < r.as_of
),

renewing as (
    select s.customer_id, count(*) as subscriptions
    from core.sale_nonprofit as s
    where s.auto_renew_enabled
    group by s.customer_id
)

select
    p.customer_id,
    null as subscription_id,
    null as due_on,
    p.removal_date,
    p.contested,
    case when q.nonprofit = 1 then true when q.nonprofit = 0 then false end as still_listed,
    coalesce(n.subscriptions, 0) as auto_renewing,
    t.customer_type,
    'nonprofit_notices' as evidence_table,
    p.line as evidence_line,
    case when t.customer_type is null then 'qualifications_unread' end as not_judged
from passed as p
inner join core.customer_type as t on p.customer_id = t.customer_id
left join ref.qualification_sets as q on t.customer_type = q.customer_type
left join renewing as n on p.customer_id = n.customer_id
where t.customer_type is null or q.nonprofit = 1 or n.subscriptions > 0
