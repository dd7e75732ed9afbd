-- stored
-- One row for each of the sixteen customer types and four segments: what the matrix in force on the as-of date says.
-- A type that the matrix does not list is read strictly: only what every held qualification allows alone.
with in_force as (
    select m.customer_type, m.segment, m.allowed
    from ref.purchase_matrix as m
    cross join core.run as r
    where m.valid_from <= r.as_of and (m.valid_to is null or m.valid_to >= r.as_of)
),

held as (
    select s.customer_type, 'Nonprofit' as qualification from ref.qualification_sets as s where s.nonprofit = 1
    union all
    select s.customer_type, 'Education' as qualification from ref.qualification_sets as s where s.education = 1
    union all
    select s.customer_type, 'StateOwnedEntity' as qualification from ref.qualification_sets as s where s.state_owned_entity = 1
    union all
    select s.customer_type, 'GovernmentCommunityCloud' as qualification
    from ref.qualification_sets as s
    where s.government_community_cloud = 1
),

strictest as (
    select h.customer_type, f.segment, min(case when f.allowed then 1 else 0 end) as allowed
    from held as h
    inner join in_force as f on h.qualification = f.customer_type
    group by h.customer_type, f.segment
),

decided as (
    select
        s.customer_type,
        s.segment,
        case
            when f.allowed then 'allowed'
            when not f.allowed then 'forbidden'
            when s.allowed = 1 then 'unlisted, inside the strictest reading'
            else 'unlisted, outside the strictest reading'
        end as outcome
    from strictest as s
    left join in_force as f on s.customer_type = f.customer_type and s.segment = f.segment
    union all
    select f.customer_type, f.segment, case when f.allowed then 'allowed' else 'forbidden' end as outcome
    from in_force as f
    where f.customer_type = '(none)'
),

allowed as (
    select
        d.customer_type,
        max(case when d.segment = 'Commercial' then 1 else 0 end) as commercial,
        max(case when d.segment = 'Nonprofit' then 1 else 0 end) as nonprofit,
        max(case when d.segment = 'Education' then 1 else 0 end) as education,
        max(case when d.segment = 'GovernmentCommunityCloud' then 1 else 0 end) as government_community_cloud
    from decided as d
    where d.outcome = 'allowed' or d.outcome = 'unlisted, inside the strictest reading'
    group by d.customer_type
),

-- Whatever may be bought beside another segment may be bought beside Commercial.
named as (
    select
        a.customer_type,
        case
            when a.government_community_cloud = 1 then 'GovernmentCommunityCloud'
            when a.commercial = 0 then 'nothing'
            else 'Commercial'
        end
        || case when a.nonprofit = 1 then ', Nonprofit' else '' end
        || case when a.education = 1 then ', Education' else '' end as may_be_sold
    from allowed as a
)

select d.customer_type, d.segment, d.outcome, coalesce(n.may_be_sold, 'nothing') as may_be_sold
from decided as d
left join named as n on d.customer_type = n.customer_type
