"""`csp-audit findings`: every filter against a plain reading of findings.json, and what is said beside a message."""

from __future__ import annotations

import csv
import io
import json
import shutil
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest

from pipeline.database import reading
from pipeline.rulefile import read_rules
from tests.pipeline.commandline import DAYS, audit, call, sample
from tests.pipeline.decisions import WAIVED_CUSTOMER, decide, records

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    Item = dict[str, Any]

NIGHT = date.fromisoformat(DAYS[-1])


@pytest.fixture(scope="module")
def decided(audited: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return decide(audited, tmp_path_factory.mktemp("decided"))


@pytest.fixture(scope="module")
def every(decided: Path) -> list[Item]:
    """Return all findings of the newest night, with the triage of today."""
    listed: list[Item] = json.loads(call("findings", "--state", decided, "--format", "json").out)["findings"]
    return listed


def ids(state: Path, *words: str) -> list[str]:
    return [row["finding_id"] for row in records(state, *words)]


def is_due(item: Item, test: Callable[[date], bool]) -> bool:
    return item["due_on"] is not None and test(date.fromisoformat(item["due_on"]))


def is_overdue(item: Item) -> bool:
    if item["state"] == "closed":
        return False
    promised = (item["triage"] or {}).get("promised_on")
    late = item["state"] != "waived" and is_due(item, lambda day: day < NIGHT)
    return late or bool(promised and date.fromisoformat(promised) < NIGHT)


@pytest.mark.parametrize(
    ("words", "passes"),
    [
        (["--level", "violation"], lambda f: f["level"] == "violation"),
        (["--level", "deadline", "--level", "verify"], lambda f: f["level"] in {"deadline", "verify"}),
        (["--in-state", "closed"], lambda f: f["state"] == "closed"),
        (["--in-state", "waived", "--in-state", "reopened"], lambda f: f["state"] in {"waived", "reopened"}),
        (["--rule", "seg01", "--rule", "NPO01"], lambda f: f["rule"] in {"SEG01", "NPO01"}),
        (["--customer", WAIVED_CUSTOMER], lambda f: f["company_name"] == WAIVED_CUSTOMER),
        (["--due-by", "2026-11-26"], lambda f: is_due(f, lambda day: day <= date(2026, 11, 26))),
        (["--due-after", "2026-11-26"], lambda f: is_due(f, lambda day: day > date(2026, 11, 26))),
        (["--new"], lambda f: f["state"] in {"new", "reopened"}),
        (["--overdue"], is_overdue),
        (["--text", "faculty"], lambda f: "faculty" in (f["offer_name"] or "").lower()),
        (["--text", "LIPOWA"], lambda f: "lipowa" in json.dumps([f["company_name"], f["facts"]]).lower()),
        (["--text", "wiazem"], lambda f: "Wiązem" in (f["company_name"] or "")),
        (["--level", "violation", "--new"], lambda f: f["level"] == "violation" and f["state"] in {"new", "reopened"}),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_filter_lets_through_what_it_says(
    decided: Path, every: list[Item], words: list[str], passes: Callable[[Item], bool]
) -> None:
    expected = [item["finding_id"] for item in every if passes(item)]
    assert expected
    assert len(expected) < len(every)
    assert ids(decided, *words) == expected


def test_text_is_looked_for_in_ids_and_in_what_the_rule_says(decided: Path, every: list[Item]) -> None:
    one = every[0]
    assert ids(decided, "--text", one["finding_id"].upper()) == [one["finding_id"]]
    assert one["finding_id"] in ids(decided, "--text", one["subscription_id"])
    assert set(ids(decided, "--rule", "SEG01")) <= set(ids(decided, "--text", "offer sold customer"))
    gcc = [item["finding_id"] for item in every if "GCC " in item["message"]]
    assert gcc
    assert set(gcc) <= set(ids(decided, "--text", "gcc"))


def test_words_that_are_columns_or_fields_find_nothing(decided: Path) -> None:
    assert ids(decided, "--text", "vetting_reason") == []
    assert ids(decided, "--text", "customer_type") == []


def test_reseller_is_that_of_the_subscription_or_the_customer(decided: Path, every: list[Item]) -> None:
    with reading(decided / "warehouse.duckdb") as connection:
        ((name, mpn_id),) = connection.execute(
            "select name, mpn_id from core.partners where mpn_id = '5201102' and name is not null"
        ).fetchall()
        sold = connection.execute(
            "select subscription_id from core.subscriptions where reseller_id = ?", [mpn_id]
        ).fetchall()
        cared = connection.execute("select customer_id from core.customers where reseller_id = ?", [mpn_id]).fetchall()
    subjects = {found for (found,) in (*sold, *cared)}
    theirs = {
        item["finding_id"]
        for item in every
        if {item["subscription_id"], item["customer_id"]} & subjects or item["facts"].get("reseller_id") == mpn_id
    }
    assert 1 < len(theirs) < len(every)
    assert set(ids(decided, "--reseller", mpn_id)) == theirs
    assert set(ids(decided, "--reseller", name.upper())) == theirs


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--reseller", "5201103"], "there is no reseller of record '5201103'. Near it: 5201102"),
        (["--reseller", "nobody at all"], "there is no reseller of record 'nobody at all'. Name it by its id"),
        (["--rule", "SEG1"], "there is no rule SEG1. Did you mean SEG01?"),
        (
            ["--customer", "Riverton Transt Authority"],
            "there is no customer 'Riverton Transt Authority'. Near it: Riverton",
        ),
        (["--run", "2026-11-10"], "no night 2026-11-10 was audited. The nearest: 2026-11-18, 2026-11-19, 2026-11-20."),
    ],
)
def test_what_is_not_there_brings_up_what_is_like_it(decided: Path, words: list[str], said: str) -> None:
    ended = call("findings", "--state", decided, *words)
    assert (ended.code, ended.out) == (2, "")
    assert ended.err.startswith(f"csp-audit: {said}")


def test_table_has_the_order_of_the_files(decided: Path, every: list[Item]) -> None:
    drawn = [line.split()[0] for line in call("findings", "--state", decided).out.splitlines() if line[:2] == "F-"]
    assert drawn == [item["finding_id"] for item in every]


def test_table_of_a_choice_counts_the_choice_and_the_night(decided: Path) -> None:
    out = call("findings", "--state", decided, "--rule", "SEG03").out
    night, asked, *_ = out.split("\n\n")
    chosen = ids(decided, "--rule", "SEG03")
    assert night.startswith(f"{DAYS[-1]}: audited, with findings.")
    assert night.splitlines()[-1] == f"{len(chosen)} findings are as asked for."
    assert asked.startswith("finding ")
    assert f"\nverify: {len(chosen)}\n" in out


def test_choice_without_a_finding_is_said(decided: Path) -> None:
    out = call("findings", "--state", decided, "--text", "no such words").out
    assert out.splitlines()[-1] == "No finding is as asked for."


def test_one_finding_is_said_as_one(decided: Path, every: list[Item]) -> None:
    one = every[0]["finding_id"]
    assert "\n1 finding is as asked for.\n" in call("findings", "--state", decided, "--text", one).out


def test_long_table_is_cut_and_says_so(decided: Path, every: list[Item], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pipeline.commands.findings._MOST_DRAWN", 7)
    lines = call("findings", "--state", decided).out.splitlines()
    assert [line.split()[0] for line in lines if line[:2] == "F-"] == [item["finding_id"] for item in every[:7]]
    assert lines[-1].startswith(f"{len(every) - 7} more: ")
    assert len(ids(decided)) == len(every)
    drawn = call("findings", "--state", decided, "--all").out
    assert sum(line[:2] == "F-" for line in drawn.splitlines()) == len(every)
    assert "more:" not in drawn


def test_waived_finding_says_until_when_by_whom_and_why(decided: Path) -> None:
    told = " ".join(call("findings", "--state", decided, "--in-state", "waived").out.split())
    assert told.count("Waived until 2026-12-31 by A. Nowak: ticket 40") == len(ids(decided, "--in-state", "waived")) > 0


def test_triage_is_said_with_its_promise(decided: Path) -> None:
    told = " ".join(call("findings", "--state", decided).out.split())
    assert "Triage: fix, M. Rossi, promised for 2026-11-19 (overdue): wrong offer" in told
    assert "Triage: wait, promised for 2026-12-01" in told
    assert told.count("(overdue)") == 1
    rows = {row["owner"]: row for row in records(decided, "--overdue") if row["owner"]}
    assert {name: row["note"] for name, row in rows.items()} == {"M. Rossi": "wrong offer"}


def test_age_says_since_when_how_long_and_how_often(decided: Path) -> None:
    told = " ".join(call("findings", "--state", decided).out.split())
    assert "(since 2026-11-18; open for 2 days)" in told
    assert "(since 2026-11-19; open for 1 day)" in told
    assert "(since 2026-11-20)" in told
    assert "(since 2026-11-18; reopened once)" in told
    assert "; closed)" in told


def placeless(row: dict[str, str]) -> dict[str, str]:
    """Leave out where the row stood: that is known for the newest night, and where a finding last changed."""
    return {name: cell for name, cell in row.items() if name != "source"}


def test_older_night_is_as_it_was(audited: Path, decided: Path) -> None:
    for run in (DAYS[1], "previous"):
        path = audited / "runs" / DAYS[1] / "findings.csv"
        then = csv.DictReader(io.StringIO(path.read_text(encoding="utf-8")))
        assert list(map(placeless, records(audited, "--run", run))) == list(map(placeless, then))
    run_id = json.loads((decided / "runs" / DAYS[0] / "run.json").read_text(encoding="utf-8"))["run_id"]
    by_id = call("findings", "--state", decided, "--run", run_id).out
    assert by_id.startswith(f"{DAYS[0]}: audited, with findings.")


def test_finding_that_was_not_seen_says_so(audited: Path, tmp_path: Path) -> None:
    state = shutil.copytree(audited, tmp_path / "state", symlinks=True)
    folder = shutil.copytree(sample(DAYS[-1]), tmp_path / "exports")
    for path in folder.glob("nonprofit_notices*"):
        path.unlink()
    assert audit(folder, DAYS[-1], state).code == 1
    told = " ".join(call("findings", "--state", state, "--rule", "NPO01").out.split())
    assert "; not seen this night)" in told


def test_findings_of_a_rule_that_is_gone_are_still_listed(
    decided: Path, every: list[Item], monkeypatch: pytest.MonkeyPatch
) -> None:
    files = [file for file in read_rules() if file.rule.id != "SEG01"]
    monkeypatch.setattr("pipeline.rulefile.read_rules", lambda: files)
    assert ids(decided) == [item["finding_id"] for item in every]


def test_cost_of_a_level_counts_each_subscription_once(decided: Path, every: list[Item]) -> None:
    out = " ".join(call("findings", "--state", decided).out.split())
    for level in ("violation", "deadline", "verify"):
        theirs = [item for item in every if item["level"] == level and item["state"] != "closed"]
        closed = sum(item["level"] == level and item["state"] == "closed" for item in every)
        costs = {
            item["subscription_id"]: item["monthly_amount"]
            for item in theirs
            if item["subscription_id"] and item["state"] != "waived"
        }
        known = sum(Decimal(amount) for amount in costs.values() if amount)
        told = f"{level}: {len(theirs)}{f', {closed} closed' if closed else ''} Exposure a month: {known:,.2f} PLN"
        assert told in out
        unknown = sum(amount is None for amount in costs.values())
        assert unknown == 0 or f"{told}; {unknown} subscription" in out
