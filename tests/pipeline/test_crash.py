"""A run that is killed leaves last night's content or tonight's, whole, and the next run succeeds."""

from __future__ import annotations

import json
import os
import random
import shutil
import signal
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest

from pipeline.database import reading
from tests.pipeline.commandline import ROOT, audit
from tests.pipeline.exports import contents, night, write_folder

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.pipeline.commandline import Ended

# What is covered is told by other tests; measuring it would double the time.
pytestmark = pytest.mark.no_cover
LAST, TONIGHT = "2026-11-19", "2026-11-20"
KILLS = 20
BLOCK = 5
Content = dict[str, tuple[Any, ...]]


def content(state: Path) -> Content:
    """Return the rows and a checksum of every table, but for the moments at which runs began."""
    with reading(state / "warehouse.duckdb") as connection:
        tables = connection.execute(
            "select table_schema || '.' || table_name from information_schema.tables order by 1"
        ).fetchall()
        sums: Content = {}
        for (table,) in tables:
            row = "(t.as_of, t.verdict, t.exit_code, t.rule_set)" if table == "audit.runs" else "t"
            found = connection.execute(f"select count(*), bit_xor(hash({row}))::varchar from {table} as t").fetchone()
            sums[table] = found or ()
    return sums


class Scene:
    """Two nights of exports; last night is audited, tonight comes."""

    def __init__(self, folder: Path) -> None:
        tables = night()
        self.base = folder / "base"
        self.exports = write_folder(folder / "tonight", tables)
        tables["subscriptions"] = tables["subscriptions"][1:]
        tables["qualifications"] = tables["qualifications"][1:]
        assert audit(write_folder(folder / "last", tables), LAST, self.base).code == 1
        self.last = content(self.base)
        self.report = contents(self.base / "runs" / LAST)
        done = shutil.copytree(self.base, folder / "done", symlinks=True)
        assert self.run(done).code == 1
        self.tonight = content(done)

    def run(self, state: Path) -> Ended:
        return audit(self.exports, TONIGHT, state)

    def words(self, state: Path) -> list[str]:
        return ["run", str(self.exports), "--as-of", TONIGHT, "--state", str(state)]

    def check(self, state: Path) -> str:
        """Hold a state directory against the promise; return whose content it has."""
        found = content(state)
        assert found in (self.last, self.tonight)
        assert contents(state / "runs" / LAST) == self.report
        assert (state / "latest" / "report.html").read_bytes().rstrip().endswith(b"</html>")
        assert not list(state.glob("*.wal"))
        return "last" if found == self.last else "tonight"

    def check_next_run(self, state: Path) -> None:
        assert self.run(state).code == 1
        assert self.check(state) == "tonight"
        assert sorted(path.name for path in (state / "latest").iterdir()) == FILES
        assert (state / "latest").readlink().name == TONIGHT
        assert not list(state.glob("work-*"))


FILES = ["digest.eml", "findings.csv", "findings.json", "quarantine.csv", "report.html", "run.json"]


class Mortals:
    """Starts runs that can be killed."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self.process = process

    def ask(self, **request: object) -> dict[str, Any]:
        assert self.process.stdin
        assert self.process.stdout
        self.process.stdin.write(json.dumps(request) + "\n")
        self.process.stdin.flush()
        answer: dict[str, Any] = json.loads(self.process.stdout.readline())
        return answer


@pytest.fixture(scope="module")
def mortals() -> Iterator[Mortals]:
    argv = [sys.executable, "-m", "tests.pipeline.mortal"]
    with subprocess.Popen(argv, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        yield Mortals(process)
        assert process.stdin
        process.stdin.close()
        assert process.wait() == 0


@pytest.fixture(scope="module")
def scene(tmp_path_factory: pytest.TempPathFactory) -> Scene:
    return Scene(tmp_path_factory.mktemp("scene"))


def test_the_two_nights_differ(scene: Scene) -> None:
    assert scene.last["audit.runs"][0] == 1
    assert scene.tonight["audit.runs"][0] == 2
    for table in ("core.subscriptions", "core.found", "core.states", "audit.events", "history.qualifications"):
        assert scene.last[table] != scene.tonight[table]


def test_run_killed_at_any_moment_leaves_one_night_whole(scene: Scene, mortals: Mortals, tmp_path: Path) -> None:
    dice = random.Random(20261120)
    unharmed = shutil.copytree(scene.base, tmp_path / "unharmed", symlinks=True)
    lifetime = mortals.ask(words=scene.words(unharmed))["seconds"]
    killed = 0
    for block in range(0, KILLS, BLOCK):
        state = shutil.copytree(scene.base, tmp_path / f"state{block}", symlinks=True)
        for number in range(BLOCK):
            seconds = lifetime * (number * KILLS // BLOCK + block // BLOCK + dice.random()) / KILLS
            status = mortals.ask(words=scene.words(state), seconds=seconds)["status"]
            killed += os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL
            scene.check(state)
        scene.check_next_run(state)
    # The machine may grow faster meanwhile, so that the last ones are through before they are killed.
    assert killed >= KILLS // 4


@pytest.mark.parametrize("is_rerun", [False, True], ids=["a new date", "a rerun of the newest date"])
def test_every_change_on_disk_may_be_the_last_one(
    scene: Scene, mortals: Mortals, tmp_path: Path, *, is_rerun: bool
) -> None:
    """A copy taken before each change is what a run that dies there leaves."""
    state = shutil.copytree(scene.base, tmp_path / "state", symlinks=True)
    if is_rerun:
        assert scene.run(state).code == 1
    mortals.ask(words=scene.words(state), copies=str(tmp_path / "copies"))
    assert scene.check(state) == "tonight"
    copies = sorted((tmp_path / "copies").iterdir())
    distinct: dict[tuple[object, ...], Path] = {}
    for copy in copies:
        whose = scene.check(copy)
        if is_rerun:
            assert sorted(path.name for path in (copy / "runs" / TONIGHT).iterdir()) == FILES
        work = any(copy.glob("work-*"))
        places = sorted(path.name for folder in ("runs", "kept") for path in copy.glob(f"{folder}/*"))
        distinct[whose, work, *places, str((copy / "latest").readlink())] = copy
    assert len(copies) > 20
    assert len(distinct) >= (3 if is_rerun else 5)
    for copy in distinct.values():
        scene.check_next_run(copy)


def test_what_a_killed_run_left_is_cleared_away(scene: Scene, tmp_path: Path) -> None:
    state = shutil.copytree(scene.base, tmp_path / "state", symlinks=True)
    for name in ("work-1", "work-99999"):
        (state / name / "spill").mkdir(parents=True)
        (state / name / "warehouse.duckdb").write_bytes(b"half a warehouse")
        (state / name / "warehouse.duckdb.wal").write_bytes(b"half a log")
    scene.check_next_run(state)
