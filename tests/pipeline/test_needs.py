"""A rule without an optional input that it needs is said to be not judged, and closes none of its findings."""

from __future__ import annotations

import csv
import json
import os
import shutil
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from pipeline.database import reading
from pipeline.rulefile import read_rules
from schemas.catalog import TABLES
from tests.pipeline.commandline import audit, sample

if TYPE_CHECKING:
    from pathlib import Path

TONIGHT, TOMORROW = "2026-11-20", "2026-11-21"
RULES = [file.rule for file in read_rules()]
REQUIRED = {name for name, table in TABLES.items() if table.required}
REQUIRED |= {f"{table.name}.{column.name}" for table in TABLES.values() for column in table.columns if column.required}
OPTIONAL_NEEDS = sorted({need for rule in RULES for need in rule.needs} - REQUIRED)


@pytest.fixture(scope="module")
def nights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Audit the last sample night, and write what was read of it as exports with every column of the schemas."""
    root = tmp_path_factory.mktemp("needs")
    assert audit(sample(TONIGHT), TONIGHT, root / "state").code == 1
    exports = root / "exports"
    exports.mkdir()
    with reading(root / "state" / "warehouse.duckdb") as connection:
        for name, table in TABLES.items():
            columns = [column.name for column in table.columns]
            rows = connection.execute(f"select {', '.join(columns)} from core.{name}").fetchall()
            assert rows, f"the sample night has no {name}"
            with (exports / f"{name}.csv").open("w", encoding="utf-8", newline="") as file:
                csv.writer(file).writerows([columns, *rows])
    return root


def night_without(nights: Path, need: str, folder: Path) -> Path:
    """Copy the exports without one table, or without one column of it; they are written on the next morning."""
    table, _, column = need.partition(".")
    shutil.copytree(nights / "exports", folder)
    path = folder / f"{table}.csv"
    if column:
        with path.open(encoding="utf-8", newline="") as file:
            rows = list(csv.DictReader(file))
        with path.open("w", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, [name for name in rows[0] if name != column], extrasaction="ignore")
            writer.writeheader()
            writer.writerows(rows)
    elif table:
        path.unlink()
    for path in folder.iterdir():
        moment = datetime.fromisoformat(f"{TOMORROW}T03:00").replace(tzinfo=UTC).timestamp()
        os.utime(path, (moment, moment))
    return folder


def findings(state: Path) -> dict[str, dict[str, str]]:
    with (state / "latest" / "findings.csv").open(encoding="utf-8", newline="") as file:
        return {row["finding_id"]: row for row in csv.DictReader(file)}


def judgements(state: Path) -> dict[str, tuple[str, str]]:
    rules = json.loads((state / "latest" / "run.json").read_text(encoding="utf-8"))["rules"]
    return {rule["id"]: (rule["judgement"], rule["reason"]) for rule in rules}


def test_the_nights_judge_every_rule(nights: Path) -> None:
    assert {judgement for judgement, _ in judgements(nights / "state").values()} <= {"judged", "partly judged"}
    assert {row["rule"] for row in findings(nights / "state").values()} == {rule.id for rule in RULES}


def test_the_exports_written_again_say_the_same(nights: Path, tmp_path: Path) -> None:
    shutil.copytree(nights / "state", tmp_path / "state", symlinks=True)
    folder = night_without(nights, "", tmp_path / "exports")
    assert audit(folder, TOMORROW, tmp_path / "state").code == 1
    before, after = findings(nights / "state"), findings(tmp_path / "state")
    current = {name for name, row in before.items() if row["state"] != "closed"}
    assert {name for name, row in after.items() if row["state"] == "open"} >= current - due_yesterday(before)


def due_yesterday(rows: dict[str, dict[str, str]]) -> set[str]:
    """Return what is over by itself on the next morning: its date was the night."""
    return {name for name, row in rows.items() if row["due_on"] == TONIGHT}


@pytest.mark.parametrize("need", OPTIONAL_NEEDS)
def test_without_an_optional_input_its_rules_are_not_judged_and_close_nothing(
    need: str, nights: Path, tmp_path: Path
) -> None:
    shutil.copytree(nights / "state", tmp_path / "state", symlinks=True)
    folder = night_without(nights, need, tmp_path / "exports")
    ended = audit(folder, TOMORROW, tmp_path / "state")
    assert ended.code == 1, ended.err
    table, _, column = need.partition(".")
    reason = f"{table} was supplied without the column {column}" if column else f"{table} was not supplied"
    concerned = {rule.id for rule in RULES if any(need in {one, one.partition(".")[0]} for one in rule.needs)}
    not_judged = {name: why for name, (judgement, why) in judgements(tmp_path / "state").items() if why}
    assert not_judged.keys() == concerned
    assert set(not_judged.values()) == {reason}
    before, after = findings(nights / "state"), findings(tmp_path / "state")
    kept = {name: row for name, row in before.items() if row["rule"] in concerned and row["state"] != "closed"}
    assert kept
    assert {name: after[name]["state"] for name in kept} == dict.fromkeys(kept, "open")


def test_every_optional_table_is_needed_or_used() -> None:
    named = {one.partition(".")[0] for rule in RULES for one in (*rule.needs, *rule.uses)}
    assert named == set(TABLES)
