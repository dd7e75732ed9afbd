/*
id = "REL02"
version = 1
level = "verify"
title = "No reseller relationship"
message = "Live subscription of a customer whose relationship is {relationship}"
why = """
A partner sells to customers that have accepted a reseller relationship. This subscription is live while the customers \
export says that the relationship is another one, or none.
"""
steps = [
    "Open the customer in Partner Center and check the relationship.",
    "If it has ended, request a new reseller relationship, or hand the subscription over.",
]
source = "Sell Office 365 Government GCC for CSP, existing customers: request a reseller relationship (Partner Center)"
needs = ["customers", "customers.relationship", "subscriptions"]
key = ["subscription_id"]
since = 2026-11-20

[[case]]
name = "no relationship, or another one, or none said"
as_of = 2026-11-20
customers = """
customer_id | company_name | relationship
c1          | Lipowa       | none
c2          | Dębowa       | advisor
c3          | Bukowa       |
"""
subscriptions = """
subscription_id | customer_id | status
s1              | c1          | active
s2              | c2          | suspended
s3              | c3          | paused
s4              | c1          | expired
"""
finds = """
subscription_id | relationship
s1              | none
s2              | advisor
s3              |
"""

[[case]]
name = "syndication and Microsoft support are no reseller either"
as_of = 2026-11-20
customers = """
customer_id | company_name | relationship
c1          | Lipowa       | syndication
c2          | Dębowa       | microsoft_support
"""
subscriptions = """
subscription_id | customer_id
s1              | c1
s2              | c2
"""
finds = """
subscription_id
s1
s2
"""

[[case]]
name = "a reseller relationship"
as_of = 2026-11-20
customers = """
customer_id | company_name | relationship
c1          | Lipowa       | reseller
"""
subscriptions = """
subscription_id | customer_id
s1              | c1
"""
finds = ""

[[case]]
name = "nothing live, and a customer that is not exported (REL01)"
as_of = 2026-11-20
customers = """
customer_id | company_name | relationship
c1          | Lipowa       | none
"""
subscriptions = """
subscription_id | customer_id | status
s1              | c1          | deleted
s2              | c2          | active
"""
finds = ""
*/
select
    s.customer_id,
    s.subscription_id,
    null as due_on,
    c.relationship
from core.live_subscription as s
inner join core.customers as c on s.customer_id = c.customer_id
where c.relationship is distinct from 'reseller'
