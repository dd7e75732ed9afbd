"""The rows of the exports that speak of one customer, as they were loaded."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from schemas.catalog import TABLES

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pipeline.database import Connection

# What its sales rest on, beside the rows that name it: its offers in the price lists, and the partners that transact.
_OFFERS = """
    offer_key in (
        select o.offer_key
        from core.offers as o
        join own_sales as s on o.offer_id = s.offer_id or o.offer_id = s.scheduled_offer_id
    )
"""
_PARTNERS = """
    tenant_id in (
        select unnest([t.booked_tenant_id, t.tenant_id])
        from core.transacting_partner as t
        join own_sales as s on t.booked_tenant_id is not distinct from s.partner_tenant_id
    )
"""
_OTHERS = {"price_list": _OFFERS, "partners": _PARTNERS}


@dataclass(frozen=True)
class LoadedRow:
    """A row of a table of `core`: where it stood, and its typed columns as JSON can hold them."""

    table: str
    file: str
    line: int
    columns: dict[str, Any]

    @property
    def as_json(self) -> str:
        """The typed columns as one line of JSON."""
        return json.dumps(self.columns, ensure_ascii=False)


def line_marks(connection: Connection) -> dict[str, list[tuple[int, int]]]:
    """Return places in the bytes of each export, with the number of lines that end before each; by file."""
    rows = connection.execute(
        "select file, list((byte_offset, lines) order by byte_offset) from core.line_marks group by file"
    ).fetchall()
    return dict(rows)


def rows_of(connection: Connection, customer_id: str) -> list[LoadedRow]:
    """Return the rows that name a customer, and those that its sales rest on, by table, file and line."""
    # One look for a customer among millions of subscriptions does for all.
    connection.execute(
        "create or replace temp table own_sales as select * from core.subscriptions where customer_id = ?",
        [customer_id],
    )
    rows: list[LoadedRow] = []
    for name in TABLES:
        source = "own_sales" if name == "subscriptions" else f"core.{name}"
        condition = _OTHERS.get(name, "customer_id = $customer")
        asked = {} if name in _OTHERS else {"customer": customer_id}
        cursor = connection.execute(f"select * from {source} where {condition} order by file, line", asked)
        names = [column[0] for column in cursor.description or ()]
        rows += [_loaded(name, names, cells) for cells in cursor.fetchall()]
    return rows


def _loaded(table: str, names: Sequence[str], cells: Sequence[Any]) -> LoadedRow:
    columns = {name: _plain(cell) for name, cell in zip(names, cells, strict=True)}
    return LoadedRow(table, columns.pop("file"), columns.pop("line"), columns)


def _plain(cell: Any) -> Any:  # noqa: ANN401 - a cell of any type
    if isinstance(cell, Decimal):
        return str(cell)
    return cell.isoformat() if isinstance(cell, date) else cell
