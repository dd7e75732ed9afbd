"""The files of a night exist, can be read, agree with each other, and say how to run the night again."""

from __future__ import annotations

import csv
import io
import json
import re
import shlex
from collections import Counter
from datetime import date
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest

import pipeline.run
from pipeline.publish import put_in_place
from pipeline.rulefile import RuleFile, read_rules
from pipeline.state import State
from reports.columns import unpacked
from schemas.catalog import TABLES
from tests.pipeline.commandline import DAYS, call
from tests.pipeline.exports import AS_OF, night, run, write_folder

if TYPE_CHECKING:
    from pathlib import Path

FILES = ["digest.eml", "findings.csv", "findings.json", "quarantine.csv", "report.html", "run.json"]
LEVELS = ("violation", "deadline", "verify")


def read_json(path: Path) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return document


def read_csv(path: Path) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(path.read_text(encoding="utf-8"), newline="")))


@pytest.mark.parametrize("day", DAYS)
def test_every_file_is_there_and_latest_points_at_the_newest(audited: Path, day: str) -> None:
    assert sorted(path.name for path in (audited / "runs" / day).iterdir()) == FILES
    assert str((audited / "latest").readlink()) == f"runs/{DAYS[-1]}"


@pytest.mark.parametrize("day", DAYS)
def test_csv_and_json_tell_the_same_findings(audited: Path, day: str) -> None:
    folder = audited / "runs" / day
    rows, items = read_csv(folder / "findings.csv"), read_json(folder / "findings.json")["findings"]
    assert len({row["finding_id"] for row in rows}) == len(rows) > 0
    for row, item in zip(rows, items, strict=True):
        assert re.fullmatch("F-[0-9a-f]{12}", row["finding_id"])
        said = item | dict.fromkeys(("decision", "owner", "promised_on", "note", "decided_at"))
        assert said.pop("suspect") is False
        said["suspect"] = None
        told = {name: "" if said[name] is None else str(said[name]).replace("\n", " ") for name in row}
        assert item["triage"] is None
        assert {name: cell.removeprefix("'") for name, cell in row.items()} == told
        assert item["facts"].keys()


@pytest.mark.parametrize("day", DAYS)
def test_run_counts_what_the_other_files_list(audited: Path, day: str) -> None:
    folder = audited / "runs" / day
    told, rows = read_json(folder / "run.json"), read_csv(folder / "findings.csv")
    for level in LEVELS:
        states = Counter(row["state"] for row in rows if row["level"] == level)
        assert told["counts"][level] == {
            "found": states["new"] + states["new rule"] + states["open"] + states["reopened"],
            "new": states["new"] + states["reopened"],
            "by_rule": states["new rule"],
            "closed": states["closed"],
            "waived": states["waived"],
            "suspect": 0,
        }
    for rule in told["rules"]:
        states = Counter(row["state"] for row in rows if row["rule"] == rule["id"])
        assert rule["found"] == sum(states.values()) - states["closed"]
        assert (rule["new"], rule["closed"]) == (states["new"] + states["reopened"], states["closed"])
    assert told["verdict"] == "audited, with findings"
    assert {name: told[name] for name in ("run_id", "as_of")} == {
        name: read_json(folder / "findings.json")["run"][name] for name in ("run_id", "as_of")
    }


@pytest.mark.parametrize("day", DAYS)
def test_every_row_of_every_input_is_accounted_for(audited: Path, day: str) -> None:
    folder = audited / "runs" / day
    told, listed = read_json(folder / "run.json"), read_csv(folder / "quarantine.csv")
    assert [item["table"] for item in told["inputs"]].count("price_list") == 2
    assert {item["table"] for item in told["inputs"]} == TABLES.keys()
    for item in told["inputs"]:
        assert item["rows"] == item["loaded"] + item["unread"] + item["duplicates"]
        lines = {row["line"] for row in listed if row["file"] == item["file"]}
        assert len(lines) == item["unread"] + item["duplicates"]
    assert told["unread"]["rows"] == sum(item["unread"] for item in told["inputs"])
    assert told["unread"]["listed"] == len(listed)


@pytest.mark.parametrize("day", DAYS)
def test_report_has_the_first_hundred_findings_as_rows_and_all_of_them_as_data(audited: Path, day: str) -> None:
    folder = audited / "runs" / day
    page = (folder / "report.html").read_text(encoding="utf-8")
    assert page.startswith("<!DOCTYPE html>")
    assert page.rstrip().endswith("</html>")
    rows = read_csv(folder / "findings.csv")
    (data,) = re.findall(r'<script type="application/octet-stream" id="findings-data">([^<]+)</script>', page)
    assert all(unpacked(data).count(row["finding_id"]) == 1 for row in rows)
    current = [row for row in rows if row["state"] not in {"closed", "waived"}]
    listed = re.findall(r'<tr id="finding-(F-[0-9a-f]{12})"', page)
    assert listed == [row["finding_id"] for row in current][:100]


def test_command_of_the_run_makes_it_again_from_anywhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    write_folder(tmp_path / "tonight's exports")
    (tmp_path / "own.toml").write_text("partner = 'Lipowa'")
    asked = ["--as-of", AS_OF, "--state", "state", "--config", "own.toml", "--engine", "pandera", "--fail-on", "none"]
    assert call("run", "tonight's exports", *asked).code == 0
    first = {path.name: path.read_bytes() for path in (tmp_path / "state" / "latest").iterdir()}
    told = json.loads(first["run.json"])
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    program, *words = shlex.split(told["command"])
    assert program == "csp-audit"
    assert call(*words).code == 0
    again = {path.name: path.read_bytes() for path in (tmp_path / "state" / "latest").iterdir()}
    assert [again[name] for name in FILES[1:4:2]] == [first[name] for name in FILES[1:4:2]]
    volatile = {"run_id", "started_at"}
    assert {k: v for k, v in json.loads(again["run.json"]).items() if k not in volatile} == {
        k: v for k, v in told.items() if k not in volatile
    }
    assert list((tmp_path / "elsewhere").iterdir()) == []


def broken(files: list[RuleFile], rule_id: str) -> list[RuleFile]:
    return [
        RuleFile(file.rule, "select no_such_column from core.customers", file.drawn)
        if file.rule.id == rule_id
        else file
        for file in files
    ]


def test_rule_that_fails_is_not_judged_shows_its_error_and_closes_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, state = write_folder(tmp_path / "exports"), tmp_path / "state"
    assert call("run", folder, "--as-of", "2026-11-19", "--state", state).code == 1
    before = read_csv(state / "latest" / "findings.csv")
    judged = {rule["id"]: rule["judgement"] for rule in read_json(state / "latest" / "run.json")["rules"]}
    monkeypatch.setattr(pipeline.run, "read_rules", lambda: broken(read_rules(), "SEG01"))
    assert run(folder, state).code == 1
    after = read_csv(state / "latest" / "findings.csv")
    assert {row["finding_id"] for row in after} == {row["finding_id"] for row in before}
    assert {(row["state"], row["first_seen"]) for row in after} == {("open", "2026-11-19")}
    told = {rule["id"]: rule for rule in read_json(state / "latest" / "run.json")["rules"]}
    assert told["SEG01"]["judgement"] == "not judged: error"
    assert "no_such_column" in told["SEG01"]["reason"]
    assert {name: told[name]["judgement"] for name in told} == judged | {"SEG01": "not judged: error"}
    assert "no_such_column" in (state / "latest" / "report.html").read_text(encoding="utf-8")


def test_rule_whose_input_is_missing_keeps_its_findings_open(tmp_path: Path) -> None:
    state, tables = tmp_path / "state", night()
    assert call("run", write_folder(tmp_path / "with", tables), "--as-of", "2026-11-19", "--state", state).code == 1
    before = [row for row in read_csv(state / "latest" / "findings.csv") if row["rule"] == "NPO01"]
    assert [row["state"] for row in before] == ["new", "new"]
    del tables["nonprofit_notices"]
    run(write_folder(tmp_path / "without", tables), state)
    after = [row for row in read_csv(state / "latest" / "findings.csv") if row["rule"] == "NPO01"]
    # The list that they rested on is not there: what is left to point at is the customer's row.
    lines = (tmp_path / "without" / "customers.csv").read_text(encoding="utf-8-sig").lower().split("\n")
    places = [
        f"customers.csv:{next(n for n, line in enumerate(lines, start=1) if row['customer_id'] in line)}"
        for row in before
    ]
    assert after == [row | {"state": "open", "source": place} for row, place in zip(before, places, strict=True)]
    told = {rule["id"]: rule for rule in read_json(state / "latest" / "run.json")["rules"]}
    assert told["NPO01"]["judgement"] == "not judged: input missing"
    assert told["NPO01"]["reason"] == "nonprofit_notices was not supplied"
    assert (told["NPO01"]["found"], told["NPO01"]["closed"]) == (2, 0)


@pytest.mark.parametrize("renameat2", [None, lambda *_: -1], ids=["not known", "refused by the file system"])
def test_night_is_replaced_where_folders_cannot_change_places_in_one_step(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, renameat2: object
) -> None:
    system = SimpleNamespace(renameat2=renameat2) if renameat2 else SimpleNamespace()
    monkeypatch.setattr("pipeline.publish.ctypes.CDLL", lambda _: system)
    built, state = tmp_path / "built", State(tmp_path / "state")
    state.create()
    for text in ("first run", "second run"):
        built.mkdir()
        (built / "report.html").write_text(text)
        night_folder = put_in_place(built, state, date(2026, 11, 20), is_newest=True)
        assert [path.read_text() for path in night_folder.iterdir()] == [text]
        assert (state.latest / "report.html").read_text() == text
        assert list(tmp_path.iterdir()) == [state.root]
