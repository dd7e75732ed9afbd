-- stored
-- One row for each customer with a notice that has been given, all of whose notices could be read: the newest one, and the day on which the qualification
-- goes (where the notice does not say it, the days in force at the notice's date after it).
with given as (
    select
        n.customer_id,
        n.notice_date,
        n.removal_date,
        n.contested,
        n.line,
        row_number() over (partition by n.customer_id order by n.notice_date desc, n.line asc) as place
    from core.nonprofit_notices as n
    cross join core.run as r
    where
        n.notice_date <= r.as_of
        and not exists (
            select u.customer_id
            from core.unread_customers as u
            where u.customer_id = n.customer_id and u.table_name = 'nonprofit_notices'
        )
)

select
    g.customer_id,
    g.notice_date,
    coalesce(g.removal_date, removal.day) as removal_date,
    g.contested,
    g.line
from given as g
inner join ref.calendar as notice on notice.country = '' and g.notice_date = notice.day
inner join ref.notice_periods as p
    on
        p.qualification = 'Nonprofit'
        and p.valid_from <= g.notice_date
        and (p.valid_to is null or p.valid_to >= g.notice_date)
inner join ref.calendar as removal on removal.country = '' and removal.day_number = notice.day_number + p.days
where g.place = 1
