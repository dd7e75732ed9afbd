/*
id = "NPO04"
version = 1
level = "deadline"
title = "Nonprofit subscription will roll into a paid extension"
message = "After {due_on} this nonprofit subscription goes on as a paid monthly Extended Service Term"
why = """
Since 4 May 2026 a new-commerce subscription that was bought or renewed from 1 April 2025 on and ends with automatic \
renewal off, but without a scheduled Cancel, goes on in a monthly Extended Service Term, 3 % dearer a month, or 23 % \
where no monthly plan exists. Automatic renewal is what Microsoft switches off when a customer loses the nonprofit \
qualification: so the loss silently becomes a paid extension.
"""
steps = [
    "Ask the customer whether the seats are still needed after the last day of the term.",
    "If not, schedule a Cancel for the end of the term, before that day.",
    "If they are, quote the commercial equivalent to start then, and schedule the Cancel all the same.",
    "Where the qualification is gone already, SEG01 lists the subscription until its term has ended.",
]
source = "Extended Service Terms for new commerce subscriptions (Partner Center announcements)"
needs = [
    "customers", "subscriptions", "qualifications", "subscriptions.auto_renew_enabled",
    "subscriptions.scheduled_action", "subscriptions.commitment_end_date",
]
uses = [
    "nonprofit_notices", "nonprofit_notices.removal_date", "price_list", "subscriptions.segment",
    "subscriptions.offer_name", "subscriptions.effective_start_date", "qualifications.vetting_status",
]
gives_way_to = ["SEG05", "NPO03"]
key = ["subscription_id"]
since = 2026-11-21

[[case]]
name = "a notice runs: the term ended yesterday, ends today or later"
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
subscription_id | customer_id | segment   | quantity | auto_renew_enabled | commitment_end_date | status
s1              | c1          | Nonprofit | 10       | false              | 2026-11-19          | active
s2              | c1          | Nonprofit | 10       | false              | 2026-11-20          | active
s3              | c1          | Nonprofit |          | false              | 2026-11-21          | paused
s4              | c1          | Nonprofit | 10       | false              | 2027-11-21          | suspended
s5              | c1          | Nonprofit | 10       | false              | 2027-11-21          | expired
"""
finds = """
subscription_id | customer_id | due_on     | last_day   | seats | removal_date | lost_on | bought_on  | surcharge_percent
s2              | c1          | 2026-11-20 | 2026-11-20 | 10    | 2027-01-30   |         | 2026-01-01 |
s3              | c1          | 2026-11-21 | 2026-11-21 |       | 2027-01-30   |         | 2026-01-01 |
s4              | c1          | 2027-11-21 | 2027-11-21 | 10    | 2027-01-30   |         | 2026-01-01 |
"""

[[case]]
name = "bought or renewed from 1 April 2025 on; the start of the term counts before the day of purchase"
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
subscription_id | customer_id | segment   | auto_renew_enabled | creation_date | effective_start_date | commitment_end_date
s1              | c1          | Nonprofit | false              | 2025-03-31    |                      | 2027-01-31
s2              | c1          | Nonprofit | false              | 2025-04-01    |                      | 2027-01-31
s3              | c1          | Nonprofit | false              | 2025-04-02    |                      | 2027-01-31
s4              | c1          | Nonprofit | false              | 2024-04-01    | 2025-03-31           | 2027-01-31
s5              | c1          | Nonprofit | false              | 2024-04-01    | 2025-04-01           | 2027-01-31
s6              | c1          | Nonprofit | false              | 2024-04-01    | 2025-04-02           | 2027-01-31
s7              | c1          | Nonprofit | false              | 2025-06-01    | 2025-03-31           | 2027-01-31
"""
finds = """
subscription_id | bought_on
s2              | 2025-04-01
s3              | 2025-04-02
s5              | 2025-04-01
s6              | 2025-04-02
"""

[[case]]
name = "on the night before its first day a term that ends on that day is a deadline already"
as_of = 2026-05-03
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
c1          | 2026-05-01
"""
subscriptions = """
subscription_id | customer_id | segment   | auto_renew_enabled | commitment_end_date
s1              | c1          | Nonprofit | false              | 2026-05-03
s2              | c1          | Nonprofit | false              | 2026-05-04
"""
finds = """
subscription_id | due_on
s2              | 2026-05-04
"""

[[case]]
name = "on its first night a term that ends that day is the first"
as_of = 2026-05-04
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
c1          | 2026-05-01
"""
subscriptions = """
subscription_id | customer_id | segment   | auto_renew_enabled | commitment_end_date
s1              | c1          | Nonprofit | false              | 2026-05-03
s2              | c1          | Nonprofit | false              | 2026-05-04
s3              | c1          | Nonprofit | false              | 2026-05-05
"""
finds = """
subscription_id | due_on
s2              | 2026-05-04
s3              | 2026-05-05
"""

[[case]]
name = "the surcharge depends on a monthly plan in the price list in force"
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
price_list = """
product_id | sku_id | segment   | term_duration | billing_plan | effective_start_date | effective_end_date
p1         | 0001   | Nonprofit | p1y           | Annual       |                      |
p1         | 0001   | Nonprofit | p1m           | None         |                      |
p2         | 0001   | Nonprofit | p1y           | Monthly      |                      |
p3         | 0001   | Nonprofit | p1y           | Annual       |                      |
p3         | 0001   | Nonprofit | p1m           | Monthly      |                      | 2026-11-19
p3         | 0001   | Nonprofit | p1m           | Monthly      | 2026-11-21           |
p4         | 0001   | Nonprofit |               |              | 2026-11-20           | 2026-11-20
p5         | 0001   | Nonprofit | p1m           | Monthly      |                      | 2026-11-19
"""
subscriptions = """
subscription_id | customer_id | offer_id  | segment   | auto_renew_enabled | commitment_end_date
s1              | c1          | p1:0001:x |           | false              | 2027-01-31
s2              | c1          | p2:0001:x |           | false              | 2027-01-31
s3              | c1          | p3:0001:x |           | false              | 2027-01-31
s4              | c1          | p4:0001:x |           | false              | 2027-01-31
s5              | c1          | p5:0001:x |           | false              | 2027-01-31
s6              | c1          | p6:0001:x | Nonprofit | false              | 2027-01-31
"""
finds = """
subscription_id | surcharge_percent
s1              | 3
s2              | 3
s3              | 23
s4              | 23
s5              |
s6              |
"""

[[case]]
name = "renews, is not said to end, or is to be cancelled; other scheduled actions stop nothing"
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
subscription_id | customer_id | segment   | auto_renew_enabled | scheduled_action           | commitment_end_date
s1              | c1          | Nonprofit | true               |                            | 2027-01-31
s2              | c1          | Nonprofit |                    |                            | 2027-01-31
s3              | c1          | Nonprofit | false              | cancel                     | 2027-01-31
s4              | c1          | Nonprofit | false              |                            |
s5              | c1          | Nonprofit | false              |                            | 9999-12-14
s6              | c1          | Nonprofit | false              | renewtoextendedserviceterm | 2027-01-31
s7              | c1          | Nonprofit | false              | somethingelse              | 2027-01-31
"""
finds = """
subscription_id
s6
s7
"""

[[case]]
name = "the qualification was lost: sales from before the loss, by the history or by a passed notice"
as_of = 2026-11-20
customers = """
customer_id | company_name
c1          | Lipowa
c2          | Dębowa
c3          | Bukowa
"""
qualifications = """
customer_id | qualification | vetting_status
c3          | Nonprofit     | Denied
"""
history = """
customer_id | qualification | vetting_status | first_night | gone_on
c1          | Nonprofit     | Approved       | 2025-01-01  | 2026-11-10
"""
nonprofit_notices = """
customer_id | notice_date | removal_date
c2          | 2026-06-01  | 2026-11-10
c3          | 2026-06-01  | 2026-11-19
"""
subscriptions = """
subscription_id | customer_id | segment   | auto_renew_enabled | creation_date | commitment_end_date
s1              | c1          | Nonprofit | false              | 2026-11-09    | 2027-01-31
s2              | c1          | Nonprofit | false              | 2026-11-10    | 2027-01-31
s3              | c2          | Nonprofit | false              | 2026-11-09    | 2027-01-31
s4              | c3          | Nonprofit | false              | 2026-11-18    | 2027-01-31
"""
finds = """
subscription_id | removal_date | lost_on
s1              |              | 2026-11-10
s2              |              | 2026-11-10
s3              | 2026-11-10   |
s4              | 2026-11-19   |
"""

[[case]]
name = "one sale, one finding: what was sold after the loss is for NPO03, what has no discount for SEG05"
as_of = 2026-11-20
customers = """
customer_id | company_name
c1          | Lipowa
c2          | Dębowa
c3          | Bukowa
"""
qualifications = """
customer_id | qualification | vetting_status
c3          | Nonprofit     | Approved
"""
history = """
customer_id | qualification | vetting_status | first_night | gone_on
c1          | Nonprofit     | Approved       | 2025-01-01  | 2026-11-10
"""
nonprofit_notices = """
customer_id | notice_date | removal_date
c2          | 2026-06-01  | 2026-11-10
c3          | 2026-08-22  | 2026-11-20
"""
subscriptions = """
subscription_id | customer_id | segment   | auto_renew_enabled | creation_date | commitment_end_date | product_type
s1              | c1          | Nonprofit | false              | 2026-11-11    | 2027-01-31          |
s2              | c2          | Nonprofit | false              | 2026-11-10    | 2027-01-31          |
s3              | c2          | Nonprofit | false              | 2026-11-11    | 2027-01-31          |
s4              | c3          | Nonprofit | false              | 2026-11-20    | 2027-01-31          |
s5              | c3          | Nonprofit | false              | 2026-11-19    | 2027-01-31          | azure
"""
finds = ""

[[case]]
name = "never nonprofit, no notice, a passed notice of one that still counts or was not read, not in the export"
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
c2          | Nonprofit     | Approved
c3          | Nonprofit     | Approved
"""
unread_customers = """
table_name     | customer_id
qualifications | c4
"""
nonprofit_notices = """
customer_id | notice_date
c3          | 2026-06-01
c4          | 2026-06-01
c9          | 2026-11-01
"""
subscriptions = """
subscription_id | customer_id | segment   | auto_renew_enabled | commitment_end_date
s1              | c1          | Nonprofit | false              | 2027-01-31
s2              | c2          | Nonprofit | false              | 2027-01-31
s3              | c3          | Nonprofit | false              | 2027-01-31
s4              | c4          | Nonprofit | false              | 2027-01-31
s5              | c9          | Nonprofit | false              | 2027-01-31
"""
finds = ""

[[case]]
name = "legacy offers, and other segments, have no such extension"
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
subscription_id | customer_id | offer_id                             | segment    | auto_renew_enabled | commitment_end_date
s1              | c1          | 195416c1-3447-423a-b37b-ee59a99a19c4 | Nonprofit  | false              | 2027-01-31
s2              | c1          | ms-azr-0145p                         | Nonprofit  | false              | 2027-01-31
s3              | c1          | p1:0001:x                            | Commercial | false              | 2027-01-31
s4              | c1          | p1:0001:x                            |            | false              | 2027-01-31
"""
finds = ""
*/
with in_force as (
    select
        min(t.bought_from) as bought_from,
        min(t.ends_from) as ends_from,
        max(case when t.monthly_plan then t.surcharge_percent end) as percent_with_monthly_plan,
        max(case when not t.monthly_plan then t.surcharge_percent end) as percent_without
    from ref.extended_service_terms as t
    cross join core.run as r
    -- terms that are announced are deadlines already: they say themselves from which last day on they hold
    where t.valid_to is null or t.valid_to >= r.as_of
),

told as (
    select
        coalesce(n.customer_id, l.customer_id) as customer_id,
        n.removal_date,
        l.lost_on
    from core.nonprofit_notice as n
    full join core.nonprofit_lost as l on n.customer_id = l.customer_id
),

-- `sold_before`: where the qualification is gone by a passed notice, only sales from before that day are for this rule
losing as (
    select
        d.customer_id,
        d.removal_date,
        d.lost_on,
        case when d.removal_date >= r.as_of and q.nonprofit = 1 then 1 else 0 end as notice_runs,
        case when d.removal_date < r.as_of and q.nonprofit = 0 then d.removal_date end as sold_before
    from told as d
    cross join core.run as r
    inner join core.customer_type as t on d.customer_id = t.customer_id
    left join ref.qualification_sets as q on t.customer_type = q.customer_type
),

rolling as (
    select
        s.customer_id,
        s.subscription_id,
        s.last_day,
        coalesce(s.effective_start_date, s.creation_date) as bought_on,
        s.quantity,
        g.removal_date,
        g.lost_on,
        s.customer_type,
        s.offer_no,
        f.percent_with_monthly_plan,
        f.percent_without
    from core.sale_nonprofit as s
    inner join losing as g on s.customer_id = g.customer_id
    cross join in_force as f
    cross join core.run as r
    where
        s.kind = 'new commerce'
        and not s.auto_renew_enabled
        and s.scheduled_action is distinct from 'cancel'
        and coalesce(s.effective_start_date, s.creation_date) >= f.bought_from
        and s.last_day >= f.ends_from
        and s.last_day >= r.as_of
        and (g.notice_runs = 1 or s.creation_date <= g.lost_on or s.creation_date < g.sold_before)
),

offered as (
    select o.offer_no, o.offer_key
    from rolling as w
    inner join core.offer_segment as o on w.offer_no = o.offer_no
    group by o.offer_no, o.offer_key
),

plans as (
    select
        o.offer_no,
        max(
            case when p.term_duration = 'p1m' or p.billing_plan in ('Monthly', 'monthly', 'MONTHLY', 'P1M', 'p1m') then 1 else 0 end
        ) as is_monthly
    from offered as o
    inner join core.price_list as p on o.offer_key = p.offer_key
    cross join core.run as r
    where
        (p.effective_start_date is null or p.effective_start_date <= r.as_of)
        and (p.effective_end_date is null or p.effective_end_date >= r.as_of)
    group by o.offer_no
)

select
    w.customer_id,
    w.subscription_id,
    w.last_day as due_on,
    w.last_day,
    w.bought_on,
    w.quantity as seats,
    case
        when p.is_monthly = 1 then w.percent_with_monthly_plan
        when p.is_monthly = 0 then w.percent_without
    end as surcharge_percent,
    w.removal_date,
    w.lost_on,
    o.segment_source,
    case when o.is_in_price_list = 1 then true else false end as in_price_list,
    o.list_segment,
    o.stated_segment,
    o.name_segment,
    w.customer_type
from rolling as w
inner join core.offer_segment as o on w.offer_no = o.offer_no
left join plans as p on w.offer_no = p.offer_no
