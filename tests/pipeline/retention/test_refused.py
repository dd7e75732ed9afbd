"""What the system or the database refuses to prune and forget is one line with the next step, and loses nothing."""

from __future__ import annotations

import errno
import fcntl
import os
import re
import resource
import shutil
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import duckdb
import pytest

from pipeline import beside
from pipeline.database import OutOfMemoryError
from pipeline.errors import LockedError
from pipeline.retention.record import Pending, read_pending, write_pending
from pipeline.retention.subject import Subject
from pipeline.state import State
from tests.pipeline.commandline import ROOT, Ended, call, uncovered
from tests.pipeline.exports import contents, guid

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

NOBODY = 65534
# Where there is none, files are moved on the same disk.
ANOTHER_DISK = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None  # noqa: S108
NIGHTS = ("2026-11-19", "2026-11-20")
NUMBERS = (errno.EACCES, errno.EPERM, errno.EROFS, errno.ENOSPC, errno.EFBIG, errno.EIO, errno.EBUSY)
FULL = {errno.ENOSPC, errno.EDQUOT}
RIGHTS = "may not be read or written. Check its permissions, and those of its folder, then run again.\n"


@pytest.fixture
def state() -> Iterator[Path]:
    """Return a state directory, which others may enter, of two nights, a kept warehouse and a log naming a customer."""
    with TemporaryDirectory() as folder:
        root = Path(folder) / "state"
        for night in NIGHTS:
            (root / "runs" / night).mkdir(parents=True)
            (root / "runs" / night / "run.json").write_text("{}", encoding="utf-8")
        (root / "kept").mkdir()
        (root / "kept" / "warehouse-20261101T000000.000000Z.duckdb").write_bytes(b"12345")
        (root / "outbox").mkdir()
        (root / "lock").touch()
        (root / "csp-audit.log").write_text(f"asked for {guid(1)}\n", encoding="utf-8")
        (root.parent / "csp-audit.toml").write_text("keep = 0\nretention = { runs = 1 }\n", encoding="utf-8")
        for path in (root.parent, *root.parent.rglob("*")):
            path.chmod(0o777 if path.is_dir() else 0o666)
        yield root


@contextmanager
def as_nobody() -> Iterator[None]:
    """Be a user whom permissions concern; root is above them."""
    before = os.geteuid()
    if before == 0:
        os.seteuid(NOBODY)
    try:
        yield
    finally:
        os.seteuid(before)


def prune(state: Path, *words: str) -> Ended:
    return call("prune", *words, "--state", state, "--config", state.parent / "csp-audit.toml")


def forget(state: Path, *words: str) -> Ended:
    return call("forget", guid(1), *words, "--state", state)


def without_warehouses(state: Path) -> None:
    """Take away what is no real warehouse, for a removal that goes on."""
    shutil.rmtree(state / "kept")


@pytest.mark.parametrize(
    ("closed", "ask", "words"),
    [
        ("lock", prune, ()),
        ("lock", forget, ()),
        ("outbox/lock", forget, ()),
        ("", prune, ()),
        ("", prune, ("--dry-run",)),
        ("", forget, ()),
        ("", forget, ("--dry-run",)),
        ("runs", prune, ("--dry-run",)),
    ],
)
def test_place_that_another_user_has_closed_is_named(
    state: Path, closed: str, ask: Callable[..., Ended], words: tuple[str, ...]
) -> None:
    place = state / closed
    if not place.exists():
        place.touch()
    # What is imported on demand may be root's alone.
    ask(state, "--help")
    call("prune", "--dry-run", "--state", state)
    forget(state, "--dry-run")
    mode = place.stat().st_mode
    place.chmod(0)
    try:
        with as_nobody():
            ended = ask(state, *words)
    finally:
        place.chmod(mode)
    assert (ended.code, ended.out, ended.err.count("\n")) == (2, "", 1)
    assert f"csp-audit: {place}" in ended.err
    assert "permissions" in ended.err or "cannot be written" in ended.err
    assert {path.name for path in (state / "runs").iterdir()} == set(NIGHTS)


def refusing(number: int, path: Path) -> Callable[..., None]:
    def refuse(*_: object, **__: object) -> None:
        raise OSError(number, os.strerror(number), str(path))

    return refuse


@pytest.mark.parametrize("number", NUMBERS)
@pytest.mark.parametrize("place", ["pathlib.Path.unlink", "pathlib.Path.replace"])
def test_prune_says_what_cannot_be_removed(
    state: Path, monkeypatch: pytest.MonkeyPatch, place: str, number: int
) -> None:
    monkeypatch.setattr(place, refusing(number, state / "it"))
    ended = prune(state)
    # On a full disk this command is what others tell to run.
    by_hand = "Remove a file of csp-audit's by hand, as the oldest in kept/, then run again."
    step = by_hand if number in FULL else "Check its permissions and the disk, then run again."
    said = f"{state / 'it'}: cannot be removed: {os.strerror(number)}. {step}"
    assert ended == Ended(2, "", f"csp-audit: {said}\n")


def test_error_without_a_file_names_none(state: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    monkeypatch.setattr("shutil.rmtree", refuse)
    assert prune(state).err.startswith("csp-audit: cannot be removed: Input/output error. Check")


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EFBIG, errno.EDQUOT])
def test_prune_goes_on_where_the_lock_cannot_be_written(
    state: Path, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    monkeypatch.setattr("pipeline.state.os.write", refusing(number, state / "lock"))
    ended = prune(state)
    assert (ended.code, ended.err) == (0, "")
    assert [path.name for path in (state / "runs").iterdir()] == [NIGHTS[1]]


def test_prune_writes_nothing_where_no_file_may_grow(state: Path) -> None:
    words = [
        sys.executable,
        "-m",
        "pipeline.cli",
        "prune",
        "--state",
        state,
        "--config",
        state.parent / "csp-audit.toml",
    ]
    ended = subprocess.run(
        words, cwd=ROOT, capture_output=True, text=True, check=False,
        env={**uncovered(), "PYTHONPATH": str(ROOT), "PYTHONDONTWRITEBYTECODE": "1"},
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0)),
    )  # fmt: skip
    assert (ended.returncode, ended.stderr) == (0, "")
    assert "bytes freed" in ended.stdout
    assert not [*(state / "kept").iterdir()]


@pytest.mark.parametrize(("ask", "place"), [("prune", "pruning.prune"), ("forget", "forgetting.forget")])
def test_fault_of_the_program_leaves_its_file_in_the_state_directory(
    state: Path, monkeypatch: pytest.MonkeyPatch, ask: str, place: str
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise RuntimeError

    monkeypatch.setattr(f"pipeline.retention.{place}", fail)
    ended = {"prune": prune, "forget": forget}[ask](state)
    assert (ended.code, f"diagnostics are in {state / 'csp-audit-fault-'}" in ended.err) == (70, True)


STEPS = ("drop_half_warehouses", "warehouses_of", "look", "write_pending", "clean", "add_record", "end_pending")


@pytest.mark.parametrize("number", NUMBERS)
@pytest.mark.parametrize("step", STEPS)
def test_forget_says_what_is_refused_and_what_ends_a_removal_that_began(
    state: Path, monkeypatch: pytest.MonkeyPatch, step: str, number: int
) -> None:
    without_warehouses(state)
    with monkeypatch.context() as patch:
        patch.setattr(f"pipeline.retention.forgetting.{step}", refusing(number, state / "it"))
        ended = forget(state)
    assert (ended.code, ended.out, ended.err.count("\n")) == (2, "", 1)
    begun = read_pending(State(state))
    assert (begun is not None) == (step in STEPS[4:])
    if begun:
        ending = f"csp-audit forget {begun.reference} --yes --state {state}"
        assert ended.err.endswith(f" Now the removal is not finished; {ending} ends it.\n")
    if number in {errno.EACCES, errno.EBUSY}:
        assert str(state / "it") in ended.err
    done = forget(state)
    assert (done.code, (state / "csp-audit.log").read_text(encoding="utf-8")) == (0, "asked for (forgotten)\n")


def test_removal_whose_beginning_may_not_be_on_disk_for_good_names_what_ends_it(
    state: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    without_warehouses(state)
    monkeypatch.setattr("pipeline.mail.parcel.sync_folder", refusing(errno.EIO, state))
    ended = forget(state)
    begun = read_pending(State(state))
    assert begun is not None
    ending = f"csp-audit forget {begun.reference} --yes --state {state}"
    said = "the disk gives errors. Check the disk, then run again. Now the removal is not finished"
    assert ended == Ended(2, "", f"csp-audit: {said}; {ending} ends it.\n")


def test_command_that_ends_a_removal_asks_nobody_about_a_file_that_names_the_customer(state: Path) -> None:
    without_warehouses(state)
    notes = state / "notes.txt"
    notes.write_text(f"of {guid(1)}\n", encoding="utf-8")
    write_pending(State(state), Pending("R-0a1b2c3d", Subject(guid(1))))
    said = call("run", state.parent, "--state", state).err
    words = re.findall(r"csp-audit (forget R-.*) ends it", said)[0].split()
    ended = call(*words)
    assert (ended.code, f"  {notes}: line 1\n" in ended.out, ended.err) == (0, True, "")
    assert read_pending(State(state)) is None


def test_dry_run_says_what_a_killed_removal_has_left_and_changes_nothing(state: Path) -> None:
    ended_process = subprocess.run(["sh", "-c", "echo $$"], capture_output=True, text=True, check=True).stdout.strip()
    theirs(state)
    left = [
        state / f".forgetting.json.{ended_process}",
        state / f"work-{ended_process}",
        state / "kept" / ".mine.duckdb.rewritten",
    ]
    (state / f"work-{ended_process}").mkdir()
    for path in (left[0], left[2]):
        path.write_text(f"of {guid(1)}\n", encoding="utf-8")
    write_pending(State(state), Pending("R-0a1b2c3d", Subject(guid(1))))
    before = contents(state)
    for asked in (guid(1), "other"):
        ended = call("forget", asked, "--dry-run", "--state", state)
        lines = ended.out.splitlines()
        assert (ended.code, ended.err, contents(state) == before) == (0, "", True)
        assert "To be edited by hand:" not in lines
        assert [line.partition(" first: ")[2] for line in lines if line.startswith("left by")] == list(map(str, left))
        ending = f"csp-audit forget R-0a1b2c3d --yes --state {state}"
        assert f"Now the removal of a customer's data is not finished: {ending} ends it." in lines
        assert "Nothing more is removed yet." in lines
    assert (forget(state).code, [path for path in left if path.exists()]) == (0, [])


def test_dry_run_beside_a_removal_takes_nothing_of_it_for_left_behind(state: Path) -> None:
    theirs(state)
    half = state / "kept" / ".mine.duckdb.rewritten"
    half.write_text(f"of {guid(1)}\n", encoding="utf-8")
    write_pending(State(state), Pending("R-0a1b2c3d", Subject(guid(1))))
    with State(state).locked():
        said = call("forget", "other", "--dry-run", "--state", state).out
    assert "A run or a removal is under way: look again when it has ended.\n" in said
    assert ("killed" in said, "not finished" in said) == (False, False)


def test_dry_run_and_removal_agree_on_a_customer_whom_only_a_killed_program_names(state: Path) -> None:
    theirs(state)
    ended_process = subprocess.run(["sh", "-c", "echo $$"], capture_output=True, text=True, check=True).stdout.strip()
    (state / f".triage.csv.{ended_process}").write_text(f"of {guid(7)}\n", encoding="utf-8")
    ended = [call("forget", guid(7), *words, "--state", state) for words in (("--dry-run",), ())]
    assert [(end.code, end.out) for end in ended] == [(2, "")] * 2
    assert ended[0].err == ended[1].err


def test_file_that_has_no_room_ends_as_a_full_disk_does(state: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    without_warehouses(state)
    monkeypatch.setattr("pipeline.retention.files.replace_file", full)
    said = (
        "csp-audit: the disk is full. Make room (csp-audit prune removes what is kept no longer), then run again. Now"
    )
    assert forget(state).err.startswith(said)


@pytest.mark.parametrize("words", [(), ("--dry-run",)])
def test_little_memory_is_said_wherever_it_comes_to_that(
    state: Path, monkeypatch: pytest.MonkeyPatch, words: tuple[str, ...]
) -> None:
    def fail(*_: object) -> None:
        message = "failed to allocate"
        raise OutOfMemoryError(message)

    theirs(state)
    monkeypatch.setattr("pipeline.retention.identifying.known_of", fail)
    ended = forget(state, *words)
    assert ended == Ended(2, "", "csp-audit: memory_limit = 1GB is too little for this. Raise it, then run again.\n")


def theirs(state: Path) -> Path:
    """Put a database of somebody's own, which names the customer, in the place of the kept warehouse."""
    without_warehouses(state)
    (state / "kept").mkdir()
    path = state / "kept" / "mine.duckdb"
    with duckdb.connect(str(path)) as connection:
        connection.execute("create table customers (customer_id varchar, company_name varchar)")
        connection.execute("insert into customers values (?, 'Lipowa, Brzoza'), ('other', 'Other')", [guid(1)])
    return path


@pytest.mark.parametrize("words", [(), ("--dry-run",)])
@pytest.mark.parametrize("asked", [guid(1), "Lipowa, Brzoza"])
def test_every_warehouse_is_opened_with_the_settings_that_are_configured(
    state: Path, monkeypatch: pytest.MonkeyPatch, asked: str, words: tuple[str, ...]
) -> None:
    path, taken = theirs(state), []
    connect = duckdb.connect

    def note(place: str, **how: dict[str, str]) -> duckdb.DuckDBPyConnection:
        taken.append((how["config"]["memory_limit"], how["config"]["threads"]))
        return connect(place, **how)

    config = state.parent / "csp-audit.toml"
    config.write_text('memory_limit = "700MB"\nthreads = 1\n', encoding="utf-8")
    monkeypatch.setattr("pipeline.database.duckdb.connect", note)
    ended = call("forget", asked, *words, "--state", state, "--config", config)
    assert (ended.code, ended.err) == (0, "")
    assert set(taken) == {("700MB", "1")}
    with connect(str(path)) as connection:
        assert connection.execute("select count(*) from customers").fetchone() == (2 if words else 1,)


def test_decisions_that_somebody_writes_do_not_hide_that_the_removal_is_half_done(
    state: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    without_warehouses(state)
    header = "finding_id,decision,owner,promised_on,note,imported_at"
    line = f"{'0' * 16},fix,A. Nowak,,about {guid(1)},2026-11-21T09:00:00Z"
    (state / "triage.csv").write_text(f"{header}\n{line}\n", encoding="utf-8")
    monkeypatch.setattr(beside, "PATIENCE", 0.1)
    with (state / ".triage.csv.lock").open("a", encoding="utf-8") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        ended = forget(state)
    begun = read_pending(State(state))
    assert begun is not None
    assert ended.code == LockedError.exit_code
    assert ended.err.endswith(f"; csp-audit forget {begun.reference} --yes --state {state} ends it.\n")


def test_command_that_ends_a_removal_works_from_anywhere(state: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    without_warehouses(state)
    monkeypatch.chdir(state.parent)
    write_pending(State(state), Pending("R-0a1b2c3d", Subject(guid(1))))
    (state.parent / "empty").mkdir()
    ending = f"csp-audit forget R-0a1b2c3d --yes --state {state} --config {state.parent / 'csp-audit.toml'}"
    options = ("--state", "state", "--config", "csp-audit.toml")
    assert f"is not finished: {ending} ends it.\n" in call("run", "empty", *options).err
    assert ending in call("doctor", *options).out
    monkeypatch.setattr("pipeline.retention.forgetting.clean", refusing(errno.EBUSY, state / "it"))
    assert call("forget", guid(1), *options).err.endswith(f"; {ending} ends it.\n")


def test_list_of_names_that_may_not_be_read_is_not_to_be_thrown_away(state: Path) -> None:
    without_warehouses(state)
    write_pending(State(state), Pending("R-0a1b2c3d", Subject(guid(1))))
    pending = state / "forgetting.json"
    pending.chmod(0)
    forget(state, "--dry-run")
    with as_nobody():
        ended = forget(state)
    said = f"{pending}: cannot be read: Permission denied. Mend that, then run csp-audit forget again."
    assert ended == Ended(2, "", f"csp-audit: {said}\n")
    pending.chmod(0o600)
    pending.write_text("{", encoding="utf-8")
    assert "Remove it, then run csp-audit forget again with the customer's id." in forget(state).err


def test_folder_of_somebody_called_like_those_of_runs_is_searched(state: Path) -> None:
    without_warehouses(state)
    for name in ("work-lipowa", "work-4711", "work-gone-runs-2026-11-19"):
        (state / name).mkdir()
        (state / name / "notes.txt").write_text(f"of {guid(1)}\n", encoding="utf-8")
    ended = forget(state, "--dry-run")
    assert f"  {state / 'work-lipowa' / 'notes.txt'}: line 1\n" in ended.out
    told = "left by a program that was killed, and would be cleared away first"
    for name in ("work-4711", "work-gone-runs-2026-11-19"):
        assert [line for line in ended.out.splitlines() if name in line] == [f"{told}: {state / name}"]


def test_record_names_nobody_and_one_that_did_is_mended(state: Path) -> None:
    without_warehouses(state)
    (state / "forgotten.csv").write_text(
        "reference,removed_at,removed_by,warehouses,rows,rows_changed,files,files_changed,mails,decisions\n"
        'R-00000001,2026-11-19T08:00:00Z,"nowak, a",1,2,3,4,5,6,7\n',
        encoding="utf-8",
    )
    reference = forget(state).out.partition("Reference: ")[2][:10]
    lines = (state / "forgotten.csv").read_text(encoding="utf-8").splitlines()
    assert lines[:2] == [
        "reference,removed_at,warehouses,rows,rows_changed,files,files_changed,mails,decisions",
        "R-00000001,2026-11-19T08:00:00Z,1,2,3,4,5,6,7",
    ]
    assert (lines[2].startswith(f"{reference},20"), lines[2].count(","), len(lines)) == (True, 8, 3)


@pytest.mark.parametrize("is_root", [True, False])
@pytest.mark.parametrize("is_elsewhere", [True, False])
def test_warehouse_that_root_writes_again_stays_its_owners(
    state: Path, monkeypatch: pytest.MonkeyPatch, *, is_root: bool, is_elsewhere: bool
) -> None:
    path, given, chown = theirs(state), [], os.fchown

    def note(descriptor: int, *owner: int) -> None:
        given.append((os.fstat(descriptor).st_ino, *owner))
        chown(descriptor, *owner)

    path.chmod(0o400)
    if os.geteuid() == 0:
        os.chown(path, NOBODY, NOBODY)
    with TemporaryDirectory(dir=ANOTHER_DISK) as disk:
        if is_elsewhere:
            path = Path(shutil.move(path, disk))
            (state / "kept" / path.name).symlink_to(path)
        before = path.stat()
        monkeypatch.setattr(os, "geteuid", lambda: 0 if is_root else NOBODY)
        monkeypatch.setattr(os, "fchown", note)
        assert forget(state).code == 0
        after = path.stat()
    assert after.st_ino != before.st_ino
    assert (after.st_mode, after.st_mtime_ns) == (before.st_mode, before.st_mtime_ns)
    assert not is_root or (after.st_uid, after.st_gid) == (before.st_uid, before.st_gid)
    assert ((after.st_ino, before.st_uid, before.st_gid) in given) == is_root
