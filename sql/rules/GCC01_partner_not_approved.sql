/*
id = "GCC01"
version = 1
level = "violation"
title = "GCC sold before the partner was approved"
message = "GCC subscription of {created_on} through {partner_name}, which was not approved for GCC on that day"
why = """
The transacting partner must be approved for the Government Community Cloud before it sells there; a reseller sells \
through its provider, so the provider's approval counts. This live subscription was bought before that approval, or \
there is none.
"""
steps = [
    "Check in Partner Center whether and since when the transacting partner is approved for GCC; correct partners.csv.",
    "If it is not approved, request the approval, and sell no further GCC offers until it is given.",
    "Ask Microsoft Support what is to become of the subscription.",
]
source = "Sell Office 365 Government GCC for CSP, partner validation (Partner Center)"
needs = ["customers", "subscriptions", "qualifications", "partners", "partners.gcc_approved_date"]
uses = [
    "price_list",
    "price_list.sku_title",
    "subscriptions.segment",
    "subscriptions.offer_name",
    "subscriptions.partner_tenant_id",
    "partners.provider_tenant_id",
]
key = ["subscription_id"]
since = 2026-11-21

[not_judged]
not_stated = "the sale names no partner, and partners does not hold exactly one"
provider_not_known = "the sale is booked to an indirect reseller, and nobody says who its provider is"
not_in_partners = "the transacting partner is not in partners, so its approval is not known"

[[case]]
name = "bought the day before the approval, on that day, the day after it; and without any approval"
as_of = 2026-11-20
customers = """
customer_id | company_name
c1          | County
"""
partners = """
tenant_id | role        | name  | gcc_approved_date
p1        | direct_bill | North | 2026-03-10
p2        | direct_bill |       |
"""
subscriptions = """
subscription_id | customer_id | segment                  | partner_tenant_id | creation_date | status
s1              | c1          | GovernmentCommunityCloud | p1                | 2026-03-09    | active
s2              | c1          | GovernmentCommunityCloud | p1                | 2026-03-10    | active
s3              | c1          | GovernmentCommunityCloud | p1                | 2026-03-11    | active
s4              | c1          | GovernmentCommunityCloud | p2                | 2026-03-11    | paused
s5              | c1          | GovernmentCommunityCloud | p2                | 2026-03-11    | expired
"""
finds = """
subscription_id | partner_name | partner_tenant_id | approved_on | created_on
s1              | North        | p1                | 2026-03-10  | 2026-03-09
s4              | p2           | p2                |             | 2026-03-11
"""

[[case]]
name = "a reseller's sales need the approval of its provider, given or the only one"
as_of = 2026-11-20
customers = """
customer_id | company_name
c1          | County
"""
partners = """
tenant_id | role              | name  | provider_tenant_id | gcc_approved_date
p1        | indirect_provider | North |                    |
p2        | indirect_reseller | South | p1                 | 2020-01-01
p3        | indirect_reseller | West  |                    | 2020-01-01
"""
subscriptions = """
subscription_id | customer_id | segment                  | partner_tenant_id
s1              | c1          | GovernmentCommunityCloud | p2
s2              | c1          | GovernmentCommunityCloud | p3
"""
finds = """
subscription_id | partner_name | partner_tenant_id
s1              | North        | p1
s2              | North        | p1
"""

[[case]]
name = "a sale that names nobody belongs to the only partner"
as_of = 2026-11-20
customers = """
customer_id | company_name
c1          | County
"""
partners = """
tenant_id | role        | name  | gcc_approved_date
p1        | direct_bill | North | 2026-03-10
"""
subscriptions = """
subscription_id | customer_id | offer_name      | creation_date
s1              | c1          | Visio 2 for GCC | 2026-03-09
s2              | c1          | Visio 2 for GCC | 2026-03-10
"""
finds = """
subscription_id | segment_source | partner_tenant_id
s1              | offer name     | p1
"""

[[case]]
name = "not judged: no partner named beside several, a provider that nobody knows, a partner that is not listed"
as_of = 2026-11-20
customers = """
customer_id | company_name
c1          | County
"""
partners = """
tenant_id | role              | provider_tenant_id | gcc_approved_date
p1        | indirect_provider |                    | 2020-01-01
p2        | indirect_provider |                    | 2020-01-01
p3        | indirect_reseller |                    |
p4        | indirect_reseller | p8                 |
"""
subscriptions = """
subscription_id | customer_id | segment                  | partner_tenant_id
s1              | c1          | GovernmentCommunityCloud |
s2              | c1          | GovernmentCommunityCloud | p3
s3              | c1          | GovernmentCommunityCloud | p4
s4              | c1          | GovernmentCommunityCloud | p9
"""
finds = ""

[[case]]
name = "not judged: no partner named beside several, although one provider alone is among them"
as_of = 2026-11-20
customers = """
customer_id | company_name
c1          | County
"""
partners = """
tenant_id | role              | gcc_approved_date
p1        | indirect_provider |
p2        | indirect_reseller |
"""
subscriptions = """
subscription_id | customer_id | segment                  | partner_tenant_id
s1              | c1          | GovernmentCommunityCloud |
"""
finds = ""

[[case]]
name = "other segments, GCC High and DoD (GCC07), and a customer that is not exported (REL01)"
as_of = 2026-11-20
customers = """
customer_id | company_name
c1          | County
"""
partners = """
tenant_id | role        | gcc_approved_date
p1        | direct_bill |
"""
subscriptions = """
subscription_id | customer_id | offer_name       | segment
s1              | c1          | Visio            | Commercial
s2              | c1          | Visio            |
s3              | c1          | Visio (GCC High) | GovernmentCommunityCloud
s4              | c1          | Visio DoD        | GovernmentCommunityCloud
s5              | c2          | Visio            | GovernmentCommunityCloud
"""
finds = ""
*/
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
    -- partners need not have a name
    coalesce(t.name, t.tenant_id) as partner_name,
    t.tenant_id as partner_tenant_id,
    t.gcc_approved_date as approved_on,
    s.creation_date as created_on,
    coalesce(t.unknown, case when t.tenant_id is null then 'not_in_partners' end) as not_judged
from core.sale_government as s
inner join core.offer_segment as o on s.offer_no = o.offer_no
left join core.transacting_partner as t on s.partner_tenant_id is not distinct from t.booked_tenant_id
where
    s.segment = 'GovernmentCommunityCloud'
    and s.cloud is null
    and (t.gcc_approved_date is null or s.creation_date < t.gcc_approved_date)
