"""One table of exports: its columns, what ties them together, and the pandera schema that they make."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, get_args

from schemas.conditions import Condition, IsDate, Ordered, fold
from schemas.dates import DateOrder, parse_date

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pandas as pd
    import pandera.pandas as pa

    from schemas.column import Column

MOST_CONDITIONS = 63


@dataclass(frozen=True)
class PriceKey:
    """Joins a price to a sale: product:sku with the SKU padded to four, or a legacy offer's id."""

    name: str
    product_id: str
    sku_id: str
    offer_id: str


@dataclass(frozen=True)
class DaysAfter:
    """Fills an empty date with another one plus some days."""

    name: str
    start: str
    days: int


Derived = PriceKey | DaysAfter


@dataclass(frozen=True)
class Flag:
    """One bit of the mask: a condition, and the column that breaks it."""

    column: str
    condition: Condition

    @property
    def label(self) -> str:
        """Names the flag in pandera's failure cases and in the quarantine."""
        return f"{self.column}: {type(self.condition).__name__}"


@dataclass(frozen=True)
class Table:
    """One kind of export. `key` names the columns that tell its rows apart (empty: rows may repeat)."""

    name: str
    purpose: str
    columns: tuple[Column, ...]
    required: bool = False
    key: tuple[str, ...] = ()
    ordered: tuple[Ordered, ...] = ()
    derived: tuple[Derived, ...] = ()

    def __post_init__(self) -> None:
        """Refuse a schema that the sieve could not compile, when it is imported and not on some night."""
        for flag in self.flags:
            if not isinstance(flag.condition, get_args(Condition)):
                message = f"{self.name}.{flag.column}: {flag.condition!r} is not in the closed vocabulary"
                raise TypeError(message)
        if len(self.flags) > MOST_CONDITIONS:
            message = f"{self.name}: more than {MOST_CONDITIONS} conditions do not fit the mask"
            raise TypeError(message)
        headers = [header for column in self.columns for header in column.headers]
        twice = {header for header in headers if headers.count(header) > 1}
        if twice:
            message = f"{self.name}: two columns claim the header {sorted(twice)}"
            raise TypeError(message)

    @property
    def flags(self) -> tuple[Flag, ...]:
        """All conditions in the order of their bits."""
        cells = tuple(Flag(column.name, condition) for column in self.columns for condition in column.conditions)
        return cells + tuple(Flag(pair.second, pair) for pair in self.ordered)

    def column(self, name: str) -> Column:
        """Return the column of that name."""
        return next(column for column in self.columns if column.name == name)

    def match(self, header: str) -> Column | None:
        """Return the column that an export's header names, or None where it is not known."""
        return next((column for column in self.columns if fold(header) in column.headers), None)

    def pandera_schema(self, orders: Mapping[str, DateOrder], present: frozenset[str]) -> pa.DataFrameSchema:
        """Build the referee: the columns `present` in the export as text, each with its checks.

        `orders` says what slashed dates mean, by column. The name of each check is its flag's label.
        """
        import pandera.pandas as pa

        cells = [flag for flag in self.flags if flag.column in present and not isinstance(flag.condition, Ordered)]
        columns = {
            name: pa.Column(
                checks=[_cell_check(flag, orders) for flag in cells if flag.column == name],
                nullable=True,
                coerce=False,
            )
            for name in present
        }
        pairs = [pair for pair in self.ordered if {pair.first, pair.second} <= present]
        return pa.DataFrameSchema(columns, checks=[_pair_check(pair, orders) for pair in pairs], strict=True)


def _cell_check(flag: Flag, orders: Mapping[str, DateOrder]) -> pa.Check:
    import pandera.pandas as pa

    def holds(cells: pd.Series[Any]) -> pd.Series[bool]:
        if isinstance(flag.condition, IsDate | Ordered):
            return cells.isna() | days(cells, orders.get(flag.column)).notna()
        return flag.condition.holds(cells)

    return pa.Check(holds, name=flag.label, ignore_na=False)


def _pair_check(pair: Ordered, orders: Mapping[str, DateOrder]) -> pa.Check:
    import pandera.pandas as pa

    def holds(rows: pd.DataFrame) -> pd.Series[bool]:
        first = days(rows[pair.first], orders.get(pair.first))
        second = days(rows[pair.second], orders.get(pair.second))
        return first.isna() | second.isna() | (first <= second)

    return pa.Check(holds, name=Flag(pair.second, pair).label, ignore_na=False)


def days(cells: pd.Series[Any], order: DateOrder | None) -> pd.Series[Any]:
    """Read a column of dates; cells that name no day become missing."""
    import pandas as pd

    read = [parse_date(cell, order) if isinstance(cell, str) else None for cell in cells]
    return pd.Series(pd.to_datetime(pd.Series(read, dtype="object")).array, index=cells.index)
