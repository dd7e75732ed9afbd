"""What the customer's dossier and the purchase answer both read from the warehouse."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

from pipeline.database import records
from pipeline.desk.answer import as_text
from schemas.segments import SEGMENTS

if TYPE_CHECKING:
    from pipeline.database import Connection, Record

NO_QUALIFICATION = "(none)"
# Those that a customer asks for and Microsoft decides.
SPECIAL = tuple(segment for segment in SEGMENTS if segment != "Commercial")
STRICT_SOURCE = (
    "The combination is not in the purchase matrix; the strictest reading is the auditor's, not Microsoft's word"
)


@dataclass(frozen=True)
class Customer:
    """Who a customer is: its id, its row of the customers export, its type, and the tables with an unread row of it.

    The row is None where the export does not hold it; so is the type, which also is where nobody can tell it.
    """

    customer_id: str
    row: Record | None
    customer_type: str | None
    unread: frozenset[str]

    @property
    def called(self) -> str:
        """What to call it in a sentence: its name, or its id where no export says its name."""
        return as_text(self.row["company_name"]) if self.row else f"the customer {self.customer_id}"


def read_customer(connection: Connection, customer_id: str) -> Customer:
    """Return what tonight's exports say of who a customer is."""
    return Customer(
        customer_id,
        _customer_row(connection, customer_id),
        _customer_type(connection, customer_id),
        _unread_tables(connection, customer_id),
    )


def _customer_row(connection: Connection, customer_id: str) -> Record | None:
    rows = records(
        connection,
        """
        with reseller as (
            select mpn_id, min(name) as name from core.partners group by mpn_id
        )
        select
            c.customer_id, c.company_name, c.domain, c.country, c.relationship, c.reseller_id, c.tags,
            r.name as reseller_name, concat(c.file, ':', c.line) as source
        from core.customers as c left join reseller as r on c.reseller_id = r.mpn_id
        where c.customer_id = $customer
        """,
        {"customer": customer_id},
    )
    return rows[0] if rows else None


def _customer_type(connection: Connection, customer_id: str) -> str | None:
    found = connection.execute(
        "select customer_type from core.customer_type where customer_id = ?", [customer_id]
    ).fetchone()
    return found[0] if found else None


def _unread_tables(connection: Connection, customer_id: str) -> frozenset[str]:
    rows = connection.execute(
        "select table_name from core.unread_customers where customer_id = ?", [customer_id]
    ).fetchall()
    return frozenset(name for (name,) in rows)


def supplied(connection: Connection) -> dict[str, frozenset[str]]:
    """Return the columns of each table that was supplied tonight."""
    rows = connection.execute("""
        select i.table_name, i.columns from audit.inputs as i
        inner join core.run as r on i.as_of = r.as_of
        where i.file is not null
    """).fetchall()
    columns: dict[str, frozenset[str]] = {}
    for table, names in rows:
        columns[table] = columns.get(table, frozenset()) | frozenset(names)
    return columns


def matrix_cells(connection: Connection, of_type: str) -> list[Record]:
    """Return for each segment the outcome for a type of customer, and since when and by which source it is so.

    Both of these are null for a combination that the matrix does not list.
    """
    cells = records(
        connection,
        """
        select p.segment, p.outcome, p.may_be_sold, m.valid_from, m.source
        from core.purchase_rule as p
        cross join core.run as r
        left join ref.purchase_matrix as m
            on
                p.customer_type = m.customer_type
                and p.segment = m.segment
                and m.valid_from <= r.as_of
                and (m.valid_to is null or m.valid_to >= r.as_of)
        where p.customer_type = $type
        """,
        {"type": of_type},
    )
    return sorted(cells, key=lambda cell: list(SEGMENTS).index(cell["segment"]))


def since(day: date) -> str:
    """Return since when policy is in force."""
    return "always" if day == date.min else day.isoformat()


def requests_of(connection: Connection, customer_id: str) -> list[Record]:
    """Return for each special qualification how often it was requested, and may be still; and the last request."""
    found = records(
        connection,
        """
        with in_force as (
            select l.requests from ref.request_limits as l
            cross join core.run as r
            where l.valid_from <= r.as_of and (l.valid_to is null or l.valid_to >= r.as_of)
        ),
        asked as (
            select
                q.qualification, count(*) as requested, max(q.requested_date) as last_requested_on,
                arg_max(q.outcome, q.requested_date) as last_outcome,
                concat(arg_max(q.file, q.requested_date), ':', arg_max(q.line, q.requested_date)) as source
            from core.qualification_requests as q
            cross join core.run as r
            where q.customer_id = $customer and q.requested_date <= r.as_of
            group by q.qualification
        )
        select
            s.qualification, coalesce(a.requested, 0) as requested,
            greatest(f.requests - coalesce(a.requested, 0), 0) as requests_left,
            a.last_requested_on, a.last_outcome, a.source
        from (select unnest($special) as qualification) as s
        cross join in_force as f
        left join asked as a on s.qualification = a.qualification
        """,
        {"customer": customer_id, "special": list(SPECIAL)},
    )
    return sorted(found, key=lambda row: SPECIAL.index(row["qualification"]))


def notice_of(connection: Connection, customer_id: str) -> Record | None:
    """Return the customer's nonprofit notice: its day, the day of the removal, whether it is contested."""
    rows = records(
        connection,
        """
        select n.notice_date, n.removal_date, n.contested, concat(e.file, ':', e.line) as source
        from core.nonprofit_notice as n
        inner join core.nonprofit_notices as e on n.customer_id = e.customer_id and n.line = e.line
        where n.customer_id = $customer
        """,
        {"customer": customer_id},
    )
    return rows[0] if rows else None


def lost_nonprofit_on(connection: Connection, customer_id: str) -> date | None:
    """Return the night on which the nonprofit qualification was first missing, where it was lost."""
    found = connection.execute(
        "select lost_on from core.nonprofit_lost where customer_id = ?", [customer_id]
    ).fetchone()
    return found[0] if found else None


def gcc_validations_of(connection: Connection, customer_id: str) -> list[Record]:
    """Return the customer's GCC validations, the newest first, with the name of the partner that the form named."""
    return records(
        connection,
        """
        with partner as (
            select p.tenant_id, coalesce(p.name, p.tenant_id) as name, 0 as is_azure from core.partners as p
            union all
            select p.azure_gcc_tenant_id, concat('Azure GCC tenant of ', coalesce(p.name, p.tenant_id)), 1
            from core.partners as p where p.azure_gcc_tenant_id is not null
        ),
        named as (
            select p.tenant_id, arg_min(p.name, (p.is_azure, p.name)) as name from partner as p group by p.tenant_id
        )
        select
            v.submitted_date, v.validation_id, v.status, v.decided_date, v.submitted_tenant_id,
            p.name as submitted_for, concat(v.file, ':', v.line) as source
        from core.gcc_validations as v left join named as p on v.submitted_tenant_id = p.tenant_id
        where v.customer_id = $customer
        order by v.submitted_date desc, v.status, v.line
        """,
        {"customer": customer_id},
    )
