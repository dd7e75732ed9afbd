"""One column of an export: from its one line come the checks, the DuckDB type, the headers and the docs."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from schemas.conditions import WHOLE_NUMBER, Condition, InRange, IsDate, OneOf, Present, Shape, fold

if TYPE_CHECKING:
    from collections.abc import Mapping


class Stored(StrEnum):
    """How a cell is kept once it is read."""

    AS_WRITTEN = "as written"
    LOWER = "lower case"
    UPPER = "upper case"
    CANONICAL = "canonical spelling"
    NUMBER = "number"
    TRUTH = "true or false"
    DAY = "day"


@dataclass(frozen=True)
class Kind:
    """What a column's cells are: their DuckDB type, what must hold of them, and how they are kept."""

    name: str
    duckdb_type: str
    stored: Stored
    conditions: tuple[Condition, ...] = ()
    known: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Column:
    """One column; `aliases` are the exports' own headers for it, matched like the name by folding.

    `absent` is the value of every row where the export has no such column (None: null). The cells of a required
    column are required too, unless they `may_be_empty`.
    """

    name: str
    kind: Kind
    meaning: str
    required: bool = False
    aliases: tuple[str, ...] = ()
    absent: str | None = None
    may_be_empty: bool = False

    @property
    def conditions(self) -> tuple[Condition, ...]:
        """What must hold of each cell, in the order in which a reader is told."""
        return ((Present(),) if self.required and not self.may_be_empty else ()) + self.kind.conditions

    @property
    def headers(self) -> frozenset[str]:
        """The folded headers under which exports carry this column."""
        return frozenset(fold(header) for header in (self.name, *self.aliases))

    @property
    def documentation(self) -> tuple[str, str, str, str, str]:
        """The row of the column docs: name, kind, required or optional, headers, meaning."""
        need = "required" if self.required else "optional"
        return self.name, self.kind.name, need, ", ".join(self.aliases), self.meaning


def one_of(name: str, spellings: Mapping[str, tuple[str, ...]]) -> Kind:
    """Build a closed list: canonical values and the other spellings that are accepted for each."""
    pairs = {fold(s): canonical for canonical, others in spellings.items() for s in (canonical, *others)}
    return Kind(name, "VARCHAR", Stored.CANONICAL, (OneOf(tuple(pairs.items())),))


def open_list(*values: str) -> Kind:
    """Build a list that is not closed: an unknown value is loaded, and the run reports it."""
    return Kind("word", "VARCHAR", Stored.LOWER, known=frozenset(values))


_GUID_SHAPE = Shape("[0-9A-Fa-f]{8}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{12}", "a GUID")
_DECIMAL_SHAPE = Shape("-?[0-9]{1,12}(?:[.][0-9]{1,6}|,[0-9]{1,2})?", "a number such as 12.50")
_TRUTHS = {"true": ("yes", "1", "y"), "false": ("no", "0", "n")}

TEXT = Kind("text", "VARCHAR", Stored.AS_WRITTEN)
IDENTIFIER = Kind("identifier", "VARCHAR", Stored.LOWER)
GUID = Kind("GUID", "VARCHAR", Stored.LOWER, (_GUID_SHAPE,))
COUNT = Kind(
    "whole number",
    "BIGINT",
    Stored.NUMBER,
    (Shape(WHOLE_NUMBER, "a whole number"), InRange(0, 1_000_000_000)),
)
MONEY = Kind("number", "DECIMAL(18,6)", Stored.NUMBER, (_DECIMAL_SHAPE,))
BOOLEAN = Kind("true or false", "BOOLEAN", Stored.TRUTH, one_of("", _TRUTHS).conditions)
DATE = Kind("date", "DATE", Stored.DAY, (IsDate(),))
COUNTRY = Kind("country code", "VARCHAR", Stored.UPPER, (Shape("[A-Za-z]{2}", "a two-letter country code"),))
CURRENCY = Kind("currency code", "VARCHAR", Stored.UPPER, (Shape("[A-Za-z]{3}", "a three-letter currency code"),))
