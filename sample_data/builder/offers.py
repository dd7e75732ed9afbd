"""What can be bought: the price list, with its real shapes and its real contradictions."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import TYPE_CHECKING

from sample_data.builder.data import LAST_NIGHT, dice, moment, table

if TYPE_CHECKING:
    from sample_data.builder.data import Record

_FROM = datetime(2026, 11, 1, tzinfo=UTC)
_UNTIL = datetime(2026, 11, 30, 23, 59, 59, tzinfo=UTC)
_CENT = Decimal("0.01")
_MARGIN = Decimal("1.2")
_SOFTWARE = "DG7"
_AZURE = "MS-AZR"

# The SKU that the last night's list holds twice, for two segments; the list contradicts itself there.
_CONTRADICTED = "CFQ7TTC0HD32:0005"
# The product that is also listed for Namibia, whose country code reads like "not available".
_IN_NAMIBIA = "CFQ7TTC0LDPB"
# The product with a free trial row, whose billing plan is the word None.
_ON_TRIAL = "CFQ7TTC0HD9Q"


@dataclass(frozen=True)
class Sku:
    """One line of the price list as somebody buys it."""

    product_id: str
    sku_id: str
    product_title: str
    title: str
    segment: str
    unit_price: Decimal
    ordinary: bool

    @property
    def key(self) -> str:
        """Return product and SKU, as the stories name an offer."""
        return f"{self.product_id}:{self.sku_id}"

    @property
    def offer_id(self) -> str:
        """Return product, SKU and availability, as a subscription carries them."""
        availability = "".join(dice("availability", self.key).choices("0123456789BCDFGHJKLMNPQRSTVWXZ", k=4))
        return f"{self.key}:CFQ7TTC0{availability}"

    @property
    def is_software(self) -> bool:
        """Say whether it is bought once and for all."""
        return self.product_id.startswith(_SOFTWARE)


def _skus() -> dict[str, Sku]:
    skus = [
        Sku(
            product_id=row["product_id"],
            sku_id=row["sku_id"],
            product_title=row["product_title"],
            title=row["sku_title"],
            segment=row["segment"],
            unit_price=Decimal(row["unit_price"]),
            ordinary=row["ordinary"] == "yes",
        )
        for row in table("products")
    ]
    return {sku.key: sku for sku in skus}


SKUS = _skus()
LEGACY = {row["offer_id"]: row for row in table("legacy")}


def is_legacy(offer: str) -> bool:
    """Say whether it is an offer of the time before new commerce; Azure has ids of its own."""
    return ":" not in offer and not offer.startswith(_AZURE)


def kind_of(offer: str) -> str:
    """Return the product type, as exports name it."""
    if offer.startswith(_AZURE):
        return "Azure"
    if is_legacy(offer):
        return "OnlineServicesLegacy"
    return "Software" if offer.startswith(_SOFTWARE) else "OnlineServicesNCE"


def price_of(offer: str) -> Decimal | None:
    """Return what one seat costs for a month, where a price list says it."""
    if offer in SKUS:
        return SKUS[offer].unit_price
    return Decimal(LEGACY[offer]["unit_price"]) if offer in LEGACY else None


def legacy_list(_night: int) -> list[Record]:
    """Return the legacy price list, which is the same on every night."""
    return [
        {
            "change": "U",
            "effective_start_date": moment(row["valid_from"]),
            "effective_end_date": _UNTIL,
            "name": row["name"],
            "offer_id": row["offer_id"],
            "segment": row["segment"],
            "purchase_unit": "1 Month(s)",
            "secondary": row["secondary"],
            "customer_type": row["customer_type"],
            "unit_price": Decimal(row["unit_price"]).quantize(_CENT),
            "erp_price": (Decimal(row["unit_price"]) * _MARGIN).quantize(_CENT),
        }
        for row in LEGACY.values()
    ]


def price_list(night: int) -> list[Record]:
    """Return the price list of one night."""
    rows = [row for sku in SKUS.values() for row in _prices(sku)]
    if night == LAST_NIGHT:
        rows += [row | {"segment": "Commercial"} for row in _prices(SKUS[_CONTRADICTED])]
    return rows


def _prices(sku: Sku) -> list[Record]:
    if sku.is_software:
        return [_price(sku, "OneTime", "None", sku.unit_price)]
    rows = [_price(sku, "P1Y", "Monthly", sku.unit_price), _price(sku, "P1Y", "Annual", sku.unit_price * 12)]
    if sku.product_id == _IN_NAMIBIA:
        rows += [row | {"market": "NA", "currency": "USD"} for row in rows]
    if sku.product_id == _ON_TRIAL:
        rows.append(_price(sku, "P1M", "None", Decimal("0.00")))
    return rows


def _price(sku: Sku, term: str, plan: str, price: Decimal) -> Record:
    return {
        "change": "Unchanged",
        "product_title": sku.product_title,
        "product_id": sku.product_id,
        "sku_id": sku.sku_id,
        "sku_title": sku.title,
        "publisher": "Microsoft Corporation",
        "description": None,
        "unit_of_measure": None,
        "term_duration": term,
        "billing_plan": plan,
        "market": "PL",
        "currency": "PLN",
        "unit_price": price.quantize(_CENT),
        "range_min": None,
        "range_max": None,
        "effective_start_date": _FROM,
        "effective_end_date": _UNTIL,
        "tags": None,
        "erp_price": (price * _MARGIN).quantize(_CENT),
        "segment": sku.segment,
        "previous_values": None,
    }
