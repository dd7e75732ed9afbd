"""What changed overnight beside the findings: customers that came and went, qualifications gained, decided and lost."""

from __future__ import annotations

from typing import TYPE_CHECKING

from schemas.change import ChangeKind

if TYPE_CHECKING:
    from datetime import date

    from pipeline.database import Connection

# The customers of the night before, worked out from those of the old warehouse: what came and went since is undone.
# Nothing has, but where the newest night is audited again, or an older one.
_CUSTOMERS = f"""
    insert into audit.changes
    with later as (
        select customer_id, min_by(kind, as_of) as kind, min_by(company_name, as_of) as company_name
        from old.audit.changes
        where as_of > $before and kind in ('{ChangeKind.CAME}', '{ChangeKind.WENT}', 'unread', 'read')
        group by customer_id
    ),
    earlier as (
        select customer_id, max_by(kind, as_of) as kind, max_by(company_name, as_of) as company_name
        from old.audit.changes
        where as_of <= $before and kind in ('{ChangeKind.CAME}', '{ChangeKind.WENT}', 'unread', 'read')
        group by customer_id
    ),
    unread_before as (
        select customer_id, company_name from earlier where kind = 'unread'
    ),
    before as (
        select customer_id, company_name from old.core.customers
        where customer_id not in (select customer_id from later)
        union all
        select customer_id, company_name from later where kind <> '{ChangeKind.CAME}'
        union all
        select customer_id, company_name from unread_before
        where customer_id not in (select customer_id from old.core.customers)
            and customer_id not in (select customer_id from later)
    ),
    difference as (
        select
            coalesce(t.customer_id, b.customer_id) as customer_id,
            coalesce(t.company_name, b.company_name) as company_name,
            t.customer_id is not null as is_here, b.customer_id is not null as was_here
        from core.customers as t full join before as b on t.customer_id = b.customer_id
        where t.customer_id is null or b.customer_id is null
            or t.customer_id in (select customer_id from unread_before)
    ),
    gap as (
        select customer_id from core.unread_customers where table_name = 'customers'
    ),
    -- rows that may be any customer's: they could not be split, or have lost their id
    anybodys as (
        select 1 from core.unsplit_tables where table_name = 'customers'
        union all
        select 1 from quarantine.rows where table_name = 'customers' and column_name = 'customer_id'
    ),
    told as (
        select
            customer_id, company_name,
            case
                when is_here and was_here then 'read'
                when is_here then '{ChangeKind.CAME}'
                when customer_id in (select customer_id from gap) or exists (select 1 from anybodys) then 'unread'
                else '{ChangeKind.WENT}'
            end as kind
        from difference
    )
    select $as_of, kind, customer_id, company_name, '', '', '', '' from told
    where kind <> 'unread' or customer_id not in (select customer_id from unread_before)
    order by kind, company_name, customer_id
"""

# Who could not be read on the first night ever does not come on the second.
_FIRST_UNREAD = """
    insert into audit.changes
    select distinct $as_of, 'unread', u.customer_id, null, '', '', '', ''
    from core.unread_customers as u
    where u.table_name = 'customers' and u.customer_id not in (select customer_id from core.customers)
"""

# A status counts as in core.approved_qualification; whether statuses were stated the night before, its inputs say.
_COUNTS = """
    (
        {row}.qualification is not null and {row}.qualification <> 'None'
        and (
            not {stated} or {row}.vetting_status is not distinct from 'Approved'
            or {row}.qualification = 'StateOwnedEntity'
            or ({row}.qualification = 'Nonprofit' and {row}.vetting_status is null)
        )
    )
"""
# Of several rows for one qualification, one that is approved counts.
_STATUS = "if(bool_or(coalesce(h.vetting_status = 'Approved', false)), 'Approved', max(h.vetting_status))"
_QUALIFICATIONS = f"""
    insert into audit.changes
    with stated as (
        select
            r.vetting_is_stated as tonight,
            coalesce((
                select bool_or(list_contains(columns, 'vetting_status')) from audit.inputs
                where as_of = $before and table_name = 'qualifications'
            ), false) as before
        from core.run as r
    ),
    changed as (
        select distinct customer_id from history.qualifications where first_night = $as_of or gone_on = $as_of
    ),
    known as (
        select c.customer_id, c.company_name
        from changed as h join core.customers as c on h.customer_id = c.customer_id
        where c.customer_id not in (
            select customer_id from audit.changes where as_of = $as_of and kind = '{ChangeKind.CAME}'
        )
    ),
    was as (
        select h.customer_id, h.qualification, {_STATUS} as vetting_status
        from history.qualifications as h join known as k on h.customer_id = k.customer_id
        where h.first_night < $as_of and (h.gone_on is null or h.gone_on >= $as_of)
        group by h.customer_id, h.qualification
    ),
    now as (
        select h.customer_id, h.qualification, {_STATUS} as vetting_status
        from history.qualifications as h join known as k on h.customer_id = k.customer_id
        where h.first_night <= $as_of and (h.gone_on is null or h.gone_on > $as_of)
        group by h.customer_id, h.qualification
    ),
    compared as (
        select
            coalesce(n.customer_id, w.customer_id) as customer_id,
            coalesce(n.qualification, w.qualification) as qualification,
            coalesce(w.vetting_status, '') as before, coalesce(n.vetting_status, '') as after,
            {_COUNTS.format(row="w", stated="s.before")} as counted,
            {_COUNTS.format(row="n", stated="s.tonight")} as counts
        from now as n full join was as w on n.customer_id = w.customer_id and n.qualification = w.qualification
        cross join stated as s
    ),
    told as (
        select
            *,
            case
                when counts and not counted then '{ChangeKind.GAINED}'
                when counted and not counts then '{ChangeKind.LOST}'
                when before <> after and after = 'Denied' then '{ChangeKind.DECIDED}'
            end as kind
        from compared
    ),
    old_set as (
        select
            customer_id,
            max(case when counted and qualification = 'Nonprofit' then 1 else 0 end) as nonprofit,
            max(case when counted and qualification = 'Education' then 1 else 0 end) as education,
            max(case when counted and qualification = 'StateOwnedEntity' then 1 else 0 end) as state_owned_entity,
            max(case when counted and qualification = 'GovernmentCommunityCloud' then 1 else 0 end)
                as government_community_cloud
        from compared group by customer_id
    ),
    may_now as (
        select o.customer_id, string_agg(p.segment, ', ' order by p.segment) as segments
        from old_set as o
        join ref.qualification_sets as q
            on q.nonprofit = o.nonprofit and q.education = o.education and q.state_owned_entity = o.state_owned_entity
            and q.government_community_cloud = o.government_community_cloud
        join core.customer_type as t on o.customer_id = t.customer_id
        join core.purchase_rule as p on t.customer_type = p.customer_type and p.outcome = 'allowed'
        join core.purchase_rule as b
            on q.customer_type = b.customer_type and p.segment = b.segment and b.outcome <> 'allowed'
        group by o.customer_id
    )
    select
        $as_of, t.kind, t.customer_id, k.company_name, t.qualification, t.before, t.after,
        case when t.kind = '{ChangeKind.GAINED}' then coalesce(m.segments, '') else '' end
    from told as t
    join known as k on t.customer_id = k.customer_id
    left join may_now as m on t.customer_id = m.customer_id
    where t.kind is not null
    order by t.kind, k.company_name, t.customer_id, t.qualification
"""


def record_changes(connection: Connection, as_of: date) -> None:
    """Compare with the last good run before the night; the first night has no changes.

    The newest warehouse is attached as `old`, where there is any.
    A customer with a row that could not be read has neither come nor gone, and keeps its qualifications.
    """
    (before,) = connection.execute("select max(as_of) from audit.runs where as_of < ?", [as_of]).fetchall()[0]
    if before is None:
        connection.execute(_FIRST_UNREAD, {"as_of": as_of})
        return
    connection.execute(_CUSTOMERS, {"as_of": as_of, "before": before})
    connection.execute(_QUALIFICATIONS, {"as_of": as_of, "before": before})
