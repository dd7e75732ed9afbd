/*
id = "GCC07"
version = 1
level = "violation"
title = "GCC High or DoD sold without entitlement"
message = "{cloud} offer sold through {partner_name}, which is not entitled to sell it"
why = """
The clouds GCC High and DoD are for federal entities. Licences for them may be sold only by a partner that Microsoft \
has invited, and Azure Government only by one that is enrolled for it. The partner that transacts this live \
subscription is not.
"""
steps = [
    "Check the partner's invitation or enrolment with Microsoft; correct partners.csv where it is wrong.",
    "If there is none, sell nothing further of this kind, and ask Microsoft Support what becomes of the subscription.",
]
source = "Sell to specialized industries, US federal: GCC High and DoD (Partner Center)"
needs = [
    "customers",
    "subscriptions",
    "partners",
    "partners.gcc_high_invited",
    "partners.azure_government_enrolled",
]
uses = [
    "price_list",
    "price_list.sku_title",
    "subscriptions.offer_name",
    "subscriptions.product_type",
    "subscriptions.partner_tenant_id",
    "partners.provider_tenant_id",
]
key = ["subscription_id"]
since = 2026-11-21

[not_judged]
not_stated = "the sale names no partner, and partners does not hold exactly one"
provider_not_known = "the sale is booked to an indirect reseller, and nobody says who its provider is"
not_in_partners = "the transacting partner is not in partners, so its entitlement is not known"
not_recorded = "partners does not say whether the transacting partner is entitled"

[[case]]
name = "licences need the invitation, Azure the enrolment"
as_of = 2026-11-20
customers = """
customer_id | company_name
c1          | Bureau
"""
partners = """
tenant_id | role              | name  | provider_tenant_id | gcc_high_invited | azure_government_enrolled
p1        | direct_bill       | North |                    | false            | true
p2        | indirect_provider |       |                    | true             | false
p3        | indirect_reseller | South | p2                 | false            | true
"""
subscriptions = """
subscription_id | customer_id | offer_id      | offer_name        | product_type      | partner_tenant_id | status
s1              | c1          | p1:0001:x     | Visio (GCC High)  | onlineservicesnce | p1                | active
s2              | c1          | p1:0001:x     | Visio GCCHIGH     |                   | p1                | paused
s3              | c1          | p1:0001:x     | Azure DoD         | azure             | p1                | active
s4              | c1          | p1:0001:x     | Azure DoD         | azure             | p2                | active
s5              | c1          | ms-azr-0145p  | Azure DoD         |                   | p2                | active
s6              | c1          | p1:0001:x     | Azure DoD         | azurereservation  | p3                | active
s7              | c1          | p1:0001:x     | Visio (GCC High)  | onlineservicesnce | p3                | active
s8              | c1          | p1:0001:x     | Visio (GCC High)  | onlineservicesnce | p1                | deleted
"""
finds = """
subscription_id | cloud    | partner_name | partner_tenant_id
s1              | GCC High | North        | p1
s2              | GCC High | North        | p1
s4              | DoD      | p2           | p2
s5              | DoD      | p2           | p2
s6              | DoD      | p2           | p2
"""

[[case]]
name = "the price list's title says the cloud, and the only partner transacts"
as_of = 2026-11-20
customers = """
customer_id | company_name
c1          | Bureau
"""
partners = """
tenant_id | role        | name  | gcc_high_invited | azure_government_enrolled
p1        | direct_bill | North | false            |
"""
price_list = """
product_id | sku_id | segment                  | sku_title
p1         | 0001   | GovernmentCommunityCloud | Visio Plan 2 for GCC High
p1         | 0002   | GovernmentCommunityCloud | Visio Plan 2 for GCC
"""
subscriptions = """
subscription_id | customer_id | offer_id  | offer_name
s1              | c1          | p1:0001:x |
s2              | c1          | p1:0002:x | Visio
"""
finds = """
subscription_id | cloud    | segment_source
s1              | GCC High | price list
"""

[[case]]
name = "moderate GCC, other segments, and a customer that is not exported"
as_of = 2026-11-20
customers = """
customer_id | company_name
c1          | Bureau
"""
partners = """
tenant_id | role        | gcc_high_invited | azure_government_enrolled
p1        | direct_bill | false            | false
"""
subscriptions = """
subscription_id | customer_id | offer_name         | segment
s1              | c1          | Visio for GCC      |
s2              | c1          | Visio              | GovernmentCommunityCloud
s3              | c1          | Dodona High        | Commercial
s4              | c2          | Visio (GCC High)   |
"""
finds = ""

[[case]]
name = "not judged: entitlement not recorded, no partner named, provider not known, partner not listed"
as_of = 2026-11-20
customers = """
customer_id | company_name
c1          | Bureau
"""
partners = """
tenant_id | role              | provider_tenant_id | gcc_high_invited | azure_government_enrolled
p1        | direct_bill       |                    |                  | true
p2        | direct_bill       |                    | true             |
p3        | indirect_reseller |                    | false            | false
p4        | indirect_reseller | p9                 | false            | false
"""
subscriptions = """
subscription_id | customer_id | offer_name       | product_type | partner_tenant_id
s1              | c1          | Visio (GCC High) |              | p1
s2              | c1          | Azure DoD        | azure        | p2
s3              | c1          | Visio (GCC High) |              |
s4              | c1          | Visio (GCC High) |              | p3
s5              | c1          | Visio (GCC High) |              | p4
s6              | c1          | Visio (GCC High) |              | p9
"""
finds = ""
*/
with sold as (
    select
        s.customer_id,
        s.subscription_id,
        s.partner_tenant_id,
        s.cloud,
        s.offer_no,
        case
            when s.kind = 'azure' or s.product_type in ('azure', 'azurereservation') then 1
            else 0
        end as is_azure
    from core.sale_government as s
    where s.cloud is not null
),

transacted as (
    select
        s.customer_id,
        s.subscription_id,
        s.cloud,
        s.offer_no,
        t.name,
        t.tenant_id,
        t.unknown,
        case when s.is_azure = 1 then t.azure_government_enrolled else t.gcc_high_invited end as is_entitled
    from sold as s
    left join core.transacting_partner as t on s.partner_tenant_id is not distinct from t.booked_tenant_id
)

select
    t.customer_id,
    t.subscription_id,
    null as due_on,
    t.cloud,
    o.segment_source,
    case when o.is_in_price_list = 1 then true else false end as in_price_list,
    o.list_segment,
    o.stated_segment,
    o.name_segment,
    -- partners need not have a name
    coalesce(t.name, t.tenant_id) as partner_name,
    t.tenant_id as partner_tenant_id,
    case
        when t.unknown is not null then t.unknown
        when t.tenant_id is null then 'not_in_partners'
        when t.is_entitled is null then 'not_recorded'
    end as not_judged
from transacted as t
inner join core.offer_segment as o on t.offer_no = o.offer_no
where t.is_entitled is distinct from true
