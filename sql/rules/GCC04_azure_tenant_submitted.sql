/*
id = "GCC04"
version = 1
level = "violation"
title = "GCC validation names an Azure GCC tenant"
message = "GCC validation submitted with {submitted_tenant_id}, the Azure GCC tenant of {partner_name}"
why = """
The form for a GCC validation asks for the commercial tenant id of the transacting partner. The Azure GCC tenant id \
that some partners also have is always wrong there.
"""
steps = [
    "Compare the tenant id of the form with the partner's tenants; correct gcc_validations.csv if it is wrong.",
    "Submit the validation again with the transacting partner's commercial tenant id.",
]
source = "Sell Office 365 Government GCC for CSP, validation form: not the Azure GCC tenant id (Partner Center)"
needs = ["customers", "gcc_validations", "partners", "partners.azure_gcc_tenant_id"]
key = ["customer_id", "submitted_tenant_id"]
since = 2026-11-21

[[case]]
name = "in review or approved, and a partner without a name"
as_of = 2026-11-20
customers = """
customer_id | company_name
c1          | County
c2          | City
"""
partners = """
tenant_id | role              | name  | azure_gcc_tenant_id
p1        | indirect_provider | North | a1
p2        | indirect_reseller |       | a2
p3        | direct_bill       | South |
"""
gcc_validations = """
customer_id | submitted_date | submitted_tenant_id | status   | validation_id
c1          | 2026-03-08     | a1                  | InReview | v1
c2          | 2026-03-08     | a2                  | Approved |
"""
finds = """
customer_id | submitted_tenant_id | submitted_on | validation_id | validation_status | partner_name
c1          | a1                  | 2026-03-08   | v1            | InReview          | North
c2          | a2                  | 2026-03-08   |               | Approved          | p2
"""

[[case]]
name = "of several with one tenant id the newest is named"
as_of = 2026-11-20
customers = """
customer_id | company_name
c1          | County
"""
partners = """
tenant_id | role        | azure_gcc_tenant_id
p1        | direct_bill | a1
"""
gcc_validations = """
customer_id | submitted_date | submitted_tenant_id | status   | validation_id
c1          | 2026-03-09     | a1                  | InReview | v2
c1          | 2026-03-08     | a1                  | Approved | v1
c1          | 2026-03-10     | a1                  | Denied   | v3
"""
finds = """
customer_id | submitted_tenant_id | validation_id | partner_tenant_id | evidence_table  | evidence_line
c1          | a1                  | v2            | p1                | gcc_validations | 1
"""

[[case]]
name = "commercial tenants, right or wrong, are not for this rule"
as_of = 2026-11-20
customers = """
customer_id | company_name
c1          | County
"""
partners = """
tenant_id | role        | azure_gcc_tenant_id
p1        | direct_bill | a1
p2        | direct_bill |
"""
gcc_validations = """
customer_id | submitted_date | submitted_tenant_id | status
c1          | 2026-03-08     | p1                  | Approved
c1          | 2026-03-08     | p2                  | InReview
c1          | 2026-03-08     | p9                  | Approved
"""
finds = ""

[[case]]
name = "one that was denied, and a customer that is not exported"
as_of = 2026-11-20
customers = """
customer_id | company_name
c1          | County
"""
partners = """
tenant_id | role        | azure_gcc_tenant_id
p1        | direct_bill | a1
"""
gcc_validations = """
customer_id | submitted_date | submitted_tenant_id | status
c1          | 2026-03-08     | a1                  | Denied
c2          | 2026-03-08     | a1                  | Approved
"""
finds = ""
*/
with submitted as (
    select
        v.customer_id,
        v.submitted_tenant_id,
        v.submitted_date,
        v.validation_id,
        v.status,
        v.line,
        p.tenant_id,
        p.name,
        row_number() over (
            partition by v.customer_id, v.submitted_tenant_id
            order by
                v.submitted_date desc,
                v.status asc,
                coalesce(v.validation_id, '') asc,
                p.tenant_id asc,
                v.line asc
        ) as place
    from core.gcc_validations as v
    inner join core.partners as p on v.submitted_tenant_id = p.azure_gcc_tenant_id
    inner join core.customers as c on v.customer_id = c.customer_id
    -- a partner whose two tenant ids are the same in the file is a slip in the file
    where v.status <> 'Denied' and p.azure_gcc_tenant_id <> p.tenant_id
)

select
    v.customer_id,
    null as subscription_id,
    null as due_on,
    v.submitted_tenant_id,
    v.submitted_date as submitted_on,
    v.validation_id,
    v.status as validation_status,
    -- partners need not have a name
    coalesce(v.name, v.tenant_id) as partner_name,
    v.tenant_id as partner_tenant_id,
    'gcc_validations' as evidence_table,
    v.line as evidence_line
from submitted as v
where v.place = 1
