"""What was bought: the stories that trip a rule or nearly do, and the ordinary sales around them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import TYPE_CHECKING

from sample_data.builder.customers import customer_id
from sample_data.builder.data import LAST_NIGHT, NIGHTS, NO_END, dice, guid, table, tonight
from sample_data.builder.offers import SKUS, Sku, is_legacy, kind_of, price_of
from sample_data.builder.partners import NOBODY, OWN_MPN, partner_of, tenant_of

if TYPE_CHECKING:
    import random
    from collections.abc import Iterator
    from decimal import Decimal

    from sample_data.builder.data import Record

_SEGMENTS = {"C": "Commercial", "E": "Education", "N": "Nonprofit", "G": "GovernmentCommunityCloud"}
_MONTHS = {"P1M": 1, "P1Y": 12, "P3Y": 36}
_LIVE = frozenset({"active", "pending", "suspended", "paused"})
_RETURN_WINDOW = timedelta(days=7)
_ENTERPRISE_SEATS = 100
_FIRST_DAY = datetime(2022, 1, 10, tzinfo=UTC)

# What a note of a story says about its term, its billing and its renewal.
_TERMS = {
    "once": "OneTime",
    "monthly": "P1M",
    "monthly no renewal": "P1M",
    "trial": "P1M",
    "three years": "P3Y",
    "azure": None,
}
_BILLINGS = {"once": "none", "annual": "annual"}
_ENDLESS = frozenset({"once", "monthly no renewal", "azure"})
_BREAKS: dict[str, Record] = {
    "bad tenant": {"customer_id": "not-a-tenant"},
    "bad quantity": {"quantity": -12},
    "bad date": {"commitment_end_date": "2026-02-30"},
}


@dataclass(frozen=True)
class Sale:
    """One subscription; `statuses` are those of the three nights, empty where it is not in the export."""

    key: str
    customer: str
    offer: str
    quantity: int
    created: datetime
    statuses: tuple[str, ...]
    offer_name: str = ""
    segment: str = ""
    notes: str = ""
    expects: str = ""
    near: str = ""
    is_story: bool = False

    @property
    def note(self) -> str:
        """Return the first note that is no detail."""
        return next((note for note in self.notes.split("; ") if "=" not in note), "")

    def detail(self, name: str, otherwise: str = "") -> str:
        """Return what the notes say of one thing, as in "partner=federal"."""
        details = dict(note.split("=") for note in self.notes.split("; ") if "=" in note)
        return details.get(name, otherwise)

    @property
    def sku(self) -> Sku | None:
        """Return the line of the price list; a legacy or unknown offer has none."""
        return SKUS.get(self.offer)

    @property
    def subscription_id(self) -> str:
        """Return the subscription's id."""
        return guid("subscription", self.customer, self.key)


@cache
def sales() -> tuple[Sale, ...]:
    """Return all sales of the three nights."""
    stories = [_story(row) for row in table("sales")]
    ordinary = [sale for row in table("customers") for sale in _ordinary(row["key"], row["buys"].split())]
    return (*stories, *ordinary)


def _story(row: dict[str, str]) -> Sale:
    throw = dice("hour", row["customer"], row["key"])
    return Sale(
        key=row["key"],
        customer=row["customer"],
        offer=row["offer"],
        quantity=int(row["quantity"]),
        created=_at_work(datetime.fromisoformat(row["created"]).replace(tzinfo=UTC), throw),
        statuses=tuple(tonight(row, night) for night in (1, 2, 3)),
        offer_name=row["offer_name"],
        segment=row["segment"],
        notes=row["notes"],
        expects=row["expects"],
        near=row["near"],
        is_story=True,
    )


def _ordinary(customer: str, segments: list[str]) -> Iterator[Sale]:
    """Sell a customer a few things that it may buy on all three nights."""
    throw = dice("ordinary", customer)
    wanted = {_SEGMENTS[letter] for letter in segments}
    shelf = [sku for sku in SKUS.values() if sku.ordinary and sku.segment in wanted]
    for sku in throw.sample(shelf, k=throw.choice((2, 2, 2, 3, 3)) if shelf else 0):
        created = _at_work(_FIRST_DAY + timedelta(days=throw.randrange(1750)), throw)
        yield Sale(
            key=sku.key,
            customer=customer,
            offer=sku.key,
            quantity=throw.choice((1, 3, 5, 8, 12, 15, 25, 40, 75, 150)),
            created=created.replace(day=min(created.day, 28)),
            statuses=(throw.choices(("active", "suspended", "expired"), weights=(92, 4, 4))[0],) * 3,
            notes=throw.choices(("", "annual"), weights=(3, 1))[0],
        )


def _at_work(day: datetime, throw: random.Random) -> datetime:
    return day + timedelta(hours=7, seconds=throw.randrange(10 * 60 * 60))


def subscriptions(night: int) -> list[Record]:
    """Return the subscriptions export of one night."""
    return [_record(sale, night) for sale in sales() if sale.statuses[night - 1]]


def _record(sale: Sale, night: int) -> Record:
    known = _offer(sale) | _life(sale, night) | _sellers(sale) | _particulars(sale)
    return known | (_BREAKS.get(sale.note, {}) if night == LAST_NIGHT else {})


def _offer(sale: Sale) -> Record:
    """Return whose subscription it is, and to what."""
    replaced = sale.detail("replaces")
    return {
        "subscription_id": sale.subscription_id,
        "customer_id": customer_id(sale.customer),
        "offer_id": _offer_id(sale.offer),
        "offer_name": sale.offer_name or (sale.sku.title if sale.sku else None),
        "segment": sale.segment or None,
        "product_type": sale.detail("type", kind_of(sale.offer)),
        "quantity": sale.quantity,
        "migrated_from": guid("subscription", sale.customer, replaced) if replaced else None,
        "unit_price": _price(sale),
        "currency": "PLN" if price_of(sale.offer) else None,
    }


def _price(sale: Sale) -> Decimal | None:
    """Return the price of one seat for one billing period."""
    price, periods = price_of(sale.offer), 12 if sale.note == "annual" else 1
    return price * periods if price else None


def _offer_id(offer: str) -> str:
    return SKUS[offer].offer_id if offer in SKUS else offer


def _life(sale: Sale, night: int) -> Record:
    """Return the term that runs, and what becomes of it."""
    term, status = _TERMS.get(sale.note, "P1Y"), sale.statuses[night - 1]
    start, end = _term(sale, term, night)
    renews = status in _LIVE and sale.note not in {*_ENDLESS, "trial"} and sale.detail("renews") != "no"
    following = sale.detail("next")
    return {
        "status": status,
        "auto_renew_enabled": renews,
        "is_trial": sale.note == "trial",
        "term_duration": term,
        "billing_cycle": _BILLINGS.get(sale.note, "monthly"),
        "creation_date": sale.created,
        "effective_start_date": start,
        "commitment_end_date": end,
        "cancellation_allowed_until_date": start + _RETURN_WINDOW,
        "scheduled_action": sale.detail("action") or None,
        "scheduled_offer_id": _offer_id(following) if following else None,
    }


def _sellers(sale: Sale) -> Record:
    """Return who transacted, and the reseller of record: the customer's own, where a story names no other."""
    reseller = sale.detail("reseller", _buyer(sale).get("reseller", OWN_MPN))
    partner = sale.detail("partner", partner_of(reseller))
    return {
        "partner_tenant_id": None if partner == NOBODY else tenant_of(partner),
        "reseller_id": None if reseller == NOBODY else reseller,
    }


def _buyer(sale: Sale) -> dict[str, str]:
    return next((row for row in table("customers") if row["key"] == sale.customer), {})


def _particulars(sale: Sale) -> Record:
    """Return what an export also carries, and what no rule reads."""
    return {
        "customer_name": _buyer(sale).get("name"),
        "company_size": "SMB" if sale.quantity < _ENTERPRISE_SEATS else "Enterprise",
        "actions": "System.String[]",
        "has_addons": False,
        "nothing": None,
    }


def _term(sale: Sale, term: str | None, night: int) -> tuple[datetime, datetime]:
    """Return the first and last day of the term that runs on the evening before the night."""
    start = sale.created.replace(hour=0, minute=0, second=0)
    if term is None or sale.note in _ENDLESS:
        return start, NO_END
    months, today = _MONTHS[term], NIGHTS[night - 1] - timedelta(days=1)
    end = _later(start, months)
    while end.date() <= today and sale.statuses[night - 1] in _LIVE:
        start, end = end, _later(end, months)
    # The end of a legacy term is the first moment after it.
    return start, end if is_legacy(sale.offer) else end - timedelta(seconds=1)


def _later(day: datetime, months: int) -> datetime:
    years, month = divmod(day.month - 1 + months, 12)
    return day.replace(year=day.year + years, month=month + 1)
