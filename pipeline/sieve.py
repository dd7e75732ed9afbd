"""The sieve: one SELECT that reads an export, types it, and marks in a bit mask what each row breaks."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipeline.database import definition, literal
from pipeline.expressions import derived, holds, raw, value
from schemas.column import Stored

if TYPE_CHECKING:
    from pipeline.export import Export
    from schemas.column import Column
    from schemas.derived import Derived
    from schemas.table import Table

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
    columns = [f"{typed(c, export)} as {c.name}" for c in table.columns]
    columns += [f"{_computed(d, present)} as {d.name}" for d in table.derived]
    cells = [raw(c.name) for c in table.columns if c.name in present]
    kept = "true" if judged_later else f"broken <> 0 or {_is_sampled(export, cells[0])}"
    everything = ", ".join(f"{_cell(c, export)} as {raw(c.name)}" for c in table.columns)
    return (
        f"select {', '.join(columns)}, {'0::bigint' if judged_later else mask(export)} as broken, "
        f"case when {kept} then [{', '.join(cells)}] end as raw_cells "
        f"from (select {everything} from {source})"
    )


def _is_sampled(export: Export, first_cell: str) -> str:
    """Choose rows by the content that tells them apart, so that the choice is the same in every order."""
    one_in = min(export.data_lines // SAMPLED_ROWS + 1, SAMPLED_ONE_IN)
    names = [name for either in export.table.either for name in either.columns if name in export.header.present]
    return f"hash({', '.join(map(raw, names)) or first_cell}) % {one_in} = 0"


def _cell(column: Column, export: Export) -> str:
    """Give the raw cell, or what the preamble says where that is empty."""
    stated = dict(export.header.stated).get(column.name)
    if column.name not in export.header.columns:
        return "cast(null as varchar)" if stated is None else literal(stated)
    return raw(column.name) if stated is None else f"coalesce({raw(column.name)}, {literal(stated)})"


def _computed(column: Derived, present: frozenset[str]) -> str:
    """Give a derived column its type; without the columns that it needs it is null."""
    return f"cast({derived(column) if present.issuperset(column.needs) else 'null'} as {column.duckdb_type})"


def definitions(table: Table) -> str:
    """Define the columns that `select_rows` gives, in its order."""
    columns = [definition(c.name, c.kind.duckdb_type, is_id=_is_id(c, table)) for c in table.columns]
    columns += [definition(d.name, d.duckdb_type, is_id=False) for d in table.derived]
    return f"{', '.join(columns)}, broken bigint, raw_cells varchar[]"


def _is_id(column: Column, table: Table) -> bool:
    return column.kind.stored is Stored.LOWER and column.name in {"customer_id", *table.key}


def empty_table(table: Table) -> str:
    """Compile a SELECT of no rows with the columns that a loaded table has."""
    columns = [f"cast(null as {column.kind.duckdb_type}) as {column.name}" for column in table.columns]
    columns += [f"cast(null as {d.duckdb_type}) as {d.name}" for d in table.derived]
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
        if flag.place(export.header.present)
    ]
    return f"cast({' + '.join(bits) or '0'} as bigint)"
