"""What an audit must find on each night, from what the stories say that they trip."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from functools import cache
from typing import TYPE_CHECKING

from sample_data.builder.customers import customer_id, customers
from sample_data.builder.data import NIGHTS, moment, table
from sample_data.builder.duedates import NO_DATES, answer_due, dates_of_sale
from sample_data.builder.formats import Dialect
from sample_data.builder.partners import tenant_of
from sample_data.builder.sales import sales

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sample_data.builder.duedates import Dates

# On these nights a rule says of no finding that it is over: it is not judged, or an input that it uses was not sent.
_SILENT = {
    **dict.fromkeys(("GCC05", "QUAL01"), (1,)),
    **dict.fromkeys(("NPO01", "NPO02", "NPO03", "NPO04", "NPO05", "SEG05"), (2,)),
}
_NOTICE_DAYS = timedelta(days=90)
_HEADER = ("night", "rule", "state", "company_name", "customer_id", "subscription_id", "about", "due_on")


@dataclass(frozen=True, order=True)
class Expectation:
    """One finding and the nights on which it is found; `due` is its date by night.

    `about` is what the finding's identity names beside the customer and the subscription; `customer` is empty where
    the partner itself is the subject, and `partner` is its name then.
    """

    rule: str
    customer: str
    subscription_id: str
    about: str
    found: tuple[int, ...]
    due: Dates = NO_DATES
    partner: str = ""

    def state(self, night: int) -> str:
        """Return the state on one night; empty where an audit has nothing to say."""
        states = [""]
        for tonight in range(1, night + 1):
            is_open = states[-1] not in {"", "closed"}
            if tonight in self.found:
                came = "reopened" if any(states) else "new"
                states.append("open" if is_open else came)
            elif is_open:
                states.append("open" if tonight in _SILENT.get(self.rule, ()) else "closed")
            else:
                states.append("")
        return states[-1]

    def row(self, night: int) -> tuple[str, ...]:
        """Return the finding as it stands on one night."""
        customer = customer_id(self.customer) if self.customer else ""
        subject = (self._name(night), customer, self.subscription_id, self.about)
        return (str(NIGHTS[night - 1]), self.rule, self.state(night), *subject, self._due_on(night))

    def _name(self, night: int) -> str:
        """Return the name of the partner, or of the customer where the night's export has it."""
        return self.partner or _names(night).get(customer_id(self.customer), "")

    def _due_on(self, night: int) -> str:
        """Return the date, as it was when last seen; a finding that is gone has none."""
        seen = max(tonight for tonight in self.found if tonight <= night)
        return "" if self.state(night) == "closed" else self.due[seen - 1]


def expected() -> bytes:
    """Write the findings of the three nights, those that closed included."""
    found = sorted({*_of_sales(), *_of_notices(), *_of_qualifications(), *_of_partners(), *_of_validations()})
    rows = [item.row(night) for night in (1, 2, 3) for item in found if item.state(night)]
    return Dialect("utf-8", ",", "\n").write([_HEADER, *rows])


@cache
def _names(night: int) -> dict[str, str]:
    return {str(row["customer_id"]): str(row["company_name"]) for row in customers(night)}


def _of_sales() -> Iterator[Expectation]:
    by_notice = {row["customer"]: row["its_sales"] for row in table("notices")}
    for sale in sales():
        is_nonprofit = sale.sku is not None and sale.sku.segment == "Nonprofit" and sale.statuses[0] != "expired"
        expects = by_notice.get(sale.customer, "") if is_nonprofit and not sale.is_story else sale.expects
        for rule, found in _findings(expects):
            is_customers = rule == "REL01"
            due = NO_DATES if is_customers else dates_of_sale(rule, sale)
            yield Expectation(rule, sale.customer, "" if is_customers else sale.subscription_id, "", found, due)


def _of_notices() -> Iterator[Expectation]:
    for row in table("notices"):
        noticed, removed = moment(row["notice_date"]), moment(row["removal_date"])
        for rule, found in _findings(row["expects"]):
            gone = f"{removed or noticed + _NOTICE_DAYS:%Y-%m-%d}" if noticed and rule == "NPO01" else ""
            yield Expectation(rule, row["customer"], "", "", found, (gone,) * 3)


def _of_qualifications() -> Iterator[Expectation]:
    for row in (*table("qualifications"), *table("requests")):
        for rule, found in _findings(row["expects"]):
            about = row["qualification"] if rule in {"QUAL01", "QUAL02"} else ""
            due = answer_due(row["qualification"], row["created"]) if rule == "QUAL02" else NO_DATES
            yield Expectation(rule, row["customer"], "", about, found, due)


def _of_partners() -> Iterator[Expectation]:
    for row in table("partners"):
        for rule, found in _findings(row["expects"]):
            due = answer_due("GovernmentCommunityCloud", row["requested"])
            yield Expectation(rule, "", "", tenant_of(row["key"]), found, due, row["name"])


def _of_validations() -> Iterator[Expectation]:
    for row in table("validations"):
        for rule, found in _findings(row["expects"]):
            due = answer_due("GovernmentCommunityCloud", row["submitted"]) if rule == "GCC06" else NO_DATES
            yield Expectation(rule, row["customer"], "", tenant_of(row["tenant"]), found, due)


def _findings(expects: str) -> Iterator[tuple[str, tuple[int, ...]]]:
    """Read "NPO01@1 NPO02@3": each rule, and the nights on which it finds the thing."""
    for expectation in expects.split():
        rule, _, nights = expectation.partition("@")
        yield rule, tuple(map(int, nights))
