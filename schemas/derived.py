"""Columns that are computed once when a row is loaded, since portable SQL could not or would do it again each time.

`needs` names the columns without which nothing is computed: the derived column is null then.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar


@dataclass(frozen=True)
class PriceKey:
    """Joins a price to a sale: product:sku with the SKU padded to four, or a legacy offer's id."""

    name: str
    product_id: str
    sku_id: str
    offer_id: str
    duckdb_type: ClassVar[str] = "VARCHAR"

    @property
    def needs(self) -> tuple[str, ...]:
        """Nothing: the keys of either kind are enough."""
        return ()


@dataclass(frozen=True)
class MonthlyPrice:
    """A price per month, from the price of one billing period; null where the billing plan is not known."""

    name: str
    price: str
    plan: str
    duckdb_type: ClassVar[str] = "DECIMAL(18,6)"

    @property
    def needs(self) -> tuple[str, ...]:
        """The price, and what it is for."""
        return self.price, self.plan


@dataclass(frozen=True)
class LastDay:
    """The last day of a term; null where it has no end.

    The end dates of new commerce are that day, those of legacy offers the day after it.
    """

    name: str
    end: str
    offer_id: str
    duckdb_type: ClassVar[str] = "DATE"

    @property
    def needs(self) -> tuple[str, ...]:
        """The end of the term, and the offer, which tells new commerce from legacy."""
        return self.end, self.offer_id


Derived = PriceKey | MonthlyPrice | LastDay

# Folded billing plans and cycles, and the months that their price is for.
PLAN_MONTHS = {
    **dict.fromkeys(("monthly", "month", "p1m"), 1),
    **dict.fromkeys(("annual", "annually", "yearly", "p1y"), 12),
    **dict.fromkeys(("triennial", "p3y"), 36),
}
# What parts the ids of new commerce; no legacy offer's id has it.
NEW_COMMERCE_MARK = ":"
# The year of "no end" in exports.
ENDLESS_YEAR = 9999
