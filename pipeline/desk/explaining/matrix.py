"""Which cell of the purchase matrix a finding is about, and what may be sold instead."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipeline.desk.dossier.reading import STRICT_SOURCE, matrix_cells, since

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pipeline.database import Connection
    from pipeline.desk.answer import Cell
    from schemas.finding import Finding

MATRIX_COLUMNS = ("customer_type", "segment", "outcome", "in_force_since", "source")
# A rule that has one of these facts is about segments.
_ABOUT_SEGMENTS = {"segment", "scheduled_segment", "customer_type", "allowed"}


def matrix_rows(connection: Connection, finding: Finding) -> tuple[tuple[Cell, ...], ...]:
    """Return the cell for the customer's type and the segment sold or scheduled, where the rule is about segments.

    Under a combination that the matrix does not list stand the cells of each of its qualifications.
    """
    segment = finding.facts.get("scheduled_segment") or finding.segment
    if not finding.customer_type or not segment or _ABOUT_SEGMENTS.isdisjoint(finding.facts):
        return ()
    return tuple(_cells(connection, finding.customer_type, str(segment)))


def _cells(connection: Connection, customer_type: str, segment: str) -> Iterator[tuple[Cell, ...]]:
    for cell in matrix_cells(connection, customer_type):
        if cell["segment"] != segment:
            continue
        is_listed = cell["source"] is not None
        in_force = since(cell["valid_from"]) if is_listed else None
        yield customer_type, segment, cell["outcome"], in_force, cell["source"] if is_listed else STRICT_SOURCE
        if not is_listed:
            for qualification in customer_type.split(" + "):
                yield from _cells(connection, qualification, segment)


def may_be_sold(connection: Connection, finding: Finding) -> str | None:
    """Return the segments that the customer's type may be sold, or None where its type is not known."""
    found = connection.execute(
        "select may_be_sold from core.purchase_rule where customer_type = ? limit 1", [finding.customer_type]
    ).fetchone()
    return str(found[0]) if found else None
