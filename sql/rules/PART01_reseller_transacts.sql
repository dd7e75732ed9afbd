/*
id = "PART01"
version = 1
level = "violation"
title = "Indirect reseller booked as transacting partner"
message = "Booked to {partner_name}, an indirect reseller, as the transacting partner"
why = """
An indirect reseller sells through its provider and never transacts itself. This live subscription names a reseller as \
the partner that transacted it: either the export names the wrong partner, or the reseller's role is wrong in \
partners.
"""
steps = [
    "Check in Partner Center which partner transacted the subscription, and the partner's role; correct partners.csv.",
    "Have the script that writes the export name the provider, and the reseller as reseller of record.",
]
source = "Cloud Solution Provider programme, indirect model: the provider transacts (Partner Center)"
needs = ["subscriptions", "subscriptions.partner_tenant_id", "partners"]
key = ["subscription_id"]
since = 2026-11-21

[[case]]
name = "resellers with a provider and without one; the customers need not be exported"
as_of = 2026-11-20
partners = """
tenant_id | role              | name  | provider_tenant_id
p1        | indirect_provider | North |
p2        | indirect_reseller | South | p1
p3        | indirect_reseller |       |
"""
subscriptions = """
subscription_id | customer_id | partner_tenant_id | status
s1              | c1          | p2                | active
s2              | c2          | p2                | paused
s3              | c1          | p3                | suspended
s4              | c1          | p2                | expired
s5              | c1          | p1                | active
"""
finds = """
customer_id | subscription_id | partner_name | partner_tenant_id | provider_tenant_id
c1          | s1              | South        | p2                | p1
c2          | s2              | South        | p2                | p1
c1          | s3              | p3           | p3                |
"""

[[case]]
name = "the only partner is a reseller, and the sale names it"
as_of = 2026-11-20
partners = """
tenant_id | role              | name
p2        | indirect_reseller | South
"""
subscriptions = """
subscription_id | customer_id | partner_tenant_id
s1              | c1          | p2
s2              | c1          |
"""
finds = """
subscription_id
s1
"""

[[case]]
name = "partners that transact"
as_of = 2026-11-20
partners = """
tenant_id | role
p1        | indirect_provider
p2        | direct_bill
"""
subscriptions = """
subscription_id | customer_id | partner_tenant_id
s1              | c1          | p1
s2              | c1          | p2
"""
finds = ""

[[case]]
name = "a sale that names nobody, and one that names a partner not listed"
as_of = 2026-11-20
partners = """
tenant_id | role
p1        | indirect_provider
p2        | indirect_reseller
"""
subscriptions = """
subscription_id | customer_id | partner_tenant_id
s1              | c1          |
s2              | c1          | p9
"""
finds = ""
*/
select
    s.customer_id,
    s.subscription_id,
    null as due_on,
    -- partners need not have a name
    coalesce(p.name, p.tenant_id) as partner_name,
    p.tenant_id as partner_tenant_id,
    p.provider_tenant_id
from core.partners as p
inner join core.live_subscription as s on p.tenant_id = s.partner_tenant_id
where p.role = 'indirect_reseller'
