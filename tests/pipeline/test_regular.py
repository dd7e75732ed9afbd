"""What has to be a file and is none: a run and the doctor say so, and neither waits for a pipe."""

from __future__ import annotations

import errno
import json
import os
import resource
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import duckdb
import pytest

from pipeline.mail.record import read_record
from pipeline.regular import read_bytes, read_text
from tests.pipeline.commandline import ROOT, audit, call, sample, spawn, uncovered
from tests.pipeline.exports import contents, logged

if TYPE_CHECKING:
    from collections.abc import Callable

NIGHT = "2026-11-20"
# What stands in a file's place, and what it is called.
KINDS: dict[str, Callable[[Path], object]] = {
    "a folder": lambda path: path.mkdir(),
    "a named pipe": os.mkfifo,
    "a link that leads nowhere": lambda path: path.symlink_to(path.parent / "gone" / path.name),
    "a link that leads back to itself": lambda path: path.symlink_to(path),
}


FILES = ("csp-audit.log", "lock", "status.json", "triage.csv")


def put(kind: str, path: Path) -> Path:
    path.unlink(missing_ok=True)
    KINDS[kind](path)
    return path


def doctor(state: Path) -> dict[str, dict[str, str]]:
    """Return what the doctor says of each check."""
    told = json.loads(call("doctor", sample(NIGHT), "--state", state, "--json").out)
    return {check["check"]: check for check in told["checks"]}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", FILES)
def test_doctor_fails_where_something_else_has_the_name_of_a_file(name: str, kind: str, state: Path) -> None:
    file = put(kind, state / name)
    told = doctor(state)["write access"]
    assert (told["state"], told["found"]) == ("failed", f"{file}: it is {kind}, and has to be a file")
    assert told["next"] == "Put the file back, or move away what is in its place"


@pytest.mark.parametrize("is_there", [True, False])
def test_link_to_a_file_is_one_and_so_is_one_to_a_file_that_can_be_made(
    state: Path, tmp_path: Path, *, is_there: bool
) -> None:
    (tmp_path / "elsewhere").mkdir()
    links = [state / name for name in FILES]
    for link in links:
        target = tmp_path / "elsewhere" / link.name
        if is_there and link.exists():
            link.rename(target)
        link.unlink(missing_ok=True)
        link.symlink_to(target)
    assert doctor(state)["write access"]["state"] == "ok"
    ended = audit(sample(NIGHT), NIGHT, state)
    assert (ended.code, ended.err) == (1, "")
    assert all(link.is_symlink() for link in links)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("command", ["run", "findings", "doctor"])
def test_warehouse_that_is_no_file_is_refused_and_nobody_waits_for_it(command: str, kind: str, state: Path) -> None:
    warehouse = put(kind, state / "warehouse.duckdb")
    before = contents(state)
    words = [sample(NIGHT)] if command != "findings" else []
    day = ["--as-of", NIGHT] if command == "run" else []
    ended = spawn(command, *words, *day, "--state", state)
    line = f"{warehouse}: it is {kind}, and has to be a file. Put the file back, or move away what is in its place, "
    if command == "doctor":
        assert ended.code == 1
        assert f"failed   last good run  {line}" in ended.out
    else:
        assert (ended.code, ended.err) == (2, f"csp-audit: {line}then run again.\n")
    assert contents(state) == before


@pytest.mark.parametrize("kind", ["a folder", "a named pipe"])
def test_lock_that_is_no_file_is_wrong_usage(kind: str, state: Path) -> None:
    lock = put(kind, state / "lock")
    ended = audit(sample(NIGHT), NIGHT, state)
    assert (ended.code, ended.err.count("\n")) == (2, 1)
    assert ended.err.startswith(f"csp-audit: {lock}: it is {kind}, and has to be a file. ")


@pytest.mark.parametrize("kind", ["a folder", "a named pipe"])
def test_decisions_that_are_no_file_stop_no_night(kind: str, state: Path) -> None:
    triage = put(kind, state / "triage.csv")
    ended = audit(sample(NIGHT), NIGHT, state)
    assert ended.code == 1
    assert ended.err == (
        f"csp-audit: decisions are not shown: {triage}: cannot be read: it is {kind}. "
        "Put a copy of the file in its place.\n"
    )
    assert doctor(state)["triage"]["state"] == "warning"


def test_status_that_cannot_be_written_is_one_line_on_stderr(state: Path) -> None:
    put("a folder", state / "status.json")
    ended = audit(sample(NIGHT), NIGHT, state)
    assert (ended.code, ended.out) == (1, "")
    assert ended.err == (
        f"csp-audit: watch: {state / 'status.json'}: cannot be written: Is a directory. "
        "Check the folder and its permissions.\n"
    )
    told = doctor(state)
    assert told["last attempt"]["state"] == "warning"
    assert told["last attempt"]["found"].startswith("status.json cannot be used: it is a folder. ")


@pytest.mark.parametrize("content", [b"", b"{"])
def test_damaged_status_is_one_line_on_stderr_and_written_anew(content: bytes, state: Path) -> None:
    (state / "status.json").write_bytes(content)
    told = doctor(state)["last attempt"]
    assert (told["state"], told["next"].split()[:2]) == ("warning", ["csp-audit", "run"])
    assert told["found"].startswith("status.json cannot be used: it is damaged, or of a newer version. ")
    ended = audit(sample(NIGHT), NIGHT, state)
    assert ended.code == 1
    assert ended.err == f"csp-audit: watch: {told['found']}.\n"
    assert sum("status.json" in line for line in logged(state)) == 1
    assert doctor(state)["last attempt"]["state"] == "ok"


def test_pipe_in_place_of_the_status_is_replaced(state: Path) -> None:
    put("a named pipe", state / "status.json")
    ended = spawn("run", sample(NIGHT), "--as-of", NIGHT, "--state", state)
    assert (ended.code, ended.err.count("\n")) == (1, 1)
    assert json.loads((state / "status.json").read_bytes())["last_attempt"]["as_of"] == NIGHT


@pytest.mark.parametrize("kilobytes", [100, 2_000, 8_000])
def test_file_that_may_not_grow_is_one_line_that_says_the_next_step(kilobytes: int, tmp_path: Path) -> None:
    """The copy of an export, the database's log, its file: whichever meets the limit first."""
    words = ("run", sample(NIGHT), "--as-of", NIGHT, "--state", tmp_path / "state")
    most = kilobytes * 1024
    ended = subprocess.run(
        [sys.executable, "-m", "pipeline.cli", *map(str, words)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        env=uncovered(),
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (most, most)),
    )
    assert (ended.returncode, ended.stdout, ended.stderr.count("\n")) == (2, "", 1)
    assert ended.stderr.startswith("csp-audit: a file may not grow any further")
    assert ended.stderr.endswith("ulimit -f, or the file system, sets how far: raise it, then run again.\n")
    assert not list((tmp_path / "state").glob("csp-audit-fault-*"))


@pytest.mark.parametrize(
    ("number", "line", "step"),
    [
        (errno.EMFILE, "a run may not open so many files", "ulimit -n says how many: raise it, then run again."),
        (errno.ENFILE, "this machine has too many files open", "Close what holds them, then run again."),
    ],
)
@pytest.mark.parametrize("where", ["gate._as_text", "run.load_all"])
def test_too_many_open_files_are_one_line(
    where: str, number: int, line: str, step: str, state: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object, **__: object) -> None:
        if where == "run.load_all":
            message = f'IO Error: Cannot open file "{state}/x": {os.strerror(number)}'
            raise duckdb.IOException(message)
        raise OSError(number, os.strerror(number), str(state / "x"))

    monkeypatch.setattr(f"pipeline.{where}", fail)
    ended = audit(sample(NIGHT), NIGHT, state)
    assert (ended.code, ended.err.count("\n")) == (2, 1)
    assert ended.err.startswith(f"csp-audit: {line}")
    assert ended.err.endswith(f"{step}\n")


def test_check_says_it_as_a_run_does(state: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise OSError(errno.EFBIG, os.strerror(errno.EFBIG))

    monkeypatch.setattr("pipeline.gate._as_text", fail)
    ended = call("check", sample(NIGHT), "--as-of", NIGHT, "--state", state)
    assert (ended.code, ended.err.startswith("csp-audit: a file may not grow any further")) == (2, True)


@pytest.mark.parametrize("number", [errno.EACCES, errno.EPERM])
@pytest.mark.parametrize("way", ["Python", "DuckDB", "a link's end"])
def test_permission_that_was_taken_away_is_the_users_to_mend(
    way: str, number: int, state: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "link").symlink_to(state)
    path = state / "runs" / "x"

    def fail(*_: object, **__: object) -> None:
        if way == "DuckDB":
            message = f'IO Error: Cannot open file "{path}": {os.strerror(number)}'
            raise duckdb.IOException(message)
        raise OSError(number, os.strerror(number), str(path))

    monkeypatch.setattr("pipeline.run.load_all", fail)
    ended = audit(sample(NIGHT), NIGHT, tmp_path / "link" if way == "a link's end" else state)
    assert ended.code == 2
    assert ended.err == (
        f"csp-audit: {path}: may not be read or written. Check its permissions, and those of its folder, "
        "then run again.\n"
    )


@pytest.mark.parametrize("path", ["/elsewhere/x", None, 7, "{state}-of-another/x"])
def test_permission_that_is_nobodys_to_give_is_a_fault(
    path: str | int | None, state: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = path.format(state=state) if isinstance(path, str) else path

    def fail(*_: object, **__: object) -> None:
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), name)

    monkeypatch.setattr("pipeline.run.load_all", fail)
    ended = audit(sample(NIGHT), NIGHT, state)
    assert ended.code == 70
    assert ended.err.startswith("csp-audit: a fault of the program (PermissionError); diagnostics are in ")


@pytest.mark.parametrize("command", ["run", "findings", "doctor"])
def test_warehouse_at_which_nobody_may_look_is_no_fault(
    command: str, state: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pipeline.regular.irregular", _forbidding)
    words = [sample(NIGHT)] if command != "findings" else []
    day = ["--as-of", NIGHT] if command == "run" else []
    ended = call(command, *words, *day, "--state", state)
    line = "Permission denied. Check its permissions and the disk"
    assert ended.code == (1 if command == "doctor" else 2)
    assert line in (ended.out if command == "doctor" else ended.err)


def _forbidding(path: Path) -> str:
    if path.name != "warehouse.duckdb":
        return ""
    raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(path))


def write(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


MAIL = '[mail]\nhost = "127.0.0.1"\nsender = "a@lipowa.example"\nallow_plain = true\nsecurity = "none"\n'
USER = 'user = "u"\nrecipients = [{ address = "b@lipowa.example" }]\n'
# A file that a command reads: how the configuration names it, the command, and how the one line goes on.
READ: dict[str, tuple[str, str, tuple[str, ...], str]] = {
    "waivers": ("state/waivers.toml", "", ("run",), "cannot be read: {}. Check the file and its permissions."),
    "waivers that the configuration names": (
        "mine.toml",
        'waivers = "{file}"\n',
        ("waive", "lint"),
        "cannot be read: {}. Check the file and its permissions.",
    ),
    "resellers": (
        "resellers.csv",
        MAIL + 'resellers = "{file}"\n',
        ("run", "--no-mail"),
        "the resellers file cannot be read: {}. Correct the file, or mail.resellers.",
    ),
    "password": (
        "password",
        MAIL + USER + 'password_file = "{file}"\n',
        ("run",),
        "the password cannot be read: {}. Correct mail.password_file, or set CSP_AUDIT_SMTP_PASSWORD.",
    ),
    "key for masking": (
        "state/masking.key",
        "",
        ("run", "--mask"),
        "the key for masking cannot be used: {}. Put a copy of the file in its place.",
    ),
    "removal": (
        "state/forgetting.json",
        "",
        ("forget", "08c5e47f-3c1c-4cd2-9b2d-9f5c1a8f4f10", "--dry-run"),
        "cannot be read: {}. Mend that, then run csp-audit forget again.",
    ),
}
PIPE = "it is a named pipe, and has to be a file"


@pytest.mark.parametrize("which", READ)
def test_pipe_in_place_of_what_is_read_is_one_line_and_nobody_waits_for_it(
    which: str, audited: Path, tmp_path: Path
) -> None:
    name, text, command, line = READ[which]
    state = shutil.copytree(audited, tmp_path / "state", symlinks=True)
    file = tmp_path / name
    os.mkfifo(file, 0o600)
    config = write(tmp_path / "csp-audit.toml", text.replace("{file}", str(file)))
    words = [sample(NIGHT), "--as-of", NIGHT] if command[0] == "run" else []
    ended = spawn(*command, *words, "--state", state, "--config", config)
    assert (ended.code, ended.err) == (2, f"csp-audit: {file}: {line.format(PIPE)}\n")


@pytest.mark.parametrize("command", ["run", "doctor"])
def test_configuration_from_a_pipe_is_refused_and_nothing_is_an_empty_one(command: str, state: Path) -> None:
    read, write_end = os.pipe()
    day = ["--as-of", NIGHT] if command == "run" else []
    words = (command, sample(NIGHT), *day, "--state", state, "--config")
    argv = [sys.executable, "-m", "pipeline.cli", *map(str, words)]
    piped = subprocess.run(
        [*argv, f"/dev/fd/{read}"], pass_fds=[read], cwd=ROOT, capture_output=True, text=True, check=False
    )
    os.close(write_end)
    os.close(read)
    told = f"/dev/fd/{read}: the configuration cannot be read: {PIPE}. Correct the file and run again"
    assert (piped.returncode, told in piped.stdout + piped.stderr) == (1 if command == "doctor" else 2, True)
    nothing = spawn(*words, os.devnull)
    assert "configuration cannot be read" not in nothing.out + nothing.err
    assert nothing.code == 1


def test_record_of_deliveries_that_is_a_pipe_is_said_by_its_name(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "delivered.csv")
    with pytest.raises(OSError, match=f"delivered.csv: {PIPE}"):
        read_record(tmp_path / "delivered.csv")


@pytest.mark.parametrize("kind", ["a folder", "a named pipe", "a device"])
def test_only_a_file_is_read(kind: str, tmp_path: Path) -> None:
    path = Path("/dev/zero") if kind == "a device" else put(kind, tmp_path / "x")
    with pytest.raises(OSError, match=f"it is {kind}, and has to be a file"):
        read_bytes(path)
    assert (read_bytes(Path(os.devnull)), read_text(write(tmp_path / "file", "a\r\nb"))) == (b"", "a\nb")
