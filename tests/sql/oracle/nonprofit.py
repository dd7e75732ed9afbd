"""NPO01 to NPO05: notices, lost qualifications, and what becomes of the nonprofit sales."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from tests.sql.oracle.fleet import certain_day, day, held_by, if_ahead
from tests.sql.oracle.outcome import finding, not_judged
from tests.sql.oracle.policy import (
    EXTENDED_IF_BOUGHT_FROM,
    EXTENDED_IF_ENDING_FROM,
    NOTICE_DAYS,
    SURCHARGE_WITH_MONTHLY_PLAN,
    SURCHARGE_WITHOUT_MONTHLY_PLAN,
    N,
)
from tests.sql.oracle.prices import Prices
from tests.sql.oracle.suggestions import suggestion

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from datetime import date

    from tests.sql.oracle.fleet import Fleet
    from tests.sql.oracle.outcome import Outcome
    from tests.sql.oracle.sales import Sale


@dataclass(frozen=True)
class Standing:
    """How a customer stands with the nonprofit programme; `is_held` is None where nobody can say."""

    removal: date | None
    lost_on: date | None
    is_held: bool | None
    as_of: date

    @property
    def is_running(self) -> bool:
        return self.removal is not None and self.removal >= self.as_of

    @property
    def is_passed(self) -> bool:
        return self.removal is not None and self.removal < self.as_of


def standing(fleet: Fleet, customer: str) -> Standing:
    held = held_by(fleet, customer)
    is_held = None if held is None else N in held
    return Standing(removal_date(fleet, customer), lost_on(fleet, customer, is_held), is_held, fleet.as_of)


def removal_date(fleet: Fleet, customer: str) -> date | None:
    """The newest notice that has been given counts, of two of one day the first; none where one could not be read."""
    if fleet.is_unread(customer, "nonprofit_notices"):
        return None
    rows = fleet.rows_of("nonprofit_notices", customer)
    given = [row for row in rows if certain_day(row["notice_date"]) <= fleet.as_of]
    if not given:
        return None
    newest = max(given, key=lambda row: certain_day(row["notice_date"]))
    return day(newest["removal_date"]) or certain_day(newest["notice_date"]) + timedelta(days=NOTICE_DAYS)


def lost_on(fleet: Fleet, customer: str, is_held: bool | None) -> date | None:  # noqa: FBT001 - three answers
    """Return the night on which the qualification was first missing, if it has stayed away."""
    spans = [
        row
        for row in fleet.rows_of("history", customer)
        if row["qualification"] == N and row["vetting_status"] in {"Approved", None}
    ]
    if is_held is not False or not spans or any(row["gone_on"] is None for row in spans):
        return None
    return max(certain_day(row["gone_on"]) for row in spans)


def judge_nonprofit(fleet: Fleet, sales: Iterable[Sale]) -> Iterator[Outcome]:
    sold = [sale for sale in sales if sale.segment == N]
    standings = {customer: standing(fleet, customer) for customer in fleet.customers}
    renewing = {sale.customer for sale in sold if sale.row["auto_renew_enabled"] == "true"}
    for customer, stands in standings.items():
        yield from judge_notice(customer, stands, is_renewing=customer in renewing)
    prices = Prices(fleet)
    for sale in sold:
        stands = standings[sale.customer]
        yield from judge_created(fleet, sale, stands)
        yield from judge_extended(sale, stands, prices)
        if stands.is_running and stands.is_held and sale.last_day and stands.removal and sale.last_day > stands.removal:
            key = {"subscription_id": sale.subscription}
            yield finding("NPO05", key, sale.last_day, **suggestion(sale, prices))


def judge_notice(customer: str, stands: Standing, *, is_renewing: bool) -> Iterator[Outcome]:
    key = {"customer_id": customer}
    if stands.is_running and stands.is_held:
        yield finding("NPO01", key, stands.removal)
    if stands.is_passed and stands.is_held is None:
        yield not_judged("NPO02", key, "qualifications_unread")
    elif stands.is_passed and (stands.is_held or is_renewing):
        yield finding("NPO02", key)


def judge_created(fleet: Fleet, sale: Sale, stands: Standing) -> Iterator[Outcome]:
    """NPO03: sold when the customer had no right to it any more."""
    after_removal = stands.removal and stands.removal <= fleet.as_of and sale.created >= stands.removal
    if after_removal or (stands.lost_on and sale.created > stands.lost_on):
        until = day(sale.row["cancellation_allowed_until_date"])
        yield finding("NPO03", {"subscription_id": sale.subscription}, if_ahead(fleet, until))


def judge_extended(sale: Sale, stands: Standing, prices: Prices) -> Iterator[Outcome]:
    """NPO04: will roll into a paid Extended Service Term."""
    bought = day(sale.row["effective_start_date"]) or sale.created
    if (
        ":" in sale.offer
        and is_leaving(sale, stands)
        and sale.row["auto_renew_enabled"] == "false"
        and sale.row["scheduled_action"] != "cancel"
        and bought >= EXTENDED_IF_BOUGHT_FROM
        and sale.last_day is not None
        and sale.last_day >= max(EXTENDED_IF_ENDING_FROM, stands.as_of)
    ):
        key = {"subscription_id": sale.subscription}
        yield finding("NPO04", key, sale.last_day, surcharge_percent=surcharge(sale, prices))


def is_leaving(sale: Sale, stands: Standing) -> bool:
    """Whether the customer is under notice, or has lost what it had when this was sold."""
    if (stands.is_running and stands.is_held) or (stands.lost_on and sale.created <= stands.lost_on):
        return True
    gone = stands.is_passed and stands.is_held is False
    return gone and stands.removal is not None and sale.created < stands.removal


def surcharge(sale: Sale, prices: Prices) -> int | None:
    rows = prices.deciding(sale.offer)
    if not rows:
        return None
    plans = {(row["term_duration"], str(row["billing_plan"]).lower()) for row in rows}
    has_monthly = any(term == "p1m" or plan == "monthly" for term, plan in plans)
    return SURCHARGE_WITH_MONTHLY_PLAN if has_monthly else SURCHARGE_WITHOUT_MONTHLY_PLAN
