-- One row for each qualification row that counts on the as-of date; the word None never does.
select q.customer_id, q.qualification
from core.qualifications as q
cross join core.run as r
where
    q.qualification <> 'None'
    and (
        not r.vetting_is_stated
        or q.vetting_status = 'Approved'
        -- the partner sets this one, and nobody vets it
        or q.qualification = 'StateOwnedEntity'
        -- the nonprofit programme vets outside Partner Center
        or (q.qualification = 'Nonprofit' and q.vetting_status is null)
    )
