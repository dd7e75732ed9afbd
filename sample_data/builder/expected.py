"""What an audit must find on each night, from what the stories say that they trip."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from sample_data.builder.customers import customer_id, customers
from sample_data.builder.data import NIGHTS, moment, table
from sample_data.builder.formats import Dialect
from sample_data.builder.sales import sales, subscriptions

if TYPE_CHECKING:
    from collections.abc import Iterator

# Nobody sent the notices on the second night: the rule is not judged there, and its findings stay open.
_NOT_JUDGED = {"NPO01": {2}}
_NOTICE_DAYS = timedelta(days=90)
_HEADER = ("night", "rule", "state", "company_name", "customer_id", "subscription_id", "due_on")


@dataclass(frozen=True, order=True)
class Expectation:
    """One finding and the nights on which it is found; `due` is its date by night."""

    rule: str
    customer: str
    subscription_id: str
    found: tuple[int, ...]
    due: tuple[str, ...]

    def state(self, night: int) -> str:
        """Return the state on one night; empty where an audit has nothing to say."""
        skipped = _NOT_JUDGED.get(self.rule, set())
        before = [other in self.found for other in range(1, night) if other not in skipped]
        was_open = bool(before) and before[-1]
        if night in skipped:
            return "open" if was_open else ""
        if night not in self.found:
            return "closed" if was_open else ""
        if was_open:
            return "open"
        return "reopened" if any(before) else "new"

    def subject(self, night: int) -> tuple[str, str, str]:
        """Return the customer's name, where the night's export has it, and the two ids."""
        return _name(self.customer, night), customer_id(self.customer), self.subscription_id

    def due_on(self, state: str, night: int) -> str:
        """Return the date, which a finding that is gone no longer has."""
        return "" if state == "closed" else self.due[night - 1]


def expected() -> bytes:
    """Write the findings of the three nights, those that closed included."""
    rows = [
        (str(NIGHTS[night - 1]), item.rule, state, *item.subject(night), item.due_on(state, night))
        for night in (1, 2, 3)
        for item in sorted({*_of_sales(), *_of_notices(), *_of_qualifications()})
        if (state := item.state(night))
    ]
    return Dialect("utf-8", ",", "\n").write([_HEADER, *rows])


def _name(customer: str, night: int) -> str:
    """Return the name under which a customer is in the night's export, if it is."""
    names = {row["customer_id"]: row["company_name"] for row in customers(night)}
    return str(names.get(customer_id(customer), ""))


def _of_sales() -> Iterator[Expectation]:
    windows = [_return_windows(night) for night in (1, 2, 3)]
    for sale in sales():
        if sale.expects:
            rule, found = _finding(sale.expects)
            subscription = "" if rule == "REL01" else sale.subscription_id
            due = tuple(window.get(sale.subscription_id, "") if rule == "SEG01" else "" for window in windows)
            yield Expectation(rule, sale.customer, subscription, found, due)


def _return_windows(night: int) -> dict[str, str]:
    """Return the last days on which subscriptions can still be returned, by subscription."""
    rows = subscriptions(night)
    days = {str(row["subscription_id"]): str(row["cancellation_allowed_until_date"])[:10] for row in rows}
    return {key: day for key, day in days.items() if day >= str(NIGHTS[night - 1])}


def _of_notices() -> Iterator[Expectation]:
    for row in table("notices"):
        noticed, removed = moment(row["notice_date"]), moment(row["removal_date"])
        if row["expects"] and noticed:
            rule, found = _finding(row["expects"])
            due = f"{removed or noticed + _NOTICE_DAYS:%Y-%m-%d}"
            yield Expectation(rule, row["customer"], "", found, (due,) * 3)


def _of_qualifications() -> Iterator[Expectation]:
    for row in table("qualifications"):
        if row["expects"]:
            rule, found = _finding(row["expects"])
            yield Expectation(rule, row["customer"], "", found, ("",) * 3)


def _finding(expects: str) -> tuple[str, tuple[int, ...]]:
    """Read "SEG01@13": the rule, and the nights on which it finds the thing."""
    rule, _, nights = expects.partition("@")
    return rule, tuple(map(int, nights))
