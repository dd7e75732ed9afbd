"""What makes a removal hard: an id written otherwise, a damaged or newer warehouse, an end in the middle."""

from __future__ import annotations

import csv
import os
import shutil
import signal
import subprocess
import sys
from typing import TYPE_CHECKING

import duckdb
import pytest

from pipeline.retention.record import Pending, read_pending, write_pending
from pipeline.retention.subject import Subject
from pipeline.state import State
from tests.pipeline.commandline import ROOT, audit, call
from tests.pipeline.exports import guid, night, write_folder
from tests.pipeline.retention.searching import everything, holding

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.pipeline.exports import Night

# What is covered is told by other tests; measuring it would double the time.
pytestmark = pytest.mark.no_cover
FIRST, SECOND, THIRD = "2026-11-20", "2026-11-21", "2026-11-22"
DIGITS = guid(1).replace("-", "")
DOMAIN, WOLKA = "lipowa.example", 'Hospicjum "Wólka"'
SIGNS = (guid(1), DIGITS, DOMAIN)
NEWER = "written by a newer version of csp-audit. Use that version, or another --state."


def written_otherwise() -> Night:
    """Return a night in which some lines have the customer's id as other exports write it: those are not read."""
    tables = night()
    tables["customers"][0]["customer_id"] = DIGITS.upper()
    tables["subscriptions"][0]["customer_id"] = f"{{{DIGITS}}}"
    tables["subscriptions"][1]["customer_id"] = guid(1).replace("-", "?")
    # Somebody else's text.
    tables["subscriptions"][2]["offer_name"] = f"Office 365 E1 (Charity) as for {DIGITS}"
    return tables


def run(state: Path, day: str, tables: Night) -> str:
    """Audit a night; return what it says on stderr."""
    config = state.parent / "csp-audit.toml"
    config.write_text("gate = { max_age_hours = 1000, max_shrink_share = 1 }\n", encoding="utf-8")
    ended = audit(write_folder(state.parent / day, tables), day, state, "--config", config)
    assert ended.code == 1, ended.err
    return ended.err


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a state directory of two nights; leave it as it is."""
    state = tmp_path_factory.mktemp("hard") / "state"
    assert run(state, FIRST, night()) == ""
    assert run(state, SECOND, written_otherwise()) == ""
    return state


@pytest.fixture
def state(built: Path, tmp_path: Path) -> Path:
    """Return a copy of the two nights for one test."""
    return shutil.copytree(built, tmp_path / "state", symlinks=True)


def kept(state: Path) -> Path:
    (path,) = state.glob("kept/warehouse-*.duckdb")
    return path


def damage(path: Path) -> None:
    """Overwrite the middle of a file, which holds days of the calendar: no run reads those of an earlier night."""
    path.chmod(0o600)
    with path.open("r+b") as file:
        file.seek(path.stat().st_size // 2)
        file.write(b"\xa5" * (1 << 20))


def contents(state: Path) -> dict[str, bytes]:
    return {
        path.relative_to(state).as_posix(): path.read_bytes()
        for path in sorted(state.rglob("*"))
        if path.is_file() and path.name != "lock"
    }


def refuse(state: Path) -> Path:
    """Leave the record of a night that was refused for its ids; return its folder."""
    folder = state / "refused" / THIRD
    folder.mkdir(parents=True)
    text = f"table,file,line,column,value,reason\ncustomers,customers.csv,2,customer_id,{DIGITS},expected a GUID\n"
    (folder / "quarantine.csv").write_text(text, encoding="utf-8")
    (folder / "run.json").write_text("{}", encoding="utf-8")
    return folder


def test_id_is_found_however_it_is_written(state: Path) -> None:
    refused = refuse(state)
    questioned = guid(1).replace("-", "?")
    assert {sign for _, sign in holding(everything(state), *SIGNS, questioned)} == {*SIGNS, questioned}
    previews = [call("forget", asked, "--dry-run", "--state", state) for asked in (guid(1), f"{{{DIGITS.upper()}}}")]
    assert previews[0] == previews[1]
    ended = call("forget", guid(1), "--state", state)
    assert (ended.code, ended.err) == (0, "")
    assert holding(everything(state), *SIGNS, questioned) == []
    assert not (state / "runs" / SECOND / "quarantine.csv").exists()
    assert sorted(path.name for path in refused.iterdir()) == ["FORGOTTEN.txt", "run.json"]
    with duckdb.connect(str(state / "warehouse.duckdb"), read_only=True) as connection:
        assert connection.execute("from core.unread_customers").fetchall() == []
        names = connection.execute(
            "select offer_name from core.subscriptions where subscription_id = 's-03'"
        ).fetchall()
    assert names == [("Office 365 E1 (Charity) as for (forgotten)",)]


def test_earlier_warehouse_with_a_damaged_block_goes_whole_and_is_named(state: Path) -> None:
    damage(kept(state))
    name = f"kept/{kept(state).name}"
    ended = call("forget", guid(1), "--dry-run", "--state", state)
    assert (ended.code, f"damaged, so removed whole: {name}\n" in ended.out) == (0, True)
    assert (state / name).exists()
    ended = call("forget", guid(1), "--state", state)
    assert (ended.code, ended.err) == (0, "")
    assert f"damaged, so removed whole: {name}\n" in ended.out
    assert not (state / name).exists()
    assert holding(everything(state), *SIGNS) == []
    with (state / "forgotten.csv").open(encoding="utf-8", newline="") as file:
        assert [line["warehouses"] for line in csv.DictReader(file)] == ["2"]


def test_newest_warehouse_with_a_damaged_block_stops_and_the_step_that_is_named_works(state: Path) -> None:
    damage(state / "warehouse.duckdb")
    before = contents(state)
    ended = call("forget", guid(1), "--state", state)
    assert (ended.code, ended.out) == (2, "")
    assert "warehouse.duckdb: a part of it is damaged" in ended.err
    assert "Run csp-audit run FOLDER first" in ended.err
    assert contents(state) == before
    assert run(state, THIRD, night()) == ""
    ended = call("forget", guid(1), "--state", state)
    assert (ended.code, ended.err) == (0, "")
    assert "damaged, so removed whole: kept/warehouse-" in ended.out
    assert holding(everything(state), *SIGNS) == []
    assert holding(everything(state), WOLKA)


def test_warehouse_that_is_no_more_is_restored_by_the_step_that_is_named(state: Path) -> None:
    warehouse = state / "warehouse.duckdb"
    warehouse.chmod(0o600)
    os.truncate(warehouse, 20_000)
    assert call("forget", guid(1), "--state", state).code == 2
    assert "warehouse.duckdb was damaged: history is that of" in run(state, THIRD, night())
    ended = call("forget", guid(1), "--state", state)
    assert (ended.code, ended.err) == (0, "")
    assert holding(everything(state), *SIGNS) == []


def test_file_of_somebody_else_in_kept_is_never_removed(state: Path) -> None:
    other = state / "kept" / "mine.duckdb"
    other.write_bytes(b"\0" * 5000)
    before = contents(state)
    ended = call("forget", guid(1), "--state", state)
    assert (ended.code, f"{other}: cannot be read, nor searched. Remove it, then run again." in ended.err) == (2, True)
    assert contents(state) == before
    other.unlink()
    assert call("forget", guid(1), "--state", state).code == 0


def newest(state: Path) -> Path:
    return state / "warehouse.duckdb"


@pytest.mark.parametrize("which", [newest, kept])
def test_warehouse_of_a_newer_layout_stops_before_anything_goes(state: Path, which: Callable[[Path], Path]) -> None:
    path = which(state)
    path.chmod(0o600)
    with duckdb.connect(str(path)) as connection:
        connection.execute("update audit.layout set version = 9")
    before = contents(state)
    for words in ((), ("--dry-run",)):
        ended = call("forget", guid(1), "--state", state, *words)
        assert (ended.code, ended.out, ended.err) == (2, "", f"csp-audit: {path}: {NEWER}\n")
    assert contents(state) == before


_STOPPED = """
import os, signal, sys
from pipeline.retention import forgetting
place = sys.argv.pop(1)
before = getattr(forgetting, place)
def stop(*words, **more):
    os.kill(os.getpid(), signal.SIGTERM)
    return before(*words, **more)
setattr(forgetting, place, stop)
from pipeline.cli import main
main()
"""


def stopped(state: Path, place: str, asked: str = guid(1)) -> str:
    """Stop a removal where it calls a function; return what it says."""
    words = [sys.executable, "-c", _STOPPED, place, "forget", asked, "--state", str(state)]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    ended = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, check=False, env=environment)
    assert (ended.returncode, ended.stdout) == (128 + signal.SIGTERM, "")
    return ended.stderr


def test_stop_before_anything_goes_says_that_all_is_as_it_was(state: Path) -> None:
    assert stopped(state, "look") == "csp-audit: stopped by SIGTERM; the last good night is as it was. Run again.\n"
    assert read_pending(State(state)) is None


def test_stop_in_the_middle_is_said_by_all_until_the_removal_is_ended(state: Path) -> None:
    told = stopped(state, "clean")
    begun = read_pending(State(state))
    assert begun is not None
    ending = f"csp-audit forget {begun.reference} --yes --state {state}"
    assert told == f"csp-audit: stopped by SIGTERM; the removal is not finished; {ending} ends it.\n"
    # One that is stopped before it goes on has the same to say.
    assert stopped(state, "warehouses_of") == told
    config = state.parent / "csp-audit.toml"
    line = f"csp-audit: the removal of a customer's data is not finished: {ending} --config {config} ends it.\n"
    assert run(state, THIRD, night()) == line
    assert f"one that began is not finished ({begun.reference})" in call("doctor", "--state", state).out
    preview = call("forget", begun.reference, "--dry-run", "--state", state)
    assert (preview.code, "Nothing more is removed yet." in preview.out) == (0, True)
    ended = call("forget", begun.reference, "--state", state)
    assert (ended.code, ended.err, f"Reference: {begun.reference}." in ended.out) == (0, "", True)
    assert holding(everything(state), *SIGNS) == []
    assert call("doctor", "--state", state, "--json").out.count("none is half done") == 1


def test_stop_at_the_end_says_that_all_is_gone(state: Path) -> None:
    told = "what had begun to be removed is gone, and forgotten.csv has its line."
    assert told in stopped(state, "end_pending")
    assert holding(everything(state), *SIGNS) == []
    assert read_pending(State(state)) is None


def test_refused_run_names_a_removal_that_is_half_done_too(state: Path, tmp_path: Path) -> None:
    write_pending(State(state), Pending("R-0a1b2c3d", Subject(guid(1))))
    (tmp_path / "empty").mkdir()
    ended = audit(tmp_path / "empty", THIRD, state)
    assert ended.code == 3
    assert [line for line in ended.err.splitlines() if "csp-audit forget R-0a1b2c3d" in line]
