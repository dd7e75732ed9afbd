"""A night audited after a newer one: it is written and shown for its date, and changes nothing else."""

from __future__ import annotations

import csv
import json
import shutil
from datetime import date
from typing import TYPE_CHECKING

import pytest

from pipeline.audit import read_audit
from pipeline.nights import nights
from pipeline.rulefile import read_rules
from pipeline.warehouse import LASTING, open_warehouse
from reports.render import findings_csv, report_html
from tests.pipeline.commandline import DAYS, Ended, audit, call, sample
from tests.pipeline.exports import contents, night, write_folder

if TYPE_CHECKING:
    from pathlib import Path

FIRST, BETWEEN, NEWEST = DAYS
NEXT = "2026-11-21"


@pytest.fixture(scope="module")
def config(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a configuration that takes any exports for any night."""
    file = tmp_path_factory.mktemp("config") / "any.toml"
    file.write_text("gate = { max_age_hours = 1000, max_shrink_share = 1 }\n")
    return file


@pytest.fixture(scope="module")
def in_turn(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a state directory in which the night between was skipped; leave it as it is."""
    state = tmp_path_factory.mktemp("in turn") / "state"
    for day in (FIRST, NEWEST):
        assert audit(sample(day), day, state).code == 1
    return state


@pytest.fixture(scope="module")
def filled(in_turn: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a state directory in which the night between was audited last; leave it as it is."""
    state = shutil.copytree(in_turn, tmp_path_factory.mktemp("filled") / "state", symlinks=True)
    assert audit(sample(BETWEEN), BETWEEN, state) == Ended(1, "", "")
    return state


@pytest.fixture
def own(filled: Path, tmp_path: Path) -> Path:
    return shutil.copytree(filled, tmp_path / "state", symlinks=True)


def written(state: Path, day: str, name: str = "findings.csv") -> bytes:
    return (state / "runs" / day / name).read_bytes()


def lasting(state: Path) -> dict[str, list[tuple[object, ...]]]:
    """Return what later nights will know, but for the moments and commands of the runs."""
    left_out = {"audit.runs": " exclude (run_id, started_at, command)", "audit.inputs": " exclude (modified_at)"}
    with open_warehouse(state / "warehouse.duckdb") as connection:
        return {
            table: connection.execute(f"select *{left_out.get(table, '')} from {table} order by all").fetchall()
            for table in LASTING
            if not table.startswith("backfill.")
        }


def again(state: Path) -> dict[str, str]:
    """Return the findings of every night as the warehouse shows them now, but for where their rows stand."""
    rules = [file.rule for file in read_rules()]
    with open_warehouse(state / "warehouse.duckdb") as connection:
        return {
            str(night.as_of): without_source(findings_csv(read_audit(connection, rules, night)))
            for night in nights(connection)
        }


def without_source(text: str) -> str:
    rows = sorted(csv.DictReader(text.lstrip("\ufeff").splitlines()), key=lambda row: row["finding_id"])
    return "\n".join(str({name: cell for name, cell in row.items() if name != "source"}) for row in rows)


def test_backfill_is_written_beside_the_newer_night(in_turn: Path, filled: Path) -> None:
    assert sorted(path.name for path in (filled / "runs").iterdir()) == list(DAYS)
    assert (filled / "latest").resolve() == (filled / "runs" / NEWEST).resolve()
    for day in (FIRST, NEWEST):
        for path in (in_turn / "runs" / day).iterdir():
            assert written(filled, day, path.name) == path.read_bytes()
    assert lasting(filled) == lasting(in_turn)


def test_backfill_finds_what_the_night_would_have_found_in_its_turn(audited: Path, filled: Path) -> None:
    """All that it knows is the nights before it."""
    for name in ("findings.csv", "quarantine.csv"):
        assert written(filled, BETWEEN, name) == written(audited, BETWEEN, name)


def test_backfill_says_that_it_is_one(filled: Path, in_turn: Path) -> None:
    told = json.loads(written(filled, BETWEEN, "run.json"))
    assert (told["as_of"], told["compared_with"], told["newer_night"]) == (BETWEEN, FIRST, NEWEST)
    with open_warehouse(filled / "warehouse.duckdb") as connection:
        rows = connection.execute("select as_of, newer_night from backfill.runs").fetchall()
        assert rows == [(date.fromisoformat(BETWEEN), date.fromisoformat(NEWEST))]
        assert connection.execute("select count(*) from audit.runs where newer_night is not null").fetchall() == [(0,)]
    assert "after 20 Nov 2026 had been" in written(filled, BETWEEN, "report.html").decode()
    for state, day in ((filled, NEWEST), (in_turn, FIRST)):
        assert "had been: it changes no newer night" not in written(state, day, "report.html").decode()


def test_every_night_is_shown_as_it_was_written(filled: Path) -> None:
    assert again(filled) == {day: without_source(written(filled, day).decode()) for day in reversed(DAYS)}


def test_report_of_every_night_can_be_written_again(filled: Path) -> None:
    rules = [file.rule for file in read_rules()]
    with open_warehouse(filled / "warehouse.duckdb") as connection:
        for known in nights(connection):
            page = report_html(read_audit(connection, rules, known))
            assert page.encode() == written(filled, str(known.as_of), "report.html")


def test_next_night_knows_nothing_of_a_backfill(in_turn: Path, own: Path, tmp_path: Path, config: Path) -> None:
    without = shutil.copytree(in_turn, tmp_path / "without", symlinks=True)
    exports = sample(NEWEST)
    for state in (without, own):
        assert audit(exports, NEXT, state, "--config", config).code == 1
    assert written(own, NEXT) == written(without, NEXT)
    assert lasting(own) == lasting(without)
    assert (own / "latest").resolve().name == NEXT
    assert again(own)[BETWEEN] == without_source(written(own, BETWEEN).decode())


def test_backfill_again_writes_the_same_bytes_and_others_replace_it(own: Path, tmp_path: Path, config: Path) -> None:
    before = written(own, BETWEEN)
    assert audit(sample(BETWEEN), BETWEEN, own).code == 1
    assert written(own, BETWEEN) == before
    assert audit(write_folder(tmp_path / "other"), BETWEEN, own, "--config", config).code == 1
    assert written(own, BETWEEN) != before
    assert again(own) == {day: without_source(written(own, day).decode()) for day in reversed(DAYS)}


def test_older_night_that_was_audited_in_its_turn_is_replaced_for_its_date_alone(
    own: Path, in_turn: Path, tmp_path: Path, config: Path
) -> None:
    assert audit(write_folder(tmp_path / "other"), FIRST, own, "--config", config).code == 1
    assert written(own, FIRST) != written(in_turn, FIRST)
    assert [written(own, day) for day in (BETWEEN, NEWEST)] == [written(own, BETWEEN), written(in_turn, NEWEST)]
    assert lasting(own) == lasting(in_turn)
    assert again(own) == {day: without_source(written(own, day).decode()) for day in reversed(DAYS)}


def test_backfill_before_the_first_night_is_a_first_night(
    own: Path, in_turn: Path, tmp_path: Path, config: Path
) -> None:
    folder = write_folder(tmp_path / "other")
    alone = tmp_path / "alone"
    for state in (own, alone):
        assert audit(folder, "2026-11-16", state, "--config", config).code == 1
    assert written(own, "2026-11-16") == written(alone, "2026-11-16")
    assert lasting(own) == lasting(in_turn)


def test_newest_night_with_other_exports_replaces_its_events(own: Path, tmp_path: Path, config: Path) -> None:
    fresh = tmp_path / "fresh"
    assert audit(sample(FIRST), FIRST, fresh).code == 1
    folder = write_folder(tmp_path / "other", night())
    for state in (own, fresh):
        assert audit(folder, NEWEST, state, "--config", config).code == 1
    assert written(own, NEWEST) == written(fresh, NEWEST)
    assert lasting(own) == lasting(fresh)


def test_clock_that_is_behind_asks_for_the_date(own: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pipeline.commands.run.today", lambda: date.fromisoformat(BETWEEN))
    before = contents(own)
    ended = call("run", sample(BETWEEN), "--state", own)
    assert ended == Ended(
        2,
        "",
        f"csp-audit: today is {BETWEEN}, but {NEWEST} has been audited already. Correct the clock of this machine, "
        "or give the date of the night with --as-of.\n",
    )
    assert contents(own) == before


def test_refused_backfill_leaves_every_night_as_it_was(own: Path, tmp_path: Path) -> None:
    before = contents(own)
    (tmp_path / "empty").mkdir()
    assert audit(tmp_path / "empty", BETWEEN, own).code == 3
    after = contents(own)
    folder = f"refused/{BETWEEN}"
    refused = {name for name in after if name.startswith(f"{folder}/")}
    assert refused == {f"{folder}/run.json", f"{folder}/quarantine.csv", f"{folder}/not_audited.eml"}
    assert {name: content for name, content in after.items() if name not in refused} == before
    assert audit(sample(BETWEEN), BETWEEN, own).code == 1
    assert not (own / "refused" / BETWEEN).exists()


def test_dry_run_of_an_older_night_leaves_everything(own: Path) -> None:
    before = contents(own)
    assert audit(sample(BETWEEN), BETWEEN, own, "--dry-run").code == 1
    assert contents(own) == before


def test_killed_backfill_leaves_everything(own: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fall_over(*_: object) -> None:
        message = "no space left"
        raise OSError(message)

    before = contents(own)
    monkeypatch.setattr("pipeline.backfill.keep_night", fall_over)
    assert audit(sample(BETWEEN), BETWEEN, own).code == 70
    assert {name: content for name, content in contents(own).items() if "fault" not in name} == before
