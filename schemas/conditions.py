"""The closed vocabulary of what a schema may ask of a row.

Every condition is judged twice from this one definition: by the sieve (compiled to SQL) and by pandera, the
referee. A condition that is not of one of these kinds cannot be compiled, so a schema refuses it on import.
Conditions read the text of the export, before any cast. Empty cells satisfy everything but `Present`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd

# Space, hyphens and dashes of every width, underscore: what the many spellings of one term differ by.
SEPARATORS = " \t\u00a0_-\u00ad\u2010\u2011\u2012\u2013\u2014\u2212"
_WITHOUT_SEPARATORS = str.maketrans("", "", SEPARATORS)
# Beside ASCII, the two capitals whose lower case is an ASCII letter: the Turkish dotted I and the Kelvin sign.
_LOWER = str.maketrans("ABCDEFGHIJKLMNOPQRSTUVWXYZ\u0130\u212a", "abcdefghijklmnopqrstuvwxyzik")
WHOLE_NUMBER = "[+-]?[0-9]{1,15}"


def fold(term: str) -> str:
    """Return a term without case, spaces, hyphens and dashes, so that its spellings compare equal."""
    return term.translate(_WITHOUT_SEPARATORS).translate(_LOWER)


@dataclass(frozen=True)
class Present:
    """The cell is not empty."""

    @property
    def expected(self) -> str:
        """What to tell the user."""
        return "a value (the column is required)"

    def holds(self, cells: pd.Series) -> pd.Series:
        """Judge each cell."""
        return cells.notna()


@dataclass(frozen=True)
class Shape:
    """The whole cell matches a regular expression in ASCII classes, which Python and RE2 read alike."""

    pattern: str
    expected: str

    def __post_init__(self) -> None:
        r"""Refuse what the two engines read differently: \d, \w, \s, \b, look-around, back-references."""
        outside_classes = re.sub(r"\[[^]]*\]", "", self.pattern)
        if re.search(r"\\|\(\?[^:]|[$^.]", outside_classes):
            message = f"shape {self.pattern!r} leaves the subset that both engines read alike"
            raise TypeError(message)

    def holds(self, cells: pd.Series) -> pd.Series:
        """Judge each cell."""
        return cells.isna() | cells.str.fullmatch(self.pattern).fillna(value=False).astype(bool)


@dataclass(frozen=True)
class OneOf:
    """The folded cell is one of the accepted spellings; `spellings` maps each to its canonical value."""

    spellings: tuple[tuple[str, str], ...]

    @property
    def expected(self) -> str:
        """What to tell the user."""
        return "one of " + ", ".join(dict.fromkeys(canonical for _, canonical in self.spellings))

    def holds(self, cells: pd.Series) -> pd.Series:
        """Judge each cell."""
        known = {spelling for spelling, _ in self.spellings}
        return cells.isna() | cells.map(lambda cell: fold(cell) in known, na_action="ignore").eq(other=True)


@dataclass(frozen=True)
class InRange:
    """The cell, once its shape holds, is a whole number from `low` to `high`."""

    low: int
    high: int

    @property
    def expected(self) -> str:
        """What to tell the user."""
        return f"a number from {self.low} to {self.high}"

    def holds(self, cells: pd.Series) -> pd.Series:
        """Judge each cell; a cell that is no number is the business of its shape."""
        import pandas as pd

        numbers = cells.where(cells.str.fullmatch(WHOLE_NUMBER).eq(other=True)).dropna().astype("int64")
        outside = numbers.index[(numbers < self.low) | (numbers > self.high)]
        return pd.Series(~cells.index.isin(outside), index=cells.index)


@dataclass(frozen=True)
class IsDate:
    """The cell is a calendar date, with or without a time, in one of the forms of `schemas.dates`."""

    @property
    def expected(self) -> str:
        """What to tell the user."""
        return "a date such as 2026-11-20, 2026-11-20T23:59:59Z or 20.11.2026"


@dataclass(frozen=True)
class Ordered:
    """Of two dates in one row, where both are given, the first is not after the second."""

    first: str
    second: str

    @property
    def expected(self) -> str:
        """What to tell the user."""
        return f"a date on or after {self.first}"


@dataclass(frozen=True)
class Either:
    """Of some groups of cells in one row, at least one has no empty cell; of the headers, none is missing from one."""

    groups: tuple[tuple[str, ...], ...]

    @property
    def columns(self) -> tuple[str, ...]:
        """All columns of all groups."""
        return tuple(name for group in self.groups for name in group)

    @property
    def expected(self) -> str:
        """What to tell the user."""
        return ", or ".join(" and ".join(group) for group in self.groups)

    def holds(self, rows: pd.DataFrame) -> pd.Series:
        """Judge each row; a column that the export does not have is empty in every one."""
        import pandas as pd

        complete = pd.Series(data=False, index=rows.index)
        for group in self.groups:
            complete |= rows.reindex(columns=list(group)).notna().all(axis="columns")
        return complete


Condition = Present | Shape | OneOf | InRange | IsDate | Ordered | Either
