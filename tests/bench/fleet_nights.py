"""Exports of a small fleet, night after night: every night some findings go, some come, and some say something else."""

from __future__ import annotations

import os
import random
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

FIRST = date(2026, 1, 1)
FINDINGS, CHANGE = 5_000, 0.02
# Enough sales for findings to come back and for new ones to come, and others that are in order.
_SALES, _GOOD_SALES, _UNREAD, _WAIVERS = 10_000, 3_000, 20, 50
HEADERS = {
    "customers": "CustomerId,Name,RelationshipToPartner,CountryCode",
    "subscriptions": "SubscriptionId,CustomerId,OfferId,OfferName,Quantity,Status,CreationDate,UnitPrice,Currency",
    "qualifications": "CustomerId,Qualification,VettingStatus",
}


@dataclass
class Fleet:
    """A sale of an education offer to a customer without the qualification is a finding, while it is in the export."""

    dice: random.Random = field(default_factory=lambda: random.Random(1))
    sold: list[int] = field(default_factory=lambda: list(range(FINDINGS)))
    seats: dict[int, int] = field(default_factory=lambda: dict.fromkeys(range(_SALES), 10))
    in_review: set[int] = field(default_factory=set)

    def live(self) -> None:
        """Live from one night to the next: 2 % of the findings go, as many come, and as many have other seats."""
        some = round(FINDINGS * CHANGE)
        gone = set(self.dice.sample(self.sold, some))
        here = set(self.sold)
        come = self.dice.sample([number for number in range(_SALES) if number not in here], some)
        self.sold = sorted((here - gone) | set(come))
        for number in self.dice.sample(self.sold, some):
            self.seats[number] += 1
        self.in_review ^= set(self.dice.sample(range(_SALES), some // 5))

    def write(self, folder: Path, as_of: date) -> None:
        """Write the exports of one night."""
        folder.mkdir(parents=True, exist_ok=True)
        for name, lines in (
            ("customers", self._customers()),
            ("subscriptions", self._subscriptions()),
            ("qualifications", self._qualifications()),
        ):
            file = folder / f"{name}.csv"
            file.write_text("\n".join([HEADERS[name], *lines]) + "\n", encoding="utf-8")
            written = datetime.combine(as_of, time(3), UTC).timestamp()
            os.utime(file, (written, written))

    def _customers(self) -> Iterable[str]:
        for number in range(_SALES + _GOOD_SALES):
            relationship = "friend" if number >= _SALES + _GOOD_SALES - _UNREAD else "Reseller"
            yield f"{_guid(number)},Fundacja Jasny Brzeg {number},{relationship},PL"

    def _subscriptions(self) -> Iterable[str]:
        for number in self.sold:
            yield f"{_line(number, 'Teams (Education Faculty Pricing)', self.seats[number])}"
        for number in range(_SALES, _SALES + _GOOD_SALES):
            yield f"{_line(number, 'Teams', 5)}"

    def _qualifications(self) -> Iterable[str]:
        for number in range(_SALES):
            yield f"{_guid(number)},Education,InReview" if number in self.in_review else f"{_guid(number)},None,"


def write_waivers(file: Path) -> None:
    """Write a waivers file that holds for the year."""
    entries = (
        f'[[waiver]]\ncustomer = "{_guid(number)}"\nreason = "the contract is being moved"\napproved_by = "Ada"\n'
        f"created = {FIRST}\nexpires = {FIRST + timedelta(days=364)}\n"
        for number in range(_WAIVERS)
    )
    file.write_text("\n".join(entries), encoding="utf-8")


def _line(number: int, offer: str, seats: int) -> str:
    return f"s-{number:06},{_guid(number)},CFQ7TTC0LCHC:0002:CFQ7TTC0TEST,{offer},{seats},active,2025-06-01,3.25,EUR"


def _guid(number: int) -> str:
    return f"{number:08x}-{number * 7919 % 65536:04x}-4000-8000-{number * 104729 % 2**48:012x}"
