"""`csp-audit customer`: the dossier, on the sample nights and on small worlds with gaps."""

from __future__ import annotations

import csv
import io
import json
from typing import TYPE_CHECKING, Any

import pytest

from tests.pipeline.commandline import call
from tests.pipeline.decisions import WAIVED_CUSTOMER, decide, records
from tests.pipeline.exports import AS_OF, guid, night, run, write_folder
from tests.pipeline.golden import check_golden

if TYPE_CHECKING:
    from pathlib import Path

    from tests.pipeline.exports import Night


def dossier(state: Path, customer: str) -> dict[str, Any]:
    ended = call("customer", customer, "--state", state, "--format", "json")
    assert (ended.code, ended.err) == (0, "")
    document: dict[str, Any] = json.loads(ended.out)
    return document


def audit(tmp_path: Path, tables: Night, waivers: str = "") -> Path:
    """Audit a small world, and return its state."""
    state = tmp_path / "state"
    state.mkdir(exist_ok=True)
    if waivers:
        (state / "waivers.toml").write_text(waivers, encoding="utf-8")
    assert run(write_folder(tmp_path / "exports", tables), state).code in {0, 1}
    return state


@pytest.mark.parametrize("form", ["table", "csv", "json"])
@pytest.mark.parametrize("customer", ["czystarzeka", "comune-montelaro", "heronpointfire", "kodbrzoza"])
def test_dossier_is_what_it_was(audited: Path, customer: str, form: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "140")
    ended = call("customer", f"{customer}.example", "--state", audited, "--format", form)
    assert (ended.code, ended.err) == (0, "")
    check_golden(f"customer_{customer}_{form}.txt", ended.out)


def test_formats_hold_the_same_rows(audited: Path) -> None:
    document = dossier(audited, "ilfalco.example")
    text = call("customer", "ilfalco.example", "--state", audited, "--format", "csv").out
    records = list(csv.DictReader(io.StringIO(text)))
    sections = [name for name, value in document.items() if isinstance(value, list) and name != "lead"]
    assert {name: len(document[name]) for name in sections if document[name]} == {
        name: sum(record["section"] == name for record in records) for name in {record["section"] for record in records}
    }


def test_every_finding_of_the_night_is_in_the_dossier_of_its_customer(audited: Path) -> None:
    findings = json.loads(call("findings", "--state", audited, "--format", "json").out)["findings"]
    customers = sorted({finding["customer_id"] for finding in findings if finding["customer_id"]})[::6]
    for customer in customers:
        own = {finding["finding_id"]: finding for finding in findings if finding["customer_id"] == customer}
        told = {row["finding_id"]: row for row in dossier(audited, customer)["findings"]}
        assert told.keys() == own.keys()
        assert all(told[one]["message"] == own[one]["message"] for one in own)


def test_history_shows_what_was_lost_and_decided(audited: Path) -> None:
    lost = dossier(audited, "ilfalco.example")
    assert lost["qualification_history"] == [
        {
            "qualification": "Nonprofit", "vetting_status": "Approved",
            "first_night": "2026-11-18", "gone_on": "2026-11-19",
        }
    ]  # fmt: skip
    assert lost["timeline"][0]["event"] == "nonprofit qualification was first missing"
    decided = dossier(audited, "bibliosanvero.example")["qualification_history"]
    assert [(span["vetting_status"], span["first_night"], span["gone_on"]) for span in decided] == [
        ("InReview", "2026-11-18", "2026-11-20"),
        ("Approved", "2026-11-20", None),
    ]


def test_qualification_that_is_denied_beside_an_approved_one_does_not_count(audited: Path) -> None:
    rows = dossier(audited, "oakmere.example")["qualifications"]
    assert {(row["vetting_status"], row["counts_tonight"]) for row in rows} == {("Approved", True), ("Denied", False)}


def test_requests_used_and_left(audited: Path) -> None:
    requests = {row["qualification"]: row for row in dossier(audited, "kodbrzoza.example")["requests"]}
    education = requests["Education"]
    assert (education["requested"], education["requests_left"]) == (3, 0)
    assert (education["last_requested_on"], education["last_outcome"]) == ("2026-09-28", "denied")
    assert (requests["Nonprofit"]["requested"], requests["Nonprofit"]["requests_left"]) == (0, 3)


def test_timeline_is_in_the_order_of_days_and_ends_with_no_far_future(audited: Path) -> None:
    timeline = dossier(audited, "czystarzeka.example")["timeline"]
    days = [row["day"] for row in timeline]
    assert days == sorted(days)
    assert max(days) < "2100"
    assert {"nonprofit notice", "nonprofit qualification is removed", "term ends"} <= {row["event"] for row in timeline}
    assert {row["days_left"] for row in timeline if row["event"] == "nonprofit qualification is removed"} == {-1}


def test_customer_that_is_in_no_customers_export(tmp_path: Path) -> None:
    document = dossier(audit(tmp_path, night()), guid(99))
    assert document["lead"][0] == (
        f"The customer {guid(99)}: it is not in the customers export, so nobody can tell what it may be sold."
    )
    assert document["who"] == [
        {"fact": "id", "value": guid(99)},
        {"fact": "row", "value": "not in the customers export"},
    ]
    assert document["may_be_sold"] == []
    assert [row["allowed"] for row in document["subscriptions"]] == ["cannot tell"]
    assert [row["rule"] for row in document["findings"]] == ["REL01"]


def test_tables_that_were_not_supplied_are_not_known(tmp_path: Path) -> None:
    tables = night()
    del tables["nonprofit_notices"]
    state = audit(tmp_path, tables)
    assert dossier(state, "lipowa.example")["requests"] == []
    text = call("customer", "lipowa.example", "--state", state).out
    assert "Not known: no qualification_requests file was supplied." in text
    assert "No nonprofit_notices file was supplied, so a notice would not be known." in text
    assert "GCC validations" not in text


def test_rows_that_could_not_be_read_are_said(tmp_path: Path) -> None:
    tables = night()
    tables["qualifications"][0]["vetting_status"] = "Perhaps"
    tables["customers"][1]["country"] = "Poland"
    tables["qualification_requests"] = [
        {"customer_id": guid(3), "qualification": "Education", "requested_date": "2026-10-01", "outcome": "Approved"},
        {"customer_id": guid(3), "qualification": "Education", "requested_date": "soon", "outcome": "Approved"},
    ]
    tables["gcc_validations"] = [
        {
            "customer_id": guid(4), "submitted_date": "soon", "submitted_tenant_id": guid(50), "status": "Approved",
            "decided_date": "",
        }
    ]  # fmt: skip
    state = audit(tmp_path, tables)
    first = call("customer", "lipowa.example", "--state", state).out
    assert "Lipowa, Brzoza & Syn: a row of its qualifications could not be read" in first
    assert "Rows of the customer that could not be read: qualifications." in first
    assert "Cannot tell: the type of the customer is not known." in first
    assert "its row could not be read, so nobody can tell" in " ".join(
        call("customer", guid(2), "--state", state).out.split()
    )
    assert (
        "A row of its requests could not be read: fewer may be left."
        in call("customer", "elan.example", "--state", state).out
    )
    assert "A row of its validations could not be read." in call("customer", "pine.example", "--state", state).out


def test_relationship_that_is_not_reseller_is_said(tmp_path: Path) -> None:
    assert dossier(audit(tmp_path, night()), "zuerich.example")["lead"][:2] == [
        "Zürich Advisory holds no qualification that counts.",
        "Its relationship is advisor: it must accept a reseller relationship first.",
    ]


def test_waived_finding_stays_visible_with_its_date(tmp_path: Path) -> None:
    waivers = f"""
        [[waiver]]
        customer = "{guid(1)}"
        reason = "ticket 12"
        approved_by = "A. Nowak"
        created = 2026-11-01
        expires = 2026-12-01
    """
    document = dossier(audit(tmp_path, night(), waivers), "lipowa.example")
    assert {(row["state"], row["waived_until"]) for row in document["findings"]} == {("waived", "2026-12-01")}
    assert document["lead"][1].endswith(f"findings: {len(document['findings'])} waived.")
    assert document["as_of"] == AS_OF


def test_age_waiver_and_triage_of_each_finding_are_told(audited: Path, tmp_path: Path) -> None:
    state = decide(audited, tmp_path)
    waived = dossier(state, WAIVED_CUSTOMER)
    assert {row["decided"] for row in waived["decisions"]} == {"Waived until 2026-12-31 by A. Nowak: ticket 40"}
    (late,) = [row for row in records(state, "--overdue") if row["owner"]]
    told = {row["finding_id"]: row for row in dossier(state, late["customer_id"])["decisions"]}[late["finding_id"]]
    assert told["decided"] == "Triage: fix, M. Rossi, promised for 2026-11-19 (overdue): wrong offer"
    assert told["age"].startswith(f"since {late['first_seen']}")
    (reopened, *_) = records(state, "--in-state", "reopened")
    ages = {row["finding_id"]: row["age"] for row in dossier(state, reopened["customer_id"])["decisions"]}
    assert ages[reopened["finding_id"]].endswith("; reopened once")


def test_names_that_work_unseen_are_made_harmless(tmp_path: Path) -> None:
    tables = night()
    tables["customers"][0]["company_name"] = "Lipowa\u202e\x07 =1+1"
    state = audit(tmp_path, tables)
    out = call("customer", "lipowa.example", "--state", state).out
    assert "Lipowa\ufffd\ufffd =1+1" in out
    assert not {"\u202e", "\x07"} & set(out)
