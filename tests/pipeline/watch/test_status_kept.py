"""The status holds what it should: a damaged file costs no last good run, and a lock of another kind is an attempt."""

from __future__ import annotations

import fcntl
import json
import logging
import os
import shutil
import subprocess
import sys
import threading
from typing import TYPE_CHECKING, Any

import pytest

from pipeline.state import State
from pipeline.watch.log import JsonLog
from tests.pipeline.commandline import audit, call
from tests.pipeline.exports import AS_OF

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

NIGHT_BEFORE, LAST_NIGHT = "2026-11-18", "2026-11-19"


def read(state: Path) -> dict[str, Any]:
    status: dict[str, Any] = json.loads((state / "status.json").read_bytes())
    return status


def logged(state: Path) -> list[str]:
    lines = (state / "csp-audit.log").read_text(encoding="ascii").splitlines()
    return [told["message"] for told in map(json.loads, lines) if told["level"] in {"warning", "error"}]


@pytest.fixture(scope="module")
def two_nights(exports: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    state = tmp_path_factory.mktemp("two-nights") / "state"
    assert [audit(exports, night, state).code for night in (NIGHT_BEFORE, LAST_NIGHT)] == [1, 1]
    return state


@pytest.fixture
def state(two_nights: Path, tmp_path: Path) -> Path:
    """Return a state directory of the test's own that holds two nights."""
    return shutil.copytree(two_nights, tmp_path / "state", symlinks=True)


def expected_good(state: Path) -> dict[str, Any]:
    """Return the last good run as the files of its night tell it: of its end they know the beginning."""
    run = json.loads((state / "runs" / LAST_NIGHT / "run.json").read_bytes())
    return read(state)["last_good"] | {"ended_at": run["started_at"][:19] + "Z"}


@pytest.mark.parametrize("content", [b"{", b"\0" * 100, b'{"schema_version": 2, "last_good": "of another kind"}'])
def test_damaged_status_costs_no_last_good_run(content: bytes, empty: Path, state: Path) -> None:
    good = expected_good(state)
    (state / "status.json").write_bytes(content)
    assert audit(empty, AS_OF, state).code == 3
    assert (read(state)["last_good"], read(state)["last_attempt"]["exit_code"]) == (good, 3)
    (said, *_) = logged(state)
    assert said.startswith("watch: status.json cannot be used: ")
    assert said.endswith("last_good is that of the newest night in runs/.")


def test_status_that_is_lost_is_found_again_without_a_word(empty: Path, state: Path) -> None:
    good = expected_good(state)
    (state / "status.json").unlink()
    assert audit(empty, AS_OF, state).code == 3
    assert read(state)["last_good"] == good
    assert not any("status.json" in line for line in logged(state))


def test_status_that_cannot_be_read_keeps_the_metrics_of_the_last_good_run(
    empty: Path, state: Path, tmp_path: Path
) -> None:
    """A directory in the place of the file."""
    config, metrics = tmp_path / "csp-audit.toml", tmp_path / "csp.prom"
    config.write_text(f'[watch]\nmetrics_file = "{metrics}"\n', encoding="utf-8")
    (state / "status.json").unlink()
    (state / "status.json").mkdir()
    assert audit(empty, AS_OF, state, "--config", config).code == 3
    assert "\ncsp_audit_last_success_timestamp_seconds " in metrics.read_text(encoding="ascii")
    assert any(line.startswith("watch: status.json cannot be used: ") for line in logged(state))


@pytest.mark.parametrize("damage", [b"", b"[]", b'{"run_id": "x"}', b'{"run_id": "x", "counts": {"violation": 1}}'])
def test_nights_that_are_damaged_too_fail_no_run(damage: bytes, empty: Path, state: Path) -> None:
    (state / "status.json").write_bytes(b"{")
    (state / "runs" / LAST_NIGHT / "run.json").write_bytes(damage)
    assert audit(empty, AS_OF, state).code == 3
    assert read(state)["last_good"]["as_of"] == NIGHT_BEFORE
    (state / "status.json").write_bytes(b"{")
    shutil.rmtree(state / "runs")
    assert audit(empty, AS_OF, state).code == 3
    assert read(state)["last_good"] is None


@pytest.fixture
def open_elsewhere(state: Path) -> Iterator[None]:
    """Let another process have the warehouse open for writing, as a session of its owner may."""
    (state / "warehouse.duckdb").chmod(0o600)
    script = "import duckdb, sys; c = duckdb.connect(sys.argv[1]); print('open', flush=True); sys.stdin.read()"
    words = [sys.executable, "-c", script, str(state / "warehouse.duckdb")]
    with subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        assert process.stdout.readline() == "open\n"
        yield
        process.communicate()


@pytest.mark.usefixtures("open_elsewhere")
def test_warehouse_that_is_open_elsewhere_is_an_attempt_that_failed(exports: Path, state: Path, tmp_path: Path) -> None:
    config, metrics = tmp_path / "csp-audit.toml", tmp_path / "csp.prom"
    config.write_text(f'[watch]\nmetrics_file = "{metrics}"\n', encoding="utf-8")
    good = read(state)["last_good"]
    ended = audit(exports, AS_OF, state, "--config", config)
    status = read(state)
    assert (ended.code, "is open for writing in another program" in ended.err) == (4, True)
    assert (status["last_attempt"]["exit_code"], status["last_attempt"]["as_of"]) == (4, AS_OF)
    assert f"csp-audit: {status['last_attempt']['message']}\n" == ended.err
    assert (status["running"], status["last_locked"], status["last_good"]) == (None, None, good)
    assert "\ncsp_audit_last_exit_code 4\n" in metrics.read_text(encoding="ascii")


def held_for(file: Path, seconds: float) -> threading.Timer:
    """Hold the lock of a file as somebody does who only looks; return what lets it go after a while."""
    number = os.open(file, os.O_RDONLY | os.O_CREAT, 0o600)
    fcntl.flock(number, fcntl.LOCK_SH)
    release = threading.Timer(seconds, os.close, [number])
    release.start()
    return release


def test_whoever_looks_at_the_lock_for_a_moment_costs_nobody_a_night(tmp_path: Path) -> None:
    state = State(tmp_path)
    state.create()
    release = held_for(tmp_path / "lock", 0.1)
    with state.locked():
        release.join()


def test_writer_of_the_status_that_hangs_does_not_hang_the_run(
    good: Path, state: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pipeline.beside.PATIENCE", 0.1)
    before = read(state)
    release = held_for(state / ".status.json.lock", 60)
    try:
        assert audit(good, AS_OF, state).code == 0
    finally:
        release.function(*release.args)
        release.cancel()
    assert read(state) == before
    assert any(f"{state / 'status.json'}: another command is writing it" in line for line in logged(state))
    assert call("findings", "--state", state).code == 0


def test_log_that_is_closed_twice_closes_no_file_of_another(tmp_path: Path) -> None:
    log = JsonLog(tmp_path / "csp-audit.log", None)
    log.close()
    with (tmp_path / "other").open("w", encoding="utf-8") as other:
        log.close()
        log.emit(logging.LogRecord("csp-audit", logging.INFO, "", 0, "too late", (), None))
        other.write("whole")
    assert (tmp_path / "other").read_text(encoding="utf-8") == "whole"
