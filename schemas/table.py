"""One table of exports: its columns, what ties them together, and the pandera schema that they make."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, get_args

from schemas.conditions import Condition, Either, IsDate, Ordered, fold
from schemas.dates import DateOrder, parse_date

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pandas as pd
    import pandera.pandas as pa

    from schemas.column import Column
    from schemas.derived import Derived

MOST_CONDITIONS = 63


@dataclass(frozen=True)
class Flag:
    """One bit of the mask: a condition, and the column that breaks it."""

    column: str
    condition: Condition

    @property
    def label(self) -> str:
        """Names the flag in pandera's failure cases and in the quarantine."""
        return f"{self.column}: {type(self.condition).__name__}"

    def place(self, present: frozenset[str]) -> str | None:
        """Name the column under which a broken row is listed; None where the export lacks what it judges."""
        match self.condition:
            case Ordered(first=first, second=second):
                return second if {first, second} <= present else None
            case Either() as either:
                return next((name for name in either.columns if name in present), None)
            case _:
                return self.column if self.column in present else None


@dataclass(frozen=True)
class Table:
    """One kind of export. `key` names the columns that tell its rows apart (empty: rows may repeat).

    Of `many` files all are read, of others the newest. Each pair of `preamble` names a line before the header, and the
    column that its value fills in every row with an empty cell there. `either` holds for headers and for rows.
    """

    name: str
    purpose: str
    columns: tuple[Column, ...]
    required: bool = False
    key: tuple[str, ...] = ()
    ordered: tuple[Ordered, ...] = ()
    either: tuple[Either, ...] = ()
    derived: tuple[Derived, ...] = ()
    many: bool = False
    preamble: tuple[tuple[str, str], ...] = ()

    def __post_init__(self) -> None:
        """Refuse a schema that the sieve could not compile, when it is imported and not on some night."""
        for flag in self.flags:
            if not isinstance(flag.condition, get_args(Condition)):
                message = f"{self.name}.{flag.column}: {flag.condition!r} is not in the closed vocabulary"
                raise TypeError(message)
        if len(self.flags) > MOST_CONDITIONS:
            message = f"{self.name}: more than {MOST_CONDITIONS} conditions do not fit the mask"
            raise TypeError(message)
        if self.many and self.key:
            message = f"{self.name}: keys are compared within one file, so a table of many files cannot have one"
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
        pairs = tuple(Flag(pair.second, pair) for pair in self.ordered)
        return cells + pairs + tuple(Flag(either.columns[0], either) for either in self.either)

    def column(self, name: str) -> Column:
        """Return the column of that name."""
        return next(column for column in self.columns if column.name == name)

    def match(self, header: str) -> Column | None:
        """Return the column that an export's header names, or None where it is not known."""
        folded = fold(header)
        return next((column for column in self.columns if folded in column.headers), None)

    def pandera_schema(self, orders: Mapping[str, DateOrder], present: frozenset[str]) -> pa.DataFrameSchema:
        """Build the referee: the columns `present` in the export as text, each with its checks.

        `orders` says what slashed dates mean, by column. The name of each check is its flag's label.
        """
        import pandera.pandas as pa

        flags = [flag for flag in self.flags if flag.place(present)]
        cells = [flag for flag in flags if not isinstance(flag.condition, Ordered | Either)]
        columns = {
            name: pa.Column(
                checks=[_cell_check(flag, orders) for flag in cells if flag.column == name],
                nullable=True,
                coerce=False,
            )
            for name in present
        }
        rows = [
            _row_check(flag.label, flag.condition, orders)
            for flag in flags
            if isinstance(flag.condition, Ordered | Either)
        ]
        return pa.DataFrameSchema(columns, checks=rows, strict=True)


def _cell_check(flag: Flag, orders: Mapping[str, DateOrder]) -> pa.Check:
    import pandera.pandas as pa

    def holds(cells: pd.Series[Any]) -> pd.Series[bool]:
        if isinstance(flag.condition, IsDate | Ordered | Either):
            return cells.isna() | days(cells, orders.get(flag.column)).notna()
        return flag.condition.holds(cells)

    return pa.Check(holds, name=flag.label, ignore_na=False)


def _row_check(label: str, condition: Ordered | Either, orders: Mapping[str, DateOrder]) -> pa.Check:
    import pandera.pandas as pa

    def holds(rows: pd.DataFrame) -> pd.Series[bool]:
        if isinstance(condition, Either):
            return condition.holds(rows)
        first, second = (days(rows[name], orders.get(name)) for name in (condition.first, condition.second))
        return first.isna() | second.isna() | (first <= second)

    return pa.Check(holds, name=label, ignore_na=False)


def days(cells: pd.Series[Any], order: DateOrder | None) -> pd.Series[Any]:
    """Read a column of dates; cells that name no day become missing."""
    import pandas as pd

    read = [parse_date(cell, order) if isinstance(cell, str) else None for cell in cells]
    return pd.Series(pd.to_datetime(pd.Series(read, dtype="object")).array, index=cells.index)
