"""`csp-audit doctor`: a healthy world is all ok, and every fault alone is one line with the next step."""

from __future__ import annotations

import errno
import fcntl
import json
import os
import pwd
import re
import shutil
from collections import namedtuple
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, TextIO

import pytest

from pipeline.doctor.doctor import Question, examine
from tests.pipeline.commandline import call, spawn
from tests.pipeline.doctor.faults import FAULTS, HELD, attempt, since
from tests.pipeline.doctor.worlds import HEALTHY, World, healthy, said_of, snapshot
from tests.pipeline.test_gate_permissions import NOBODY, as_nobody

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from pipeline.doctor.line import Line

Usage = namedtuple("Usage", "total used free")  # noqa: PYI024 - as shutil has it
PRIVATE = "Hospicjum Wólka, 12 seats"


@pytest.fixture(scope="module")
def one(tmp_path_factory: pytest.TempPathFactory) -> World:
    """Return a healthy world; leave it as it is."""
    return healthy(tmp_path_factory.mktemp("healthy") / "world")


@pytest.fixture
def world(one: World, tmp_path: Path) -> World:
    """Return a healthy world of the test's own."""
    return one.copied(tmp_path / "world")


def test_healthy_world_is_all_ok_and_0(one: World) -> None:
    said = said_of(one)
    assert (said.code, said.wrong, set(said.lines)) == (0, set(), HEALTHY)
    assert said.lines["last good run"][1].endswith("audited, with findings, less than an hour ago")
    assert "5 files with 30 lines can be audited" in said.lines["exports"][1]


def test_each_check_is_one_line_with_its_mark_in_words(one: World) -> None:
    said, ended = said_of(one), one.doctor()
    lines = ended.out.splitlines()
    assert (ended.code, ended.err) == (0, "")
    assert [(line[:8].strip(), line[9:23].strip()) for line in lines] == [("ok", check) for check in said.lines]
    # Others write on the same disk, and time goes by.
    told = [re.sub("[0-9]+", "N", line[24:]) for line in lines[3:]]
    assert told == [re.sub("[0-9]+", "N", f"{found}.") for _, found, _ in said.lines.values()][3:]


def test_doctor_works_as_a_process_without_a_terminal(one: World) -> None:
    ended = spawn("doctor", one.exports, "--state", one.state)
    assert (ended.code, ended.err, ended.out.count("\n")) == (0, "", len(HEALTHY))
    assert "\x1b" not in ended.out


def test_folder_of_the_last_good_run_is_looked_at_where_none_is_named(one: World) -> None:
    ended = call("doctor", "--state", one.state, "--json")
    found = {check["check"]: check["found"] for check in json.loads(ended.out)["checks"]}
    assert ended.code == 0
    assert found["exports"].startswith(f"{one.exports}: 5 files")


def test_before_the_first_night_there_are_only_warnings(tmp_path: Path, one: World) -> None:
    state = tmp_path / "state"
    ended = call("doctor", "--state", state, "--json")
    told = {check["check"]: check for check in json.loads(ended.out)["checks"]}
    wrong = {name for name, check in told.items() if check["state"] != "ok"}
    assert (ended.code, wrong) == (0, {"last good run", "exports"})
    assert told["last good run"]["next"] == f"csp-audit run FOLDER --state {state}"
    assert told["exports"]["next"] == f"csp-audit doctor FOLDER --state {state}"
    assert not state.exists()
    told = {
        check["check"]: check
        for check in json.loads(call("doctor", one.exports, "--state", state, "--json").out)["checks"]
    }
    assert told["last good run"]["next"] == f"csp-audit run {one.exports} --state {state}"


@pytest.fixture(autouse=True)
def _let_go() -> Any:  # noqa: ANN401 - a generator
    yield
    while HELD:
        HELD.pop().close()


@pytest.mark.parametrize("fault", FAULTS)
def test_each_fault_alone_is_one_line(world: World, fault: str) -> None:
    make, check, mark, found, step = FAULTS[fault]
    make(world)
    said = said_of(world)
    # A server on port 1 is nobody's: the list of resellers needs the section [mail].
    assert said.wrong - {"mail server"} == {check}
    assert (said.lines[check][0], found in said.lines[check][1]) == (mark, True), said.lines[check]
    assert said.lines[check][2].startswith(step)


def test_lock_file_that_an_ended_run_has_left_is_ok(world: World) -> None:
    (world.state / "lock").write_text(since(100), encoding="utf-8")
    assert said_of(world).lines["lock"] == ("ok", "free: no run is at work", "")


def test_lock_is_looked_at_once(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two checks have to know of it where the status says that a run is under way."""
    attempt(world, running={"pid": 4711, "since": "2026-11-20T02:00:00Z"})
    looks, real = list[int](), fcntl.flock

    def flock(file: TextIO, operation: int) -> None:
        looks.append(operation)
        real(file, operation)

    monkeypatch.setattr("fcntl.flock", flock)
    lines = said_of(world).lines
    assert (lines["lock"][0], lines["last attempt"][0]) == ("ok", "warning")
    assert looks == [fcntl.LOCK_SH | fcntl.LOCK_NB]


def test_every_problem_of_the_configuration_is_a_line_and_the_others_wait(world: World) -> None:
    world.configure('keeep = 1\n[gate]\nmax_age = 2\n[mail]\nhost = "secret.example"\n')
    ended = world.doctor()
    lines = [line for line in ended.out.splitlines() if " configuration " in line]
    assert (ended.code, ended.err) == (1, "")
    assert all(line.startswith("failed ") for line in lines)
    assert {"keeep", "gate.max_age", "mail.sender"} <= {line.split(": ")[1] for line in lines}
    assert ended.out.splitlines()[0].startswith("ok       versions")
    assert ended.out.splitlines()[-1].startswith("warning  all others     not checked: they need the configuration.")


@pytest.mark.parametrize("text", ["[gate\n", None])
def test_configuration_that_cannot_be_read_is_a_line(world: World, text: str | None) -> None:
    world.config.unlink() if text is None else world.configure(text)
    ended = world.doctor("--json")
    states = {check["check"]: check["state"] for check in json.loads(ended.out)["checks"]}
    assert (ended.code, states) == (1, {"versions": "ok", "configuration": "failed", "all others": "warning"})


def test_wrong_usage_is_2() -> None:
    assert call("doctor", "one", "two").code == 2
    assert call("doctor", "--state", "").code == 2


def disk_with(free: int) -> Callable[[object], Usage]:
    return lambda _: Usage(10**12, 10**12 - free, free)


@pytest.mark.parametrize(("free", "mark"), [(10**6, "failed"), (10**8, "warning"), (10**9, "ok")])
def test_free_disk_is_compared_with_what_a_run_needs(
    one: World, monkeypatch: pytest.MonkeyPatch, free: int, mark: str
) -> None:
    monkeypatch.setattr(shutil, "disk_usage", disk_with(free))
    state, found, step = said_of(one).lines["disk"]
    assert (state, "a run needs about " in found) == (mark, True)
    assert step.startswith("" if mark == "ok" else "Free some space: csp-audit prune --dry-run")


def test_disk_without_room_for_more_files_is_said(one: World, monkeypatch: pytest.MonkeyPatch) -> None:
    full = SimpleNamespace(f_files=10**6, f_favail=12, f_frsize=4096, f_blocks=10**9, f_bfree=10**9, f_bavail=10**9)
    monkeypatch.setattr(os, "statvfs", lambda _: full)
    state, found, _ = said_of(one).lines["disk"]
    assert (state, "only 12 more files can be made" in found) == ("failed", True)


def test_need_grows_with_the_exports(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "disk_usage", disk_with(10**9))
    os.truncate(world.exports / "customers.csv", 2 * 10**9)
    text = {result.check: result.line for result in examine_at(world, datetime.now(UTC), {"disk"})}["disk"].found
    assert "1.0 GB free" in text
    assert "needs about 4.1 GB" in text


def examine_at(world: World, now: datetime, only: set[str]) -> list[Any]:
    """Ask at another moment, and only for some of the checks."""
    from pipeline.doctor import doctor

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(doctor, "CHECKS", {name: check for name, check in doctor.CHECKS.items() if name in only})
        return list(examine(Question(world.exports, world.state, world.config, now)))


def lines_at(world: World, now: datetime) -> dict[str, Line]:
    return {result.check: result.line for result in examine(Question(world.exports, world.state, world.config, now))}


def test_missed_nights_are_said(one: World) -> None:
    lines = lines_at(one, datetime.now(UTC) + timedelta(days=3))
    assert (lines["last good run"].mark, "3 days ago: longer than the 36 hours" in lines["last good run"].found) == (
        "warning",
        True,
    )
    assert (lines["exports"].mark, lines["clock"].mark) == ("failed", "ok")


def test_clock_that_was_set_back_is_said(one: World) -> None:
    days, minutes = (lines_at(one, datetime.now(UTC) - back)["clock"] for back in (timedelta(4), timedelta(minutes=9)))
    assert (days.mark, "a run without --as-of is refused" in days.found) == ("failed", True)
    assert (minutes.mark, "but the last good run began" in minutes.found) == ("warning", True)


def test_library_that_cannot_be_loaded_is_said(one: World, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(name: str) -> None:
        raise ImportError(name)

    monkeypatch.setattr("pipeline.doctor.machine.import_module", fail)
    assert said_of(one).lines["versions"][:2] == ("failed", "duckdb cannot be loaded: ImportError")


def test_check_that_breaks_is_a_line_without_the_text_of_its_error(one: World, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail() -> None:
        raise ZeroDivisionError(PRIVATE)

    monkeypatch.setattr("pipeline.doctor.by_hand.read_rules", fail)
    said = said_of(one)
    assert said.lines["waivers"][:2] == ("failed", "the check itself failed (ZeroDivisionError)")
    assert said.wrong == {"waivers"}


DAMAGE: dict[str, Callable[[Path], object]] = {
    "garbage": lambda path: path.write_bytes(bytes(range(256)) * 20),
    "empty": lambda path: path.touch(),
    "folder": lambda path: path.mkdir(),
    "dangling link": lambda path: path.symlink_to("/nowhere/at/all"),
    "link to itself": lambda path: path.symlink_to(path.name),
}
PLACES = (
    "warehouse.duckdb", "lock", "latest", "kept", "runs", "refused", "outbox", "triage.csv", "waivers.toml",
    "masking.key", "status.json", "csp-audit.log",
)  # fmt: skip


@pytest.mark.parametrize("damage", DAMAGE)
def test_whatever_is_broken_every_check_is_a_line(world: World, damage: str) -> None:
    for name in PLACES:
        broken = world.state / name
        shutil.rmtree(broken) if broken.is_dir() and not broken.is_symlink() else broken.unlink(missing_ok=True)
        DAMAGE[damage](broken)
        ended = world.doctor()
        assert (ended.code in {0, 1}, ended.err, len(ended.out.splitlines())) == (True, "", len(HEALTHY)), name
    assert ended.code == 1
    assert "csp-audit.toml" in ended.out


def test_names_from_the_folder_are_shown_harmless(world: World) -> None:
    evil = world.exports / os.fsdecode("customers-\x1b[31m\u202e\n".encode() + b"\xff.csv")
    evil.mkdir()
    os.utime(evil, (4e9, 4e9))
    ended = world.doctor()
    told = json.loads(world.doctor("--json").out.encode())
    assert {check["check"] for check in told["checks"] if check["state"] != "ok"} == {"exports"}
    assert (ended.code, len(ended.out.splitlines())) == (1, len(HEALTHY))
    assert all(line.isprintable() for line in ended.out.splitlines())


def open_to_all(world: World) -> None:
    """Let anybody come as far as the world, and import what the doctor needs: Python itself may be root's alone."""
    world.doctor("--json")
    for folder in world.root.parents:
        if folder.stat().st_uid == os.geteuid() and folder != folder.parent:
            folder.chmod(folder.stat().st_mode | 0o011)
    world.root.chmod(0o755)


def test_state_of_another_user_is_said_with_who_should_own_it(world: World) -> None:
    open_to_all(world)
    world.state.chmod(0o555)
    with as_nobody():
        ended = world.doctor("--json")
    told = {check["check"]: check for check in json.loads(ended.out)["checks"]}
    assert (ended.code, told["write access"]["state"]) == (1, "failed")
    assert told["write access"]["found"] == f"{world.state}: permission denied"
    assert told["write access"]["next"].startswith("chown -R nobody ")
    assert told["lock"]["found"] == f"{world.state / 'lock'}: permission denied"


def test_file_that_another_user_has_left_in_a_writable_state_is_said(world: World) -> None:
    open_to_all(world)
    for path in (world.state, *world.state.iterdir()):
        path.chmod(0o777 if path.is_dir() else 0o600)
    with as_nobody():
        told = {check["check"]: check["found"] for check in json.loads(world.doctor("--json").out)["checks"]}
    assert told["write access"] == f"{world.state / 'lock'}: may not be written"


def test_state_that_cannot_be_made_is_said(world: World) -> None:
    open_to_all(world)
    with as_nobody():
        ended = call("doctor", "--state", world.root / "other" / "state", "--json")
    told = {check["check"]: check for check in json.loads(ended.out)["checks"]}
    assert told["write access"]["state"] == "failed"
    assert f"cannot be made in {world.root}: permission denied" in told["write access"]["found"]


def test_state_that_is_a_file_is_said(world: World) -> None:
    state = world.root / "file"
    state.write_text("")
    ended = call("doctor", "--state", state, "--json")
    told = {check["check"]: check for check in json.loads(ended.out)["checks"]}
    assert (ended.code, told["write access"]["found"]) == (1, f"{state}: it is no folder")


def test_link_to_nowhere_in_the_state_is_said(world: World) -> None:
    shutil.rmtree(world.state / "kept")
    (world.state / "kept").symlink_to(world.root / "unmounted")
    assert said_of(world).lines["write access"][1] == f"{world.state / 'kept'}: it is no folder"


@pytest.mark.parametrize(
    ("code", "mark", "step"),
    [
        (errno.EOPNOTSUPP, "ok", ""),
        (errno.EROFS, "failed", "findmnt -T "),
        (errno.ENOSPC, "failed", "df -h "),
        (errno.EACCES, "failed", "chown -R "),
    ],
)
def test_what_the_system_says_to_a_trial_write_counts(
    one: World, monkeypatch: pytest.MonkeyPatch, code: int, mark: str, step: str
) -> None:
    real = os.open

    def refuse_unnamed(path: Any, flags: int, *more: Any, **named: Any) -> int:  # noqa: ANN401
        if flags & os.O_TMPFILE == os.O_TMPFILE:
            raise OSError(code, os.strerror(code), str(path))
        return real(path, flags, *more, **named)

    monkeypatch.setattr("pipeline.doctor.access.os.open", refuse_unnamed)
    state, found, said = said_of(one).lines["write access"]
    assert (state, said.startswith(step)) == (mark, True)
    assert (os.strerror(code).lower() in found) == (mark == "failed")


def test_root_is_told_to_ask_as_the_owner_of_the_state(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    if os.geteuid() == 0:
        os.chown(world.state, NOBODY, -1)
    owner = pwd.getpwuid(world.state.stat().st_uid).pw_name
    monkeypatch.setattr("pipeline.doctor.access.os.geteuid", lambda: 0)
    said = said_of(world)
    assert (said.code, said.wrong) == (0, {"write access"})
    assert f"belongs to {owner}" in said.lines["write access"][1]
    assert said.lines["write access"][2].startswith(f"sudo -u {owner} csp-audit doctor ")


def test_nothing_is_left_even_of_a_folder_that_was_never_there(tmp_path: Path, one: World) -> None:
    before = snapshot(tmp_path)
    assert call("doctor", one.exports, "--state", tmp_path / "a" / "b").code == 0
    assert snapshot(tmp_path) == before
