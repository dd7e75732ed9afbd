-- stored
-- One row for each customer of the customers export: its type, which is the set of its approved qualifications, and the
-- type's number. The type is null where a row of its qualifications could not be read: nobody can tell it then.
-- `read_type` is what the rows that could be read make.
with held as (
    select
        a.customer_id,
        max(case when a.qualification = 'Nonprofit' then 1 else 0 end) as nonprofit,
        max(case when a.qualification = 'Education' then 1 else 0 end) as education,
        max(case when a.qualification = 'StateOwnedEntity' then 1 else 0 end) as state_owned_entity,
        max(case when a.qualification = 'GovernmentCommunityCloud' then 1 else 0 end) as government_community_cloud
    from core.approved_qualification as a
    group by a.customer_id
)

select
    c.customer_id,
    case when u.customer_id is null then s.customer_type end as customer_type,
    case when u.customer_id is null then s.type_no else 16 end as type_no,
    s.customer_type as read_type
from core.customers as c
left join held as h on c.customer_id = h.customer_id
inner join ref.qualification_sets as s
    on
        s.nonprofit = coalesce(h.nonprofit, 0)
        and s.education = coalesce(h.education, 0)
        and s.state_owned_entity = coalesce(h.state_owned_entity, 0)
        and s.government_community_cloud = coalesce(h.government_community_cloud, 0)
left join core.unread_customers as u on c.customer_id = u.customer_id and u.table_name = 'qualifications'
