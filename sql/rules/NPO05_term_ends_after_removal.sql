/*
id = "NPO05"
version = 1
level = "deadline"
title = "Nonprofit term ends after the removal and will not renew"
message = """Nonprofit subscription ends on {due_on} and will not renew: \
the qualification is removed on {removal_date}"""
why = """
With the removal of the nonprofit qualification Microsoft switches off the automatic renewal of the customer's \
nonprofit subscriptions. Running terms are not said to end early, so this one runs on to its last day and then stops. \
The commercial equivalent is a suggestion: another offer of the same product, with the same title, in the price list.
"""
steps = [
    "Quote the commercial equivalent to the customer before the term ends, and check that it fits.",
    "Order it to start when the nonprofit term ends.",
    "If the review is contested and won, switch automatic renewal on again.",
]
source = """Sell to specialized industries, eligibility reviews of nonprofit customers (Partner Center); the \
equivalent is the auditor's reading"""
needs = ["customers", "subscriptions", "qualifications", "nonprofit_notices", "subscriptions.commitment_end_date"]
uses = [
    "nonprofit_notices.removal_date", "price_list", "subscriptions.segment", "subscriptions.offer_name",
    "qualifications.vetting_status",
]
gives_way_to = ["SEG05", "NPO03", "NPO04"]
key = ["subscription_id"]
since = 2026-11-21

[[case]]
name = "the term ends on the day before, on and after the removal date"
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
customer_id | notice_date | removal_date
c1          | 2026-10-01  | 2026-12-30
"""
price_list = """
product_id | sku_id | sku_title                  | segment    | billing_plan | currency | unit_price
p1         | 0001   | Business Premium           | Commercial | Monthly      | EUR      | 20.00
p1         | 2      | Business Premium (Charity) | Nonprofit  | Monthly      | EUR      | 5.50
"""
subscriptions = """
subscription_id | customer_id | offer_id  | quantity | commitment_end_date | status
s1              | c1          | p1:0002:x | 10       | 2026-12-29          | active
s2              | c1          | p1:0002:x | 10       | 2026-12-30          | active
s3              | c1          | p1:0002:x | 10       | 2026-12-31          | active
s4              | c1          | p1:0002:x |          | 2027-06-30          | paused
s5              | c1          | p1:0002:x | 10       | 2027-06-30          | expired
"""
finds = """
subscription_id | customer_id | due_on     | removal_date | seats | equivalent_found | suggested_offer | suggested_title  | suggested_difference | suggested_currency
s3              | c1          | 2026-12-31 | 2026-12-30   | 10    | true             | p1:0001         | Business Premium | 14.5                 | EUR
s4              | c1          | 2027-06-30 | 2026-12-30   |       | true             | p1:0001         | Business Premium | 14.5                 | EUR
"""

[[case]]
name = "on the removal date itself the notice still runs"
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
c2          | Nonprofit     |
c3          | Nonprofit     | Approved
"""
nonprofit_notices = """
customer_id | notice_date | removal_date
c1          | 2026-08-21  |
c2          | 2026-08-22  |
c3          | 2026-08-23  |
"""
subscriptions = """
subscription_id | customer_id | segment   | commitment_end_date
s1              | c1          | Nonprofit | 2027-03-31
s2              | c2          | Nonprofit | 2027-03-31
s3              | c3          | Nonprofit | 2027-03-31
"""
finds = """
subscription_id | removal_date | equivalent_found | suggested_offer
s2              | 2026-11-20   |                  |
s3              | 2026-11-21   |                  |
"""

[[case]]
name = "the equivalent is of the same product, title, market, currency and term, and in force"
as_of = 2026-11-20
customers = """
customer_id | company_name | country
c1          | Lipowa       | PL
c2          | Linde        | DE
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
product_id | sku_id | sku_title              | segment    | term_duration | billing_plan | market | currency | unit_price | effective_start_date | effective_end_date
p1         | 0002   | Teams for faculty      | Education  | p1y           | Monthly      | PL     | PLN      | 1.00       |                      |
p1         | 0003   | Teams (Charity)        | Nonprofit  | p1y           | Annual       | PL     | PLN      | 24.00      |                      |
p1         | 0003   | Teams (Charity)        | Nonprofit  | p1y           | Annual       | IT     | EUR      | 6.00       |                      |
p1         | 0001   | Teams                  | Commercial | p1y           | Annual       | PL     | PLN      | 120.00     | 2026-11-20           | 2026-11-20
p1         | 0001   | Teams                  | Commercial | p1y           | Annual       | IT     | EUR      | 30.00      |                      |
p1         | 0001   | Teams                  | Commercial | p1m           | Monthly      | PL     | PLN      | 12.00      |                      |
p1         | 0001   | Teams                  | Commercial | p1y           | Annual       | PL     | PLN      | 60.00      |                      | 2026-11-19
p1         | 0001   | Teams                  | Commercial | p1y           | Annual       | PL     | PLN      | 72.00      | 2026-11-21           |
p1         | 0000   | Teams Rooms            | Commercial | p1y           | Annual       | PL     | PLN      | 36.00      |                      |
p0         | 0001   | Teams                  | Commercial | p1y           | Annual       | PL     | PLN      | 36.00      |                      |
"""
subscriptions = """
subscription_id | customer_id | offer_id  | quantity | term_duration | billing_cycle | unit_price | currency | commitment_end_date
s1              | c1          | p1:0003:x | 1        | p1y           |               |            |          | 2027-06-30
s2              | c1          | p1:0003:x | 1        | p1y           | monthly       | 3.00       | PLN      | 2027-06-30
s3              | c1          | p1:0003:x | 1        | p1y           | monthly       | 3.00       | USD      | 2027-06-30
s4              | c1          | p1:0003:x | 1        | p3y           | monthly       | 3.00       | PLN      | 2027-06-30
s5              | c2          | p1:0003:x | 1        | p1y           |               |            | EUR      | 2027-06-30
"""
finds = """
subscription_id | equivalent_found | suggested_offer | suggested_title | suggested_difference | suggested_currency
s1              | true             | p1:0001         | Teams           | 8.0                  | PLN
s2              | true             | p1:0001         | Teams           | 7.0                  | PLN
s3              | true             | p1:0001         | Teams           |                      | PLN
s4              | true             | p1:0001         | Teams           |                      | PLN
s5              | false            |                 |                 |                      |
"""

[[case]]
name = "the same billing plan is compared, and a price that is not known comes last"
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
product_id | sku_id | sku_title       | segment    | billing_plan | currency | unit_price
p1         | 0002   | Teams (Charity) | Nonprofit  | Monthly      | EUR      | 2.00
p1         | 0002   | Teams (Charity) | Nonprofit  | Annual       | EUR      | 12.00
p1         | 0001   | Teams           | Commercial | None         | EUR      | 1.00
p1         | 0001   | Teams           | Commercial | Monthly      | EUR      | 5.00
p1         | 0001   | Teams           | Commercial | Annual       | EUR      | 48.00
p2         | 0002   | Visio (Charity) | Nonprofit  | None         | EUR      | 1.00
p2         | 0001   | Visio           | Commercial | None         | EUR      | 9.00
p3         | 0002   |                 | Nonprofit  | Monthly      | EUR      | 1.00
p3         | 0001   |                 | Commercial | Monthly      | EUR      | 9.00
"""
subscriptions = """
subscription_id | customer_id | offer_id  | billing_cycle | commitment_end_date
s1              | c1          | p1:0002:x | Monthly       | 2027-06-30
s2              | c1          | p1:0002:x | Annual        | 2027-06-30
s3              | c1          | p2:0002:x | Monthly       | 2027-06-30
s4              | c1          | p3:0002:x | Monthly       | 2027-06-30
"""
finds = """
subscription_id | equivalent_found | suggested_offer | suggested_difference | suggested_currency
s1              | true             | p1:0001         | 3.0                  | EUR
s2              | true             | p1:0001         | 3.0                  | EUR
s3              | true             | p2:0001         |                      | EUR
s4              | false            |                 |                      |
"""

[[case]]
name = "no end, another segment, no notice, a passed one, or a qualification that does not count or was not read"
as_of = 2026-11-20
customers = """
customer_id | company_name
c1          | Lipowa
c2          | Dębowa
c3          | Bukowa
c4          | Sosnowa
c5          | Klonowa
"""
qualifications = """
customer_id | qualification | vetting_status
c1          | Nonprofit     | Approved
c2          | Nonprofit     | Approved
c3          | Nonprofit     | Approved
c4          | Nonprofit     | Denied
c5          | Nonprofit     | Approved
"""
unread_customers = """
table_name     | customer_id
qualifications | c5
"""
nonprofit_notices = """
customer_id | notice_date | removal_date
c1          | 2026-11-01  |
c3          | 2026-06-01  |
c4          | 2026-11-01  |
c5          | 2026-11-01  |
c9          | 2026-11-01  |
"""
subscriptions = """
subscription_id | customer_id | segment    | commitment_end_date
s1              | c1          | Nonprofit  |
s2              | c1          | Nonprofit  | 9999-12-14
s3              | c1          | Commercial | 2027-06-30
s4              | c1          |            | 2027-06-30
s5              | c2          | Nonprofit  | 2027-06-30
s6              | c3          | Nonprofit  | 2027-06-30
s7              | c4          | Nonprofit  | 2027-06-30
s8              | c5          | Nonprofit  | 2027-06-30
s9              | c9          | Nonprofit  | 2027-06-30
"""
finds = ""

[[case]]
name = "a legacy term ends on the day before its end date"
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
customer_id | notice_date | removal_date
c1          | 2026-10-01  | 2026-12-30
"""
subscriptions = """
subscription_id | customer_id | offer_id                             | segment   | commitment_end_date
s1              | c1          | 195416c1-3447-423a-b37b-ee59a99a19c4 | Nonprofit | 2026-12-31
s2              | c1          | 195416c1-3447-423a-b37b-ee59a99a19c4 | Nonprofit | 2027-01-01
"""
finds = """
subscription_id | due_on
s2              | 2026-12-31
"""

[[case]]
name = "one sale, one finding: paid extension (NPO04), sold after the removal (NPO03), no discount (SEG05)"
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
customer_id | notice_date | removal_date
c1          | 2026-08-22  | 2026-11-20
"""
subscriptions = """
subscription_id | customer_id | segment   | creation_date | auto_renew_enabled | commitment_end_date | product_type
s1              | c1          | Nonprofit | 2026-01-01    | false              | 2026-12-31          |
s2              | c1          | Nonprofit | 2026-11-20    | true               | 2026-12-31          |
s3              | c1          | Nonprofit | 2026-01-01    | true               | 2026-12-31          | azure
"""
finds = ""
*/
with listed as (
    select count(*) as prices from core.price_list as p
)

select
    u.customer_id,
    u.subscription_id,
    u.last_day as due_on,
    u.removal_date,
    u.quantity as seats,
    -- without any price list nobody knows of an equivalent, or that there is none
    case when u.suggested_offer is not null then true when l.prices > 0 then false end as equivalent_found,
    u.suggested_offer,
    u.suggested_title,
    u.suggested_difference,
    u.suggested_currency,
    o.segment_source,
    case when o.is_in_price_list = 1 then true else false end as in_price_list,
    o.list_segment,
    o.stated_segment,
    o.name_segment
from core.under_notice as u
inner join core.offer_segment as o on u.offer_no = o.offer_no
cross join listed as l
where u.last_day > u.removal_date
