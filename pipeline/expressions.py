"""Schema columns as SQL: what each condition asks of the raw text, and how the text becomes a value.

Everything here reads raw VARCHAR cells. A condition's expression is true where it holds and is never null.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipeline.database import identifier, literal
from schemas.column import Column, Stored
from schemas.conditions import SEPARATORS, WHOLE_NUMBER, Either, InRange, IsDate, OneOf, Ordered, Present, Shape
from schemas.dates import DOTTED, ISO_OFFSET, ISO_UTC, SLASHED, DateOrder
from schemas.derived import ENDLESS_YEAR, NEW_COMMERCE_MARK, PLAN_MONTHS, Derived, LastDay, MonthlyPrice, PriceKey

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from schemas.table import Flag


def raw(name: str) -> str:
    """Name the raw cell of a column."""
    return identifier(f"raw_{name}")


def folded(cell: str) -> str:
    """Fold a cell as `schemas.conditions.fold` does."""
    return f"lower(translate({cell}, {literal(SEPARATORS)}, ''))"


def holds(flag: Flag, typed: str, orders: Mapping[str, DateOrder]) -> str:
    """Compile one flag; `typed` is the column's value, which is null where a closed list or a date is broken."""
    cell = raw(flag.column)
    match flag.condition:
        case Present():
            return f"{cell} is not null"
        case Shape(pattern=pattern):
            return f"({cell} is null or regexp_full_match({cell}, {literal(pattern)}))"
        case OneOf() | IsDate():
            return f"({cell} is null or {typed} is not null)"
        case InRange(low=low, high=high):
            # Only what is out of range is matched: a cast reads more than the shape allows, such as 1e12.
            inside = f"coalesce(try_cast({cell} as bigint) between {low} and {high}, true)"
            return f"case when {inside} then true else not regexp_full_match({cell}, {literal(WHOLE_NUMBER)}) end"
        case Ordered(first=first, second=second):
            days = day(raw(first), orders.get(first)), day(raw(second), orders.get(second))
            return f"coalesce({days[0]} <= {days[1]}, true)"
        case Either(groups=groups):
            complete = (" and ".join(f"{raw(name)} is not null" for name in group) for group in groups)
            return f"({' or '.join(f'({group})' for group in complete)})"


def day(cell: str, order: DateOrder | None) -> str:
    """Read a cell as a UTC day: null where it is empty or names no day.

    No sub-expression but the cell stands twice: DuckDB would compute it once, ahead of the case, for every row.
    """
    forms = [
        (ISO_UTC, f"left({cell}, 10)"),
        (ISO_OFFSET, _moved(cell)),
        (DOTTED, _reordered(cell, DateOrder.DAY_FIRST)),
    ]
    if order is not None:
        forms.append((SLASHED, _reordered(cell, order)))
    cases = " ".join(
        f"when regexp_full_match({cell}, {literal(form)}) then try_cast({value} as date)" for form, value in forms
    )
    return f"case {cases} end"


def _moved(cell: str) -> str:
    """Move a local time to UTC; the one day behind the last of the calendar becomes that day, as in Python."""
    moment = f"timezone('UTC', try_cast({cell} as timestamptz))"
    return f"replace(left(cast({moment} as varchar), 10), '10000-01-0', '9999-12-31')"


def _reordered(cell: str, order: DateOrder) -> str:
    """Put the parts of a dotted or slashed date into the order of ISO."""
    parts = "\\3-\\2-\\1" if order is DateOrder.DAY_FIRST else "\\3-\\1-\\2"
    return f"regexp_replace({cell}, '^([0-9]+)[./]([0-9]+)[./]([0-9]+).*$', '{parts}')"


def value(  # noqa: PLR0911 - one line for each way of storing
    column: Column, orders: Mapping[str, DateOrder]
) -> str:
    """Turn the raw cell into the value that is stored; a cell that breaks a condition may give null."""
    cell = raw(column.name)
    match column.kind.stored:
        case Stored.AS_WRITTEN:
            return cell
        case Stored.LOWER:
            return f"lower({cell})"
        case Stored.UPPER:
            return f"upper({cell})"
        case Stored.DAY:
            return day(cell, orders.get(column.name))
        case Stored.NUMBER:
            number = cell if column.kind.duckdb_type == "BIGINT" else f"replace({cell}, ',', '.')"
            return f"try_cast({number} as {column.kind.duckdb_type})"
        case Stored.TRUTH:
            return f"{_canonical(column, cell)} = 'true'"
        case Stored.CANONICAL:
            return _canonical(column, cell)


def _canonical(column: Column, cell: str) -> str:
    (closed,) = (condition for condition in column.conditions if isinstance(condition, OneOf))
    return _looked_up(cell, ((spelling, literal(name)) for spelling, name in closed.spellings))


def _looked_up(cell: str, spellings: Iterable[tuple[str, str]]) -> str:
    """Look the spelling up as it stands; only what is not found is folded, which costs more."""
    cases = " ".join(f"when {literal(spelling)} then {found}" for spelling, found in spellings)
    return f"case lower({cell}) {cases} else case {folded(cell)} {cases} end end"


def derived(column: Derived) -> str:
    """Compute a column from raw cells, and from typed columns of the same SELECT by their names."""
    match column:
        case PriceKey(product_id=product, sku_id=sku, offer_id=offer_id):
            new_commerce = f"concat({raw(product)}, ':', {padded(raw(sku))})"
            is_whole = f"{raw(product)} is not null and {raw(sku)} is not null"
            return f"lower(if({is_whole}, {new_commerce}, {raw(offer_id)}))"
        case MonthlyPrice(price=price, plan=plan):
            months = _looked_up(raw(plan), ((spelling, str(months)) for spelling, months in PLAN_MONTHS.items()))
            return f"try_cast({price} / {months} as {column.duckdb_type})"
        case LastDay(end=end, offer_id=offer_id):
            is_legacy = f"not contains({raw(offer_id)}, {literal(NEW_COMMERCE_MARK)})"
            return f"case when {end} < date '{ENDLESS_YEAR}-01-01' then {end} - cast({is_legacy} as integer) end"


def padded(sku: str) -> str:
    """Give back the leading zeros that a spreadsheet took."""
    return f"if(length({sku}) < 4, lpad({sku}, 4, '0'), {sku})"
