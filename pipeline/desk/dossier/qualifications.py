"""The parts of a dossier on what a customer may be sold: its type, qualifications, requests and GCC validations."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipeline.database import records
from pipeline.desk.answer import Section
from pipeline.desk.dossier import reading

if TYPE_CHECKING:
    from pipeline.database import Connection
    from pipeline.desk.dossier.reading import Customer


def may_be_sold_section(connection: Connection, customer: Customer) -> Section:
    """Return what the matrix in force says of each segment, for the customer's type."""
    its_type = customer.customer_type
    cells = reading.matrix_cells(connection, its_type) if its_type else []
    return Section(
        "may_be_sold",
        f"What may be sold to a customer of type {its_type}" if its_type else "What may be sold",
        ("segment", "outcome", "in_force_since", "source"),
        tuple(
            (
                cell["segment"], cell["outcome"], reading.since(cell["valid_from"]) if cell["source"] else None,
                cell["source"] or reading.STRICT_SOURCE,
            )
            for cell in cells
        ),
        notes=("csp-audit can-buy also looks at the relationship, notices, the country and the partner.",),
        nothing="Cannot tell: the type of the customer is not known.",
    )  # fmt: skip


def qualifications_section(connection: Connection, customer: Customer) -> Section:
    """Return tonight's rows of the customer's qualifications, and which of them count."""
    rows = records(
        connection,
        """
        select
            q.qualification, q.vetting_status, q.vetting_reason, q.vetting_create_date as vetting_since,
            a.qualification is not null and (
                q.qualification = 'StateOwnedEntity' or not r.vetting_is_stated
                or coalesce(q.vetting_status, '') not in ('InReview', 'Denied')
            ) as counts_tonight,
            concat(q.file, ':', q.line) as source
        from core.qualifications as q
        cross join core.run as r
        left join (select distinct customer_id, qualification from core.approved_qualification) as a
            on q.customer_id = a.customer_id and q.qualification = a.qualification
        where q.customer_id = $customer
        order by q.qualification, q.vetting_create_date desc, q.line
        """,
        {"customer": customer.customer_id},
    )
    return Section(
        "qualifications",
        "Qualifications tonight",
        ("qualification", "vetting_status", "vetting_reason", "vetting_since", "counts_tonight", "source"),
        tuple(tuple(row.values()) for row in rows),
        notes=("A row of its qualifications could not be read.",) if "qualifications" in customer.unread else (),
        nothing="No row in the qualifications export.",
    )


def history_section(connection: Connection, customer: Customer) -> Section:
    """Return the spans of nights on which each qualification had a status."""
    rows = connection.execute(
        """
        select h.qualification, h.vetting_status, h.first_night, h.gone_on
        from history.qualifications as h where h.customer_id = ?
        order by h.qualification, h.first_night, h.vetting_status
        """,
        [customer.customer_id],
    ).fetchall()
    return Section(
        "qualification_history",
        "Qualifications by night",
        ("qualification", "vetting_status", "first_night", "gone_on"),
        tuple(rows),
        nothing="No night had a row of its qualifications.",
    )


def requests_section(connection: Connection, customer: Customer) -> Section:
    """Return how much of the budget of requests is used and left for each special qualification."""
    is_known = "qualification_requests" in reading.supplied(connection)
    rows = reading.requests_of(connection, customer.customer_id) if is_known else []
    return Section(
        "requests",
        "Requests for qualifications",
        ("qualification", "requested", "requests_left", "last_requested_on", "last_outcome", "source"),
        tuple(tuple(row.values()) for row in rows),
        notes=("A row of its requests could not be read: fewer may be left.",)
        if "qualification_requests" in customer.unread
        else (),
        nothing="Not known: no qualification_requests file was supplied.",
    )


def validation_sections(connection: Connection, customer: Customer) -> list[Section]:
    """Return a section where there are GCC validations, or one could not be read."""
    is_unread = "gcc_validations" in customer.unread
    rows = reading.gcc_validations_of(connection, customer.customer_id)
    if not rows and not is_unread:
        return []
    return [
        Section(
            "gcc_validations",
            "GCC validations",
            (
                *("submitted_on", "validation_id", "status", "decided_on"),
                *("submitted_tenant_id", "submitted_for", "source"),
            ),
            tuple(tuple(row.values()) for row in rows),
            notes=("A row of its validations could not be read.",) if is_unread else (),
        )
    ]  # fmt: skip
