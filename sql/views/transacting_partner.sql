-- stored
-- One row for each partner that a sale may name, and one with no name for the sales that name none: the partner that
-- transacts. A reseller's sales transact through its provider. `unknown` says why nobody can tell who transacts, or what
-- it may sell; rules join it on `partner_tenant_id is not distinct from booked_tenant_id`, and a sale without a row here
-- names a partner that is not in partners.
-- Who is the only partner, or the only provider, is not known while a row of partners is unread.
with unread as (
    select count(*) as tables from core.unread_tables as u where u.table_name = 'partners'
),

counted as (
    select
        count(*) as partners,
        min(p.tenant_id) as tenant_id,
        sum(case when p.role = 'indirect_provider' then 1 else 0 end) as providers,
        min(case when p.role = 'indirect_provider' then p.tenant_id end) as provider_tenant_id
    from core.partners as p
),

booked as (
    select p.tenant_id as booked_tenant_id, p.tenant_id
    from core.partners as p
    union all
    select null as booked_tenant_id, case when c.partners = 1 and u.tables = 0 then c.tenant_id end as tenant_id
    from counted as c
    cross join unread as u
),

resolved as (
    select
        b.booked_tenant_id,
        b.tenant_id as stated_tenant_id,
        p.role as booked_role,
        case
            when p.role <> 'indirect_reseller' then p.tenant_id
            when p.provider_tenant_id is not null then p.provider_tenant_id
            when p.role = 'indirect_reseller' and c.providers = 1 and u.tables = 0 then c.provider_tenant_id
        end as tenant_id
    from booked as b
    cross join counted as c
    cross join unread as u
    left join core.partners as p on b.tenant_id = p.tenant_id
)

select
    r.booked_tenant_id,
    r.booked_role,
    -- a provider that is a reseller itself transacts nothing
    case when t.role = 'indirect_reseller' then null else r.tenant_id end as tenant_id,
    t.name,
    t.role,
    t.mpn_id,
    case when t.role <> 'indirect_reseller' then t.gcc_approved_date end as gcc_approved_date,
    case when t.role <> 'indirect_reseller' then t.gcc_high_invited end as gcc_high_invited,
    case when t.role <> 'indirect_reseller' then t.azure_government_enrolled end as azure_government_enrolled,
    case
        when r.stated_tenant_id is null then 'not_stated'
        when r.tenant_id is null or t.role = 'indirect_reseller' then 'provider_not_known'
        when t.tenant_id is null then 'not_in_partners'
    end as unknown
from resolved as r
left join core.partners as t on r.tenant_id = t.tenant_id
