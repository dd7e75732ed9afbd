"""The sieve: one SELECT that reads an export, types it, and marks in a bit mask what each row breaks."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipeline.database import literal
from pipeline.expressions import derived, holds, raw, value
from schemas.conditions import Ordered

if TYPE_CHECKING:
    from pipeline.export import Export
    from schemas.column import Column
    from schemas.table import Flag, Table

# Of the rows that break nothing the referee sees about this many, and of very large files one in so many.
SAMPLED_ROWS = 1_000
SAMPLED_ONE_IN = 4_096


def select_rows(export: Export, source: str, *, judged_later: bool = False) -> str:
    """Compile the SELECT over `source`, whose columns are the export's raw cells.

    It gives the table's typed columns and derived ones, then `broken` (bit n: the nth flag of the table does
    not hold) and `raw_cells` (the row's raw cells in the order of the table, of broken and of sampled rows).
    With `judged_later` nothing is judged, and every row keeps its raw cells for pandera.
    """
    table, present = export.table, export.header.present
    filled = {column.name: column for column in table.derived}
    columns = [
        f"{derived(filled[c.name], export.orders) if c.name in filled else typed(c, export)} as {c.name}"
        for c in table.columns
    ]
    names = {column.name for column in table.columns}
    columns += [f"{derived(d, export.orders)} as {d.name}" for d in table.derived if d.name not in names]
    cells = ", ".join(raw(c.name) for c in table.columns if c.name in present)
    everything = ", ".join(
        raw(c.name) if c.name in present else f"cast(null as varchar) as {raw(c.name)}" for c in table.columns
    )
    one_in = min(export.data_lines // SAMPLED_ROWS + 1, SAMPLED_ONE_IN)
    sampled = f"hash({raw(table.columns[0].name)}) % {one_in} = 0"
    return (
        f"select {', '.join(columns)}, {'0::bigint' if judged_later else mask(export)} as broken, "
        f"case when {'true' if judged_later else f'broken <> 0 or {sampled}'} then [{cells}] end as raw_cells "
        f"from (select {everything} from {source})"
    )


def empty_table(table: Table) -> str:
    """Compile a SELECT of no rows with the columns that a loaded table has."""
    columns = [f"cast(null as {column.kind.duckdb_type}) as {column.name}" for column in table.columns]
    names = {column.name for column in table.columns}
    columns += [f"cast(null as varchar) as {d.name}" for d in table.derived if d.name not in names]
    return f"select {', '.join(columns)}, cast(null as bigint) as line, cast(null as varchar) as file where false"


def typed(column: Column, export: Export) -> str:
    """Give a column its type; one that the export does not have is null, or what the schema says instead."""
    if column.name in export.header.present:
        return f"cast({value(column, export.orders)} as {column.kind.duckdb_type})"
    absent = "null" if column.absent is None else literal(column.absent)
    return f"cast({absent} as {column.kind.duckdb_type})"


def mask(export: Export) -> str:
    """Add up the bits of the flags that a row does not satisfy."""
    table = export.table
    bits = [
        f"if({holds(flag, value(table.column(flag.column), export.orders), export.orders)}, 0, {1 << bit})"
        for bit, flag in enumerate(table.flags)
        if applies(flag, export.header.present)
    ]
    return f"cast({' + '.join(bits) or '0'} as bigint)"


def applies(flag: Flag, present: frozenset[str]) -> bool:
    """Whether a flag can be judged on an export with these columns."""
    if isinstance(flag.condition, Ordered):
        return {flag.condition.first, flag.condition.second} <= present
    return flag.column in present
