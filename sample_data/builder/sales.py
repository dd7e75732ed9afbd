"""What was bought: the stories that trip a rule or nearly do, and the ordinary sales around them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import TYPE_CHECKING

from sample_data.builder.customers import customer_id
from sample_data.builder.data import LAST_NIGHT, NIGHTS, NO_END, PARTNER, dice, guid, table, tonight
from sample_data.builder.offers import SKUS, Sku

if TYPE_CHECKING:
    import random
    from collections.abc import Iterator

    from sample_data.builder.data import Record

PARTNER_TENANT = guid("partner", PARTNER)
_SEGMENTS = {"C": "Commercial", "E": "Education", "N": "Nonprofit", "G": "GovernmentCommunityCloud"}
_MONTHS = {"P1M": 1, "P1Y": 12, "P3Y": 36}
_LIVE = frozenset({"active", "pending", "suspended", "paused"})
_RETURN_WINDOW = timedelta(days=7)
_ENTERPRISE_SEATS = 100
_FIRST_DAY = datetime(2022, 1, 10, tzinfo=UTC)

# What a note of a story says about its term, its billing and its renewal.
_TERMS = {"once": "OneTime", "monthly no renewal": "P1M", "trial": "P1M", "three years": "P3Y"}
_BILLINGS = {"once": "none", "annual": "annual"}
_ENDLESS = frozenset({"once", "monthly no renewal"})
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
    note: str = ""
    expects: str = ""

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
        note=row["notes"],
        expects=row["expects"],
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
            note=throw.choices(("", "annual"), weights=(3, 1))[0],
        )


def _at_work(day: datetime, throw: random.Random) -> datetime:
    return day + timedelta(hours=7, seconds=throw.randrange(10 * 60 * 60))


def subscriptions(night: int) -> list[Record]:
    """Return the subscriptions export of one night."""
    return [_record(sale, night) for sale in sales() if sale.statuses[night - 1]]


def _record(sale: Sale, night: int) -> Record:
    term = _TERMS.get(sale.note, "P1Y")
    status = sale.statuses[night - 1]
    start, end = _term(sale, term, night)
    known: Record = {
        "subscription_id": sale.subscription_id,
        "customer_id": customer_id(sale.customer),
        "offer_id": sale.sku.offer_id if sale.sku else sale.offer,
        "offer_name": sale.offer_name or (sale.sku.title if sale.sku else None),
        "segment": sale.segment or None,
        "product_type": "Software" if sale.sku and sale.sku.is_software else "OnlineServicesNCE",
        "quantity": sale.quantity,
        "status": status,
        "auto_renew_enabled": status in _LIVE and sale.note not in {*_ENDLESS, "trial"},
        "is_trial": sale.note == "trial",
        "term_duration": term,
        "billing_cycle": _BILLINGS.get(sale.note, "monthly"),
        "creation_date": sale.created,
        "effective_start_date": start,
        "commitment_end_date": end,
        "cancellation_allowed_until_date": start + _RETURN_WINDOW,
        "partner_tenant_id": PARTNER_TENANT,
        "unit_price": sale.sku.unit_price if sale.sku else None,
        "currency": "PLN" if sale.sku else None,
    }
    return known | _particulars(sale) | (_BREAKS.get(sale.note, {}) if night == LAST_NIGHT else {})


def _particulars(sale: Sale) -> Record:
    """Return what an export also carries, and what no rule reads."""
    buyer = next((row for row in table("customers") if row["key"] == sale.customer), None)
    return {
        "reseller_id": buyer["reseller"] if buyer else "5200960",
        "customer_name": buyer["name"] if buyer else None,
        "company_size": "SMB" if sale.quantity < _ENTERPRISE_SEATS else "Enterprise",
        "actions": "System.String[]",
        "has_addons": False,
        "nothing": None,
    }


def _term(sale: Sale, term: str, night: int) -> tuple[datetime, datetime]:
    """Return the first and last day of the term that runs on the evening before the night."""
    start = sale.created.replace(hour=0, minute=0, second=0)
    if sale.note in _ENDLESS:
        return start, NO_END
    months, today = _MONTHS[term], NIGHTS[night - 1] - timedelta(days=1)
    end = _later(start, months)
    while end.date() <= today and sale.statuses[night - 1] in _LIVE:
        start, end = end, _later(end, months)
    return start, end - timedelta(seconds=1)


def _later(day: datetime, months: int) -> datetime:
    years, month = divmod(day.month - 1 + months, 12)
    return day.replace(year=day.year + years, month=month + 1)
