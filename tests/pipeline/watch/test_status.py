"""status.json: every end of a run is in it, as a program that watches reads it."""

from __future__ import annotations

import errno
import fcntl
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from pipeline.errors import CspAuditError, FaultError
from pipeline.watch.attempt import Attempt, watched
from pipeline.watch.settings import WatchConfig
from pipeline.watch.status import LastLocked, Status, read_status, update_status
from tests.pipeline.commandline import ROOT, audit, call, spawn
from tests.pipeline.exports import AS_OF, contents, night

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from contextlib import AbstractContextManager

    from tests.pipeline.commandline import Ended

PRIVATE = "Hospicjum Wólka, 12 seats"
KEYS = ["schema_version", "running", "last_attempt", "last_good", "last_locked"]


def read(state: Path) -> dict[str, Any]:
    status: dict[str, Any] = json.loads((state / "status.json").read_bytes())
    return status


def raising(monkeypatch: pytest.MonkeyPatch, error: BaseException) -> None:
    def judge_rules(*_: object) -> None:
        raise error

    monkeypatch.setattr("pipeline.run.judge_rules", judge_rules)


@pytest.fixture(scope="module")
def last_night(exports: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a state directory in which a night has been audited."""
    state = tmp_path_factory.mktemp("last-night") / "state"
    assert audit(exports, "2026-11-19", state).code == 1
    return state


@pytest.fixture
def state(last_night: Path, tmp_path: Path) -> Path:
    """Return a state directory of the test's own, in which a night has been audited."""
    return shutil.copytree(last_night, tmp_path / "state", symlinks=True)


def test_audited_night_is_the_last_attempt_and_the_last_good_run(exports: Path, last_night: Path) -> None:
    status = read(last_night)
    run = json.loads((last_night / "latest" / "run.json").read_bytes())
    attempt, good = status["last_attempt"], status["last_good"]
    assert list(status) == KEYS
    assert (status["schema_version"], status["running"], status["last_locked"]) == (1, None, None)
    assert (attempt["run_id"], attempt["as_of"], attempt["exit_code"]) == (run["run_id"], "2026-11-19", 1)
    assert (attempt["verdict"], attempt["error"]) == ("audited, with findings", None)
    assert attempt["message"].startswith("audited, with findings; findings: ")
    assert attempt["started_at"] == run["started_at"][:19] + "Z"
    times = [datetime.fromisoformat(attempt[key]) for key in ("started_at", "ended_at")]
    assert times == sorted(times)
    assert 0 < attempt["seconds"] < 600
    assert (good["run_id"], good["as_of"], good["ended_at"]) == (run["run_id"], "2026-11-19", attempt["ended_at"])
    found = json.loads((last_night / "latest" / "findings.json").read_bytes())["findings"]
    levels = [finding["level"] for finding in found if finding["state"] not in {"closed", "waived"}]
    assert good["findings"] == {level: levels.count(level) for level in ("violation", "deadline", "verify")}
    files = {each["table"]: each["file"] for each in attempt["inputs"]}
    assert files == {name: f"{name}.csv" for name in night()}
    written = (exports / "customers.csv").stat().st_mtime
    hours = (times[0].timestamp() - written) / 3600
    assert all(each["hours"] == pytest.approx(hours, abs=0.1) for each in attempt["inputs"])


MAKE_ROOM = "Make room (csp-audit prune removes what is kept no longer), then run again."
ENDS: dict[str, tuple[Callable[[], BaseException], int, str, str]] = {
    "program that contradicts itself": (
        lambda: FaultError("sieve and pandera disagree."), 70, "FaultError", "sieve and pandera disagree.",
    ),
    "fault": (lambda: RuntimeError(PRIVATE), 70, "RuntimeError", "a fault of the program (RuntimeError)"),
    "full disk": (
        lambda: OSError(errno.ENOSPC, "No space left on device"), 2, "UsageError",
        f"the disk is full; the warehouse holds a whole night. {MAKE_ROOM}",
    ),
    "interrupted": (
        KeyboardInterrupt, 130, "SIGINT", "stopped by SIGINT; the last good night is as it was. Run again.",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("error", "code", "name", "message"), ENDS.values(), ids=ENDS)
def test_end_by_an_error_keeps_the_last_good_run(
    error: Callable[[], BaseException],
    code: int,
    name: str,
    message: str,
    exports: Path,
    state: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    before = read(state)
    raising(monkeypatch, error())
    assert audit(exports, AS_OF, state).code == code
    status = read(state)
    attempt = status["last_attempt"]
    assert (attempt["exit_code"], attempt["verdict"], attempt["error"]) == (code, None, name)
    assert (attempt["message"], attempt["as_of"]) == (message, AS_OF)
    assert attempt["run_id"].startswith(f"{AS_OF}-")
    assert {each["table"] for each in attempt["inputs"]} == (set() if code == 130 else {*night()})
    assert (status["last_good"], status["running"]) == (before["last_good"], None)


def test_refused_night_says_the_first_problem(empty: Path, state: Path) -> None:
    before = read(state)
    ended = audit(empty, AS_OF, state)
    attempt = read(state)["last_attempt"]
    assert (ended.code, attempt["exit_code"], attempt["verdict"]) == (3, 3, "not audited")
    assert (attempt["error"], attempt["inputs"]) == ("NotAuditedError", [])
    assert ended.err == f"csp-audit: {attempt['message']}\n"
    assert attempt["message"].endswith("(the first of 3 problems)")
    assert read(state)["last_good"] == before["last_good"]


def test_broken_configuration_is_in_the_named_state_directory(exports: Path, state: Path, tmp_path: Path) -> None:
    config = tmp_path / "csp-audit.toml"
    config.write_text("keep = -1", encoding="utf-8")
    before = read(state)
    assert audit(exports, AS_OF, state, "--config", config).code == 2
    attempt = read(state)["last_attempt"]
    assert (attempt["run_id"], attempt["exit_code"], attempt["error"]) == (None, 2, "UsageError")
    assert "keep: input should be greater than or equal to 0" in attempt["message"]
    assert read(state)["last_good"] == before["last_good"]


def test_no_state_directory_is_made_for_a_status(exports: Path, tmp_path: Path) -> None:
    config = tmp_path / "csp-audit.toml"
    config.write_text("keep = -1", encoding="utf-8")
    assert audit(exports, AS_OF, tmp_path / "state", "--config", config).code == 2
    assert not (tmp_path / "state").exists()


def test_locked_run_leaves_the_holders_status_and_log(exports: Path, state: Path) -> None:
    change = {"running": {"pid": 4711, "since": "2026-11-20T02:00:00Z"}}
    update_status(state, lambda status: Status.model_validate(status.model_dump() | change))
    before, log = read(state), (state / "csp-audit.log").read_bytes()
    with (state / "lock").open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        ended = audit(exports, AS_OF, state)
    after = read(state)
    locked = after.pop("last_locked")
    assert ended.code == 4
    assert after == {key: value for key, value in before.items() if key != "last_locked"}
    assert (locked["as_of"], ended.err) == (AS_OF, f"csp-audit: {locked['message']}\n")
    assert (state / "csp-audit.log").read_bytes().startswith(log)
    assert not (state / "csp-audit.log.1").exists()


def test_run_that_is_under_way_is_told_from_the_moment_it_holds_the_lock(
    exports: Path, state: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[dict[str, Any]] = []

    def judge_rules(*_: object) -> None:
        seen.append(read(state))
        raise KeyboardInterrupt

    before = read(state)
    monkeypatch.setattr("pipeline.run.judge_rules", judge_rules)
    assert audit(exports, AS_OF, state).code == 130
    (during,) = seen
    since = during["running"].pop("since")
    assert during.pop("running") == {"pid": os.getpid()}
    assert since == read(state)["last_attempt"]["started_at"]
    assert during == {key: value for key, value in before.items() if key != "running"}


@contextmanager
def begun(words: list[str], state: Path) -> Iterator[subprocess.Popen[bytes]]:
    """Start a run as a process of its own, and go on once it says that it is under way."""
    with subprocess.Popen([sys.executable, "-m", "pipeline.cli", *words], cwd=ROOT, stderr=subprocess.PIPE) as process:
        deadline = time.monotonic() + 60
        while read(state)["running"] is None and time.monotonic() < deadline:
            time.sleep(0.005)
        yield process


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_run_that_a_signal_stops_says_which(number: signal.Signals, exports: Path, state: Path) -> None:
    good = read(state)["last_good"]
    with begun(["run", str(exports), "--as-of", AS_OF, "--state", str(state)], state) as process:
        process.send_signal(number)
        _, err = process.communicate(timeout=60)
    attempt = read(state)["last_attempt"]
    assert process.returncode == attempt["exit_code"] == 128 + number
    assert (attempt["error"], attempt["verdict"], read(state)["running"]) == (number.name, None, None)
    assert err.decode() == f"csp-audit: {attempt['message']}\n"
    assert read(state)["last_good"] == good


def test_killed_run_is_still_running_by_a_process_that_is_gone(exports: Path, state: Path) -> None:
    words = ["run", str(exports), "--as-of", AS_OF, "--state", str(state)]
    with begun(words, state) as process:
        process.kill()
        assert process.wait() == -signal.SIGKILL
    status = read(state)
    assert status["running"]["pid"] == process.pid
    assert status["last_attempt"]["as_of"] == "2026-11-19"
    with pytest.raises(ProcessLookupError):
        os.kill(process.pid, 0)
    (state / ".status.json.123").write_text("half a status", encoding="utf-8")
    assert audit(exports, AS_OF, state).code == 1
    assert (read(state)["running"], read(state)["last_good"]["as_of"]) == (None, AS_OF)
    assert {path.name for path in state.glob(".status*")} == {".status.json.lock"}


def test_dry_run_writes_no_status_and_no_metrics(exports: Path, state: Path, tmp_path: Path) -> None:
    config = tmp_path / "csp-audit.toml"
    config.write_text(f'[watch]\nmetrics_file = "{tmp_path}/csp.prom"\n', encoding="utf-8")
    before = (state / "status.json").read_bytes()
    assert audit(exports, AS_OF, state, "--dry-run", "--config", config).code == 1
    assert (state / "status.json").read_bytes() == before
    assert not (tmp_path / "csp.prom").exists()


@pytest.mark.parametrize("content", [b"", b"\0" * 100, b"[]", b'{"schema_version": 2}', b'{"schema_version": 1, "las'])
def test_damaged_status_is_begun_anew(content: bytes, empty: Path, tmp_path: Path) -> None:
    (tmp_path / "status.json").write_bytes(content)
    assert audit(empty, AS_OF, tmp_path).code == 3
    assert (list(read(tmp_path)), read(tmp_path)["last_attempt"]["exit_code"]) == (KEYS, 3)


@pytest.mark.parametrize(("folder", "code"), [("good", 0), ("empty", 3)])
def test_status_that_cannot_be_written_changes_nothing_of_the_run(
    folder: str, code: int, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    """A directory in the place of the file."""
    state = tmp_path / "state"
    (state / "status.json").mkdir(parents=True)
    ended = audit(request.getfixturevalue(folder), AS_OF, state)
    assert (ended.code, ended.out, ended.err.count("\n")) == (code, "", 1)
    assert ended.err.count("csp-audit: watch: ") == (code == 0)
    assert "watch: " in (state / "csp-audit.log").read_text()
    assert (state / "latest" / "report.html").exists() == (code == 0)


def test_fault_in_telling_changes_nothing_of_the_run(
    good: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pipeline.watch.attempt.good_ending", lambda *_: 1 // 0)
    monkeypatch.setattr("pipeline.watch.attempt._ended", lambda *_: 1 // 0)
    ended = audit(good, AS_OF, tmp_path / "state")
    assert (ended.code, ended.out, ended.err) == (0, "", "")
    assert "a fault of the program (ZeroDivisionError)" in (tmp_path / "state" / "csp-audit.log").read_text()


def attempt_in(state: Path) -> Attempt:
    return Attempt(datetime(2026, 11, 20, tzinfo=UTC).date(), datetime.now(UTC), state / "nowhere", root=state)


class UnmailedError(CspAuditError):
    exit_code = 5


@pytest.mark.parametrize(
    ("error", "code"),
    [(UnmailedError("not handed over"), 5), (SystemExit(7), 7), (SystemExit("text"), 70)],
)
def test_each_exit_code_is_told_as_it_is(error: BaseException, code: int, tmp_path: Path) -> None:
    with pytest.raises(type(error)), watched(attempt_in(tmp_path)):
        raise error
    attempt = read(tmp_path)["last_attempt"]
    assert (attempt["exit_code"], attempt["error"]) == (code, type(error).__name__)


def test_run_that_is_stopped_after_its_night_was_audited_says_both(
    good: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config, asked = tmp_path / "csp-audit.toml", list[str]()
    config.write_text('[watch]\nping_url = "http://127.0.0.1/x"\n', encoding="utf-8")

    def ping(url: str, **_: float) -> str:
        asked.append(url)
        if len(asked) == 1:
            raise KeyboardInterrupt
        return ""

    monkeypatch.setattr("pipeline.watch.attempt.ping", ping)
    assert audit(good, AS_OF, tmp_path / "state", "--config", config).code == 130
    status = read(tmp_path / "state")
    assert (status["last_attempt"]["exit_code"], status["last_attempt"]["error"]) == (130, "SIGINT")
    assert status["last_attempt"]["verdict"].startswith("audited")
    assert status["last_good"]["as_of"] == AS_OF
    assert asked == ["http://127.0.0.1/x", "http://127.0.0.1/x/fail"]


def test_message_is_one_visible_line_of_bounded_length(tmp_path: Path) -> None:
    error = CspAuditError("a\u202eb\x1b[31m " + "x" * 1000 + "\nmore")
    with pytest.raises(CspAuditError), watched(attempt_in(tmp_path)):
        raise error
    message = read(tmp_path)["last_attempt"]["message"]
    assert message.startswith("a\ufffdb\ufffd[31m xxx")
    assert message.isprintable()
    assert len(message) < 550


def test_two_processes_change_the_status_one_after_the_other(tmp_path: Path) -> None:
    script = (
        "import sys; from pathlib import Path; from pipeline.watch.status import *\n"
        "for n in range(40): update_status(Path(sys.argv[1]), lambda s: s.model_copy(update={'last_locked': "
        "s.last_locked.model_copy(update={'message': str(int(s.last_locked.message) + 1)})}))"
    )
    first = LastLocked(as_of=datetime(2026, 11, 20, tzinfo=UTC).date(), started_at=datetime.now(UTC), message="0")
    update_status(tmp_path, lambda status: status.model_copy(update={"last_locked": first}))
    argv = [sys.executable, "-c", script, str(tmp_path)]
    processes = [subprocess.Popen(argv, cwd=ROOT) for _ in range(2)]
    assert [process.wait() for process in processes] == [0, 0]
    assert read(tmp_path)["last_locked"]["message"] == "80"


def test_status_that_is_written_is_the_one_that_is_read(state: Path) -> None:
    assert f"{read_status(state).model_dump_json(indent=2)}\n".encode() == (state / "status.json").read_bytes()
    assert WatchConfig().keep_logs == 7


# ------------------------------------------------------------------- what cron sees: real processes, and pipes


def lock(state: Path) -> AbstractContextManager[object]:
    file = (state / "lock").open("a")
    fcntl.flock(file, fcntl.LOCK_EX)
    return file


@pytest.mark.parametrize(("folder", "code", "lines"), [("good", 0, 0), ("exports", 1, 0), ("empty", 3, 1)])
def test_cron_hears_nothing_of_a_good_night_and_one_line_of_a_bad_one(
    folder: str, code: int, lines: int, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    ended = spawn("run", request.getfixturevalue(folder), "--as-of", AS_OF, "--state", tmp_path / "state")
    assert (ended.code, ended.out, ended.err.count("\n")) == (code, "", lines)
    assert read(tmp_path / "state")["last_attempt"]["exit_code"] == code


def test_cron_hears_one_line_of_wrong_usage_of_a_lock_and_of_a_fault(good: Path, state: Path) -> None:
    ends: list[Ended] = [spawn("run", good, "--as-of", AS_OF, "--state", state, "--engine", "none")]
    with lock(state):
        ends.append(spawn("run", good, "--as-of", AS_OF, "--state", state))
    fault = "import pipeline.run, sys; pipeline.run.judge_rules = None; from pipeline.cli import main; main()"
    words = ["run", str(good), "--as-of", AS_OF, "--state", str(state)]
    ended = subprocess.run([sys.executable, "-c", fault, *words], cwd=ROOT, capture_output=True, text=True, check=False)
    assert [(end.code, end.out, end.err.count("\n")) for end in ends] == [(2, "", 1), (4, "", 1)]
    assert (ended.returncode, ended.stdout, ended.stderr.count("\n")) == (70, "", 1)
    assert read(state)["last_attempt"]["error"] == "TypeError"


def test_analysts_commands_leave_the_status_alone(state: Path) -> None:
    before, status = contents(state), (state / "status.json").read_bytes()
    assert call("findings", "--state", state).code == 0
    assert (contents(state), (state / "status.json").read_bytes()) == (before, status)


@pytest.fixture(autouse=True)
def _own_directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.chdir(tmp_path)
    yield
    assert not Path("csp-audit-state").exists()
