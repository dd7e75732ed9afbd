"""What comes of special-segment subscriptions whose term ends soon: they renew, end, or roll into an extended term.

A scheduled action says it first; then auto-renew does. With auto-renew off, what was bought or renewed since the policy
of Extended Service Terms holds for it rolls on, unless a Cancel is scheduled: the conditions of NPO04. A schedule that
contradicts auto-renew, a word that is not known, and auto-renew that is not stated are "cannot tell".
"""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from itertools import groupby, islice
from typing import TYPE_CHECKING

from pipeline.database import querying
from pipeline.desk.answer import Answer, Section
from pipeline.signals import temporary_folder
from reports.terms import term
from reports.wording import Words

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from datetime import date

    from pipeline.database import Connection
    from pipeline.desk.answer import Cell
    from pipeline.desk.desk import Desk

_ENGLISH = Words()
# Of each section; drawing four tables of two hundred rows would take longer than all the rest.
MOST_DRAWN = 100
# A list of every special-segment subscription is sorted within this; a second thread would need as much again.
_MEMORY = "220MB"
_CHUNK = 1000
# Why a subscription is in its section: the codes of `coming.why`, by section.
_SECTIONS = {
    "renews": {
        "auto_renew": "auto-renew is on",
        "renewal_scheduled": "a renewal is scheduled",
    },
    "ends": {
        "cancel_scheduled": "a Cancel is scheduled",
        "auto_renew_off": "auto-renew is off",
    },
    "extends": {
        "extension_scheduled": "an extended term is scheduled",
        "no_cancel": "auto-renew is off and no Cancel is scheduled",
    },
    "cannot_tell": {
        "not_stated": "auto-renew is not stated",
        "cancel_not_stated": "auto-renew is off, and the export does not say whether a Cancel is scheduled",
        "contradiction": "auto-renew is off, yet something else than a Cancel is scheduled",
        "unknown_action": "the scheduled action is not known",
    },
}
_TITLES = {
    "renews": "Renews",
    "ends": "Ends",
    "extends": "Rolls into an extended term",
    "cannot_tell": "Cannot tell",
}
_WHY = {code: text for codes in _SECTIONS.values() for code, text in codes.items()}
_COLUMNS = (
    "ends_on", "customer", "customer_id", "subscription_id", "offer_name", "segment", "seats", "term", "status",
    "scheduled_action", "allowed", "surcharge_percent", "why", "source",
)  # fmt: skip
# What people need to act; a surcharge is due in one section only.
_DRAWN = ("ends_on", "customer", "subscription_id", "offer_name", "segment", "seats", "term", "allowed", "source")
_SURCHARGE = "surcharge_percent"

# Narrow columns first: the names of 128,000 subscriptions would cost more than all the rest.
_ENDING = """
    create or replace temp table ending as
    with near as (
        select
            s.line, s.last_day as ends_on, s.quantity, s.auto_renew_enabled as auto_renew, s.scheduled_action as action,
            coalesce(s.effective_start_date, s.creation_date) as bought_on
        from core.subscriptions as s
        where s.last_day between $first and $last
    )
    select n.line, n.ends_on, n.quantity, n.auto_renew, n.action, n.bought_on, o.offer_no, o.segment, o.kind, o.outcome
    from near as n
    join core.recorded_sale as l on n.line = l.line
    join core.rated_sale as o on l.sale_no = o.sale_no
    where o.segment is distinct from 'Commercial'
"""
_COMING = """
    create or replace temp table coming as
    with in_force as (
        select min(t.bought_from) as bought_from, min(t.ends_from) as ends_from
        from ref.extended_service_terms as t
        where t.valid_to is null or t.valid_to >= $first
    ),
    conditions as (
        select
            e.*,
            coalesce(
                e.kind = 'new commerce' and e.bought_on >= f.bought_from and e.ends_on >= f.ends_from, false
            ) as may_extend,
            coalesce(e.action in ('renewtonewterm', 'transition'), false) as is_renewal
        from ending as e cross join in_force as f
        where e.segment is not null
    )
    select
        c.line, c.ends_on, c.quantity, c.action, c.offer_no, c.segment, c.outcome,
        case
            when c.action = 'cancel' then 'cancel_scheduled'
            when c.action = 'renewtoextendedserviceterm' then 'extension_scheduled'
            when c.auto_renew and c.action is null then 'auto_renew'
            when coalesce(c.auto_renew, true) and c.is_renewal then 'renewal_scheduled'
            when c.auto_renew then 'unknown_action'
            when c.auto_renew is null then 'not_stated'
            when c.may_extend and $actions_are_stated then 'no_cancel'
            when c.may_extend then 'cancel_not_stated'
            when c.action is null then 'auto_renew_off'
            else 'contradiction'
        end as why
    from conditions as c
"""
# The first rows of one section; sorting all of them with their names would cost as much as finding them.
_LISTED = """
    insert into listed
    select c.*, $section from coming as c where list_contains($codes, c.why)
    order by c.ends_on, c.quantity desc nulls last, c.line limit $most
"""
_ROWS = """
    with percents as (
        select
            max(case when t.monthly_plan then t.surcharge_percent end) as with_monthly_plan,
            max(case when not t.monthly_plan then t.surcharge_percent end) as without
        from ref.extended_service_terms as t
        where t.valid_to is null or t.valid_to >= $first
    ),
    plans as (
        select
            o.offer_no,
            bool_or(
                coalesce(p.term_duration = 'p1m', false) or lower(coalesce(p.billing_plan, '')) in ('monthly', 'p1m')
            ) as is_monthly
        from (select distinct l.offer_no from listed as l) as d
        join core.offer_segment as o on d.offer_no = o.offer_no
        join core.price_list as p on o.offer_key = p.offer_key
        where coalesce(p.effective_start_date <= $first, true) and coalesce(p.effective_end_date >= $first, true)
        group by o.offer_no
    )
    select
        l.section, l.ends_on, c.company_name, b.customer_id, b.subscription_id, b.offer_name, l.segment, l.quantity,
        upper(b.term_duration), b.status, l.action, coalesce(l.outcome, 'cannot tell'),
        case
            when l.section = 'extends' and p.is_monthly then x.with_monthly_plan
            when l.section = 'extends' and not p.is_monthly then x.without
        end,
        l.why, concat(b.file, ':', l.line)
    from listed as l
    cross join percents as x
    join core.subscriptions as b on l.line = b.line
    left join core.customers as c on b.customer_id = c.customer_id
    left join plans as p on l.offer_no = p.offer_no
    order by list_position($sections, l.section), l.ends_on, l.quantity desc nulls last, l.line
"""


@contextmanager
def spilling(desk: Desk) -> Iterator[Desk]:
    """Open the warehouse of a closed desk again, so that what does not fit in a bounded memory spills to disk."""
    with (
        temporary_folder("csp-audit-renewals-") as spill,
        querying(desk.state.warehouse, _MEMORY, 1, spill) as connection,
    ):
        # A run may have put another warehouse in its place meanwhile.
        (as_of,) = connection.execute("select as_of from core.run").fetchone() or (desk.as_of,)
        yield replace(desk, connection=connection, as_of=as_of)


def renewals(desk: Desk, days: int, *, drawn: bool) -> Answer:
    """Return the live special-segment subscriptions whose last day is at most `days` after the night.

    A drawn answer has the columns and rows that a table shows; counts are exact in both. The rows of one that is not
    drawn are read while they are written, so the connection must stay open.
    """
    until = desk.as_of + timedelta(days=days)
    _collect(desk.connection, desk.as_of, until)
    counts = _counts(desk.connection)
    forbidden = _forbidden(desk.connection)
    gaps = _gaps(desk.connection, desk.as_of)
    told = "; ".join(f"{_TITLES[name].lower()}: {count:,}" for name, count in counts.items())
    lead = [f"Special-segment subscriptions whose term ends from {desk.as_of} to {until}: {told}."]
    if forbidden:
        lead.append(f"Renewing although the purchase matrix forbids the segment tonight: {forbidden:,}.")
    facts: dict[str, Cell] = {
        "as_of": desk.as_of,
        "until": until,
        **{f"{name}_count": count for name, count in counts.items()},
        "renews_forbidden": forbidden,
    }
    return Answer((*lead, *gaps), _sections(desk, counts, drawn=drawn), facts)


def _collect(connection: Connection, first: date, last: date) -> None:
    """Create the temporary tables `ending` (of a special segment, or an unknown one) and `coming` (with the reason)."""
    (actions_are_stated,) = connection.execute(
        "select coalesce(bool_or(list_contains(columns, 'scheduled_action')), false) from audit.inputs "
        "where as_of = ? and table_name = 'subscriptions'",
        [first],
    ).fetchone() or (False,)
    connection.execute(_ENDING, {"first": first, "last": last})
    connection.execute(_COMING, {"first": first, "actions_are_stated": actions_are_stated})


def _counts(connection: Connection) -> dict[str, int]:
    """Count the subscriptions of each section, by its name."""
    found = dict(connection.execute("select why, count(*) from coming group by why").fetchall())
    return {name: sum(found.get(code, 0) for code in codes) for name, codes in _SECTIONS.items()}


def _forbidden(connection: Connection) -> int:
    row = connection.execute(
        "select count(*) from coming where outcome = 'forbidden' and list_contains(?, why)", [list(_SECTIONS["renews"])]
    ).fetchone()
    return int(row[0]) if row else 0


def _sections(desk: Desk, counts: Mapping[str, int], *, drawn: bool) -> tuple[Section, ...]:
    """Make a section of each kind; this asks last, as the rows of a whole answer are still to be read."""
    found = _rows(desk.connection, desk.as_of, MOST_DRAWN if drawn else None)
    if drawn:
        rows = {name: [row for _, row in of_one] for name, of_one in groupby(found, lambda item: item[0])}
        return tuple(_drawn_section(name, rows.get(name, []), counts[name]) for name in _SECTIONS)
    return tuple(
        Section(name, f"{_TITLES[name]}: {counts[name]:,}", _COLUMNS, _next(found, counts[name])) for name in _SECTIONS
    )


def _next(found: Iterator[tuple[str, tuple[Cell, ...]]], count: int) -> Iterator[tuple[Cell, ...]]:
    return (row for _, row in islice(found, count))


def _rows(connection: Connection, as_of: date, most: int | None) -> Iterator[tuple[str, tuple[Cell, ...]]]:
    """Give the rows, section by section, at most `most` of each, soonest first and then by seats."""
    connection.execute("create or replace temp table listed as select c.*, '' as section from coming as c limit 0")
    for name, codes in _SECTIONS.items():
        connection.execute(_LISTED, {"section": name, "codes": list(codes), "most": most})
    connection.execute(_ROWS, {"first": as_of, "sections": list(_SECTIONS)})
    while chunk := connection.fetchmany(_CHUNK):
        for section, *cells, why, source in chunk:
            yield section, (*cells, _WHY[why], source)


def _drawn_section(name: str, rows: Sequence[tuple[Cell, ...]], count: int) -> Section:
    """Make a section that says how many rows it leaves out."""
    columns = _drawn_columns(name)
    cells = [dict(zip(_COLUMNS, row, strict=True)) for row in rows]
    cells = [{**row, "segment": term(_ENGLISH, str(row["segment"]))} for row in cells]
    more = count - len(rows)
    return Section(
        name,
        f"{_TITLES[name]}: {count:,}",
        columns,
        tuple(tuple(row[column] for column in columns) for row in cells),
        notes=(f"{more:,} more: --format csv lists all.",) if more else (),
    )


def _drawn_columns(name: str) -> tuple[str, ...]:
    before, source = _DRAWN[:-1], _DRAWN[-1]
    added = {"extends": (_SURCHARGE,), "cannot_tell": ("why",)}
    return (*before, *added.get(name, ()), source)


def _gaps(connection: Connection, as_of: date) -> list[str]:
    """Say what may be missing: segments that cannot be told, ends that are not stated, rows that were not read."""
    (unknown,) = connection.execute("select count(*) from ending where segment is null").fetchone() or (0,)
    (endless,) = connection.execute("""
        select count(*)
        from (select s.line from core.subscriptions as s where s.commitment_end_date is null) as e
        join core.recorded_sale as l on e.line = l.line
        join core.rated_sale as o on l.sale_no = o.sale_no
        where o.segment <> 'Commercial'
    """).fetchone() or (0,)
    (unread,) = connection.execute(
        "select coalesce(sum(unread), 0)::bigint from audit.inputs where as_of = ? and table_name = 'subscriptions'",
        [as_of],
    ).fetchone() or (0,)
    told = {
        "Not listed, as their segment cannot be told (csp-audit rules show SEG03)": unknown,
        "Special-segment subscriptions that state no end": endless,
        "Rows of the subscriptions export that could not be read (see quarantine.csv)": unread,
    }
    return [f"{text}: {count:,}." for text, count in told.items() if count]
