"""Nonprofit eligibility that ends soon, that should have ended, and that is lost."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from pipeline.database import records
from pipeline.desk.answer import Answer, Section

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import date

    from pipeline.database import Connection, Record
    from pipeline.desk.answer import Cell
    from pipeline.desk.desk import Desk

_NOTICES = "nonprofit_notices"
_SOLD = ("subscriptions", "seats", "next_renewal", "monthly_amount", "currency")
_NOTICE_COLUMNS = (
    "removal_date", "days_left", "customer", "customer_id", "notice_date", "contested", "still_listed", *_SOLD,
    "source",
)  # fmt: skip
_LOST_COLUMNS = ("lost_on", "customer", "customer_id", *_SOLD, "source")
# A table has no room for the id of a customer that has a name, and shows an amount with its currency.
_NOT_DRAWN = {"customer_id", "currency", "still_listed"}

# Each customer's live nonprofit subscriptions; what they cost is known only where that of each is, in one currency.
_SALES = """
    with priced as (
        select
            s.customer_id, s.quantity, s.last_day, r.as_of,
            coalesce(
                e.monthly_amount,
                case when s.currency is not null then cast(s.quantity * s.monthly_price as decimal(38, 2)) end
            ) as amount,
            coalesce(e.currency, s.currency) as currency
        from core.sale_nonprofit as s
        cross join core.run as r
        left join core.exposure as e on s.subscription_id = e.subscription_id
    ),
    sales as (
        select
            p.customer_id, count(*) as subscriptions, sum(p.quantity)::bigint as seats,
            min(p.last_day) filter (p.last_day >= p.as_of) as next_renewal,
            count(p.amount) = count(*) and min(p.currency) = max(p.currency) as is_priced,
            sum(p.amount) as amount, min(p.currency) as currency
        from priced as p
        group by p.customer_id
    )
"""
_SALE_COLUMNS = """
    coalesce(s.subscriptions, 0) as subscriptions,
    case when s.customer_id is null then 0 else s.seats end as seats,
    s.next_renewal,
    case when s.is_priced then s.amount end as monthly_amount,
    case when s.is_priced then s.currency end as currency
"""
_UNDER_NOTICE = f"""
    {_SALES},
    files as (
        select min(i.file) as file from audit.inputs as i
        where i.as_of = $as_of and i.table_name = '{_NOTICES}'
    )
    select
        n.removal_date, date_diff('day', $as_of, n.removal_date) as days_left, c.company_name as customer,
        n.customer_id, n.notice_date, n.contested, q.nonprofit = 1 as still_listed, {_SALE_COLUMNS},
        concat(f.file, ':', n.line) as source, t.customer_id is not null as is_in_export
    from core.nonprofit_notice as n
    cross join files as f
    left join core.customers as c on n.customer_id = c.customer_id
    left join core.customer_type as t on n.customer_id = t.customer_id
    left join ref.qualification_sets as q on t.customer_type = q.customer_type
    left join sales as s on n.customer_id = s.customer_id
    where n.removal_date <= $until
    order by n.removal_date, s.seats desc nulls last, n.customer_id
"""
_LOST = f"""
    {_SALES}
    select
        l.lost_on, c.company_name as customer, l.customer_id, {_SALE_COLUMNS}, concat(c.file, ':', c.line) as source
    from core.nonprofit_lost as l
    join sales as s on l.customer_id = s.customer_id
    join core.customers as c on l.customer_id = c.customer_id
    order by l.lost_on, s.seats desc nulls last, l.customer_id
"""


def expiring(desk: Desk, days: int, *, drawn: bool) -> Answer:
    """Return customers whose nonprofit qualification goes at most `days` after the night, should be gone, or is gone.

    A drawn answer has the columns that a table shows.
    """
    until = desk.as_of + timedelta(days=days)
    notices = records(desk.connection, _UNDER_NOTICE, {"as_of": desk.as_of, "until": until})
    # Where nobody can tell whether a customer is still listed, its notice counts.
    concerned = [row for row in notices if row["is_in_export"] and row["still_listed"] is not False]
    coming = [row for row in concerned if row["removal_date"] >= desk.as_of]
    passed = [row for row in concerned if row["removal_date"] < desk.as_of]
    lost = records(desk.connection, _LOST)
    is_supplied = _is_supplied(desk.connection, desk.as_of)
    nothing = "None." if is_supplied else f"Not known: no {_NOTICES} file was supplied."
    sections = (
        _section("under_notice", "Nonprofit qualification ends", _NOTICE_COLUMNS, coming, drawn=drawn, nothing=nothing),
        _section(
            "passed", "Removal date has passed, still listed", _NOTICE_COLUMNS, passed, drawn=drawn, nothing=nothing
        ),
        _section("lost", "Qualification lost, nonprofit subscriptions still live", _LOST_COLUMNS, lost, drawn=drawn),
    )
    facts: dict[str, Cell] = {
        "as_of": desk.as_of, "until": until, "notices_supplied": is_supplied,
        "under_notice_count": len(coming) if is_supplied else None,
        "passed_count": len(passed) if is_supplied else None, "lost_count": len(lost),
    }  # fmt: skip
    gaps = _gaps(desk.connection, desk.as_of, len(notices) - len(concerned))
    return Answer((*_lead(facts), *gaps), sections, facts)


def _lead(facts: Mapping[str, Cell]) -> tuple[str, ...]:
    lost = f"lost with live nonprofit subscriptions: {facts['lost_count']:,}."
    if facts["notices_supplied"]:
        told = f"Removal due from {facts['as_of']} to {facts['until']}: {facts['under_notice_count']:,}"
        return (f"{told}; passed and still listed: {facts['passed_count']:,}; {lost}",)
    told = f"No {_NOTICES} file was supplied on {facts['as_of']}: which customers are under notice is not known."
    return (told, f"Qualification {lost}")


def _is_supplied(connection: Connection, as_of: date) -> bool:
    row = connection.execute(
        "select count(file) from audit.inputs where as_of = ? and table_name = ?", [as_of, _NOTICES]
    ).fetchone()
    return bool(row and row[0])


def _section(  # noqa: PLR0913 - what tells three tables apart
    name: str, title: str, columns: Sequence[str], rows: Sequence[Record], *, drawn: bool, nothing: str = "None."
) -> Section:
    """Make a section; a drawn one has fewer columns."""
    unsure = sum(row.get("still_listed", True) is None for row in rows)
    note = f"Whether still listed cannot be told, as a qualification row could not be read: {unsure:,}."
    if drawn:
        columns = [column for column in columns if column not in _NOT_DRAWN]
        rows = [{**row, **_drawn(row)} for row in rows]
    return Section(
        name,
        f"{title}: {len(rows):,}",
        tuple(columns),
        tuple(tuple(row[column] for column in columns) for row in rows),
        notes=(note,) if unsure else (),
        nothing=nothing,
    )


def _drawn(row: Record) -> dict[str, Cell]:
    amount = row["monthly_amount"]
    return {
        "customer": row["customer"] or row["customer_id"],
        "monthly_amount": None if amount is None else f"{amount:,.2f} {row['currency']}",
    }


def _gaps(connection: Connection, as_of: date, left_out: int) -> list[str]:
    """Say what is not listed, and what nobody could have seen."""
    (runs, unread) = connection.execute(
        """
        select
            (select count(*) from audit.runs where as_of < $as_of),
            (select coalesce(sum(unread), 0)::bigint from audit.inputs where as_of = $as_of and table_name = $notices)
        """,
        {"as_of": as_of, "notices": _NOTICES},
    ).fetchone() or (0, 0)
    told = [
        (
            left_out,
            f"Notices of customers that are not Nonprofit tonight, or not in the customers export: {left_out:,}.",
        ),
        (unread, f"Rows of {_NOTICES} that could not be read (see quarantine.csv): {unread:,}."),
        (not runs, "No earlier night was audited: a qualification that was lost cannot be seen yet."),
    ]
    return [text for is_so, text in told if is_so]
