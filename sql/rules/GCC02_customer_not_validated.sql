/*
id = "GCC02"
version = 1
level = "violation"
title = "GCC sold before the customer was validated"
message = "GCC subscription of {created_on} to a customer that was not validated for GCC on that day"
why = """
A customer must be validated as a US government entity before it is sold offers of the Government Community Cloud. \
This customer was put forward, but no validation of it is approved, or the first was approved only after this live \
subscription was bought.
"""
steps = [
    "Look the customer's GCC validation up in Partner Center and correct gcc_validations.csv where it is wrong.",
    "If the validation is in review, wait for the decision; if it was denied, ask Microsoft Support why.",
    "If the customer is no government entity, move the seats to the commercial offer.",
]
source = "Sell Office 365 Government GCC for CSP, customer validation (Partner Center)"
needs = ["customers", "subscriptions", "gcc_validations", "gcc_validations.decided_date"]
uses = ["price_list", "price_list.sku_title", "subscriptions.segment", "subscriptions.offer_name"]
gives_way_to = ["SEG05", "GCC05"]
key = ["subscription_id"]
since = 2026-11-21

[not_judged]
validations_unread = "a row of the customer's GCC validations could not be read"

[[case]]
name = "bought the day before the decision, on that day, the day after it"
as_of = 2026-11-20
customers = """
customer_id | company_name
c1          | County
"""
gcc_validations = """
customer_id | submitted_date | submitted_tenant_id | status   | decided_date
c1          | 2026-03-08     | p1                  | Approved | 2026-03-10
"""
subscriptions = """
subscription_id | customer_id | segment                  | creation_date | status
s1              | c1          | GovernmentCommunityCloud | 2026-03-09    | paused
s2              | c1          | GovernmentCommunityCloud | 2026-03-10    | active
s3              | c1          | GovernmentCommunityCloud | 2026-03-11    | active
s4              | c1          | GovernmentCommunityCloud | 2026-03-09    | expired
"""
finds = """
subscription_id | created_on | validation_status | decided_on
s1              | 2026-03-09 | Approved          | 2026-03-10
"""

[[case]]
name = "nothing approved; of several validations the newest is named, and the earliest approval counts"
as_of = 2026-11-20
customers = """
customer_id | company_name
c1          | County
c2          | City
c3          | State
"""
gcc_validations = """
customer_id | submitted_date | submitted_tenant_id | status   | decided_date
c1          | 2026-03-08     | p1                  | Denied   | 2026-03-10
c1          | 2026-03-12     | p1                  | InReview |
c2          | 2026-03-08     | p1                  | Denied   |
c3          | 2026-03-12     | p1                  | Approved | 2026-03-14
c3          | 2026-03-08     | p1                  | Approved | 2026-03-10
c3          | 2026-03-16     | p1                  | Denied   | 2026-03-18
"""
subscriptions = """
subscription_id | customer_id | offer_name      | creation_date
s1              | c1          | Visio 2 for GCC | 2026-03-12
s2              | c2          | Visio 2 for GCC | 2026-03-12
s3              | c3          | Visio 2 for GCC | 2026-03-09
s4              | c3          | Visio 2 for GCC | 2026-03-10
"""
finds = """
subscription_id | validation_status | decided_on | segment_source
s1              | InReview          |            | offer name
s2              | Denied            |            | offer name
s3              | Denied            | 2026-03-10 | offer name
"""

[[case]]
name = "an approval of which nobody knows the day, and a customer that was never put forward"
as_of = 2026-11-20
customers = """
customer_id | company_name
c1          | County
c2          | City
"""
gcc_validations = """
customer_id | submitted_date | submitted_tenant_id | status   | decided_date
c1          | 2026-03-08     | p1                  | Approved |
c1          | 2026-03-12     | p1                  | Approved | 2026-03-14
c9          | 2026-03-12     | p1                  | Denied   | 2026-03-14
"""
subscriptions = """
subscription_id | customer_id | segment                  | creation_date
s1              | c1          | GovernmentCommunityCloud | 2026-01-01
s2              | c2          | GovernmentCommunityCloud | 2026-01-01
s3              | c9          | GovernmentCommunityCloud | 2026-01-01
"""
finds = ""

[[case]]
name = "other segments, GCC High and DoD"
as_of = 2026-11-20
customers = """
customer_id | company_name
c1          | County
"""
gcc_validations = """
customer_id | submitted_date | submitted_tenant_id | status
c1          | 2026-03-08     | p1                  | Denied
"""
subscriptions = """
subscription_id | customer_id | offer_name       | segment
s1              | c1          | Visio            | Commercial
s2              | c1          | Visio            |
s3              | c1          | Visio (GCC High) | GovernmentCommunityCloud
s4              | c1          | Visio DoD        |
"""
finds = ""

[[case]]
name = "not judged: the row that could not be read may be the approval"
as_of = 2026-11-20
customers = """
customer_id | company_name
c1          | County
"""
unread_customers = """
table_name      | customer_id
gcc_validations | c1
"""
gcc_validations = """
customer_id | submitted_date | submitted_tenant_id | status
c1          | 2026-03-08     | p1                  | Denied
"""
subscriptions = """
subscription_id | customer_id | segment
s1              | c1          | GovernmentCommunityCloud
"""
finds = ""

[[case]]
name = "one sale, one finding: outside the United States it is for GCC05, where no discount exists for SEG05"
as_of = 2026-11-20
customers = """
customer_id | company_name | country
c1          | Powiat       | PL
c2          | County       | US
c3          | City         |
"""
gcc_validations = """
customer_id | submitted_date | submitted_tenant_id | status
c1          | 2026-03-08     | p1                  | Denied
c2          | 2026-03-08     | p1                  | Denied
c3          | 2026-03-08     | p1                  | Denied
"""
subscriptions = """
subscription_id | customer_id | segment                  | product_type
s1              | c1          | GovernmentCommunityCloud |
s2              | c2          | GovernmentCommunityCloud |
s3              | c3          | GovernmentCommunityCloud |
s4              | c3          | GovernmentCommunityCloud | azure
"""
finds = """
subscription_id
s2
s3
"""
*/
with ranked as (
    select
        v.customer_id,
        v.status,
        v.decided_date,
        row_number() over (
            partition by v.customer_id order by v.submitted_date desc, v.status asc, v.line asc
        ) as place
    from core.gcc_validations as v
),

validated as (
    select
        v.customer_id,
        max(case when v.place = 1 then v.status end) as validation_status,
        max(case when v.status = 'Approved' then 1 else 0 end) as is_approved,
        max(case when v.status = 'Approved' and v.decided_date is null then 1 else 0 end) as has_no_day,
        min(case when v.status = 'Approved' then v.decided_date end) as decided_on
    from ranked as v
    group by v.customer_id
)

select
    s.customer_id,
    s.subscription_id,
    null as due_on,
    s.segment,
    o.segment_source,
    case when o.is_in_price_list = 1 then true else false end as in_price_list,
    o.list_segment,
    o.stated_segment,
    o.name_segment,
    s.creation_date as created_on,
    v.validation_status,
    v.decided_on,
    case when u.customer_id is not null then 'validations_unread' end as not_judged
from core.sale_government as s
inner join core.offer_segment as o on s.offer_no = o.offer_no
left join validated as v on s.customer_id = v.customer_id
left join core.unread_customers as u on s.customer_id = u.customer_id and u.table_name = 'gcc_validations'
where
    s.segment = 'GovernmentCommunityCloud'
    and s.cloud is null
    and (v.customer_id is not null or u.customer_id is not null)
    and (v.customer_id is null or v.is_approved = 0 or (v.has_no_day = 0 and s.creation_date < v.decided_on))
