"""What the commands print that have no other golden file, in each of their formats."""

from __future__ import annotations

import json
import shutil
from typing import TYPE_CHECKING

import pytest

from tests.pipeline.commandline import DAYS, call, sample
from tests.pipeline.golden import check_golden

if TYPE_CHECKING:
    from pathlib import Path

FORMS = ("table", "csv", "json")


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("rules_list", ("rules", "list")),
        ("rules_show", ("rules", "show", "QUAL01")),
        ("rules_policy", ("rules", "policy", "--as-of", "2024-01-31")),
    ],
)
def test_rules_are_printed_as_they_were(name: str, words: tuple[str, ...], form: str) -> None:
    ended = call(*words, "--format", form)
    assert (ended.code, ended.err) == (0, "")
    check_golden(f"{name}_{form}.txt", ended.out)


@pytest.mark.parametrize("form", ["csv", "json"])
def test_findings_are_printed_as_they_were(audited: Path, form: str) -> None:
    ended = call("findings", "--rule", "NPO01", "--rule", "SEG06", "--state", audited, "--format", form)
    assert (ended.code, ended.err) == (0, "")
    out = ended.out
    if form == "json":
        run = json.loads(out)["run"]
        out = out.replace(run["run_id"], "RUN").replace(run["started_at"], "STARTED")
        out = out.replace(run["data_as_of"], "DATA").replace(run["rule_set"], "RULES")
    check_golden(f"findings_{form}.txt", out)


def test_gate_says_what_it_said() -> None:
    ended = call("check", sample(DAYS[0]), "--as-of", DAYS[0], "--config", "/dev/null")
    check_golden("check.txt", ended.out + ended.err)


@pytest.fixture
def desk(audited: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return shutil.copytree(audited, tmp_path / "state", symlinks=True)


def test_waive_says_what_it_said(desk: Path) -> None:
    added = call(
        "waive", "add", "--finding", "F-76f6d4574cd6", "--reason", "in vetting", "--approved-by", "A. Nowak",
        "--created", "2026-11-20", "--until", "2027-02-28", "--state", desk,
    )  # fmt: skip
    checked = call("waive", "lint", "--state", desk)
    (desk / "waivers.toml").write_text("[[waiver]]\ncustomer = 'x'\nuntil = 2026-11-20\n", encoding="utf-8")
    wrong = call("waive", "lint", "--state", desk)
    assert (added.code, checked.code, wrong.code) == (0, 0, 2)
    said = f"{added.out}{added.err}{checked.out}{checked.err}{wrong.out}{wrong.err}"
    check_golden("waive.txt", said.replace(str(desk), "STATE"))


def test_triage_says_what_it_said(desk: Path, tmp_path: Path) -> None:
    sheet = tmp_path / "sheet.csv"
    sheet.write_text("finding_id,decision,owner\nF-76f6d4574cd6,fix,Anna\n", encoding="utf-8")
    good = call("triage", "import", sheet, "--state", desk)
    sheet.write_text("finding_id,decision,owner\nF-76f6d4574cd6,mend,Anna\nF-000000000000,fix,\n", encoding="utf-8")
    bad = call("triage", "import", sheet, "--state", desk)
    assert (good.code, bad.code) == (0, 2)
    said = f"{good.out}{good.err}{bad.out}{bad.err}"
    check_golden("triage_import.txt", said.replace(str(tmp_path), "FOLDER"))
