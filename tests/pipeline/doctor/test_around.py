"""The doctor beside a run, after another user's command, and where the machine is short of something."""

from __future__ import annotations

import errno
import json
import os
import time
from typing import TYPE_CHECKING, Any

import pytest

from pipeline.doctor import permissions, subject
from tests.pipeline.doctor.faults import HELD, hold, replace_warehouse, since
from tests.pipeline.doctor.worlds import World, healthy, said_of
from tests.pipeline.test_gate_permissions import as_nobody

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

# What a command that root calls makes in a state directory, and a night of another user has to write.
LOCKS = ("outbox/lock", "outbox/lock-put", ".status.json.lock", ".triage.csv.lock")


@pytest.fixture(scope="module")
def one(tmp_path_factory: pytest.TempPathFactory) -> World:
    return healthy(tmp_path_factory.mktemp("doctor") / "world")


@pytest.fixture
def world(one: World, tmp_path: Path) -> World:
    return one.copied(tmp_path / "world")


@pytest.fixture(autouse=True)
def _let_go() -> Iterator[None]:
    yield
    while HELD:
        HELD.pop().close()


def open_to_all(world: World) -> None:
    """Let anybody come as far as the world and write there, and import what the doctor needs."""
    world.doctor("--json")
    for folder in world.root.parents:
        if folder.stat().st_uid == os.geteuid() and folder != folder.parent:
            folder.chmod(folder.stat().st_mode | 0o011)
    for path in (world.root, world.state, *world.state.rglob("*")):
        if not path.is_symlink():
            path.chmod(0o777 if path.is_dir() else 0o666)


def told_to_nobody(world: World) -> dict[str, dict[str, str]]:
    with as_nobody():
        told = json.loads(world.doctor("--json").out)["checks"]
    return {check["check"]: check for check in told}


@pytest.mark.parametrize("name", LOCKS)
def test_lock_that_another_user_has_left_is_said(name: str, world: World) -> None:
    lock = world.state / name
    lock.parent.mkdir(exist_ok=True)
    lock.touch()
    open_to_all(world)
    assert told_to_nobody(world)["write access"]["state"] == "ok"
    lock.chmod(0o600)
    assert told_to_nobody(world)["write access"]["found"] == f"{lock}: may not be written"


@pytest.mark.parametrize("name", ["work-4711", "work-gone-runs-2026-11-20"])
def test_folder_that_a_killed_run_has_left_and_nobody_can_remove_is_said(name: str, world: World) -> None:
    left = world.state / name
    (left / "spill").mkdir(parents=True)
    (world.state / "work-lipowa").mkdir()
    open_to_all(world)
    told = told_to_nobody(world)["set aside"]
    assert (told["state"], told["found"]) == ("ok", "nothing")
    (left / "spill").chmod(0o700)
    (world.state / "work-lipowa").chmod(0o700)
    told = told_to_nobody(world)["set aside"]
    assert (told["state"], told["next"]) == ("warning", f"rm -r {left}, as root")
    assert told["found"] == f"a run that was killed has left {left}, which this user cannot remove"
    (world.state / "lock").chmod(0o644)
    hold(world, since(1))
    assert told_to_nobody(world)["set aside"]["state"] == "ok"


@pytest.mark.parametrize("what", ["file", "folder"])
def test_what_a_run_takes_away_meanwhile_is_no_fault(what: str, world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Between the look into a folder and the look at what is in it."""
    (world.state / "work-1").mkdir(mode=0o755)
    (world.state / "work-1" / "half").touch()
    world.state.chmod(0o755)
    real: Callable[[Path], list[Path]] = permissions._inside

    def vanish(folder: Path) -> list[Path]:
        found = real(folder)
        if folder.name == "work-1" and what == "file":
            (folder / "half").unlink()
        if folder == world.state and what == "folder":
            (folder / "work-1" / "half").unlink()
            (folder / "work-1").rmdir()
        return found

    monkeypatch.setattr(permissions, "_inside", vanish)
    checks = json.loads(world.doctor("--json").out)["checks"]
    assert {check["check"]: check["state"] for check in checks}["permissions"] == "ok"


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT])
def test_little_room_for_copies_is_no_failure_and_names_the_folder(
    number: int, world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr("pipeline.transcode._transcode", fail)
    monkeypatch.setattr("pipeline.doctor.nights.gettempdir", lambda: str(tmp_path / "small"))
    for export in world.exports.iterdir():
        export.write_bytes(export.read_bytes().replace(b"\n", b"\r\n"))
        os.utime(export, (time.time(), time.time()))
    said = said_of(world)
    mark, found, step = said.lines["exports"]
    assert (said.code, mark, step.startswith("Set TMPDIR to a folder with room")) == (0, "warning", True)
    assert found.startswith(f"the copies of exports that are not UTF-8 have no room in {tmp_path / 'small'}")


def test_damaged_warehouse_is_read_once(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    replace_warehouse(world, bytes(8192))
    reads: list[object] = []
    real = subject.open_warehouse

    def count(*words: Any) -> Any:  # noqa: ANN401
        reads.append(words)
        return real(*words)

    monkeypatch.setattr(subject, "open_warehouse", count)
    monkeypatch.setattr("pipeline.warehouse.open_warehouse", count)
    assert said_of(world).wrong == {"last good run"}
    assert len(reads) == 1


@pytest.mark.parametrize("hours", ["1e300", "1e12"])
def test_age_beyond_all_measure_is_only_a_number(hours: str, world: World) -> None:
    world.configure(f"gate.max_age_hours = {hours}\nlimits.max_file_gb = {hours}\n")
    assert said_of(world).wrong == set()
