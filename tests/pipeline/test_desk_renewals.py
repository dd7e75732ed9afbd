"""`csp-audit renewals`: what comes of special-segment subscriptions, against an obvious second implementation."""

from __future__ import annotations

import csv
import io
import json
import tracemalloc
from dataclasses import dataclass, replace
from datetime import date, timedelta
from random import Random
from typing import TYPE_CHECKING, Any

import pytest

from pipeline.desk.answer import csv_pieces
from pipeline.desk.desk import open_desk
from pipeline.desk.renewals import renewals, spilling
from tests.pipeline.commandline import call
from tests.pipeline.exports import AS_OF, guid, night, run, write_folder
from tests.pipeline.golden import check_golden

if TYPE_CHECKING:
    from pathlib import Path

    from tests.pipeline.exports import Night, Row

TONIGHT = date.fromisoformat(AS_OF)
SECTIONS = ("renews", "ends", "extends", "cannot_tell")
# Customers of tests.pipeline.exports and what DOMAIN section 2 lets them buy; 99 is in no export.
MATRIX = {
    1: {"Commercial"},
    2: {"Commercial", "Nonprofit"},
    3: {"Commercial", "Education"},
    4: {"GovernmentCommunityCloud"},
}
LEGACY = "2f1c7f0a-5d0b-4c7e-8a77-93b0c1d2e3f4"


@dataclass(frozen=True)
class Sale:
    """One drawn subscription; `product` is a new-commerce one with plans, or a legacy offer."""

    number: int
    customer: int
    segment: str
    product: str
    seats: int | None
    status: str
    auto_renew: bool | None
    action: str
    bought: date
    started: date | None
    ends: date | None

    @property
    def offer_id(self) -> str:
        return LEGACY if self.product == "legacy" else f"P{self.product}{self.segment}:0001:A1"


PLANS = {"monthly": ["Monthly"], "annual": ["Annual"], "both": ["Annual", "Monthly"], "unlisted": [], "legacy": []}
SPECIAL = ("Nonprofit", "Education", "GovernmentCommunityCloud")


def drawn(seed: int, count: int = 700) -> list[Sale]:
    dice = Random(seed)
    ends = [TONIGHT + timedelta(days=n) for n in (-2, -1, 0, 1, 14, 29, 30, 31, 32, 400)]
    days = [date(2025, 3, 31), date(2025, 4, 1), date(2026, 1, 5), date(2019, 1, 1)]
    return [
        Sale(
            number=n,
            customer=dice.choice([1, 2, 3, 4, 6, 99]),
            segment=dice.choice([*SPECIAL, *SPECIAL, "Commercial", ""]),
            product=dice.choice(list(PLANS)),
            seats=dice.choice([None, 0, 5, 5, 70]),
            status=dice.choice(["active", "active", "pending", "suspended", "expired", "deleted", "none", "paused"]),
            auto_renew=dice.choice([True, False, False, None]),
            action=dice.choice(
                ["", "", "Cancel", "RenewToNewTerm", "RenewToExtendedServiceTerm", "Transition", "Halt"]
            ),
            bought=dice.choice(days),
            started=dice.choice([None, *days]),
            ends=dice.choice([*ends, date(9999, 12, 14), None]),
        )
        for n in range(count)
    ]


def exported(sale: Sale) -> Row:
    return {
        "subscription_id": f"s-{sale.number:04}",
        "customer_id": guid(sale.customer),
        "offer_id": sale.offer_id,
        "offer_name": f"An offer of no kind {sale.number}",
        "segment": sale.segment,
        "quantity": "" if sale.seats is None else str(sale.seats),
        "status": sale.status,
        "auto_renew_enabled": "" if sale.auto_renew is None else str(sale.auto_renew),
        "scheduled_action": sale.action,
        "creation_date": str(sale.bought),
        "effective_start_date": str(sale.started or ""),
        "commitment_end_date": str(sale.ends or ""),
    }


def priced(segment: str, product: str, plan: str) -> Row:
    row = {"product_id": f"P{product}{segment}", "sku_id": "0001", "segment": segment, "sku_title": "An offer"}
    return {**row, "billing_plan": plan, "effective_end_date": ""}


def tables(sales: list[Sale]) -> Night:
    prices = [priced(segment, name, plan) for segment in SPECIAL for name, plans in PLANS.items() for plan in plans]
    old = {**priced("Nonprofit", "annual", "Monthly"), "effective_end_date": "2026-01-31"}
    rest = {name: rows for name, rows in night().items() if name in {"customers", "qualifications"}}
    return {**rest, "subscriptions": [exported(sale) for sale in sales], "price_list": [*prices, old]}


def expected_section(sale: Sale, days: int) -> str | None:  # noqa: PLR0911 - one line for each thing that decides
    """Say what DOMAIN section 4 makes of a sale, case by case; None: it is not listed."""
    last = last_day(sale)
    if sale.status in {"none", "expired", "disabled", "deleted"} or sale.segment not in SPECIAL:
        return None
    if last is None or not TONIGHT <= last <= TONIGHT + timedelta(days=days):
        return None
    if sale.action == "Cancel":
        return "ends"
    if sale.action == "RenewToExtendedServiceTerm":
        return "extends"
    if sale.action == "Halt" and sale.auto_renew is not False:
        return "cannot_tell"
    if sale.auto_renew or (sale.auto_renew is None and sale.action):
        return "renews"
    if sale.auto_renew is None:
        return "cannot_tell"
    if sale.product != "legacy" and (sale.started or sale.bought) >= date(2025, 4, 1) and last >= date(2026, 5, 4):
        return "extends"
    return "cannot_tell" if sale.action else "ends"


def last_day(sale: Sale) -> date | None:
    """The last day is the end in new commerce, and the day before it in legacy; the year 9999 is no end."""
    if sale.ends is None or sale.ends.year == date.max.year:
        return None
    return sale.ends - timedelta(days=sale.product == "legacy")


def expected_percent(sale: Sale, section: str) -> int | None:
    known = {"monthly": 3, "both": 3, "annual": 23}
    return known.get(sale.product) if section == "extends" else None


def expected_outcome(sale: Sale) -> str:
    if sale.customer == 99:
        return "cannot tell"
    if sale.customer == 6:  # Nonprofit and state-owned: the strictest reading is Commercial
        return "unlisted, outside the strictest reading"
    return "allowed" if sale.segment in MATRIX[sale.customer] else "forbidden"


def expected(sales: list[Sale], days: int) -> dict[str, list[tuple[object, ...]]]:
    found: dict[str, list[tuple[object, ...]]] = {name: [] for name in SECTIONS}
    listed = sorted(sales, key=lambda sale: (str(last_day(sale)), -(-1 if sale.seats is None else sale.seats)))
    for sale in listed:
        section = expected_section(sale, days)
        if section:
            facts = (str(last_day(sale)), sale.seats, expected_percent(sale, section), expected_outcome(sale))
            found[section].append((f"s-{sale.number:04}", *facts))
    return found


def answered(state: Path, days: int) -> dict[str, Any]:
    ended = call("renewals", "--state", state, "--within", str(days), "--format", "json")
    assert (ended.code, ended.err) == (0, "")
    document: dict[str, Any] = json.loads(ended.out)
    return document


@pytest.fixture(scope="module", params=range(3))
def world(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[list[Sale], Path]:
    folder = tmp_path_factory.mktemp("renewals")
    sales = drawn(request.param)
    assert run(write_folder(folder / "exports", tables(sales)), folder / "state").code in {0, 1}
    return sales, folder / "state"


@pytest.mark.parametrize("days", [0, 30])
def test_agrees_with_the_second_implementation(world: tuple[list[Sale], Path], days: int) -> None:
    sales, state = world
    document = answered(state, days)
    for name, facts in expected(sales, days).items():
        got = [
            (row["subscription_id"], row["ends_on"], row["seats"], row["surcharge_percent"], row["allowed"])
            for row in document[name]
        ]
        assert sorted(got, key=str) == sorted(facts, key=str)
        assert [row[1:3] for row in got] == [fact[1:3] for fact in facts]
        assert document[f"{name}_count"] == len(facts)
        assert days == 0 or len(facts) > 9


def test_forbidden_renewals_unknown_segments_and_missing_ends_are_counted(world: tuple[list[Sale], Path]) -> None:
    sales, state = world
    document = answered(state, 30)
    live = [sale for sale in sales if sale.status not in {"none", "expired", "deleted"}]
    lead = " ".join(document["lead"])
    forbidden = [
        sale for sale in live if expected_section(sale, 30) == "renews" and expected_outcome(sale) == "forbidden"
    ]
    assert document["renews_forbidden"] == len(forbidden) > 0
    assert f"Renewing although the purchase matrix forbids the segment tonight: {len(forbidden)}." in lead
    last = [last_day(sale) for sale in live if not sale.segment]
    unknown = sum(day is not None and TONIGHT <= day <= TONIGHT + timedelta(days=30) for day in last)
    assert f"their segment cannot be told (csp-audit rules show SEG03): {unknown}." in lead
    endless = sum(sale.segment in SPECIAL and sale.ends is None for sale in live)
    assert f"Special-segment subscriptions that state no end: {endless}." in lead


def test_a_table_shows_the_first_rows_and_counts_all(
    world: tuple[list[Sale], Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pipeline.desk.renewals.MOST_DRAWN", 3)
    sales, state = world
    out = call("renewals", "--state", state).out
    for name, title in zip(SECTIONS, ("Renews", "Ends", "Rolls into an extended term", "Cannot tell"), strict=True):
        count = len(expected(sales, 30)[name])
        assert f"\n{title}: {count}\n" in out
        assert f"{count - 3} more: --format csv lists all." in out
    whole = list(csv.DictReader(io.StringIO(call("renewals", "--state", state, "--format", "csv").out)))
    assert len(whole) == sum(map(len, expected(sales, 30).values()))


def test_whether_a_cancel_is_scheduled_is_not_known_without_its_column(tmp_path: Path) -> None:
    bought = date(2026, 1, 5)
    first = Sale(
        number=1, customer=2, segment="Nonprofit", product="monthly", seats=5, status="active", auto_renew=False,
        action="", bought=bought, started=None, ends=TONIGHT + timedelta(days=1),
    )  # fmt: skip
    sales = [first, replace(first, number=2, product="legacy"), replace(first, number=3, auto_renew=True)]
    made = tables(sales)
    made["subscriptions"] = [
        {name: cell for name, cell in row.items() if name != "scheduled_action"} for row in made["subscriptions"]
    ]
    run(write_folder(tmp_path / "exports", made), tmp_path / "state")
    document = answered(tmp_path / "state", 30)
    assert {name: [row["subscription_id"] for row in document[name]] for name in SECTIONS} == {
        "renews": ["s-0003"],
        "ends": ["s-0002"],
        "extends": [],
        "cannot_tell": ["s-0001"],
    }
    (row,) = document["cannot_tell"]
    assert row["why"] == "auto-renew is off, and the export does not say whether a Cancel is scheduled"


def test_what_rolls_on_is_what_npo04_finds(audited: Path) -> None:
    findings = json.loads((audited / "latest" / "findings.json").read_text(encoding="utf-8"))["findings"]
    reported = {
        (item["subscription_id"], item["due_on"], item["facts"]["surcharge_percent"])
        for item in findings
        if item["rule"] == "NPO04" and item["state"] != "closed"
    }
    rolling = {
        (row["subscription_id"], row["ends_on"], row["surcharge_percent"]) for row in answered(audited, 3650)["extends"]
    }
    assert reported
    assert reported <= rolling


def test_a_long_list_never_stands_in_memory(tmp_path: Path) -> None:
    sales = drawn(3, 20_000)
    assert run(write_folder(tmp_path / "exports", tables(sales)), tmp_path / "state").code in {0, 1}
    with open_desk(None, tmp_path / "state") as closed:
        pass
    with spilling(closed) as desk:
        tracemalloc.start()
        answer = renewals(desk, 3650, drawn=False)
        length = sum(len(piece) for piece in csv_pieces(answer))
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
    assert length > 1_000_000
    assert peak < 4 * length


@pytest.mark.parametrize("form", ["table", "csv", "json"])
def test_output_is_what_it_was(audited: Path, form: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "160")
    ended = call("renewals", "--within", "60", "--format", form, "--state", audited)
    assert (ended.code, ended.err) == (0, "")
    check_golden(f"renewals_{form}.txt", ended.out)


def test_days_are_a_number_that_is_not_negative(audited: Path) -> None:
    ended = call("renewals", "--within", "-1", "--state", audited)
    assert ended.code == 2
    assert "--within" in ended.err
