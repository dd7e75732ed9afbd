"""`csp-audit runs`: every night with what it came to, and those that were refused."""

from __future__ import annotations

import csv
import io
import json
import re
import shutil
from typing import TYPE_CHECKING

import pytest

from tests.pipeline.commandline import DAYS, audit, call, sample
from tests.pipeline.decisions import decide
from tests.pipeline.golden import check_golden

if TYPE_CHECKING:
    from pathlib import Path

# When a run was started, and the name of the rules as they are today.
_OF_THE_DAY = re.compile(r"\d{8}T\d{6}Z|(?<=[ ,\"])[0-9a-f]{8}(?=[,\"])")


def runs(state: Path) -> dict[str, list[dict[str, str]]]:
    """Return the lines of both sections."""
    ended = call("runs", "--state", state, "--format", "csv")
    assert (ended.code, ended.err) == (0, "")
    rows = list(csv.DictReader(io.StringIO(ended.out)))
    return {name: [row for row in rows if row["section"] == name] for name in ("runs", "refused")}


@pytest.mark.parametrize("form", ["table", "csv", "json"])
def test_output_is_what_it_was(audited: Path, form: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "100")
    ended = call("runs", "--state", audited, "--format", form)
    assert (ended.code, ended.err) == (0, "")
    check_golden(f"runs_{form}.txt", _OF_THE_DAY.sub("...", ended.out))


def test_counts_are_those_of_each_report(audited: Path, tmp_path: Path) -> None:
    state = decide(audited, tmp_path)
    listed = runs(state)["runs"]
    assert [row["as_of"] for row in listed] == sorted(DAYS, reverse=True)
    for row in listed:
        record = json.loads((state / "runs" / row["as_of"] / "run.json").read_text(encoding="utf-8"))
        counts = record["counts"]
        assert {name: record[name] for name in ("run_id", "verdict", "engine", "rule_set")} == {
            name: row[name] for name in ("run_id", "verdict", "engine", "rule_set")
        }
        assert int(row["exit_code"]) == record["exit_code"]
        for column, level in {"violations": "violation", "deadlines": "deadline", "to_verify": "verify"}.items():
            assert int(row[column]) == counts[level]["found"]
        assert int(row["new"]) == sum(level["new"] for level in counts.values())
        assert int(row["closed"]) == sum(level["closed"] for level in counts.values())
        assert int(row["unread"]) == record["unread"]["rows"]
        assert (row["backfilled"], row["by_a_new_rule"]) == ("no", "0")
    assert [int(row["waived"]) > 0 for row in listed] == [True, False, False]


def test_backfill_is_listed_as_one_and_in_the_place_of_the_night(tmp_path: Path) -> None:
    state = tmp_path / "state"
    for day in (DAYS[0], DAYS[2], DAYS[1]):
        assert audit(sample(day), day, state).code == 1
    listed = runs(state)["runs"]
    assert [(row["as_of"], row["backfilled"]) for row in listed] == [(DAYS[2], "no"), (DAYS[1], "yes"), (DAYS[0], "no")]
    record = json.loads((state / "runs" / DAYS[1] / "run.json").read_text(encoding="utf-8"))
    assert int(listed[1]["new"]) == sum(level["new"] for level in record["counts"].values()) > 0
    assert f"\nAudited after a newer night: {DAYS[1]}.\n" in call("runs", "--state", state).out
    assert audit(sample(DAYS[0]), DAYS[0], state).code == 1
    again = runs(state)["runs"]
    assert [(row["as_of"], row["backfilled"]) for row in again] == [(DAYS[2], "no"), (DAYS[1], "yes"), (DAYS[0], "yes")]


def test_refused_night_is_listed_with_its_first_problem(state: Path, tmp_path: Path) -> None:
    folder = shutil.copytree(sample(DAYS[-1]), tmp_path / "exports")
    for path in (*folder.glob("customers*"), *folder.glob("qualifications*")):
        path.unlink()
    assert audit(folder, "2026-11-21", state).code == 3
    (row,) = runs(state)["refused"]
    assert (row["as_of"], row["verdict"], row["exit_code"], row["problems"]) == ("2026-11-21", "not audited", "3", "2")
    assert row["first_problem"].startswith("customers.csv: found no file of that name")
    assert row["first_problem"].endswith(".")
    assert row["run_id"].startswith("2026-11-21-")
    assert call("runs", "--state", state).out.startswith(
        "3 nights were audited, the newest for 2026-11-20; 1 refused.\n"
    )
    assert len(runs(state)["runs"]) == 3


@pytest.mark.parametrize("text", ["", "{}", '{"problems": [{"file": "a"}]}', "[]"])
def test_record_that_somebody_has_broken_is_named(state: Path, text: str) -> None:
    path = state / "refused" / "2026-11-21" / "run.json"
    path.parent.mkdir(parents=True)
    path.write_text(text, encoding="utf-8")
    (row,) = runs(state)["refused"]
    assert (row["as_of"], row["first_problem"]) == ("2026-11-21", f"{path}: cannot be read")


def test_one_night_is_said_as_one(tmp_path: Path) -> None:
    assert audit(sample(DAYS[0]), DAYS[0], tmp_path / "state").code == 1
    assert call("runs", "--state", tmp_path / "state").out.startswith("1 night was audited, the newest for 2026-11-18;")
    ended = call("findings", "--state", tmp_path / "state", "--run", "previous")
    assert ended.err == (
        "csp-audit: there is no night before 2026-11-18: it is the only one. Name it by its date, or as latest.\n"
    )


def test_without_a_warehouse_the_next_step_is_said(tmp_path: Path) -> None:
    ended = call("runs", "--state", tmp_path)
    assert (ended.code, ended.out) == (2, "")
    assert "there is no warehouse yet. Run csp-audit run FOLDER first" in ended.err
