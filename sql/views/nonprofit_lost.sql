-- stored
-- One row for each customer that was nonprofit on an earlier night and is not tonight: the night on which it was first
-- missing. A customer with a qualification row that could not be read has lost nothing that anybody could know of.
with was_nonprofit as (
    select
        h.customer_id,
        max(h.gone_on) as lost_on,
        max(case when h.gone_on is null then 1 else 0 end) as is_held
    from history.qualifications as h
    where h.qualification = 'Nonprofit' and (h.vetting_status = 'Approved' or h.vetting_status is null)
    group by h.customer_id
)

select w.customer_id, w.lost_on
from was_nonprofit as w
where
    w.is_held = 0
    and not exists (
        select q.customer_id
        from core.approved_qualification as q
        where q.customer_id = w.customer_id and q.qualification = 'Nonprofit'
    )
    and not exists (
        select u.customer_id
        from core.unread_customers as u
        where u.customer_id = w.customer_id and u.table_name = 'qualifications'
    )
