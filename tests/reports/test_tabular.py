"""The data files: exact columns, stable bytes, safe cells."""

from __future__ import annotations

import csv
import io
import json
from dataclasses import asdict, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reports import render
from reports.text import csv_cell, read_cell
from schemas.finding import State
from schemas.reading import Problem, Refusal
from schemas.triage import Triage
from schemas.waiver import AppliedWaiver
from tests.reports import examples
from tests.reports.parts import AS_OF, LAST_NIGHT, finding, unread_rows
from tests.reports.write_golden import FORMATS, GOLDEN

if TYPE_CHECKING:
    from schemas.finding import Audit

DECIDED = "2026-11-19T09:30:00Z"
HOSTILE_TEXT = st.text(st.characters(), max_size=30) | st.sampled_from([examples.HOSTILE, "=1", "\t@x", "\ud800"])


def rows(text: str) -> list[dict[str, str]]:
    """Read a CSV file as a spreadsheet would."""
    return list(csv.DictReader(io.StringIO(text, newline="")))


@pytest.mark.parametrize("name", FORMATS)
def test_golden(name: str) -> None:
    """After a wanted change: python -m tests.reports.write_golden."""
    assert FORMATS[name](examples.mixed()) == (GOLDEN / name).read_bytes().decode()


@pytest.mark.parametrize("name", FORMATS)
@pytest.mark.parametrize("audit", [make() for make in examples.ALL.values()], ids=list(examples.ALL))
def test_the_same_audit_gives_the_same_bytes(name: str, audit: Audit) -> None:
    assert FORMATS[name](audit).encode() == FORMATS[name](audit).encode()


def test_the_columns_of_findings_csv() -> None:
    header = render.findings_csv(examples.empty())
    assert header == (
        "finding_id,rule,level,state,customer_id,company_name,subscription_id,offer_name,segment,seats,"
        "message,next_step,due_on,first_seen,source,suspect,decision,owner,promised_on,note,decided_at\n"
    )


def test_closed_findings_are_in_the_csv() -> None:
    assert [row["state"] for row in rows(render.findings_csv(examples.busy()))].count("closed") == 3


def test_every_finding_is_in_the_csv_however_many() -> None:
    assert len(rows(render.findings_csv(examples.many(1200)))) == 1200


@given(HOSTILE_TEXT, HOSTILE_TEXT)
def test_hostile_cells_stay_in_their_column_and_run_nothing(name: str, fact: str) -> None:
    bad = finding(1, company_name=name, offer_name=name, source=fact, facts={"allowed": fact})
    text = render.findings_csv(replace(examples.clean(), findings=(bad,)))
    text.encode()
    (row,) = rows(text)
    assert row["finding_id"] == bad.finding_id
    assert None not in row
    assert text.count("\n") == 2
    for cell in row.values():
        assert not cell.lstrip().startswith(("=", "+", "-", "@", "\t", "\r"))


@given(HOSTILE_TEXT)
def test_json_keeps_hostile_text_as_text(name: str) -> None:
    bad = finding(1, company_name=name, facts={"allowed": name, "share": float("nan")})
    text = render.findings_json(replace(examples.clean(), findings=(bad,)))
    (read,) = json.loads(text.encode())["findings"]
    assert read["company_name"] == name.encode("utf-8", "surrogatepass").decode("utf-8", "replace") or (
        "\ufffd" in read["company_name"]
    )
    assert read["facts"]["share"] is None


def test_json_names_its_schema_and_its_run() -> None:
    read = json.loads(render.findings_json(examples.busy()))
    assert list(read) == ["schema_version", "run", "findings"]
    assert read["schema_version"] == 1
    assert read["run"]["compared_with"] == "2026-11-19"
    assert len(read["findings"]) == 52


def test_run_json_says_what_was_not_judged_and_why() -> None:
    read = json.loads(render.run_json(examples.busy()))
    unjudged = [rule for rule in read["rules"] if rule["judgement"] != "judged"]
    assert [(rule["id"], rule["reason"]) for rule in unjudged] == [
        ("GCC07", "partners was not supplied"),
        ("PART01", "partners was not supplied"),
    ]
    assert read["unread"] == {"rows": 13, "before": 13, "listed": 26}
    assert read["verdict"] == "audited, with findings"


def test_run_json_says_what_was_partly_judged_and_why() -> None:
    read = json.loads(render.run_json(examples.partners()))
    partly = {rule["id"]: rule["gaps"] for rule in read["rules"] if rule["judgement"] == "partly judged"}
    assert list(partly) == ["GCC07", "PART01"]
    assert partly["PART01"] == [
        {
            "code": "not_stated",
            "reason": "the sale names no partner, and partners holds more than one",
            "subjects": 12,
        }
    ]
    assert [item["file"] for item in read["inputs"] if item["table"] == "price_list"] == [
        "new-commerce-2026-11.csv", "legacy-2026-11.csv", "education-2026-11.csv",
    ]  # fmt: skip


def test_amounts_are_text_with_two_decimals() -> None:
    read = json.loads(render.findings_json(examples.partners()))["findings"]
    assert {(item["monthly_amount"], item["currency"]) for item in read} == {
        ("21600.00", "PLN"), ("310.50", "USD"), ("0.00", "PLN"), ("99.00", "PLN"), (None, None),
    }  # fmt: skip


def test_a_finding_on_a_partner_has_no_customer_id() -> None:
    listed = [row for row in rows(render.findings_csv(examples.partners())) if row["rule"] == "GCC06"]
    assert [(row["customer_id"], row["company_name"]) for row in listed] == [("", "Lipowa Reselling"), ("", "")]


def test_what_people_decided_stands_behind_the_finding() -> None:
    decided = finding(1, triage=Triage("fix", "Anna Łoś", LAST_NIGHT, "=1+1; -2", DECIDED))
    audit = replace(examples.clean(), findings=(decided, finding(2), finding(3, triage=Triage(note="x"))))
    filled = ("decision", "owner", "promised_on", "note", "decided_at")
    cells = {row["finding_id"]: tuple(row[name] for name in filled) for row in rows(render.findings_csv(audit))}
    assert cells[decided.finding_id] == ("fix", "Anna Łoś", "2026-11-19", "'=1+1; '-2", DECIDED)
    assert set(cells.values()) == {cells[decided.finding_id], ("",) * 5, ("", "", "", "x", "")}
    read = {item["finding_id"]: item["triage"] for item in json.loads(render.findings_json(audit))["findings"]}
    assert read.pop(decided.finding_id) == {
        "decision": "fix",
        "owner": "Anna Łoś",
        "promised_on": "2026-11-19",
        "note": "=1+1; -2",
        "decided_at": DECIDED,
    }
    noted = {"decision": "", "owner": "", "promised_on": None, "note": "x", "decided_at": ""}
    assert read == {finding(2).finding_id: None, finding(3).finding_id: noted}


def test_what_was_emptied_is_no_triage_and_says_when() -> None:
    audit = replace(examples.clean(), findings=(finding(1, triage=Triage(decided_at=DECIDED)),))
    (row,) = rows(render.findings_csv(audit))
    assert (row["decision"], row["note"], row["decided_at"]) == ("", "", DECIDED)
    (item,) = json.loads(render.findings_json(audit))["findings"]
    assert item["triage"] is None


def test_json_says_by_whom_a_finding_is_waived_and_since_when_it_is_open() -> None:
    applied = AppliedWaiver("SEG01 of customer c1", "in vetting", "A. Nowak", LAST_NIGHT, AS_OF)
    waived = finding(1, state=State.WAIVED, waiver=applied, opened_on=LAST_NIGHT, reopened=2)
    audit = replace(examples.clean(), findings=(waived, finding(2)))
    first, second = json.loads(render.findings_json(audit))["findings"]
    assert {first["finding_id"]: first["waiver"], second["finding_id"]: second["waiver"]} == {
        waived.finding_id: {
            "scope": "SEG01 of customer c1",
            "reason": "in vetting",
            "approved_by": "A. Nowak",
            "created": "2026-11-19",
            "expires": "2026-11-20",
        },
        finding(2).finding_id: None,
    }
    said = first if first["finding_id"] == waived.finding_id else second
    assert (said["opened_on"], said["reopened"]) == ("2026-11-19", 2)


@given(HOSTILE_TEXT)
def test_a_cell_that_was_read_back_is_written_as_it_was(text: str) -> None:
    cell = csv_cell(text)
    assert csv_cell(read_cell(cell)) == cell


@pytest.mark.parametrize("text", ["=1", "-2", "@x", "a; =b", "plain", "'quoted", "a;'b", "\u200b+1"])
def test_a_guard_is_taken_off_again(text: str) -> None:
    assert read_cell(csv_cell(text)) == text


def test_a_refused_run_leaves_its_reasons() -> None:
    problem = Problem("subscriptions.csv", "line 1", "no rows", "at least one", "Ask for the export again.")
    refusal = Refusal(
        run_id="2026-11-20T0200Z",
        as_of=AS_OF,
        started_at=datetime(2026, 11, 20, 2, tzinfo=UTC),
        exit_code=3,
        version="1.0.0",
        command="csp-audit run exports",
        last_good=LAST_NIGHT,
        problems=(problem,),
        unread_rows=unread_rows(2),
    )
    read = json.loads(render.refusal_json(refusal))
    assert (read["verdict"], read["exit_code"], read["last_good"]) == ("not audited", 3, "2026-11-19")
    assert read["problems"] == [asdict(problem)]
    assert len(rows(render.quarantine_csv(refusal))) == 2


def test_quarantine_lists_every_reason() -> None:
    listed = rows(render.quarantine_csv(examples.busy()))
    assert len(listed) == 26
    assert listed[0] == {
        "table": "subscriptions",
        "file": "subscriptions.csv",
        "line": "118",
        "column": "quantity",
        "value": "'-4",
        "reason": "expected a whole number, 0 or more",
    }
