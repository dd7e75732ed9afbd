"""SEG01 to SEG06 and LEG01: whether a sale's segment, now or scheduled, is one that its customer may buy."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from tests.sql.oracle.fleet import day, if_ahead
from tests.sql.oracle.outcome import finding
from tests.sql.oracle.policy import SPECIAL, has_no_discount, is_listed, may_be_sold
from tests.sql.oracle.prices import Prices

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from tests.sql.oracle.fleet import Fleet
    from tests.sql.oracle.outcome import Outcome
    from tests.sql.oracle.sales import Sale

GUID = re.compile("[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


def judge_segments(fleet: Fleet, sales: Iterable[Sale]) -> Iterator[Outcome]:
    prices = Prices(fleet)
    replaced = replaced_subscriptions(fleet)
    for sale in sales:
        yield from judge_matrix(fleet, sale)
        yield from judge_evidence(sale)
        yield from judge_schedule(fleet, sale, prices)
        if GUID.fullmatch(sale.offer) and sale.segment in SPECIAL and sale.subscription not in replaced:
            yield finding("LEG01", {"subscription_id": sale.subscription}, if_ahead(fleet, sale.last_day))


def judge_matrix(fleet: Fleet, sale: Sale) -> Iterator[Outcome]:
    key = {"subscription_id": sale.subscription}
    if sale.segment is None or sale.held is None or sale.segment in may_be_sold(sale.held, fleet.as_of):
        return
    if is_listed(sale.held, fleet.as_of):
        yield finding("SEG01", key, if_ahead(fleet, day(sale.row["cancellation_allowed_until_date"])))
    else:
        yield finding("SEG02", key)


def judge_evidence(sale: Sale) -> Iterator[Outcome]:
    key = {"subscription_id": sale.subscription}
    everything = frozenset[str]().union(*sale.said)
    if not everything:
        yield finding("SEG03", key)
    if len(everything) > 1:
        yield finding("SEG04", key)
    product = sale.row["product_type"] or ("azure" if sale.offer.startswith("ms-azr") else None)
    is_azure_government = sale.cloud is not None and product in {"azure", "azurereservation"}
    no_discount = has_no_discount(product, sale.row["term_duration"])
    if sale.segment in SPECIAL and no_discount and not is_azure_government:
        yield finding("SEG05", key)


def judge_schedule(fleet: Fleet, sale: Sale, prices: Prices) -> Iterator[Outcome]:
    """SEG06: of the offer that a scheduled change leads to only the price list knows the segment."""
    offer = sale.row["scheduled_offer_id"]
    if offer is None or sale.row["scheduled_action"] == "cancel" or sale.held is None:
        return
    segments = prices.segments(offer)
    if len(segments) == 1 and not segments <= may_be_sold(sale.held, fleet.as_of):
        yield finding("SEG06", {"subscription_id": sale.subscription}, if_ahead(fleet, sale.last_day))


def replaced_subscriptions(fleet: Fleet) -> set[str | None]:
    """Return the subscriptions that another live one names as what it was migrated from."""
    pairs = [(row["migrated_from_subscription_id"], row["subscription_id"]) for row in fleet.live]
    return {before for before, after in pairs if before != after}
