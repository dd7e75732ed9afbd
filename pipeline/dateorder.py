"""Decides for each column of slashed dates whether the day or the month comes first."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from pipeline.database import connect_in_memory, literal
from pipeline.export import Export, scan
from pipeline.expressions import raw
from pipeline.header import sample_records
from schemas.column import Stored
from schemas.dates import SLASHED, DateOrder
from schemas.finding import Problem

if TYPE_CHECKING:
    from collections.abc import Mapping


def decide_orders(export: Export, configured: Mapping[str, DateOrder]) -> tuple[dict[str, DateOrder], list[Problem]]:
    """Return the order of each column that has slashed dates, and a problem for each that nothing decides."""
    orders = dict(configured)
    problems = []
    for name in _slashed_columns(export) - orders.keys():
        order = _order_by_values(export, name)
        if order is None:
            problems.append(_undecided(export, name))
        else:
            orders[name] = order
    return orders, problems


def _slashed_columns(export: Export) -> set[str]:
    records = sample_records(export.text, export.header)
    dates = {column.name for column in export.table.columns if column.kind.stored is Stored.DAY}
    return {
        name
        for position, name in enumerate(export.header.columns)
        if name in dates
        and any(len(record) > position and re.fullmatch(SLASHED, record[position]) for record in records)
    }


def _order_by_values(export: Export, name: str) -> DateOrder | None:
    """Read the column whole: a part that passes twelve in any row can only be the day."""
    cell = raw(name)
    part = f"try_cast(split_part(split_part({cell}, ' ', 1), '/', {{}}) as integer) > 12"
    query = (
        f"select coalesce(bool_or({part.format(1)}), false), coalesce(bool_or({part.format(2)}), false) "
        f"from {scan(export.text, export.header)} where regexp_full_match({cell}, {literal(SLASHED)})"
    )
    with connect_in_memory() as connection:
        row = connection.execute(query).fetchone()
    first, second = row or (False, False)
    if first:
        return DateOrder.DAY_FIRST
    return DateOrder.MONTH_FIRST if second else None


def _undecided(export: Export, name: str) -> Problem:
    setting = f"tables.{export.table.name}.date_order.{name}"
    return Problem(
        export.file,
        f"column {name}",
        "slashed dates that could be day/month or month/day (no part passes 12)",
        "a value that decides it, or ISO dates",
        f'Set {setting} = "day first" or "month first" in the configuration.',
    )
