"""A rule file that is gone: what it had found is closed for that reason, and said to be so wherever it is shown."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from pipeline.rulefile import read_rules
from tests.pipeline.commandline import DAYS, audit, call, sample

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def retired(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Audit two nights, the second without SEG01."""
    state = tmp_path / "state"
    assert audit(sample(DAYS[0]), DAYS[0], state).code == 1
    files = [file for file in read_rules() if file.rule.id != "SEG01"]
    for place in ("pipeline.run.read_rules", "pipeline.rulefile.read_rules"):
        monkeypatch.setattr(place, lambda: files)
    assert audit(sample(DAYS[1]), DAYS[1], state).code == 1
    return state


def test_findings_of_a_retired_rule_are_closed_in_every_place(retired: Path) -> None:
    before = json.loads((retired / "runs" / DAYS[0] / "findings.json").read_text(encoding="utf-8"))["findings"]
    ids = {item["finding_id"] for item in before if item["rule"] == "SEG01"}
    after = json.loads((retired / "runs" / DAYS[1] / "findings.json").read_text(encoding="utf-8"))["findings"]
    closed = {item["finding_id"] for item in after if item["rule"] == "SEG01" and item["state"] == "closed"}
    assert len(ids) > 10
    assert closed == ids
    html = (retired / "latest" / "report.html").read_text(encoding="utf-8")
    assert f"SEG01 is retired: {len(ids)} findings were closed for that reason." in html
    assert 'href="#rule-SEG01"' not in html


def test_counts_of_the_run_are_those_of_the_list_of_runs(retired: Path) -> None:
    record = json.loads((retired / "latest" / "run.json").read_text(encoding="utf-8"))
    closed = sum(counts["closed"] for counts in record["counts"].values())
    newest = json.loads(call("runs", "--state", retired, "--format", "json").out)["runs"][0]
    assert newest["closed"] == closed


def test_listing_has_them(retired: Path) -> None:
    listed = json.loads(call("findings", "--in-state", "closed", "--state", retired, "--format", "json").out)[
        "findings"
    ]
    assert {item["message"] for item in listed if item["rule"] == "SEG01"} == {
        "What was reported by SEG01, a rule that is retired"
    }


def test_they_can_be_asked_for_by_their_rule(retired: Path) -> None:
    asked = ("findings", "--rule", "seg01", "--state", retired, "--format", "json")
    assert all(item["state"] == "closed" for item in json.loads(call(*asked).out)["findings"])
    before = json.loads(call(*asked, "--run", DAYS[0]).out)["findings"]
    assert {item["state"] for item in before} == {"new"}


def test_waiver_for_a_retired_rule_does_not_stop_the_night(retired: Path) -> None:
    (retired / "waivers.toml").write_text(
        "[[waiver]]\ncustomer = 'b42c2e11-0b33-41fc-abf8-175ac26e90b9'\nrule = 'SEG01'\nreason = 'agreed'\n"
        "approved_by = 'A. Nowak'\ncreated = 2026-11-18\nexpires = 2027-01-31\n",
        encoding="utf-8",
    )
    assert audit(sample(DAYS[2]), DAYS[2], retired).code == 1
    record = json.loads((retired / "latest" / "run.json").read_text(encoding="utf-8"))
    assert [(use["status"], use["findings"]) for use in record["waivers"]] == [("matches nothing", 0)]
