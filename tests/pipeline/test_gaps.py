"""A gap in tonight's reading closes no finding: what was not read was not put right."""

from __future__ import annotations

import csv
from datetime import date
from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner

from pipeline.cli import cli
from pipeline.session import Session

if TYPE_CHECKING:
    from pathlib import Path

CUSTOMER = "11111111-1111-1111-1111-11111111111{}"
CUSTOMERS = [f"{CUSTOMER.format(n)},Company {n}" for n in range(1, 4)]
SALES = [
    f"s{n},{CUSTOMER.format(n)},P1:0002:A{n},Teams (Education Faculty Pricing),active,2026-01-01" for n in range(1, 4)
]
QUALIFICATIONS = [f"{CUSTOMER.format(n)},None," for n in range(1, 4)]


def night(
    folder: Path,
    state: Path,
    day: int,
    headers: dict[str, str] | None = None,
    rule: str = "SEG01",
    **tables: list[str],
) -> dict[str, str]:
    """Audit one night; return the state of each subscription's finding of one rule."""
    exports = folder / str(day)
    exports.mkdir()
    rows = {"customers": CUSTOMERS, "subscriptions": SALES, "qualifications": QUALIFICATIONS, **tables}
    titles = {
        "customers": "CustomerId,Name",
        "subscriptions": "SubscriptionId,CustomerId,OfferId,OfferName,Status,CreationDate",
        "qualifications": "CustomerId,Qualification,VettingStatus",
        "price_list": "ProductId,SkuId,Segment",
        **(headers or {}),
    }
    for name, lines in rows.items():
        (exports / f"{name}.csv").write_text("\n".join([titles[name], *lines]) + "\n", encoding="utf-8")
    as_of = date(2026, 11, day).isoformat()
    config = folder / "config.toml"
    config.write_text("[gate]\nmax_age_hours = 1000000\n", encoding="utf-8")
    arguments = ["run", str(exports), "--as-of", as_of, "--state", str(state), "--config", str(config)]
    result = CliRunner().invoke(cli, arguments, obj=Session(), standalone_mode=False)
    assert result.exception is None
    with (state / "latest" / "findings.csv").open(encoding="utf-8", newline="") as file:
        return {row["subscription_id"]: row["state"] for row in csv.DictReader(file) if row["rule"] == rule}


@pytest.mark.parametrize(
    ("table", "lines"),
    [
        ("qualifications", [f"{CUSTOMER.format(1)},None,Maybe", *QUALIFICATIONS[1:]]),
        ("subscriptions", [SALES[0].replace("2026-01-01", "2026-02-30"), *SALES[1:]]),
        ("subscriptions", [SALES[0].rsplit(",", 2)[0], *SALES[1:]]),
        ("customers", [f"{CUSTOMER.format(1)},", *CUSTOMERS[1:]]),
        ("customers", [CUSTOMER.format(1), *CUSTOMERS[1:]]),
    ],
    ids=["qualification", "subscription", "subscription cut short", "customer", "customer cut short"],
)
def test_a_row_that_could_not_be_read_closes_nothing(tmp_path: Path, table: str, lines: list[str]) -> None:
    state = tmp_path / "state"
    assert night(tmp_path, state, 18) == {"s1": "new", "s2": "new", "s3": "new"}
    assert night(tmp_path, state, 19, **{table: lines}) == {"s1": "open", "s2": "open", "s3": "open"}
    assert night(tmp_path, state, 20) == {"s1": "open", "s2": "open", "s3": "open"}


def test_a_qualification_that_was_cut_short_makes_no_violation(tmp_path: Path) -> None:
    state = tmp_path / "state"
    approved = [line.replace("None,", "Education,Approved") for line in QUALIFICATIONS]
    assert night(tmp_path, state, 18, qualifications=approved) == {}
    assert night(tmp_path, state, 19, qualifications=[f"{approved[0]},extra", *approved[1:]]) == {}


def test_a_customer_with_two_unread_rows_is_reported_once(tmp_path: Path) -> None:
    state = tmp_path / "state"
    customer = CUSTOMER.format(1)
    night(
        tmp_path, state, 18, qualifications=[f"{customer},None,Maybe", f"{customer},None,,extra", *QUALIFICATIONS[1:]]
    )
    with (state / "latest" / "findings.csv").open(encoding="utf-8", newline="") as file:
        assert [row["customer_id"] for row in csv.DictReader(file) if row["rule"] == "QUAL04"] == [customer]


def test_a_price_list_that_is_missing_or_has_lost_the_offer_closes_nothing(tmp_path: Path) -> None:
    state = tmp_path / "state"
    plain = [line.replace("Teams (Education Faculty Pricing)", "Teams") for line in SALES]
    prices = ["P1,2,Education"]
    found = night(tmp_path, state, 17, subscriptions=plain, price_list=prices)
    assert found == {"s1": "new", "s2": "new", "s3": "new"}
    spoilt = night(tmp_path, state, 18, subscriptions=plain, price_list=["P1,2,Edukation", "P2,1,Commercial"])
    assert spoilt == dict.fromkeys(found, "open")
    assert night(tmp_path, state, 19, subscriptions=plain) == dict.fromkeys(found, "open")
    moved = night(tmp_path, state, 20, subscriptions=plain, price_list=["P1,2,Commercial"])
    assert moved == dict.fromkeys(found, "closed")


def test_a_vetting_status_that_is_no_longer_exported_closes_nothing(tmp_path: Path) -> None:
    state = tmp_path / "state"
    denied = [line.replace("None,", "Education,Denied") for line in QUALIFICATIONS]
    assert night(tmp_path, state, 18, qualifications=denied) == {"s1": "new", "s2": "new", "s3": "new"}
    silent = night(tmp_path, state, 19, qualifications=denied, headers={"qualifications": "CustomerId,Qualification,X"})
    assert silent == {"s1": "open", "s2": "open", "s3": "open"}


def test_rows_that_contradict_each_other_close_nothing(tmp_path: Path) -> None:
    state = tmp_path / "state"
    night(tmp_path, state, 18)
    twice = [*SALES, SALES[0].replace("active", "deleted")]
    assert night(tmp_path, state, 19, subscriptions=twice) == {"s1": "open", "s2": "open", "s3": "open"}


def test_what_was_read_and_is_right_is_closed_beside_a_gap(tmp_path: Path) -> None:
    state = tmp_path / "state"
    night(tmp_path, state, 18)
    moved = SALES[1].replace("Teams (Education Faculty Pricing)", "Teams").replace("active", "deleted")
    found = night(tmp_path, state, 19, subscriptions=[SALES[0].replace("2026-01-01", "2026-02-30"), moved, SALES[2]])
    assert found == {"s1": "open", "s2": "closed", "s3": "open"}


def test_a_sale_that_left_the_export_is_closed(tmp_path: Path) -> None:
    state = tmp_path / "state"
    night(tmp_path, state, 18)
    assert night(tmp_path, state, 19, subscriptions=SALES[1:]) == {"s1": "closed", "s2": "open", "s3": "open"}


def test_a_partner_that_could_not_be_read_closes_nothing(tmp_path: Path) -> None:
    state = tmp_path / "state"
    partner = CUSTOMER.format(9)
    sold = [f"{line},{partner}" for line in SALES]
    headers = {
        "subscriptions": "SubscriptionId,CustomerId,OfferId,OfferName,Status,CreationDate,PartnerTenantId",
        "partners": "TenantId,Role",
    }

    def booked(day: int, *partners: str) -> dict[str, str]:
        return night(tmp_path, state, day, headers, "PART01", subscriptions=sold, partners=list(partners))

    other = f"{CUSTOMER.format(8)},direct_bill"
    found = booked(17, f"{partner},indirect_reseller", other)
    assert found == {"s1": "new", "s2": "new", "s3": "new"}
    assert booked(18, f"{partner},indirect reseler", other) == dict.fromkeys(found, "open")
    assert booked(19, f"{partner},direct_bill", other) == dict.fromkeys(found, "closed")


def test_a_notice_that_could_not_be_read_closes_nothing(tmp_path: Path) -> None:
    state = tmp_path / "state"
    sold = [line.replace("Education Faculty", "Non-Profit") + ",2027-12-31" for line in SALES]
    held = [line.replace("None,", "Nonprofit,Approved") for line in QUALIFICATIONS]
    headers = {
        "subscriptions": "SubscriptionId,CustomerId,OfferId,OfferName,Status,CreationDate,CommitmentEndDate",
        "nonprofit_notices": "CustomerId,NoticeDate",
    }

    def ending(day: int, *notices: str) -> dict[str, str]:
        return night(
            tmp_path, state, day, headers, "NPO05",
            subscriptions=sold, qualifications=held, nonprofit_notices=list(notices),
        )  # fmt: skip

    first, second = f"{CUSTOMER.format(1)},2026-11-01", f"{CUSTOMER.format(2)},2026-11-01"
    assert ending(17, first, second) == {"s1": "new", "s2": "new"}
    assert ending(18, first.replace("2026-11-01", "2026-11-31"), second) == {"s1": "open", "s2": "open"}
    assert ending(19, f"{CUSTOMER.format(3)},2026-11-01", second) == {"s1": "closed", "s2": "open", "s3": "new"}


PARTNER_HEADERS = {
    "subscriptions": "SubscriptionId,CustomerId,OfferId,OfferName,Status,CreationDate,PartnerTenantId",
    "partners": "TenantId,Role,GccApprovedDate",
}
GCC_SALES = [line.replace("(Education Faculty Pricing)", "for GCC") + "," for line in SALES]


def test_who_is_the_only_partner_is_not_known_while_another_is_unread(tmp_path: Path) -> None:
    state = tmp_path / "state"
    approved, other = f"{CUSTOMER.format(9)},direct_bill,2020-01-01", f"{CUSTOMER.format(8)},direct_bill,"
    rows: dict[str, list[str]] = {"subscriptions": GCC_SALES}
    assert night(tmp_path, state, 17, PARTNER_HEADERS, "GCC01", partners=[approved, other], **rows) == {}
    torn = [approved.replace("2020-01-01", "2020-01-32"), other]
    assert night(tmp_path, state, 18, PARTNER_HEADERS, "GCC01", partners=torn, **rows) == {}
    alone = night(tmp_path, state, 19, PARTNER_HEADERS, "GCC01", partners=[other], **rows)
    assert alone == {"s1": "new", "s2": "new", "s3": "new"}


def test_a_partner_that_stands_twice_is_one_partner(tmp_path: Path) -> None:
    state = tmp_path / "state"
    partner = f"{CUSTOMER.format(8)},direct_bill,"
    twice = night(tmp_path, state, 17, PARTNER_HEADERS, "GCC01", subscriptions=GCC_SALES, partners=[partner, partner])
    assert twice == {"s1": "new", "s2": "new", "s3": "new"}
    contradicting = [partner, partner.replace("direct_bill", "indirect_provider")]
    spoilt = night(tmp_path, state, 18, PARTNER_HEADERS, "GCC01", subscriptions=GCC_SALES, partners=contradicting)
    assert spoilt == dict.fromkeys(twice, "open")


def test_an_older_notice_does_not_count_while_the_newer_is_unread(tmp_path: Path) -> None:
    sold = [line.replace("Education Faculty", "Non-Profit") for line in SALES]
    held = [line.replace("None,", "Nonprofit,Approved") for line in QUALIFICATIONS]
    customer = CUSTOMER.format(1)
    notices = [f"{customer},2025-01-01", f"{customer},2026-11-31"]
    found = night(
        tmp_path, tmp_path / "state", 18, {"nonprofit_notices": "CustomerId,NoticeDate"}, "NPO03",
        subscriptions=sold, qualifications=held, nonprofit_notices=notices,
    )  # fmt: skip
    assert found == {}


def test_a_price_list_less_closes_nothing(tmp_path: Path) -> None:
    state = tmp_path / "state"
    plain = [line.replace("Teams (Education Faculty Pricing)", "Teams") for line in SALES]
    prices = {"price_list": ["P1,2,Education"], "price_list-legacy": ["P2,2,Education"]}
    headers = {"price_list-legacy": "ProductId,SkuId,Segment"}
    found = night(tmp_path, state, 17, headers, subscriptions=plain, **prices)
    assert found == {"s1": "new", "s2": "new", "s3": "new"}
    assert night(tmp_path, state, 18, subscriptions=plain, price_list=["P2,2,Education"]) == dict.fromkeys(
        found, "open"
    )


def test_a_price_row_that_cannot_be_split_closes_nothing(tmp_path: Path) -> None:
    state = tmp_path / "state"
    plain = [line.replace("Teams (Education Faculty Pricing)", "Teams") for line in SALES]
    found = night(tmp_path, state, 17, subscriptions=plain, price_list=["P1,2,Education", "P2,1,Commercial"])
    torn = ["P1,2,Education,extra", "P2,1,Commercial"]
    assert night(tmp_path, state, 18, subscriptions=plain, price_list=torn) == dict.fromkeys(found, "open")


def test_a_subscription_that_lost_its_id_may_be_any_of_its_customer(tmp_path: Path) -> None:
    state = tmp_path / "state"
    night(tmp_path, state, 18)
    nameless = [SALES[0].removeprefix("s1"), *SALES[1:]]
    assert night(tmp_path, state, 19, subscriptions=nameless) == {"s1": "open", "s2": "open", "s3": "open"}


def test_no_rule_takes_over_what_stays_open_in_a_gap(tmp_path: Path) -> None:
    """The unread validation keeps GCC02 open, so that SEG01 has nothing new to say of the same sale."""
    state = tmp_path / "state"
    headers = {"gcc_validations": "CustomerId,SubmittedDate,SubmittedTenantId,Status,DecidedDate"}
    sold = [line.replace("(Education Faculty Pricing)", "for GCC") for line in SALES]
    good = f"{CUSTOMER.format(1)},2026-01-01,{CUSTOMER.format(9)},Denied,"
    other = f"{CUSTOMER.format(2)},2026-01-01,{CUSTOMER.format(9)},Denied,"
    night(tmp_path, state, 18, headers, subscriptions=sold, gcc_validations=[good, other])
    torn = [good.replace("2026-01-01", "2026-01-32"), other]
    assert night(tmp_path, state, 19, headers, subscriptions=sold, gcc_validations=torn) == {"s3": "open"}
