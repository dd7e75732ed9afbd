/*
id = "REL01"
version = 1
level = "verify"
title = "Customer is not in the customers export"
message = "{subscriptions} live subscription(s) of a customer that the customers export does not hold"
why = """
Subscriptions of a customer that is not in the customers export cannot be judged: its qualifications and its \
relationship are not known. Either the relationship has ended while the subscriptions run on, or the export is not \
complete.
"""
steps = [
    "Look the tenant up in Partner Center.",
    "If it is your customer, find out why the export left it out, and have the export run again.",
    "If the relationship has ended, decide what becomes of the subscriptions.",
]
source = "Customers of a partner, reseller relationships (Partner Center)"
needs = ["customers", "subscriptions"]
key = ["customer_id"]
since = 2026-11-20

[[case]]
name = "one finding for the customer, not one for each subscription"
as_of = 2026-11-20
customers = """
customer_id | company_name
c1          | Lipowa
"""
subscriptions = """
subscription_id | customer_id | quantity | status
s1              | c2          | 5        | active
s2              | c2          | 7        | paused
s3              | c2          | 9        | expired
s4              | c1          | 9        | active
"""
finds = """
customer_id | subscriptions | seats
c2          | 2             | 12
"""

[[case]]
name = "seats that are not known"
as_of = 2026-11-20
customers = """
customer_id | company_name
c1          | Lipowa
"""
subscriptions = """
subscription_id | customer_id | quantity
s1              | c2          |
"""
finds = """
customer_id | subscriptions | seats
c2          | 1             |
"""

[[case]]
name = "nothing live"
as_of = 2026-11-20
customers = """
customer_id | company_name
c1          | Lipowa
"""
subscriptions = """
subscription_id | customer_id | status
s1              | c2          | deleted
s2              | c2          | disabled
"""
finds = ""

[[case]]
name = "a customer whose own row could not be read is unread, not missing"
as_of = 2026-11-20
customers = """
customer_id | company_name
c1          | Lipowa
"""
unread_customers = """
table_name | customer_id
customers  | c2
"""
subscriptions = """
subscription_id | customer_id
s1              | c2
"""
finds = ""
*/
with sold as (
    select s.customer_id, count(*) as subscriptions, sum(s.quantity) as seats, min(s.line) as first_line
    from core.sale_questioned as s
    where s.customer_is_listed = 0
    group by s.customer_id
)

select
    s.customer_id,
    null as subscription_id,
    null as due_on,
    s.subscriptions,
    cast(s.seats as bigint) as seats,
    'subscriptions' as evidence_table,
    s.first_line as evidence_line
from sold as s
left join core.unread_customers as u on s.customer_id = u.customer_id and u.table_name = 'customers'
where u.customer_id is null
