-- Every day that a rule may name, once for each country with holidays and once, as country '', for all others.
-- Rules add days by joining `day_number`, and business days by joining `business_day_number`, which counts the business
-- days up to and with the day: the N-th business day after a day has its number plus N and is_business_day = 1.
insert into ref.calendar
with countries as (
    select '' as country
    union
    select country from ref.holidays
),

days as (
    select cast(day as date) as day
    from range(timestamp '1990-01-01', timestamp '2101-01-01', interval 1 day) as days(day)
),

marked as (
    select c.country, d.day, (isodow(d.day) <= 5 and h.day is null)::integer as is_business_day
    from countries as c
    cross join days as d
    left join ref.holidays as h on c.country = h.country and d.day = h.day
)

select
    m.country,
    m.day,
    date_diff('day', date '1970-01-01', m.day) as day_number,
    m.is_business_day,
    sum(m.is_business_day) over (
        partition by m.country order by m.day rows between unbounded preceding and current row
    ) as business_day_number
from marked as m
order by m.country, m.day
