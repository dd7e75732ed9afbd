/*
id = "SEG06"
version = 1
level = "deadline"
title = "Scheduled change to a segment not allowed"
message = "Scheduled change to the segment {scheduled_segment}, which may not be sold to a customer that is {customer_type}"
why = """
At the end of its term this live subscription changes to another offer. The price list says that this offer is of a \
segment which the purchase rules forbid for the qualifications that the customer holds today, or which lies outside \
the strictest reading of a combination that they do not list.
"""
steps = [
    "Open the subscription in Partner Center and look at its scheduled change.",
    "Schedule an offer of a segment that the customer may be sold, or remove the change, before the term ends.",
    "If the customer is to get the qualification, have it vetted before that day.",
]
source = "Sell to specialized industries, purchase rules (Partner Center); the strictest reading is the auditor's"
needs = [
    "customers",
    "subscriptions",
    "qualifications",
    "price_list",
    "subscriptions.scheduled_offer_id",
    "subscriptions.commitment_end_date",
]
uses = ["subscriptions.scheduled_action", "qualifications.vetting_status"]
gives_way_to = ["SEG01", "SEG02", "NPO03"]
key = ["subscription_id"]
since = 2026-11-21

[[case]]
name = "changes to an education offer; the end of the term is behind, today, ahead, none, and not given"
as_of = 2026-11-20
customers = """
customer_id | company_name
c1          | Lipowa
"""
price_list = """
product_id | sku_id | segment
p1         | 0001   | Commercial
p1         | 0002   | Education
"""
subscriptions = """
subscription_id | customer_id | offer_id  | scheduled_offer_id | scheduled_action | commitment_end_date | status
s1              | c1          | p1:0001:x | p1:0002:y          | transition       | 2026-11-19          | active
s2              | c1          | p1:0001:x | p1:2:y             | renewtonewterm   | 2026-11-20          | paused
s3              | c1          | p1:0001:x | p1:0002            |                  | 2026-11-21          | active
s4              | c1          | p1:0001:x | p1:0002:y          | swap             | 9999-12-14          | active
s5              | c1          | p1:0001:x | p1:0002:y          | transition       |                     | active
s6              | c1          | p1:0001:x | p1:0002:y          | transition       | 2026-11-21          | deleted
"""
finds = """
subscription_id | due_on     | scheduled_offer_id | scheduled_segment | scheduled_action | allowed    | outcome
s1              |            | p1:0002:y          | Education         | transition       | Commercial | forbidden
s2              | 2026-11-20 | p1:2:y             | Education         | renewtonewterm   | Commercial | forbidden
s3              | 2026-11-21 | p1:0002            | Education         |                  | Commercial | forbidden
s4              |            | p1:0002:y          | Education         | swap             | Commercial | forbidden
s5              |            | p1:0002:y          | Education         | transition       | Commercial | forbidden
"""

[[case]]
name = "a combination that is not listed, read strictly; a legacy term ends the day before its end date"
as_of = 2026-11-20
customers = """
customer_id | company_name
c1          | Lipowa
"""
qualifications = """
customer_id | qualification    | vetting_status
c1          | Nonprofit        | Approved
c1          | StateOwnedEntity |
"""
price_list = """
product_id | sku_id | segment    | offer_id
p1         | 0001   | Commercial |
p1         | 0002   | Nonprofit  |
           |        | Commercial | 195416c1-3447-423a-b37b-ee59a99a19c4
"""
subscriptions = """
subscription_id | customer_id | offer_id                             | scheduled_offer_id | commitment_end_date
s1              | c1          | 195416c1-3447-423a-b37b-ee59a99a19c4 | p1:0002:y          | 2026-11-20
s2              | c1          | 195416c1-3447-423a-b37b-ee59a99a19c4 | p1:0002:y          | 2026-11-21
s3              | c1          | 195416c1-3447-423a-b37b-ee59a99a19c4 | p1:0001:y          | 2026-11-21
"""
finds = """
subscription_id | due_on     | customer_type                | outcome
s1              |            | Nonprofit + StateOwnedEntity | unlisted, outside the strictest reading
s2              | 2026-11-20 | Nonprofit + StateOwnedEntity | unlisted, outside the strictest reading
"""

[[case]]
name = "a change that will be cancelled, none, one that is allowed, and one whose segment the price list does not say"
as_of = 2026-11-20
customers = """
customer_id | company_name
c1          | Lipowa
"""
qualifications = """
customer_id | qualification | vetting_status
c1          | Nonprofit     | Approved
"""
price_list = """
product_id | sku_id | segment
p1         | 0001   | Commercial
p1         | 0002   | Education
p1         | 0003   | Nonprofit
p1         | 0004   | Commercial
p1         | 0004   | Education
"""
subscriptions = """
subscription_id | customer_id | offer_id  | scheduled_offer_id | scheduled_action | commitment_end_date
s1              | c1          | p1:0001:x | p1:0002:y          | cancel           | 2026-12-31
s2              | c1          | p1:0001:x |                    | renewtonewterm   | 2026-12-31
s3              | c1          | p1:0001:x | p1:0003:y          | transition       | 2026-12-31
s4              | c1          | p1:0001:x | p1:0004:y          | transition       | 2026-12-31
s5              | c1          | p1:0001:x | p9:0001:y          | transition       | 2026-12-31
"""
finds = ""

[[case]]
name = "one sale, one finding: a sale that already breaks the rules is for SEG01, SEG02 or NPO03"
as_of = 2026-11-20
customers = """
customer_id | company_name
c1          | Lipowa
c2          | Dębowa
c3          | Bukowa
"""
qualifications = """
customer_id | qualification    | vetting_status
c2          | Education        | Approved
c2          | StateOwnedEntity |
c2          | Nonprofit        | Approved
c3          | Nonprofit        | Approved
"""
nonprofit_notices = """
customer_id | notice_date | removal_date
c3          | 2026-08-01  | 2026-10-30
"""
price_list = """
product_id | sku_id | segment
p1         | 0002   | Education
p1         | 0003   | Nonprofit
"""
subscriptions = """
subscription_id | customer_id | offer_id  | scheduled_offer_id | creation_date
s1              | c1          | p1:0002:x | p1:0002:y          | 2026-01-01
s2              | c2          | p1:0002:x | p1:0002:y          | 2026-01-01
s3              | c3          | p1:0003:x | p1:0002:y          | 2026-10-30
s4              | c3          | p1:0003:x | p1:0002:y          | 2026-10-29
"""
finds = """
subscription_id
s4
"""

[[case]]
name = "customers of whom nobody can tell: qualifications unread, not exported"
as_of = 2026-11-20
customers = """
customer_id | company_name
c1          | Lipowa
"""
unread_customers = """
table_name     | customer_id
qualifications | c1
"""
price_list = """
product_id | sku_id | segment
p1         | 0001   | Commercial
p1         | 0002   | Education
"""
subscriptions = """
subscription_id | customer_id | offer_id  | scheduled_offer_id
s1              | c1          | p1:0001:x | p1:0002:y
s2              | c2          | p1:0001:x | p1:0002:y
"""
finds = ""
*/
with scheduled as (
    select b.line, b.customer_id, b.subscription_id, b.scheduled_offer_id, b.scheduled_action, b.last_day
    from core.subscriptions as b
    where b.scheduled_offer_id is not null and b.scheduled_action is distinct from 'cancel'
)

select
    b.customer_id,
    b.subscription_id,
    case when b.last_day >= r.as_of then b.last_day end as due_on,
    b.scheduled_offer_id,
    o.list_segment as scheduled_segment,
    b.scheduled_action,
    s.customer_type,
    w.may_be_sold as allowed,
    w.outcome
from scheduled as b
inner join core.sale as s on b.line = s.line
-- of a scheduled offer only the id is known
inner join core.offer_segment as o
    on b.scheduled_offer_id = o.offer_id and o.offer_name is null and o.stated_segment is null
inner join core.purchase_rule as w on s.customer_type = w.customer_type and o.list_segment = w.segment
cross join core.run as r
where w.outcome = 'forbidden' or w.outcome = 'unlisted, outside the strictest reading'
