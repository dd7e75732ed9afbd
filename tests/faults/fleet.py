"""A small fleet whose rows come and go by a seeded script, and what two rules must find in it, worked out by dicts."""

from __future__ import annotations

import os
import random
from datetime import UTC, date, datetime, time, timedelta
from typing import TYPE_CHECKING

from tests.pipeline.exports import PLAIN, Row, guid, records
from tests.pipeline.replay import Night

if TYPE_CHECKING:
    from pathlib import Path

FIRST = date(2026, 12, 1)
SUBSCRIPTIONS, SCHOOLS, CHARITIES = 300, 120, 30
REMOVAL = FIRST + timedelta(days=300)
_TURNS, _TURNS_QUALIFIED, _TURNS_NOTICED = 0.04, 0.02, 0.05
_RULES = {"P": "SEG01", "Q": "NPO01"}


class Fleet:
    """Education offers, whose customers hold the qualification or do not, and charities with notices or without."""

    def __init__(self, seed: int) -> None:
        self.dice = random.Random(seed)
        self.sold = {number: self.dice.random() < 0.9 for number in range(1, SUBSCRIPTIONS + 1)}
        self.qualified = {number: self.dice.random() < 0.8 for number in range(1, SCHOOLS + 1)}
        self.noticed = {number: self.dice.random() < 0.5 for number in range(1, CHARITIES + 1)}
        self.has_notices = True

    def next_night(self) -> None:
        """Let rows come and go; on some nights there is no file of notices."""
        for what, odds in (
            (self.sold, _TURNS),
            (self.qualified, _TURNS_QUALIFIED),
            (self.noticed, _TURNS_NOTICED),
        ):
            for number in what:
                what[number] ^= self.dice.random() < odds
        self.has_notices = self.dice.random() < 0.85 and any(self.noticed.values())

    def expected(self, as_of: date) -> Night:
        """Return what the two rules find; a finding is P and a subscription, or Q and a charity."""
        sold = {f"P{n}": None for n in self.sold if self.sold[n] and not self.qualified[_school(n)]}
        noticed = {f"Q{n}": REMOVAL for n in self.noticed if self.has_notices and self.noticed[n]}
        return Night(as_of, {**sold, **noticed}, judged=frozenset("PQ" if self.has_notices else "P"))

    def write(self, folder: Path, as_of: date) -> None:
        """Write tonight's exports in place of yesterday's."""
        schools = [{"customer_id": guid(n), "company_name": f"School {n}"} for n in self.qualified]
        charities = [{"customer_id": _charity(n), "company_name": f"Charity {n}"} for n in self.noticed]
        held = [_qualification(guid(n), "Education") for n in self.qualified if self.qualified[n]]
        held += [_qualification(_charity(n), "Nonprofit") for n in self.noticed]
        tables = {
            "customers": [*schools, *charities],
            "subscriptions": [_subscription(n) for n in self.sold if self.sold[n]],
            "qualifications": held,
        }
        folder.mkdir(exist_ok=True)
        for old in folder.iterdir():
            old.unlink()
        if self.has_notices:
            tables["nonprofit_notices"] = [_notice(n) for n in self.noticed if self.noticed[n]]
        for name, rows in tables.items():
            (folder / f"{name}.csv").write_bytes(PLAIN.content(records(rows)))
            aged(folder / f"{name}.csv", as_of)


def aged(file: Path, as_of: date) -> None:
    """Let a file be as old as an export of the early morning."""
    moment = datetime.combine(as_of, time(3), UTC).timestamp()
    os.utime(file, (moment, moment))


def name_of(finding: dict[str, object]) -> str | None:
    """Return by which name `expected` has a finding of findings.json; None for one of another rule."""
    if finding["rule"] == _RULES["P"]:
        return f"P{int(str(finding['subscription_id']).removeprefix('s-'))}"
    if finding["rule"] == _RULES["Q"]:
        return f"Q{int(str(finding['customer_id'])[:8], 16) - SUBSCRIPTIONS}"
    return None


def _school(subscription: int) -> int:
    return subscription % SCHOOLS + 1


def _charity(number: int) -> str:
    return guid(SUBSCRIPTIONS + number)


def _qualification(customer: str, name: str) -> Row:
    return {"customer_id": customer, "qualification": name, "vetting_status": "Approved"}


def _notice(number: int) -> Row:
    told = FIRST - timedelta(days=number)
    return {
        "customer_id": _charity(number),
        "notice_date": told.isoformat(),
        "removal_date": REMOVAL.isoformat(),
    }


def _subscription(number: int) -> Row:
    return {
        "subscription_id": f"s-{number}",
        "customer_id": guid(_school(number)),
        "offer_id": "CFQ7TTC0LCHC:0002:CFQ7TTC0TEST",
        "offer_name": "Microsoft 365 A3 for faculty",
        "segment": "Education",
        "quantity": str(number),
        "status": "active",
        "creation_date": "2026-01-05",
        "commitment_end_date": "2027-12-31",
    }
