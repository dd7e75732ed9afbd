"""`csp-audit expiring`: nonprofit eligibility that ends soon, should have ended, or is lost."""

from __future__ import annotations

import json
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from tests.pipeline.commandline import DAYS, audit, call, sample
from tests.pipeline.exports import AS_OF, guid, night, run, write, write_folder
from tests.pipeline.golden import check_golden

if TYPE_CHECKING:
    from pathlib import Path

    from tests.pipeline.exports import Row

TONIGHT = date.fromisoformat(AS_OF)


def notice(customer: int, given: str, removal: str = "") -> Row:
    return {"customer_id": guid(customer), "notice_date": given, "removal_date": removal, "contested": "Yes"}


def answered(state: Path, *words: str) -> dict[str, Any]:
    ended = call("expiring", "--state", state, "--format", "json", *words)
    assert (ended.code, ended.err) == (0, "")
    document: dict[str, Any] = json.loads(ended.out)
    return document


def world(folder: Path, notices: list[Row], **changed: list[Row]) -> Path:
    """Audit one night of two nonprofit customers: 2 is one, 6 is state-owned beside."""
    write_folder(folder / "exports", {**night(), "nonprofit_notices": notices, **changed})
    assert run(folder / "exports", folder / "state").code in {0, 1}
    return folder / "state"


@pytest.mark.parametrize(
    ("removal", "section"),
    [
        (TONIGHT - timedelta(days=1), "passed"),
        (TONIGHT, "under_notice"),
        (TONIGHT + timedelta(days=30), "under_notice"),
        (TONIGHT + timedelta(days=31), None),
    ],
)
def test_the_removal_date_decides(tmp_path: Path, removal: date, section: str | None) -> None:
    document = answered(world(tmp_path, [notice(2, "2026-08-01", str(removal))]), "--within", "30")
    assert [name for name in ("under_notice", "passed", "lost") if document[name]] == ([section] if section else [])
    if section:
        (row,) = document[section]
        assert row == {
            "removal_date": str(removal),
            "days_left": (removal - TONIGHT).days,
            "customer": 'Hospicjum "Wólka"',
            "customer_id": guid(2),
            "notice_date": "2026-08-01",
            "contested": True,
            "still_listed": True,
            "subscriptions": 1,
            "seats": 40,
            "next_renewal": None,
            "monthly_amount": None,
            "currency": None,
            "source": "nonprofit_notices.csv:2",
        }


def test_without_a_removal_date_it_is_ninety_days_after_the_notice(tmp_path: Path) -> None:
    (row,) = answered(world(tmp_path, [notice(6, "2026-11-01")]))["under_notice"]
    assert (row["removal_date"], row["days_left"]) == ("2027-01-30", 71)


def test_soonest_comes_first(tmp_path: Path) -> None:
    state = world(tmp_path, [notice(2, "2026-09-15", "2026-12-14"), notice(6, "2026-08-01", "2026-12-01")])
    assert [row["customer_id"] for row in answered(state)["under_notice"]] == [guid(6), guid(2)]


def test_a_monthly_amount_needs_the_price_of_every_subscription(tmp_path: Path) -> None:
    sales = [{**row, "currency": "PLN", "billing_cycle": "Monthly"} for row in night()["subscriptions"]]
    state = world(tmp_path / "known", [notice(2, "2026-09-15")], subscriptions=sales)
    (row,) = answered(state)["under_notice"]
    assert (row["monthly_amount"], row["currency"]) == ("3456.00", "PLN")
    again = next(row for row in sales if row["customer_id"] == guid(2) and "Charity" in row["offer_name"])
    sales = [*sales, {**again, "subscription_id": "s-99", "currency": "EUR"}]
    (row,) = answered(world(tmp_path / "mixed", [notice(2, "2026-09-15")], subscriptions=sales))["under_notice"]
    assert (row["subscriptions"], row["seats"], row["monthly_amount"], row["currency"]) == (2, 80, None, None)


def test_notices_of_others_are_counted_not_listed(tmp_path: Path) -> None:
    document = answered(world(tmp_path, [notice(1, "2026-09-15"), notice(98, "2026-09-15")]))
    assert document["under_notice"] == []
    told = "Notices of customers that are not Nonprofit tonight, or not in the customers export: 2."
    assert told in document["lead"]


def test_a_customer_whose_qualification_row_is_unread_may_still_be_listed(tmp_path: Path) -> None:
    qualifications = night()["qualifications"]
    broken = [{**row, "vetting_status": "Maybe"} if row["customer_id"] == guid(2) else row for row in qualifications]
    state = world(tmp_path, [notice(2, "2026-09-15")], qualifications=broken)
    (row,) = answered(state)["under_notice"]
    assert row["still_listed"] is None
    told = "Whether still listed cannot be told, as a qualification row could not be read: 1."
    assert told in call("expiring", "--state", state).out


def test_an_unread_notice_is_counted(tmp_path: Path) -> None:
    document = answered(world(tmp_path, [notice(2, "2026-09-15"), notice(6, "not a day")]))
    assert "Rows of nonprofit_notices that could not be read (see quarantine.csv): 1." in document["lead"]


def test_a_first_night_cannot_know_what_is_lost(tmp_path: Path) -> None:
    told = "No earlier night was audited: a qualification that was lost cannot be seen yet."
    state = world(tmp_path, [notice(1, "2026-09-15")])
    assert told in answered(state)["lead"]
    exports = night()
    exports["qualifications"] = [row for row in exports["qualifications"] if row["customer_id"] != guid(2)]
    config = write(tmp_path / "config.toml", "[gate]\nmax_age_hours = 72\n")
    audit(write_folder(tmp_path / "later", exports), "2026-11-21", state, "--config", config)
    document = answered(state)
    assert told not in document["lead"]
    (row,) = document["lost"]
    assert (row["lost_on"], row["customer_id"], row["subscriptions"]) == ("2026-11-21", guid(2), 1)
    assert (row["seats"], row["source"]) == (40, "customers.csv:3")
    assert document["lost_count"] == 1


def test_a_night_without_the_file_says_that_notices_are_not_known(tmp_path: Path) -> None:
    state = tmp_path / "state"
    for day in DAYS[:2]:
        audit(sample(day), day, state)
    document = answered(state)
    assert (
        "No nonprofit_notices file was supplied on 2026-11-19: which customers are under notice is not known."
        in (document["lead"])
    )
    assert (document["notices_supplied"], document["under_notice_count"], document["passed_count"]) == (
        False,
        None,
        None,
    )
    assert document["lost_count"] == len(document["lost"]) > 0
    assert call("expiring", "--state", state).out.count("Not known: no nonprofit_notices file was supplied.") == 2


@pytest.mark.parametrize("form", ["table", "csv", "json"])
def test_output_is_what_it_was(audited: Path, form: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "160")
    ended = call("expiring", "--format", form, "--state", audited)
    assert (ended.code, ended.err) == (0, "")
    check_golden(f"expiring_{form}.txt", ended.out)


def test_days_are_a_number_that_is_not_negative(audited: Path) -> None:
    ended = call("expiring", "--within", "-1", "--state", audited)
    assert ended.code == 2
    assert "--within" in ended.err
