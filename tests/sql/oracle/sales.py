"""Sales: live subscriptions of listed customers, with what all rules need to know of one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from tests.sql.oracle.fleet import certain_day, held_by, last_day
from tests.sql.oracle.markers import clouds_named, segments_named
from tests.sql.oracle.partners import transacting
from tests.sql.oracle.policy import G
from tests.sql.oracle.prices import Prices

if TYPE_CHECKING:
    from datetime import date

    from tests.sql.case_tables import Cells
    from tests.sql.oracle.fleet import Fleet
    from tests.sql.oracle.partners import Transacting


@dataclass(frozen=True)
class Sale:
    """One live subscription. `said` is what price list, segment column and name say, most trusted first.

    `held` is None where a qualification row of the customer could not be read; `segment` where nobody can tell it.
    """

    row: Cells
    said: tuple[frozenset[str], ...]
    cloud: str | None
    held: frozenset[str] | None
    partner: Transacting
    created: date
    last_day: date | None

    @property
    def subscription(self) -> str:
        return str(self.row["subscription_id"])

    @property
    def customer(self) -> str:
        return str(self.row["customer_id"])

    @property
    def offer(self) -> str:
        return str(self.row["offer_id"])

    @property
    def segment(self) -> str | None:
        """What the most trusted source says that does not contradict itself."""
        certain = [said for said in self.said if len(said) == 1]
        return next(iter(certain[0])) if certain else None

    @property
    def is_moderate_gcc(self) -> bool:
        return self.segment == G and self.cloud is None

    @property
    def is_azure(self) -> bool:
        return self.offer.startswith("ms-azr") or self.row["product_type"] in {"azure", "azurereservation"}


def sales_of(fleet: Fleet) -> list[Sale]:
    listed, prices = set(fleet.customers), Prices(fleet)
    return [sale_of(fleet, prices, row) for row in fleet.live if row["customer_id"] in listed]


def sale_of(fleet: Fleet, prices: Prices, row: Cells) -> Sale:
    offer = str(row["offer_id"])
    column = frozenset({row["segment"]} if row["segment"] else ())
    clouds = clouds_named(row["offer_name"]) or prices.clouds(offer)
    return Sale(
        row=row,
        said=(frozenset(prices.segments(offer)), column, segments_named(row["offer_name"])),
        cloud=min(clouds, default=None),
        held=held_by(fleet, str(row["customer_id"])),
        partner=transacting(fleet, row["partner_tenant_id"]),
        created=certain_day(row["creation_date"]),
        last_day=last_day(row),
    )
