"""The price list: the rows of an offer, by product and SKU or by the id of a legacy offer."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from tests.sql.oracle.fleet import day
from tests.sql.oracle.markers import clouds_named

if TYPE_CHECKING:
    from datetime import date

    from tests.sql.case_tables import Cells
    from tests.sql.oracle.fleet import Fleet

Key = tuple[str, ...]


def key_of_offer(offer_id: str) -> Key:
    if ":" not in offer_id:
        return (offer_id,)
    product, sku, *_ = offer_id.split(":")
    return product, sku.zfill(4)


def key_of_price(row: Cells) -> Key:
    if row["product_id"] and row["sku_id"]:
        return row["product_id"], row["sku_id"].zfill(4)
    return (str(row["offer_id"]),)


def is_in_force(row: Cells, as_of: date) -> bool:
    first, last = day(row.get("effective_start_date")), day(row.get("effective_end_date"))
    return (first is None or first <= as_of) and (last is None or last >= as_of)


@dataclass(frozen=True)
class Prices:
    fleet: Fleet

    @cached_property
    def by_offer(self) -> dict[Key, list[Cells]]:
        index: dict[Key, list[Cells]] = defaultdict(list)
        for row in self.fleet.rows("price_list"):
            index[key_of_price(row)].append(row)
        return index

    def rows(self, offer_id: str) -> list[Cells]:
        return self.by_offer.get(key_of_offer(offer_id), [])

    def of_product(self, product: str) -> list[Cells]:
        return self.fleet.rows_of("price_list", product, "product_id")

    def deciding(self, offer_id: str) -> list[Cells]:
        """Return the rows in force; where none is, all: what was sold once keeps the segment that it had."""
        rows = self.rows(offer_id)
        return [row for row in rows if is_in_force(row, self.fleet.as_of)] or rows

    def segments(self, offer_id: str) -> set[str]:
        return {str(row["segment"]) for row in self.deciding(offer_id)}

    def clouds(self, offer_id: str) -> set[str]:
        return {cloud for row in self.deciding(offer_id) for cloud in clouds_named(row.get("sku_title"))}
