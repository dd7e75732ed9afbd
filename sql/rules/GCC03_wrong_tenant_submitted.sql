/*
id = "GCC03"
version = 1
level = "violation"
title = "GCC validation names the wrong partner tenant"
message = "GCC validation submitted with the tenant id {submitted_tenant_id}, which is not the transacting partner's"
why = """
The form for a GCC validation asks for the commercial tenant id of the transacting partner. An indirect reseller \
gives its provider's, never its own. This validation was submitted with another id, so it does not serve the sales \
to the customer.
"""
steps = [
    "Compare the tenant id of the form with the transacting partner's; correct gcc_validations.csv if it is wrong.",
    "Submit the validation again with the transacting partner's commercial tenant id.",
]
source = "Sell Office 365 Government GCC for CSP, validation form: the transacting partner's tenant id (Partner Center)"
needs = ["customers", "subscriptions", "gcc_validations", "partners"]
uses = [
    "price_list",
    "price_list.sku_title",
    "subscriptions.segment",
    "subscriptions.offer_name",
    "subscriptions.partner_tenant_id",
    "partners.provider_tenant_id",
]
gives_way_to = ["GCC04"]
key = ["customer_id", "submitted_tenant_id"]
since = 2026-11-21

[not_judged]
provider_not_known = "partners holds a reseller without its provider, and the tenant id may be that provider's"
partners_unread = "a row of partners could not be read, and the tenant id may be that partner's"
not_stated = "nobody can tell which partner transacts a GCC sale to the customer, and the tenant id may be its"

[[case]]
name = "a reseller's own tenant, and another partner's, instead of the provider that transacts"
as_of = 2026-11-20
customers = """
customer_id | company_name
c1          | County
c2          | City
"""
partners = """
tenant_id | role              | provider_tenant_id
p1        | indirect_provider |
p2        | indirect_reseller | p1
p3        | direct_bill       |
"""
subscriptions = """
subscription_id | customer_id | segment                  | partner_tenant_id | status
s1              | c1          | GovernmentCommunityCloud | p2                | paused
s2              | c2          | GovernmentCommunityCloud | p1                | active
s3              | c2          | GovernmentCommunityCloud | p3                | expired
"""
gcc_validations = """
customer_id | submitted_date | submitted_tenant_id | status   | validation_id
c1          | 2026-03-08     | p1                  | Approved | v1
c1          | 2026-03-09     | p2                  | InReview | v2
c2          | 2026-03-09     | p3                  | Approved |
"""
finds = """
customer_id | submitted_tenant_id | submitted_on | validation_id | validation_status | expected_tenant_id
c1          | p2                  | 2026-03-09   | v2            | InReview          | p1
c2          | p3                  | 2026-03-09   |               | Approved          | p1
"""

[[case]]
name = "a customer without GCC sales: any partner that transacts will do, in partners or as a reseller's provider"
as_of = 2026-11-20
customers = """
customer_id | company_name
c1          | County
"""
partners = """
tenant_id | role              | provider_tenant_id
p1        | indirect_provider |
p2        | indirect_reseller | p8
p3        | direct_bill       |
p4        | indirect_reseller |
"""
subscriptions = """
subscription_id | customer_id | offer_name       | segment                  | partner_tenant_id
s1              | c1          | Visio            | Commercial               | p9
s2              | c1          | Visio (GCC High) | GovernmentCommunityCloud | p9
s3              | c1          | Visio            |                          | p9
"""
gcc_validations = """
customer_id | submitted_date | submitted_tenant_id | status
c1          | 2026-03-08     | p1                  | Approved
c1          | 2026-03-08     | p2                  | Approved
c1          | 2026-03-08     | p3                  | Approved
c1          | 2026-03-08     | p4                  | Approved
c1          | 2026-03-08     | p8                  | Approved
c1          | 2026-03-08     | p9                  | Approved
"""
finds = """
customer_id | submitted_tenant_id | expected_tenant_id
c1          | p2                  |
c1          | p4                  |
c1          | p9                  |
"""

[[case]]
name = "not judged: a row of partners could not be read, and the tenant id may be that partner's"
as_of = 2026-11-20
customers = """
customer_id | company_name
c1          | County
"""
partners = """
tenant_id | role
p1        | direct_bill
"""
unread_tables = """
table_name
partners
"""
gcc_validations = """
customer_id | submitted_date | submitted_tenant_id | status
c1          | 2026-03-08     | p9                  | Approved
"""
finds = ""

[[case]]
name = "nobody can tell who transacts, or who provides: only a reseller's own tenant is wrong for certain"
as_of = 2026-11-20
customers = """
customer_id | company_name
c1          | County
c2          | City
"""
partners = """
tenant_id | role              | provider_tenant_id
p1        | indirect_provider |
p2        | indirect_provider |
p3        | indirect_reseller |
"""
subscriptions = """
subscription_id | customer_id | segment                  | partner_tenant_id
s1              | c1          | GovernmentCommunityCloud |
s2              | c2          | GovernmentCommunityCloud | p3
s3              | c2          | GovernmentCommunityCloud | p7
"""
gcc_validations = """
customer_id | submitted_date | submitted_tenant_id | status
c1          | 2026-03-08     | p1                  | Approved
c1          | 2026-03-08     | p9                  | Approved
c2          | 2026-03-08     | p2                  | InReview
c2          | 2026-03-08     | p3                  | InReview
c2          | 2026-03-08     | p7                  | InReview
"""
finds = """
customer_id | submitted_tenant_id
c2          | p3
"""

[[case]]
name = "of several with one tenant id the newest is named"
as_of = 2026-11-20
customers = """
customer_id | company_name
c1          | County
"""
partners = """
tenant_id | role
p1        | direct_bill
"""
gcc_validations = """
customer_id | submitted_date | submitted_tenant_id | status   | validation_id
c1          | 2026-03-09     | p9                  | InReview | v2
c1          | 2026-03-08     | p9                  | Approved | v1
c1          | 2026-03-10     | p9                  | Denied   | v3
"""
finds = """
customer_id | submitted_tenant_id | submitted_on | validation_id | validation_status | evidence_table  | evidence_line
c1          | p9                  | 2026-03-09   | v2            | InReview          | gcc_validations | 1
"""

[[case]]
name = "the right tenant, even of a partner that is not in partners; a denied one; a customer that is not exported"
as_of = 2026-11-20
customers = """
customer_id | company_name
c1          | County
c2          | City
"""
partners = """
tenant_id | role
p1        | direct_bill
"""
subscriptions = """
subscription_id | customer_id | segment                  | partner_tenant_id
s1              | c1          | GovernmentCommunityCloud | p9
s2              | c2          | GovernmentCommunityCloud |
"""
gcc_validations = """
customer_id | submitted_date | submitted_tenant_id | status
c1          | 2026-03-08     | p9                  | Approved
c1          | 2026-03-08     | p1                  | Denied
c2          | 2026-03-08     | p1                  | InReview
c3          | 2026-03-08     | p9                  | Approved
"""
finds = ""

[[case]]
name = "one validation, one finding: the Azure GCC tenant is for GCC04"
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
c1          | 2026-03-08     | a1                  | Approved
"""
finds = ""
*/
with sold as (
    select
        s.customer_id,
        -- a partner that the sale names and partners does not hold transacts itself
        coalesce(t.tenant_id, case when t.unknown is null then s.partner_tenant_id end) as tenant_id,
        case when t.tenant_id is null or t.unknown is not null then 1 else 0 end as is_unknown
    from core.sale_government as s
    left join core.transacting_partner as t on s.partner_tenant_id is not distinct from t.booked_tenant_id
    where s.segment = 'GovernmentCommunityCloud' and s.cloud is null
),

known as (
    select s.customer_id, s.tenant_id from sold as s where s.tenant_id is not null group by s.customer_id, s.tenant_id
),

sellers as (
    select
        s.customer_id,
        min(s.tenant_id) as first_tenant_id,
        max(s.tenant_id) as last_tenant_id,
        max(s.is_unknown) as is_unknown
    from sold as s
    group by s.customer_id
),

transacting as (
    select p.tenant_id from core.partners as p where p.role <> 'indirect_reseller'
    union all
    select p.provider_tenant_id as tenant_id
    from core.partners as p
    where p.role = 'indirect_reseller' and p.provider_tenant_id is not null
),

possible as (
    select t.tenant_id from transacting as t group by t.tenant_id
),

torn as (
    select count(*) as tables from core.unread_tables as u where u.table_name = 'partners'
),

-- resellers whose provider nobody knows: any tenant id may be that provider's
lone as (
    select
        sum(case when p.role = 'indirect_reseller' and p.provider_tenant_id is null then 1 else 0 end) as resellers,
        sum(case when p.role = 'indirect_provider' then 1 else 0 end) as providers
    from core.partners as p
),

unread as (
    select t.tables, case when n.providers <> 1 then n.resellers else 0 end as resellers
    from torn as t
    cross join lone as n
),

only_one as (
    select case when min(t.tenant_id) = max(t.tenant_id) then min(t.tenant_id) end as tenant_id from transacting as t
),

submitted as (
    select
        v.customer_id,
        v.submitted_tenant_id,
        v.submitted_date,
        v.validation_id,
        v.status,
        v.line,
        row_number() over (
            partition by v.customer_id, v.submitted_tenant_id
            order by v.submitted_date desc, v.status asc, coalesce(v.validation_id, '') asc, v.line asc
        ) as place
    from core.gcc_validations as v
    inner join core.customers as c on v.customer_id = c.customer_id
    where v.status <> 'Denied'
)

select
    v.customer_id,
    null as subscription_id,
    null as due_on,
    v.submitted_tenant_id,
    v.submitted_date as submitted_on,
    v.validation_id,
    v.status as validation_status,
    case
        when k.is_unknown = 0 and k.first_tenant_id = k.last_tenant_id then k.first_tenant_id
        when k.customer_id is null then n.tenant_id
    end as expected_tenant_id,
    'gcc_validations' as evidence_table,
    v.line as evidence_line,
    case
        -- a reseller's own tenant is wrong, whoever its provider is
        when y.tenant_id is not null then null
        when w.tables > 0 then 'partners_unread'
        when w.resellers > 0 and p.tenant_id is null and e.tenant_id is null then 'provider_not_known'
        when k.is_unknown = 1 and (p.tenant_id is not null or e.tenant_id is not null) then 'not_stated'
    end as not_judged
from submitted as v
cross join only_one as n
cross join unread as w
left join sellers as k on v.customer_id = k.customer_id
left join known as e on v.customer_id = e.customer_id and v.submitted_tenant_id = e.tenant_id
left join possible as p on v.submitted_tenant_id = p.tenant_id
left join core.partners as y on v.submitted_tenant_id = y.tenant_id and y.role = 'indirect_reseller' and p.tenant_id is null
where
    v.place = 1
    and (
        k.is_unknown = 1
        or (k.is_unknown = 0 and e.tenant_id is null)
        or (k.customer_id is null and p.tenant_id is null)
    )
