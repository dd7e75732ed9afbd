/*
id = "PART02"
version = 1
level = "verify"
title = "Indirect sale without a reseller of record"
message = "Indirect sale through {partner_name} without a reseller of record other than the provider itself"
why = """
An indirect provider sells through resellers, and each sale records the one that serves the customer. This live \
subscription records none, or the provider itself: nobody can say who sold it, and the reseller may miss what it has \
earned.
"""
steps = [
    "Find out which reseller serves the customer.",
    "Have the provider set it as the reseller of record in Partner Center; correct the export if it is set there.",
    "If the provider sold it as a direct-bill partner, correct its role in partners.csv.",
]
source = """Cloud Solution Provider programme, indirect model (Partner Center); that every indirect sale has a \
reseller of record is the auditor's reading"""
needs = ["subscriptions", "subscriptions.reseller_id", "partners", "partners.mpn_id"]
uses = ["subscriptions.partner_tenant_id", "partners.provider_tenant_id"]
gives_way_to = ["PART01"]
key = ["subscription_id"]
since = 2026-11-21

[not_judged]
not_stated = "the sale names no partner, and partners does not hold exactly one"
provider_not_known = "the sale is booked to an indirect reseller, and nobody says who its provider is"
not_in_partners = "the transacting partner is not in partners, so its role is not known"

[[case]]
name = "no reseller, the provider's own id, its own tenant, and another reseller; customers need not be exported"
as_of = 2026-11-20
partners = """
tenant_id | role              | name  | mpn_id
p1        | indirect_provider | North | 4711
p2        | indirect_provider |       |
"""
subscriptions = """
subscription_id | customer_id | partner_tenant_id | reseller_id | status
s1              | c1          | p1                |             | active
s2              | c2          | p1                | 4711        | paused
s3              | c1          | p1                | p1          | active
s4              | c1          | p1                | 4712        | active
s5              | c1          | p2                |             | active
s6              | c1          | p2                | 4711        | active
s7              | c1          | p1                |             | disabled
"""
finds = """
customer_id | subscription_id | partner_name | partner_tenant_id | reseller_id
c1          | s1              | North        | p1                |
c2          | s2              | North        | p1                | 4711
c1          | s3              | North        | p1                | p1
c1          | s5              | p2           | p2                |
"""

[[case]]
name = "a sale that names nobody belongs to the only partner"
as_of = 2026-11-20
partners = """
tenant_id | role              | name
p1        | indirect_provider | North
"""
subscriptions = """
subscription_id | customer_id | reseller_id
s1              | c1          |
s2              | c1          | 4712
"""
finds = """
subscription_id | partner_tenant_id
s1              | p1
"""

[[case]]
name = "a direct-bill partner needs no reseller"
as_of = 2026-11-20
partners = """
tenant_id | role        | mpn_id
p1        | direct_bill | 4711
"""
subscriptions = """
subscription_id | customer_id | partner_tenant_id | reseller_id
s1              | c1          | p1                |
s2              | c1          |                   | 4711
"""
finds = ""

[[case]]
name = "one sale, one finding: booked to a reseller, it is for PART01"
as_of = 2026-11-20
partners = """
tenant_id | role              | provider_tenant_id
p1        | indirect_provider |
p2        | indirect_reseller | p1
"""
subscriptions = """
subscription_id | customer_id | partner_tenant_id | reseller_id
s1              | c1          | p2                |
"""
finds = ""

[[case]]
name = "not judged: no partner named beside several, a provider that nobody knows, a partner that is not listed"
as_of = 2026-11-20
partners = """
tenant_id | role              | provider_tenant_id
p1        | indirect_provider |
p2        | indirect_provider |
p3        | indirect_reseller |
p4        | indirect_reseller | p8
"""
subscriptions = """
subscription_id | customer_id | partner_tenant_id | reseller_id
s1              | c1          |                   |
s2              | c1          | p3                |
s3              | c1          | p4                |
s4              | c1          | p9                |
"""
finds = ""
*/
select
    s.customer_id,
    s.subscription_id,
    null as due_on,
    -- partners need not have a name
    coalesce(t.name, t.tenant_id) as partner_name,
    t.tenant_id as partner_tenant_id,
    s.reseller_id,
    coalesce(t.unknown, case when t.tenant_id is null then 'not_in_partners' end) as not_judged
from core.live_subscription as s
left join core.transacting_partner as t on s.partner_tenant_id is not distinct from t.booked_tenant_id
where
    t.tenant_id is null
    or t.unknown is not null
    or (
        t.role = 'indirect_provider'
        and (s.reseller_id is null or s.reseller_id = t.mpn_id or s.reseller_id = t.tenant_id)
    )
