"""Decides for each column of slashed dates whether the day or the month comes first."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipeline.database import connect_in_memory, literal
from pipeline.export import Export, scan
from pipeline.expressions import raw
from schemas.column import Stored
from schemas.dates import SLASHED, DateOrder
from schemas.reading import Problem

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping


def decide_orders(export: Export, configured: Mapping[str, DateOrder]) -> tuple[dict[str, DateOrder], list[Problem]]:
    """Return the order of each column that has slashed dates, and a problem for each that nothing decides.

    A configured order is taken as it is; among many files of one table, only for those whose own values decide nothing.
    """
    orders = dict(configured)
    problems = []
    for name, first_passes, second_passes in _slashed_columns(export, () if export.table.many else configured):
        if first_passes and second_passes:
            problems.append(_contradicting(export, name))
        elif first_passes:
            orders[name] = DateOrder.DAY_FIRST
        elif second_passes:
            orders[name] = DateOrder.MONTH_FIRST
        elif name not in orders:
            problems.append(_undecided(export, name))
    return orders, problems


def _slashed_columns(export: Export, configured: Collection[str]) -> Iterator[tuple[str, bool, bool]]:
    """Read the columns of dates whole: a part that passes twelve in any row can only be the day."""
    dates = [column.name for column in export.table.columns if column.kind.stored is Stored.DAY]
    names = [name for name in dates if name in export.header.columns and name not in configured]
    if not names or not export.text.is_slashed:
        return
    sums = ", ".join(
        f"count(*) filter ({match}), count(*) filter ({match} and {part.format(1)}), "
        f"count(*) filter ({match} and {part.format(2)})"
        for match, part in map(_tests, names)
    )
    with connect_in_memory() as connection:
        counts = connection.execute(f"select {sums} from {scan(export.text, export.header)}").fetchone() or ()
    for position, name in enumerate(names):
        slashed, first, second = counts[3 * position : 3 * position + 3]
        if slashed:
            yield name, bool(first), bool(second)


def _tests(name: str) -> tuple[str, str]:
    """Compile whether a cell is a slashed date, and whether one of its parts passes twelve."""
    cell = raw(name)
    part = f"coalesce(try_cast(split_part(split_part({cell}, ' ', 1), '/', {{}}) as integer), 0) > 12"
    return f"coalesce(regexp_full_match({cell}, {literal(SLASHED)}), false)", part


def _contradicting(export: Export, name: str) -> Problem:
    return Problem(
        export.file,
        f"column {name}",
        "slashed dates of both orders: in some rows the first part passes 12, in others the second",
        "one order in one column",
        "Have the script that writes the export use ISO dates, then ask for it to be run again.",
    )


def _undecided(export: Export, name: str) -> Problem:
    setting = f"tables.{export.table.name}.date_order.{name}"
    return Problem(
        export.file,
        f"column {name}",
        "slashed dates that could be day/month or month/day (no part passes 12)",
        "a value that decides it, or ISO dates",
        f'Set {setting} = "day first" or "month first" in the configuration.',
    )
