"""`csp-audit explain`: one finding with all that it rests on and its history, or one rule and what it came to."""

from __future__ import annotations

import csv
import io
import json
import shutil
from typing import TYPE_CHECKING, Any

import pytest

from pipeline.rulefile import read_rules
from tests.pipeline.commandline import DAYS, audit, call, sample
from tests.pipeline.decisions import WAIVED_CUSTOMER, decide, records
from tests.pipeline.desk_nights import BACKFILLED, gone_and_backfilled
from tests.pipeline.exports import AS_OF, guid, night, run, write_folder
from tests.pipeline.golden import check_golden

if TYPE_CHECKING:
    from pathlib import Path

    Answer = dict[str, Any]


@pytest.fixture(scope="module")
def decided(audited: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return decide(audited, tmp_path_factory.mktemp("decided"))


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a state directory of the small night of tests.pipeline.exports."""
    folder = tmp_path_factory.mktemp("small")
    run(write_folder(folder / "exports", night()), folder / "state")
    return folder / "state"


def explain(state: Path, asked: str) -> Answer:
    ended = call("explain", asked, "--state", state, "--format", "json")
    assert (ended.code, ended.err) == (0, "")
    answer: Answer = json.loads(ended.out)
    return answer


def one(state: Path, rule: str, *words: str) -> str:
    """Return the id of the first finding of a rule."""
    return records(state, "--rule", rule, *words)[0]["finding_id"]


@pytest.mark.parametrize("form", ["table", "csv", "json"])
@pytest.mark.parametrize("rule", ["SEG01", "GCC06", "NPO01"])
def test_output_is_what_it_was(audited: Path, rule: str, form: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "120")
    ended = call("explain", one(audited, rule), "--state", audited, "--format", form)
    assert (ended.code, ended.err) == (0, "")
    check_golden(f"explain_{rule}_finding_{form}.txt", ended.out)


@pytest.mark.parametrize("form", ["table", "csv", "json"])
def test_rule_is_explained_as_it_was(audited: Path, form: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "120")
    ended = call("explain", "gcc01", "--state", audited, "--format", form)
    assert (ended.code, ended.err) == (0, "")
    check_golden(f"explain_GCC01_{form}.txt", ended.out)


def test_every_finding_can_be_explained_and_says_its_message(decided: Path) -> None:
    by_rule = {row["rule"]: row for row in records(decided)}
    assert len(by_rule) > 20
    for row in by_rule.values():
        answer = explain(decided, row["finding_id"])
        assert answer["lead"][0] == f"{row['message']}."
        same = ("finding_id", "rule", "level", "state", "first_seen", "source", "message")
        assert {name: answer[name] for name in same} == {name: row[name] for name in same}
        assert [item["step"] for item in answer["steps"]][:1] == [row["next_step"]]
        assert not row["source"] or answer["evidence"][0]["source"] == row["source"]


def test_matrix_cell_says_outcome_source_and_since_when(small: Path) -> None:
    seg01 = {row["subscription_id"]: row["finding_id"] for row in records(small, "--rule", "SEG01")}
    answer = explain(small, seg01["s-01"])
    (cell,) = answer["matrix"]
    assert cell == {
        "customer_type": "(none)",
        "segment": "Education",
        "outcome": "forbidden",
        "in_force_since": "always",
        "source": "Sell to specialized industries, purchase rules (Partner Center)",
    }
    assert answer["may_be_sold"] == "Commercial"
    assert "May be sold instead: Commercial." in call("explain", seg01["s-01"], "--state", small).out


def test_combination_that_is_not_listed_has_the_cells_of_each_qualification(small: Path) -> None:
    answer = explain(small, one(small, "SEG02"))
    outcomes = [(cell["customer_type"], cell["segment"], cell["outcome"]) for cell in answer["matrix"]]
    assert outcomes == [
        ("Nonprofit + StateOwnedEntity", "Nonprofit", "unlisted, outside the strictest reading"),
        ("Nonprofit", "Nonprofit", "allowed"),
        ("StateOwnedEntity", "Nonprofit", "forbidden"),
    ]
    assert "auditor's" in answer["matrix"][0]["source"]
    assert answer["matrix"][0]["in_force_since"] is None


def test_rule_that_is_not_about_segments_has_no_matrix_cell(small: Path) -> None:
    assert "matrix" not in explain(small, one(small, "REL02"))


def test_evidence_has_each_row_with_its_place_and_values(small: Path) -> None:
    seg01 = {row["subscription_id"]: row["finding_id"] for row in records(small, "--rule", "SEG01")}
    rows: dict[str, dict[str, str]] = {}
    for cell in explain(small, seg01["s-01"])["evidence"]:
        rows.setdefault(cell["source"], {"table": cell["table"]})[cell["column"]] = cell["value"]
    assert list(rows) == ["subscriptions.csv:2", "customers.csv:2", "qualifications.csv:2", "price_list.csv:3"]
    assert rows["subscriptions.csv:2"]["subscription_id"] == "s-01"
    assert rows["subscriptions.csv:2"]["unit_price"] == "86.4"
    assert rows["subscriptions.csv:2"]["auto_renew_enabled"] is True
    assert rows["customers.csv:2"]["customer_id"] == guid(1)
    assert rows["qualifications.csv:2"]["vetting_status"] == "Denied"
    assert rows["price_list.csv:3"]["segment"] == "Education"
    assert "vetting_create_date" in rows["qualifications.csv:2"]
    assert "product_type" not in rows["subscriptions.csv:2"]


def test_beginning_of_an_id_is_enough_where_it_is_the_only_one(small: Path) -> None:
    finding = one(small, "SEG02")
    for asked in (finding, finding[:6], finding.lower()[:9], finding[2:], f" {finding[2:8].upper()} "):
        assert explain(small, asked)["finding_id"] == finding


def test_beginning_of_several_lists_them(decided: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pipeline.desk.explaining.find._SHORTEST", 2)
    ended = call("explain", "F-", "--state", decided)
    assert (ended.code, ended.out) == (2, "")
    assert ended.err.startswith("csp-audit: 'F-' is the beginning of several findings: F-")
    assert ended.err.endswith(", and more. Give more of the id.\n")
    assert ended.err.count("; F-") == 7


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ("F-123", "'F-123' is too short for a finding. Give the first 6 signs of its id or more."),
        ("f-zzzzzzzzzzzz", "there is no finding F-zzzzzzzzzzzz. csp-audit findings lists them all."),
        ("SEG1", "there is no rule SEG1. Did you mean SEG01? csp-audit rules lists them all."),
        ("invoice", "there is no rule invoice. csp-audit rules lists them all."),
    ],
)
def test_what_is_not_there_is_one_line(small: Path, asked: str, said: str) -> None:
    ended = call("explain", asked, "--state", small)
    assert (ended.code, ended.out, ended.err) == (2, "", f"csp-audit: {said}\n")


def test_slip_in_an_id_brings_up_the_finding(small: Path) -> None:
    finding = one(small, "SEG02")
    wrong = finding[:-1] + ("0" if finding[-1] != "0" else "1")
    ended = call("explain", wrong, "--state", small)
    assert ended.code == 2
    assert f"Did you mean {finding} (SEG02, Nonprofit and State)?" in ended.err


def test_history_has_events_and_what_changed(decided: Path) -> None:
    reopened = [row["finding_id"] for row in records(decided, "--in-state", "reopened")]
    history = explain(decided, reopened[0])["history"]
    assert [(item["night"], item["event"]) for item in history] == [
        (DAYS[0], "new"), (DAYS[1], "closed"), (DAYS[2], "reopened"),
    ]  # fmt: skip
    changed = explain(decided, "F-ab5365382d26")["history"]
    (what,) = [item["detail"] for item in changed if item["event"] == "changed"]
    assert "due on: 2026-11-19 -> none" in what


def test_waived_finding_shows_the_waiver_and_triage_its_promise(decided: Path) -> None:
    waived = next(row for row in records(decided, "--in-state", "waived") if row["company_name"] == WAIVED_CUSTOMER)
    answer = explain(decided, waived["finding_id"])
    assert answer["lead"][-1] == "Waived until 2026-12-31 by A. Nowak: ticket 40."
    (span,) = answer["waivers"]
    assert (span["approved_by"], span["expires"], span["first_night"], span["gone_on"]) == (
        "A. Nowak", "2026-12-31", DAYS[-1], None,
    )  # fmt: skip
    assert (DAYS[-1], "waived") in [(item["night"], item["event"]) for item in answer["history"]]
    (promised,) = [row for row in records(decided, "--overdue") if row["owner"]]
    answer = explain(decided, promised["finding_id"])
    assert answer["lead"][-1] == "Triage: fix, M. Rossi, promised for 2026-11-19 (overdue): wrong offer."
    assert [item["owner"] for item in answer["triage"]] == ["M. Rossi"]


def test_waiver_that_ended_stays_in_the_history(decided: Path, tmp_path: Path) -> None:
    state = shutil.copytree(decided, tmp_path / "state", symlinks=True)
    (state / "waivers.toml").unlink()
    assert audit(sample(DAYS[-1]), "2026-11-21", state).code == 1
    finding = records(state, "--customer", WAIVED_CUSTOMER)[0]["finding_id"]
    answer = explain(state, finding)
    assert ("2026-11-21", "no longer waived") in [(item["night"], item["event"]) for item in answer["history"]]
    assert answer["waivers"][0]["gone_on"] == "2026-11-21"


def test_nights_on_which_a_finding_was_not_seen_are_in_the_history(audited: Path, tmp_path: Path) -> None:
    state = shutil.copytree(audited, tmp_path / "state", symlinks=True)
    folder = shutil.copytree(sample(DAYS[-1]), tmp_path / "exports")
    for path in folder.glob("nonprofit_notices*"):
        path.unlink()
    assert audit(folder, "2026-11-21", state).code == 1
    finding = one(state, "NPO01")
    answer = explain(state, finding)
    assert answer["confirmed"] is False
    assert answer["lead"][1].endswith("; not seen this night.")
    assert [(item["night"], item["event"]) for item in answer["history"]][-1] == ("2026-11-21", "not seen")
    assert explain(state, "NPO01")["tonight"][0]["not_seen"] == len(records(state, "--rule", "NPO01"))
    assert audit(sample(DAYS[-1]), "2026-11-22", state).code == 1
    answer = explain(state, one(state, "NPO01", "--in-state", "open"))
    assert answer["confirmed"] is True
    assert ("2026-11-21", "not seen") in [(item["night"], item["event"]) for item in answer["history"]]
    assert [(item["night"], item["event"]) for item in answer["history"]][-1] == ("2026-11-22", "seen or over")


def test_finding_that_was_closed_long_ago_is_explained_as_it_was(audited: Path, tmp_path: Path) -> None:
    state = shutil.copytree(audited, tmp_path / "state", symlinks=True)
    (closed, *_) = [row for row in records(state, "--run", DAYS[1], "--in-state", "closed") if row["rule"] == "SEG01"]
    is_back = closed["finding_id"] in {row["finding_id"] for row in records(state)}
    answer = explain(state, closed["finding_id"])
    assert (answer["as_of"], answer["state"]) == ((DAYS[2], "reopened") if is_back else (DAYS[1], "closed"))
    assert audit(sample(DAYS[-1]), "2026-11-21", state).code == 1
    gone = records(state, "--run", DAYS[2], "--in-state", "closed")[0]
    answer = explain(state, gone["finding_id"])
    assert (answer["as_of"], answer["state"], answer["message"]) == (DAYS[2], "closed", gone["message"])
    assert (DAYS[2], "closed") in [(item["night"], item["event"]) for item in answer["history"]]


def test_finding_of_a_backfilled_night_only_is_explained_as_of_it(tmp_path: Path) -> None:
    state = tmp_path / "state"
    for day in (DAYS[0], DAYS[2], DAYS[1]):
        assert audit(sample(day), day, state).code == 1
    known = {row["finding_id"] for day in (DAYS[0], DAYS[2]) for row in records(state, "--run", day)}
    alone = [row for row in records(state, "--run", DAYS[1]) if row["finding_id"] not in known]
    assert alone
    answer = explain(state, alone[0]["finding_id"])
    assert (answer["as_of"], answer["state"]) == (DAYS[1], "new")
    assert answer["history"] == [{"night": DAYS[1], "event": "new", "detail": "as audited later, in a backfill"}]


def test_finding_that_a_later_backfill_has_again_is_explained_as_of_it(tmp_path: Path) -> None:
    state = gone_and_backfilled(tmp_path)
    finding = next(row["finding_id"] for row in records(state, "--run", BACKFILLED) if row["subscription_id"] == "s-01")
    answer = explain(state, finding)
    assert (answer["as_of"], answer["state"]) == (BACKFILLED, "reopened")
    assert [(item["night"], item["event"]) for item in answer["history"]] == [
        (AS_OF, "new"), ("2026-11-21", "closed"), (BACKFILLED, "reopened"),
    ]  # fmt: skip


def test_what_is_false_or_nothing_is_a_fact_too(audited: Path, tmp_path: Path) -> None:
    state = shutil.copytree(audited, tmp_path / "state", symlinks=True)
    folder = shutil.copytree(sample(DAYS[-1]), tmp_path / "exports")
    for path in folder.glob("nonprofit_notices*"):
        path.unlink()
    assert audit(folder, "2026-11-21", state).code == 1
    ended = call("explain", one(state, "NPO01"), "--state", state, "--format", "csv")
    about = {row["name"]: row["value"] for row in csv.DictReader(io.StringIO(ended.out)) if row["section"] == "about"}
    assert (about["confirmed"], about["reopened"]) == ("no", "0")
    assert "subscription_id" not in about


def test_finding_of_a_rule_that_is_gone_is_explained_as_far_as_it_goes(
    small: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    finding = one(small, "SEG02")
    files = [file for file in read_rules() if file.rule.id != "SEG02"]
    monkeypatch.setattr("pipeline.rulefile.read_rules", lambda: files)
    answer = explain(small, finding)
    assert answer["lead"][0] == "What was reported by SEG02, a rule that is retired."
    assert (answer["rule"], answer["level"], answer["steps"]) == ("SEG02", "verify", [])
    assert answer["evidence"]


def test_rule_says_what_it_came_to(small: Path) -> None:
    found = records(small, "--rule", "SEG01")
    answer = explain(small, "SEG01")
    (tonight,) = answer["tonight"]
    assert tonight == {
        "found": len(found),
        "new": len(found),
        "by_a_new_rule": 0,
        "closed": 0,
        "waived": 0,
        "not_seen": 0,
    }
    assert (answer["judgement"], answer["judged_version"], answer["as_of"]) == ("judged", answer["version"], AS_OF)
    assert "Every subject was judged." in call("explain", "SEG01", "--state", small).out


def test_rule_that_was_not_judged_says_why(small: Path) -> None:
    answer = explain(small, "GCC03")
    assert answer["judgement"] == "not judged: input missing"
    assert answer["reason"]
    assert f"GCC03 on {AS_OF}: not judged: input missing: {answer['reason']}." in answer["lead"]


def test_rule_counts_the_subjects_that_it_could_not_judge(audited: Path) -> None:
    record = json.loads((audited / "latest" / "run.json").read_text(encoding="utf-8"))
    (gaps,) = [rule["gaps"] for rule in record["rules"] if rule["id"] == "GCC01"]
    assert gaps
    assert explain(audited, "GCC01")["gaps"] == gaps


def test_rule_that_is_newer_than_the_audit_says_so(small: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from dataclasses import replace

    (file,) = [file for file in read_rules() if file.rule.id == "SEG01"]
    added = replace(file, rule=replace(file.rule, id="SEG99"))
    monkeypatch.setattr("pipeline.rulefile.read_rules", lambda: [added])
    answer = explain(small, "SEG99")
    assert answer["lead"][-1] == f"SEG99 is newer than the audit of {AS_OF}: the next run judges it."
    assert answer["judgement"] is None


def test_names_from_exports_cannot_steer_the_terminal(tmp_path: Path) -> None:
    tables = night()
    tables["customers"][0]["company_name"] = "\x1b[2J\x07Lipowa\u202e"
    run(write_folder(tmp_path / "exports", tables), tmp_path / "state")
    out = call("explain", one(tmp_path / "state", "SEG01"), "--state", tmp_path / "state").out
    assert "Lipowa" in out
    assert not {"\x1b", "\x07", "\u202e"} & set(out)
