"""The commercial equivalent of a nonprofit offer: of the same product, with the same title but for the price's suffix.

Its term is the same, where both are known. Nobody documents which one to take of several, nor what to compare where
currencies or markets differ: of that nothing is said.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.sql.oracle.markers import bare
from tests.sql.oracle.policy import PLAN_MONTHS, C
from tests.sql.oracle.prices import is_in_force, key_of_offer, key_of_price

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tests.sql.case_tables import Cells
    from tests.sql.oracle.prices import Prices
    from tests.sql.oracle.sales import Sale


def suggestion(sale: Sale, prices: Prices) -> dict[str, object]:
    """Return the facts that are beyond doubt: the suggested offer, None where there is none, and the difference."""
    own = prices.deciding(sale.offer)
    titled = [row for row in own if row["sku_title"]]
    if len({bare(row["sku_title"]) for row in titled}) > 1 or ":" not in sale.offer:
        return {}
    rows = [row for row in commercial(sale, prices) if any(is_the_same(row, one) for one in titled)]
    if not rows:
        return {"suggested_offer": None, "suggested_difference": None}
    offers = {":".join(key_of_price(row)) for row in rows}
    currencies = {row["currency"] for row in [*rows, *own]} | {sale.row["currency"] or rows[0]["currency"]}
    if len(offers) > 1 or len(currencies) > 1 or None in currencies or any(row["market"] for row in [*rows, *own]):
        return {}
    return {"suggested_offer": offers.pop()} | difference(sale, own, rows)


def commercial(sale: Sale, prices: Prices) -> list[Cells]:
    """Return the commercial prices in force of the sale's product, without those of the very offer that was sold."""
    rows = [row for row in prices.of_product(sale.offer.split(":")[0]) if is_in_force(row, prices.fleet.as_of)]
    return [row for row in rows if row["segment"] == C and key_of_price(row) != key_of_offer(sale.offer)]


def is_the_same(row: Cells, own: Cells) -> bool:
    """Whether two prices are of one title and, where both terms are known, of one term."""
    terms = {row["term_duration"], own["term_duration"]} - {None}
    return bool(row["sku_title"]) and bare(row["sku_title"]) == bare(own["sku_title"]) and len(terms) <= 1


def difference(sale: Sale, own: Sequence[Cells], rows: Sequence[Cells]) -> dict[str, object]:
    """Return what the equivalent costs more a month than the sale, or if no price is stated, than its list price."""
    now = monthly(sale.row["unit_price"], sale.row["billing_cycle"])
    if len(own) > 1 or len(rows) > 1 or (now is not None and sale.row["currency"] is None):
        return {}
    listed = monthly(own[0]["unit_price"], own[0]["billing_plan"])
    now, then = listed if now is None else now, monthly(rows[0]["unit_price"], rows[0]["billing_plan"])
    return {} if now is None or then is None else {"suggested_difference": round(then - now, 6)}


def monthly(price: str | None, plan: str | None) -> float | None:
    months = PLAN_MONTHS.get(str(plan).lower())
    return round(float(price) / months, 6) if price and months else None
