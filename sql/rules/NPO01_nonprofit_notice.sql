/*
id = "NPO01"
version = 1
level = "deadline"
title = "Nonprofit eligibility ends"
message = "Microsoft has given notice: the nonprofit qualification ends on {due_on}"
why = """
Microsoft reviews nonprofit customers now and then. One who no longer fits gets a notice, and ninety days later the \
qualification is removed. From then on no nonprofit subscription can be bought, and those that run will not renew \
by themselves.
"""
steps = [
    "Tell the customer the date and what will stop.",
    "If the customer still qualifies, contest the review with Microsoft Support before that date.",
    "Otherwise prepare a quote for the commercial equivalent, to start when the terms end.",
]
source = "Sell to specialized industries, eligibility reviews of nonprofit customers (Partner Center)"
needs = ["customers", "subscriptions", "qualifications", "nonprofit_notices"]
uses = ["nonprofit_notices.removal_date", "qualifications.vetting_status"]
key = ["customer_id"]
since = 2026-11-20

[[case]]
name = "notice running; the removal date is given, or ninety days after the notice"
as_of = 2026-11-20
customers = """
customer_id | company_name
c1          | Lipowa
c2          | Dębowa
"""
qualifications = """
customer_id | qualification | vetting_status
c1          | Nonprofit     | Approved
c2          | Nonprofit     |
"""
nonprofit_notices = """
customer_id | notice_date | removal_date
c1          | 2026-11-20  |
c2          | 2026-09-01  | 2026-12-24
"""
subscriptions = """
subscription_id | customer_id | segment   | quantity | commitment_end_date | status
s1              | c1          | Nonprofit | 10       | 2027-01-31          | active
s2              | c1          | Nonprofit | 5        | 2026-11-20          | paused
s3              | c1          | Nonprofit | 7        | 2026-11-19          | active
s4              | c1          | Nonprofit | 7        | 2026-12-01          | expired
"""
finds = """
customer_id | due_on     | seats | subscriptions | next_renewal
c1          | 2027-02-18 | 22    | 3             | 2026-11-20
c2          | 2026-12-24 | 0     | 0             |
"""

[[case]]
name = "the removal date itself is the last day"
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
c2          | 2026-08-22  | 2026-11-20
c3          | 2026-08-23  | 2026-11-21
"""
finds = """
customer_id | due_on
c2          | 2026-11-20
c3          | 2026-11-21
"""

[[case]]
name = "seats that are not known are not none"
as_of = 2026-11-20
customers = """
customer_id | company_name
c1          | Lipowa
"""
qualifications = """
customer_id | qualification | vetting_status
c1          | Nonprofit     | Approved
"""
nonprofit_notices = """
customer_id | notice_date
c1          | 2026-11-01
"""
subscriptions = """
subscription_id | customer_id | segment   | quantity
s1              | c1          | Nonprofit |
"""
finds = """
customer_id | seats | subscriptions
c1          |       | 1
"""

[[case]]
name = "a notice counts from its own day on"
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
customer_id | notice_date
c1          | 2026-11-19
c2          | 2026-11-20
c3          | 2026-11-21
"""
finds = """
customer_id | notice_date | due_on
c1          | 2026-11-19  | 2027-02-17
c2          | 2026-11-20  | 2027-02-18
"""

[[case]]
name = "the newest of several notices counts, and one from tomorrow does not yet"
as_of = 2026-11-20
customers = """
customer_id | company_name
c1          | Lipowa
"""
qualifications = """
customer_id | qualification | vetting_status
c1          | Nonprofit     | Approved
"""
nonprofit_notices = """
customer_id | notice_date | removal_date | contested
c1          | 2025-01-01  | 2027-01-01   | true
c1          | 2026-08-01  | 2026-10-30   |
c1          | 2026-11-21  |              |
"""
finds = ""

[[case]]
name = "a customer that is not nonprofit has nothing to lose"
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
customer_id | notice_date
c1          | 2026-11-01
c2          | 2026-11-01
"""
finds = ""
*/
with dated as (
    select
        n.customer_id,
        n.notice_date,
        n.removal_date,
        n.contested,
        n.line,
        row_number() over (partition by n.customer_id order by n.notice_date desc, n.line asc) as place
    from core.nonprofit_notices as n
    cross join core.run as r
    where n.notice_date <= r.as_of
),

nonprofit as (
    select t.customer_id, t.customer_type
    from core.customer_type as t
    inner join ref.qualification_sets as q on t.customer_type = q.customer_type
    where q.nonprofit = 1
),

sold as (
    select
        b.customer_id,
        sum(b.quantity) as seats,
        count(*) as subscriptions,
        min(case when b.commitment_end_date >= r.as_of and b.commitment_end_date < cast('9999-01-01' as date) then b.commitment_end_date end) as next_renewal
    from core.sale as s
    inner join core.subscriptions as b on s.line = b.line
    inner join core.offer_segment as o on s.offer_no = o.offer_no
    cross join core.run as r
    where o.segment = 'Nonprofit'
    group by b.customer_id
)

select
    d.customer_id,
    null as subscription_id,
    d.removal_date as due_on,
    d.notice_date,
    d.contested,
    case when s.customer_id is null then 0 else cast(s.seats as bigint) end as seats,
    coalesce(s.subscriptions, 0) as subscriptions,
    s.next_renewal,
    n.customer_type,
    'nonprofit_notices' as evidence_table,
    d.line as evidence_line
from dated as d
cross join core.run as r
inner join nonprofit as n on d.customer_id = n.customer_id
left join sold as s on d.customer_id = s.customer_id
where d.place = 1 and d.removal_date >= r.as_of
