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
uses = [
    "nonprofit_notices.removal_date", "price_list", "subscriptions.segment", "subscriptions.offer_name",
    "qualifications.vetting_status",
]
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
name = "the newest of several notices counts, and of two of one day the one in the first line"
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
"""
nonprofit_notices = """
customer_id | notice_date | removal_date | contested
c1          | 2026-10-01  |              | true
c1          | 2026-09-01  | 2027-05-01   |
c2          | 2026-10-01  | 2027-03-01   | false
c2          | 2026-10-01  | 2027-02-01   | true
"""
finds = """
customer_id | notice_date | due_on     | contested | evidence_line
c1          | 2026-10-01  | 2026-12-30 | true      | 1
c2          | 2026-10-01  | 2027-03-01 | false     | 3
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

[[case]]
name = "the commercial equivalents, of the subscription with most seats that has one, and what they cost more"
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
"""
nonprofit_notices = """
customer_id | notice_date
c1          | 2026-11-01
c2          | 2026-11-01
"""
price_list = """
product_id | sku_id | sku_title                        | segment    | billing_plan | currency | unit_price
p1         | 0001   | Business Premium                 | Commercial | Monthly      | EUR      | 20.00
p1         | 0002   | Business Premium (Charity)       | Nonprofit  | Monthly      | EUR      | 5.50
p2         | 0001   | Teams                            | Commercial | Monthly      | EUR      | 4.00
p2         | 0002   | Teams (Non-Profit Pricing)       | Nonprofit  | Monthly      | EUR      | 1.25
p3         | 0002   | Planner (Nonprofit Staff Pricing) | Nonprofit | Monthly      | EUR      | 3.00
"""
subscriptions = """
subscription_id | customer_id | offer_id  | quantity | status
s1              | c1          | p1:0002:x | 10       | active
s2              | c1          | p2:0002:x | 20       | paused
s3              | c1          | p2:0002:x | 90       | expired
s4              | c2          | p1:0002:x | 10       | active
s5              | c2          | p3:0002:x | 30       | active
"""
finds = """
customer_id | subscriptions | equivalents | without_equivalent | equivalent_found | suggested_offer | suggested_title  | monthly_difference | suggested_currency
c1          | 2             | 2           | 0                  | true             | p2:0001         | Teams            | 200.0              | EUR
c2          | 2             | 1           | 1                  | true             | p1:0001         | Business Premium |                    |
"""

[[case]]
name = "no sum of several currencies, or with seats or prices that are not known"
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
c2          | Nonprofit     | Approved
c3          | Nonprofit     | Approved
c4          | Nonprofit     | Approved
"""
nonprofit_notices = """
customer_id | notice_date
c1          | 2026-11-01
c2          | 2026-11-01
c3          | 2026-11-01
c4          | 2026-11-01
"""
price_list = """
product_id | sku_id | sku_title                  | segment    | billing_plan | currency | unit_price
p1         | 0001   | Business Premium           | Commercial | Monthly      | EUR      | 20.00
p1         | 0002   | Business Premium (Charity) | Nonprofit  | Monthly      | EUR      | 5.50
p2         | 0001   | Teams                      | Commercial | Annual       | USD      | 48.00
p2         | 0002   | Teams (Charity)            | Nonprofit  | Annual       | USD      | 12.00
p3         | 0001   | Planner                    | Commercial | None         | EUR      | 9.00
p3         | 0002   | Planner (Charity)          | Nonprofit  | None         | EUR      | 3.00
p4         | 0002   | Visio (Charity)            | Nonprofit  | Monthly      | EUR      | 3.00
"""
subscriptions = """
subscription_id | customer_id | offer_id  | quantity
s1              | c1          | p1:0002:x | 10
s2              | c1          | p2:0002:x | 10
s3              | c2          | p1:0002:x | 10
s4              | c2          | p1:0002:x |
s5              | c3          | p1:0002:x | 10
s6              | c3          | p3:0002:x | 5
s7              | c4          | p4:0002:x | 5
"""
finds = """
customer_id | seats | equivalents | without_equivalent | equivalent_found | suggested_offer | monthly_difference | suggested_currency
c1          | 20    | 2           | 0                  | true             | p1:0001         |                    |
c2          | 10    | 2           | 0                  | true             | p1:0001         |                    |
c3          | 15    | 2           | 0                  | true             | p1:0001         |                    |
c4          | 5     | 0           | 1                  | false            |                 |                    |
"""

[[case]]
name = "a legacy term ends on the day before its end date; without a price list nobody knows of equivalents"
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
subscription_id | customer_id | offer_id                             | segment   | quantity | commitment_end_date
s1              | c1          | 195416c1-3447-423a-b37b-ee59a99a19c4 | Nonprofit | 1        | 2026-11-20
s2              | c1          | 195416c1-3447-423a-b37b-ee59a99a19c4 | Nonprofit | 1        | 2026-12-01
s3              | c1          | 195416c1-3447-423a-b37b-ee59a99a19c4 | Nonprofit | 1        | 9999-12-14
"""
finds = """
customer_id | next_renewal | equivalents | without_equivalent | equivalent_found | suggested_offer
c1          | 2026-11-30   |             |                    |                  |
"""
*/
with nonprofit as (
    select t.customer_id, t.customer_type
    from core.customer_type as t
    inner join ref.qualification_sets as q on t.customer_type = q.customer_type
    where q.nonprofit = 1
),

sold as (
    select
        u.customer_id,
        sum(u.quantity) as seats,
        count(*) as subscriptions,
        min(case when u.last_day >= r.as_of then u.last_day end) as next_renewal,
        sum(case when u.suggested_offer is not null then 1 else 0 end) as equivalents,
        sum(u.quantity * u.suggested_difference) as difference,
        max(case when u.quantity is null or u.suggested_difference is null then 1 else 0 end) as is_not_known,
        min(u.suggested_currency) as first_currency,
        max(u.suggested_currency) as last_currency
    from core.under_notice as u
    cross join core.run as r
    group by u.customer_id
),

listed as (
    select count(*) as prices from core.price_list as p
),

counted as (
    select
        s.customer_id,
        s.seats,
        s.subscriptions,
        s.next_renewal,
        case when l.prices > 0 then s.equivalents end as equivalents,
        case when l.prices > 0 then s.subscriptions - s.equivalents end as without_equivalent,
        case when s.is_not_known = 0 and s.first_currency = s.last_currency then s.difference end as difference,
        case when s.is_not_known = 0 and s.first_currency = s.last_currency then s.first_currency end as currency
    from sold as s
    cross join listed as l
),

largest as (
    select
        u.customer_id,
        u.suggested_offer,
        u.suggested_title,
        row_number() over (partition by u.customer_id order by coalesce(u.quantity, -1) desc, u.line asc) as place
    from core.under_notice as u
    where u.suggested_offer is not null
)

select
    n.customer_id,
    null as subscription_id,
    n.removal_date as due_on,
    n.notice_date,
    n.contested,
    case when s.customer_id is null then 0 else cast(s.seats as bigint) end as seats,
    coalesce(s.subscriptions, 0) as subscriptions,
    s.next_renewal,
    t.customer_type,
    case when s.customer_id is null then 0 else cast(s.equivalents as bigint) end as equivalents,
    case when s.customer_id is null then 0 else cast(s.without_equivalent as bigint) end as without_equivalent,
    case when s.equivalents > 0 then true when s.equivalents = 0 then false end as equivalent_found,
    g.suggested_offer,
    g.suggested_title,
    cast(s.difference as decimal(38, 2)) as monthly_difference,
    s.currency as suggested_currency,
    'nonprofit_notices' as evidence_table,
    n.line as evidence_line
from core.nonprofit_notice as n
cross join core.run as r
inner join nonprofit as t on n.customer_id = t.customer_id
left join counted as s on n.customer_id = s.customer_id
left join largest as g on n.customer_id = g.customer_id and g.place = 1
where n.removal_date >= r.as_of
