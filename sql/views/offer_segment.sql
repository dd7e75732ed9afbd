-- stored
-- One row for each offer as it was sold or scheduled (id, name, stated segment): its segment, and what each source says
-- of it. The price list is trusted first, then the export's own column, then a marker in the name.
-- A price list also holds rows of the past and of the future: those in force count, and the others where none is.
-- Of the government clouds, GCC High and DoD are known by their names alone.
with dated as (
    select
        p.offer_key,
        p.segment,
        t.cloud,
        case
            when
                (p.effective_start_date is null or p.effective_start_date <= r.as_of)
                and (p.effective_end_date is null or p.effective_end_date >= r.as_of)
                then 1
            else 0
        end as is_in_force
    from core.price_list as p
    cross join core.run as r
    left join core.titles as t on p.sku_title = t.title
),

listed as (
    select
        d.offer_key,
        coalesce(min(case when d.is_in_force = 1 then d.segment end), min(d.segment)) as first_segment,
        coalesce(max(case when d.is_in_force = 1 then d.segment end), max(d.segment)) as last_segment,
        case
            when max(d.is_in_force) = 1 then min(case when d.is_in_force = 1 then d.cloud end)
            else min(d.cloud)
        end as cloud
    from dated as d
    group by d.offer_key
),

evidence as (
    select
        o.offer_no,
        o.offer_id,
        o.offer_name,
        o.stated_segment,
        o.offer_key,
        o.kind,
        coalesce(o.cloud, l.cloud) as cloud,
        case when l.first_segment = l.last_segment then l.first_segment end as list_segment,
        o.name_segment,
        case when l.offer_key is null then 0 else 1 end as is_in_price_list,
        case when l.first_segment <> l.last_segment then 1 else 0 end as list_contradicts_itself,
        case when o.name_contradicts_itself then 1 else 0 end as name_contradicts_itself
    from core.offers as o
    left join listed as l on o.offer_key = l.offer_key
)

select
    e.offer_no,
    e.offer_id,
    e.offer_name,
    e.stated_segment,
    e.offer_key,
    e.kind,
    e.cloud,
    coalesce(e.list_segment, e.stated_segment, e.name_segment) as segment,
    case
        when e.list_segment is not null then 'price list'
        when e.stated_segment is not null then 'segment column'
        when e.name_segment is not null then 'offer name'
    end as segment_source,
    e.is_in_price_list,
    e.list_segment,
    e.name_segment,
    case
        when e.list_contradicts_itself = 1 then 'price list rows contradict each other'
        when e.name_contradicts_itself = 1 then 'markers in the offer name contradict each other'
        when e.list_segment <> e.stated_segment then 'price list and segment column'
        when e.list_segment <> e.name_segment then 'price list and offer name'
        when e.stated_segment <> e.name_segment then 'segment column and offer name'
    end as conflict
from evidence as e
