"""A signal stops every command: soon, with one line, nothing left behind, and last night or tonight whole."""

from __future__ import annotations

import errno
import gc
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

import pytest

import pipeline.cli
import pipeline.run
from pipeline.database import DatabaseError, connect_in_memory
from pipeline.signals import (
    Stopped,
    farewell,
    heeding,
    interruptible,
    so_far,
    stop_if_asked,
    stopped_by,
    surely,
    temporary_folder,
    undisturbed,
)
from pipeline.state import State
from tests.pipeline.commandline import ROOT, audit, call
from tests.pipeline.exports import AS_OF, contents, write_folder

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

CODES = {signal.SIGTERM: 143, signal.SIGINT: 130, signal.SIGHUP: 129}
LAST = "2026-11-19"
AS_IT_WAS = "the last good night is as it was. Run again.\n"
# Hours of work for a processor.
LONG = "select count(*) from range(2000000) as a, range(2000000) as b where hash(a.range) % 7 = b.range % 5"
# Far above what a stop takes on a busy machine, and far below what would run on without one.
HANG = 60.0
# Calls csp-audit, and sends itself a signal three times from the given change or opening of a file on, counted from
# the making of the run's folder: in steps of the program, which a busy machine does not move.
AT_A_STEP = """
import os, sys
from pipeline.cli import main

seen, busy, number, step = 0, False, int(sys.argv[1]), int(sys.argv[2])

def count(event, arguments):
    global seen, busy
    is_step = event == "open" or event.startswith(("os.", "shutil."))
    if busy or not is_step or not (seen or event == "os.mkdir" and "work-" in str(arguments[0])):
        return
    seen += 1
    if step <= seen < step + 3:
        busy = True
        try:
            os.kill(os.getpid(), number)
        finally:
            busy = False

sys.addaudithook(count)
sys.argv = ["csp-audit", *sys.argv[3:]]
main()
"""
# A run makes some more.
STEPS = 1_000


def send(number: int = signal.SIGTERM) -> None:
    os.kill(os.getpid(), number)


@contextmanager
def stopping() -> Iterator[None]:
    """Expect a stop within the block, and no test that hangs for hours."""
    began = time.monotonic()
    with heeding(), pytest.raises(Stopped):
        yield
    assert time.monotonic() - began < HANG


@pytest.fixture(scope="module")
def exports(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_folder(tmp_path_factory.mktemp("exports"))


@pytest.fixture(scope="module")
def last_night(exports: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    state = tmp_path_factory.mktemp("last") / "state"
    assert audit(exports, LAST, state).code == 1
    return state


@pytest.fixture
def audited_once(last_night: Path, tmp_path: Path) -> Path:
    """Return a state directory of the test's own that holds one night."""
    return shutil.copytree(last_night, tmp_path / "state", symlinks=True)


def watch_step(monkeypatch: pytest.MonkeyPatch, name: str, act: Callable[[], None]) -> None:
    """Do something as a function of the night is called."""
    real = getattr(pipeline.run, name)

    def watched(*words: object, **named: object) -> object:
        act()
        return real(*words, **named)

    monkeypatch.setattr(pipeline.run, name, watched)


class TestOneSignal:
    @pytest.mark.parametrize("number", CODES)
    def test_stops_the_program_once(self, number: signal.Signals) -> None:
        with heeding():
            with pytest.raises(Stopped):
                send(number)
            assert stopped_by() is number
            assert farewell(number) == f"stopped by {number.name}; {AS_IT_WAS.strip()}"
            for other in CODES:
                send(other)
            assert stopped_by() is number
            with pytest.raises(Stopped):
                stop_if_asked()

    def test_leaves_the_handlers_as_they_were(self) -> None:
        before = [signal.getsignal(number) for number in CODES]
        with heeding():
            assert signal.getsignal(signal.SIGTERM) not in before
        assert [signal.getsignal(number) for number in CODES] == before
        with heeding():
            assert stopped_by() is None
            stop_if_asked()

    def test_that_the_caller_ignores_stays_ignored(self) -> None:
        before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
        try:
            with heeding():
                send(signal.SIGHUP)
                assert stopped_by() is None
        finally:
            signal.signal(signal.SIGHUP, before)

    def test_is_for_the_main_thread_alone(self) -> None:
        found: list[object] = []

        def work() -> None:
            with heeding():
                found.append(signal.getsignal(signal.SIGTERM))

        before = signal.getsignal(signal.SIGTERM)
        thread = threading.Thread(target=work)
        thread.start()
        thread.join()
        assert found == [before]

    def test_that_comes_in_a_finalizer_is_not_lost(self) -> None:
        class Finalized:
            def __del__(self) -> None:
                send()

        with stopping():
            Finalized()
            gc.collect()
            time.sleep(2 * HANG)


class TestUndisturbed:
    def test_puts_the_stop_off_to_its_end(self) -> None:
        done = []
        with stopping():
            with undisturbed("all is well."):
                with undisturbed():
                    send()
                    done.append("inner")
                done.append("outer")
            done.append("too late")
        assert done == ["inner", "outer"]
        assert farewell(signal.SIGTERM) == "stopped by SIGTERM; all is well."

    def test_that_fails_fails_with_its_own_error(self) -> None:
        def fail() -> None:
            with undisturbed("done."):
                send()
                raise ZeroDivisionError

        with heeding():
            with pytest.raises(ZeroDivisionError):
                fail()
            assert stopped_by() is signal.SIGTERM
            with pytest.raises(Stopped):
                stop_if_asked()
        assert farewell(signal.SIGTERM).endswith(AS_IT_WAS.strip())

    def test_that_fails_says_what_was_done_by_then(self) -> None:
        def fail() -> None:
            with undisturbed("all is done."):
                so_far("half is done.")
                send()
                raise ZeroDivisionError

        with heeding(), pytest.raises(ZeroDivisionError):
            fail()
        assert farewell(signal.SIGTERM) == "stopped by SIGTERM; half is done."

    def test_cleaning_up_after_a_stop_runs_through(self) -> None:
        done = []
        with stopping():
            try:
                send()
            finally:
                with undisturbed():
                    send(signal.SIGINT)
                    done.append("clean")
                done.append("on")
        assert done == ["clean", "on"]

    def test_what_clears_away_is_called_again_where_the_stop_cut_it_off(self) -> None:
        calls = []

        def clean() -> None:
            calls.append("begun")
            if len(calls) == 1:
                send()
            calls.append("done")

        with stopping():
            surely(clean)
        assert calls == ["begun", "begun", "done"]


class TestFolders:
    def test_temporary_folder_is_gone_also_where_the_stop_comes_in_its_making(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        real = tempfile.mkdtemp

        def making(prefix: str) -> str:
            send()
            return real(prefix=prefix, dir=tmp_path)

        monkeypatch.setattr("pipeline.signals.mkdtemp", making)
        with stopping(), temporary_folder("csp-audit-test-"):
            pytest.fail("the block began")
        assert list(tmp_path.iterdir()) == []

    def test_work_folder_is_gone_and_the_lock_free(self, tmp_path: Path) -> None:
        state = State(tmp_path)
        with stopping(), state.locked(), state.work() as work:
            (work / "half").write_text("half a file")
            send()
        assert sorted(path.name for path in tmp_path.iterdir()) == ["lock", "runs"]
        with state.locked():
            pass


class TestStatement:
    @pytest.mark.parametrize("number", CODES)
    def test_that_would_run_for_hours_is_interrupted(self, number: signal.Signals) -> None:
        connection = interruptible(connect_in_memory())
        timer = threading.Timer(0.3, send, [number])

        def work() -> None:
            timer.start()
            connection.execute(LONG)

        began = time.monotonic()
        with heeding():
            # The database may say it in words of its own: what counts is that the statement ends, and why.
            with suppress(Stopped), pytest.raises((Stopped, DatabaseError, RuntimeError)):
                work()
            assert stopped_by() is number
        assert time.monotonic() - began < HANG
        assert connection.execute("select 1").fetchall() == [(1,)]
        connection.close()

    def test_of_a_thread_is_interrupted_too(self) -> None:
        connection = interruptible(connect_in_memory())
        ended: list[BaseException] = []

        def work() -> None:
            try:
                connection.execute(LONG)
            except BaseException as error:  # noqa: BLE001 - whatever ends it
                ended.append(error)

        thread = threading.Thread(target=work)
        with stopping():
            thread.start()
            try:
                time.sleep(0.2)
                send()
            finally:
                thread.join()
        assert isinstance(ended[0], DatabaseError)
        connection.close()

    def test_in_what_must_be_whole_runs_to_its_end(self) -> None:
        connection = interruptible(connect_in_memory())
        timer = threading.Timer(0.05, send)
        found: list[object] = []
        with stopping(), undisturbed():
            timer.start()
            while stopped_by() is None:
                found = connection.execute("select sum(hash(range) % 2)::bigint from range(3000000)").fetchall()
            found += connection.execute("select 7").fetchall()
        assert found[-1] == (7,)
        connection.close()


@pytest.mark.parametrize(
    ("step", "number"),
    [
        ("admit", signal.SIGTERM),
        ("load_all", signal.SIGINT),
        ("judge_rules", signal.SIGHUP),
        ("write_files", signal.SIGTERM),
    ],
)
def test_run_that_is_stopped_leaves_last_night(
    exports: Path, audited_once: Path, monkeypatch: pytest.MonkeyPatch, step: str, number: signal.Signals
) -> None:
    before = contents(audited_once)
    watch_step(monkeypatch, step, lambda: send(number))
    ended = audit(exports, AS_OF, audited_once)
    assert (ended.code, ended.out) == (CODES[number], "")
    assert ended.err == f"csp-audit: stopped by {number.name}; {AS_IT_WAS}"
    assert held(contents(audited_once)) == held(before)
    assert not list(audited_once.glob("work-*"))


@pytest.mark.parametrize("place", ["close_log", "_run", "set_wakeup_fd", "signal"])
def test_signal_when_all_is_over_but_the_end_is_told_as_any_other(
    audited_once: Path, monkeypatch: pytest.MonkeyPatch, place: str
) -> None:
    owner = signal if hasattr(signal, place) else pipeline.cli
    real = getattr(owner, place)
    calls = []

    def acting(*words: object, **named: object) -> object:
        found = real(*words, **named)
        calls.append(words)
        # of the two that the begin calls too, the end's call
        if len(calls) == {"set_wakeup_fd": 2, "signal": 4}.get(place, 1):
            send()
        return found

    monkeypatch.setattr(owner, place, acting)
    ended = call("runs", "--state", audited_once)
    assert (ended.code, ended.err) == (143, f"csp-audit: stopped by SIGTERM; {AS_IT_WAS}")
    assert all(signal.getsignal(number) is signal.SIG_IGN for number in CODES)


def status_of(state: Path) -> tuple[str, str, int]:
    """Return the last good night, the one tried last, and how that ended."""
    status = json.loads((state / "status.json").read_text())
    return status["last_good"]["as_of"], status["last_attempt"]["as_of"], status["last_attempt"]["exit_code"]


def test_run_that_is_stopped_behind_the_swap_has_a_good_night(
    exports: Path, audited_once: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    watch_step(monkeypatch, "swap", send)
    ended = audit(exports, AS_OF, audited_once)
    assert ended.code == 143
    assert ended.err == "csp-audit: stopped by SIGTERM; tonight's night is in its place.\n"
    assert status_of(audited_once) == (AS_OF, AS_OF, 143)
    assert (audited_once / "latest").readlink().name == AS_OF


def test_stop_behind_the_swap_says_that_the_report_is_missing_where_it_is(
    exports: Path, audited_once: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object, **__: object) -> None:
        send()
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(audited_once / "runs"))

    monkeypatch.setattr(pipeline.run, "put_in_place", fail)
    ended = audit(exports, AS_OF, audited_once)
    assert ended.code == 143
    assert ended.err == (
        "csp-audit: stopped by SIGTERM; tonight is in the warehouse, without its report and its mail. "
        f"Run again with --as-of {AS_OF}, which makes both.\n"
    )
    assert status_of(audited_once) == (LAST, AS_OF, 143)


def held(files: dict[str, bytes]) -> dict[str, bytes]:
    """Leave out what tells of attempts, which is not a night's."""
    return {name: content for name, content in files.items() if not name.startswith(("status.json", "csp-audit.log"))}


def test_stop_that_a_rule_swallows_ends_the_run_all_the_same(
    exports: Path, audited_once: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = contents(audited_once)
    real = pipeline.run.judge_rules

    def judge_rules(*words: object) -> object:
        with pytest.raises(Stopped):
            send()
        return real(*words)  # type: ignore[arg-type]

    monkeypatch.setattr(pipeline.run, "judge_rules", judge_rules)
    assert audit(exports, AS_OF, audited_once).code == 143
    assert held(contents(audited_once)) == held(before)


@pytest.mark.parametrize("words", [("findings",), ("runs",), ("sql", "select 1"), ("rules",)])
def test_desk_command_that_is_stopped_says_so(
    audited_once: Path, monkeypatch: pytest.MonkeyPatch, words: tuple[str, ...]
) -> None:
    # The command is imported first: what it takes from other modules must be what they really have.
    monkeypatch.setattr(f"pipeline.commands.{words[0]}.command.callback", lambda **_: send())
    monkeypatch.setattr("pipeline.session.settings", lambda *_: send())
    monkeypatch.setattr("pipeline.rulefile.read_rules", lambda *_: send())
    ended = call(*words, *(("--state", audited_once) if words[0] != "rules" else ()))
    assert (ended.code, ended.out, ended.err) == (143, "", f"csp-audit: stopped by SIGTERM; {AS_IT_WAS}")


def start(*words: str | Path, cwd: Path, by: Sequence[str] = ("-m", "pipeline.cli")) -> subprocess.Popen[str]:
    argv = [sys.executable, *by, *map(str, words)]
    environment = {**os.environ, "TMPDIR": str(cwd), "PYTHONPATH": str(ROOT)}
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    return subprocess.Popen(argv, cwd=cwd, text=True, env=environment, **pipes)  # type: ignore[call-overload,no-any-return]


def test_query_of_hours_is_stopped(audited_once: Path, tmp_path: Path) -> None:
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    with start("sql", LONG, "--state", audited_once, cwd=scratch) as process:
        while not list(scratch.iterdir()):
            time.sleep(0.02)
        time.sleep(0.5)
        process.terminate()
        out, err = process.communicate(timeout=HANG)
    assert (process.returncode, out, err) == (143, "", f"csp-audit: stopped by SIGTERM; {AS_IT_WAS}")
    assert list(scratch.iterdir()) == []


def test_run_stopped_at_any_moment_leaves_nothing_half_done(exports: Path, audited_once: Path, tmp_path: Path) -> None:
    dice = random.Random(20261120)
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    stopped = 0
    for number, code in CODES.items():
        by = ("-c", AT_A_STEP, str(int(number)), str(dice.randrange(1, STEPS)))
        with start("run", exports, "--as-of", AS_OF, "--state", audited_once, cwd=scratch, by=by) as process:
            out, err = process.communicate(timeout=HANG)
        # Where the run was through first, there is nothing to say.
        if process.returncode == code:
            stopped += 1
            assert err.startswith(f"csp-audit: stopped by {number.name}; ")
            assert err.count("\n") == 1
        else:
            assert (process.returncode, err) in {(1, ""), (-number, "")}
        assert out == ""
        assert not list(audited_once.glob("work-*"))
        assert list(scratch.iterdir()) == []
        assert call("findings", "--state", audited_once).code in {0, 1}
    assert stopped
    assert audit(exports, AS_OF, audited_once).code == 1
