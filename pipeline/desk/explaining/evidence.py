"""The rows of the exports that a finding rests on, with their values as loaded."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any

from pipeline.database import records
from schemas.catalog import TABLES

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pipeline.database import Connection
    from pipeline.desk.answer import Cell
    from schemas.finding import Finding

    Values = list[tuple[str, Cell]]

EVIDENCE_COLUMNS = ("table", "source", "column", "value")
# A customer may have thousands of rows in a table, an offer hundreds of prices.
MOST_ROWS = 10
_ALWAYS = {"customers", "subscriptions", "qualifications"}
# Where a table names neither the subscription nor the customer: the rows in force of the offers sold and scheduled, and
# the partners that the facts name.
_OFFERS = """
    offer_key in (
        select o.offer_key from core.offers as o join core.subscriptions as s
            on o.offer_id = s.offer_id or o.offer_id = s.scheduled_offer_id
        where s.subscription_id = $subscription
    )
    and coalesce(effective_start_date <= (select as_of from core.run), true)
    and coalesce(effective_end_date >= (select as_of from core.run), true)
"""
_PARTNERS = "list_contains($partners, tenant_id)"
_TENANTS = ("tenant_id", "partner_tenant_id", "provider_tenant_id", "submitted_tenant_id", "expected_tenant_id")


def evidence_rows(
    connection: Connection, finding: Finding, *, drawn: bool
) -> tuple[tuple[str, ...], tuple[tuple[Cell, ...], ...]]:
    """Return the columns that have a value, of each row: of the tables that the rule reads, and of its own evidence.

    The row that the finding rests on comes first. Drawn, a row says only once where it stands.
    """
    rows = [row for table in TABLES for row in _rows(connection, finding, table)]
    rows.sort(key=lambda row: row[1] != finding.source)
    if drawn:
        return EVIDENCE_COLUMNS[1:], tuple(cells for _, source, row in rows for cells in _drawn(source, row))
    return EVIDENCE_COLUMNS, tuple((table, source, *cells) for table, source, row in rows for cells in row)


def _drawn(source: str, row: Values) -> Iterator[tuple[Cell, ...]]:
    for place, cells in enumerate(row):
        yield "" if place else source, *cells


def _rows(connection: Connection, finding: Finding, table: str) -> Iterator[tuple[str, str, Values]]:
    file, _, line = finding.source.rpartition(":")
    condition = _condition(finding, table) if table in _tables(finding) else "false"
    values: dict[str, Any] = {
        "subscription": finding.subscription_id,
        "customer": finding.customer_id,
        "partners": [str(finding.facts[name]) for name in _TENANTS if finding.facts.get(name)],
        "file": file,
        "line": int(line) if line.isdigit() else None,
        "most": MOST_ROWS,
    }
    # Two lookups each skip what cannot match; one condition with an `or` would read the whole table.
    query = f"""
        with found as (
            select * from core.{table} where {condition}
            union
            select * from core.{table} where file = $file and line = $line
        )
        select * from found order by file = $file and line = $line desc, file, line limit $most
    """
    named = {name: value for name, value in values.items() if f"${name}" in query}
    for row in records(connection, query, named):
        source = f"{row.pop('file')}:{row.pop('line')}"
        yield table, source, [(name, _value(value)) for name, value in row.items() if value is not None]


def _condition(finding: Finding, table: str) -> str:
    columns = {column.name for column in TABLES[table].columns}
    if table == "price_list":
        return _OFFERS
    if "subscription_id" in columns and finding.subscription_id:
        return "subscription_id = $subscription"
    return "customer_id = $customer" if "customer_id" in columns else _PARTNERS


def _tables(finding: Finding) -> set[str]:
    """Return the tables that the finding's rule reads."""
    return _ALWAYS | {name.partition(".")[0] for name in (*finding.rule.needs, *finding.rule.uses)}


def _value(value: Cell) -> Cell:
    """Keep every digit of a price."""
    return f"{value.normalize():f}" if isinstance(value, Decimal) else value
