"""Exit codes, and who is told what where there is no terminal, through real processes."""

from __future__ import annotations

import fcntl
import json
import re
import shutil
from typing import TYPE_CHECKING

import pytest

import pipeline.run
from pipeline.errors import FaultError
from tests.pipeline.commandline import DAYS, SAMPLES, call, sample, spawn
from tests.pipeline.exports import AS_OF, contents, logged, night, run, write_folder

if TYPE_CHECKING:
    from pathlib import Path

PRIVATE = "Hospicjum Wólka, 12 seats"


@pytest.fixture
def good(tmp_path: Path) -> Path:
    """Return a folder of exports in which no rule finds anything."""
    tables = night()
    tables["subscriptions"] = [row for row in tables["subscriptions"] if row["subscription_id"] in {"s-02", "s-03"}]
    del tables["nonprofit_notices"]
    return write_folder(tmp_path / "good", tables)


def words(folder: Path, state: Path, *more: str) -> list[str]:
    return ["run", str(folder), "--as-of", AS_OF, "--state", str(state), *more]


def test_good_night_is_silent_and_0(good: Path, tmp_path: Path) -> None:
    ended = spawn(*words(good, tmp_path / "state"))
    assert (ended.code, ended.out, ended.err) == (0, "", "")
    assert (tmp_path / "state" / "latest" / "report.html").is_file()


def test_night_with_violations_is_silent_and_1(tmp_path: Path) -> None:
    ended = spawn(*words(write_folder(tmp_path / "exports"), tmp_path / "state"))
    assert (ended.code, ended.out, ended.err) == (1, "", "")


def test_refused_night_is_one_line_and_3(tmp_path: Path) -> None:
    ended = spawn(*words(SAMPLES / "broken" / "header_only", tmp_path / "state"))
    assert (ended.code, ended.out) == (3, "")
    line = "csp-audit: subscriptions.csv, line 1: found a header and no rows; expected at least one row. "
    assert ended.err.startswith(line)
    assert ended.err.count("\n") == 1
    assert not (tmp_path / "state" / "latest").exists()
    record = json.loads((tmp_path / "state" / "refused" / AS_OF / "run.json").read_text(encoding="utf-8"))
    assert (record["verdict"], record["exit_code"]) == ("not audited", 3)


def test_refusal_for_several_reasons_is_one_line_too(tmp_path: Path) -> None:
    empty = tmp_path / "empty"
    empty.mkdir()
    ended = call(*words(empty, tmp_path / "state"))
    assert (ended.code, ended.err.count("\n")) == (3, 1)
    assert ended.err.endswith("(the first of 3 problems)\n")
    log = "\n".join(logged(tmp_path / "state"))
    assert all(f"error {name}.csv: found no file" in log for name in ("customers", "subscriptions", "qualifications"))


def test_nothing_unseen_of_a_message_reaches_a_terminal(tmp_path: Path) -> None:
    config = tmp_path / "csp-audit.toml"
    config.write_text(r'"a\u001b[31m\u202eb" = 1', encoding="utf-8")
    ended = call("runs", "--config", config)
    assert (ended.code, ended.err.count("\n")) == (2, 1)
    assert "a\ufffd[31m\ufffdb: there is no such key" in ended.err
    assert ended.err.rstrip("\n").isprintable()


@pytest.mark.parametrize(
    ("wrong", "line"),
    [
        (["nix"], "No such command 'nix'."),
        (["run"], "Missing argument 'FOLDER'."),
        (["run", "x", "--colour"], "No such option '--colour'."),
        (["run", "x", "--as-of", "20.11.2026"], "Invalid value for '--as-of'"),
        (["run", "x", "--engine", "polars"], "Invalid value for '--engine'"),
        (["rules", "show", "SEG99"], "there is no rule SEG99. Did you mean SEG01, SEG02, "),
        (["findings", "--state", "nowhere"], "nowhere/warehouse.duckdb: there is no warehouse yet. Run csp-audit run"),
    ],
)
def test_wrong_usage_is_one_line_and_2(tmp_path: Path, wrong: list[str], line: str) -> None:
    ended = spawn(*wrong, cwd=tmp_path)
    assert (ended.code, ended.out, ended.err.count("\n")) == (2, "", 1)
    assert ended.err.startswith(f"csp-audit: {line}")


def test_state_that_cannot_be_a_directory_is_one_line_and_2(good: Path, tmp_path: Path) -> None:
    (tmp_path / "state").write_text("a file")
    ended = spawn(*words(good, tmp_path / "state"))
    assert (ended.code, ended.out, ended.err.count("\n")) == (2, "", 1)
    assert ended.err.startswith(f"csp-audit: {tmp_path / 'state'}: cannot be written: ")


def test_second_run_says_who_holds_the_lock_since_when_and_4(good: Path, tmp_path: Path) -> None:
    state = tmp_path / "state"
    state.mkdir()
    with (state / "lock").open("w", encoding="utf-8") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        lock.write('{"pid": 4711, "since": "2026-11-20 03:00:00 UTC"}')
        lock.flush()
        ended = spawn(*words(good, state))
        assert (ended.code, ended.out) == (4, "")
        assert ended.err == (
            "csp-audit: another run holds the lock: process 4711 since 2026-11-20 03:00:00 UTC. "
            "Wait for it to end, then run again.\n"
        )
        lock.truncate(0)
        assert "another process." in run(good, state).err
    assert run(good, state).code == 0


def break_rules(monkeypatch: pytest.MonkeyPatch, error: Exception) -> None:
    def judge_rules(*_: object) -> None:
        raise error

    monkeypatch.setattr(pipeline.run, "judge_rules", judge_rules)


def test_fault_of_the_program_leaves_diagnostics_without_data_and_70(
    state: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = contents(state)
    break_rules(monkeypatch, RuntimeError(PRIVATE))
    ended = call("run", sample(DAYS[2]), "--as-of", DAYS[2], "--state", state)
    (file,) = state.glob("csp-audit-fault-*.txt")
    assert (ended.code, ended.out) == (70, "")
    assert ended.err == (
        f"csp-audit: a fault of the program (RuntimeError); diagnostics are in {file}. "
        "The warehouse holds a whole night. Run again; if it happens again, report it with that file.\n"
    )
    diagnostics = file.read_text(encoding="utf-8")
    assert "builtins.RuntimeError" in diagnostics
    assert "test_commands.py" in diagnostics
    names = {row["company_name"] for row in night()["customers"]}
    assert not any(text in diagnostics for text in {PRIVATE, *names, "Lakeside", "4d0f06a7"})
    file.unlink()
    assert contents(state) == before


def test_program_that_contradicts_itself_says_so_and_leaves_diagnostics(
    good: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    break_rules(monkeypatch, FaultError("sieve and pandera disagree on 3 of 9 rows."))
    ended = run(good, tmp_path / "state")
    (file,) = (tmp_path / "state").glob("csp-audit-fault-*.txt")
    assert (ended.code, ended.out, ended.err.count("\n")) == (70, "", 1)
    assert ended.err.startswith(f"csp-audit: sieve and pandera disagree on 3 of 9 rows; diagnostics are in {file}.")


def test_fault_without_package_metadata_or_a_writable_state_is_still_one_line(
    good: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    state = tmp_path / "state"

    def judge_rules(*_: object) -> None:
        shutil.rmtree(state)
        raise RuntimeError(PRIVATE)

    monkeypatch.setattr(pipeline.run, "judge_rules", judge_rules)
    monkeypatch.setattr("pipeline.diagnostics._LIBRARIES", ("no-such-package",))
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "no temporary directory"))
    ended = run(good, state)
    assert (ended.code, ended.out) == (70, "")
    assert ended.err == (
        "csp-audit: a fault of the program (RuntimeError); "
        "the diagnostics file could not be written: No such file or directory\n"
    )


def test_verbose_prints_the_log_to_stderr(good: Path, tmp_path: Path) -> None:
    ended = spawn(*words(good, tmp_path / "state", "-v"))
    assert (ended.code, ended.out) == (0, "")
    shown = re.sub(r"^\d{4}-\d\d-\d\d \S+ ", "", ended.err, flags=re.MULTILINE)
    logged_too = (line.split(" ", 1) for line in logged(tmp_path / "state"))
    assert shown == "".join(f"{level.upper()} {message}\n" for level, message in logged_too)
    for step in ("gate", "load and validate", "rules", "compare with the last good run", "report"):
        assert f" INFO {step}\n" in ended.err


def test_interrupted_by_hand_ends_with_130(good: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    break_rules(monkeypatch, KeyboardInterrupt())  # type: ignore[arg-type]
    assert run(good, tmp_path / "state").code == 130
    assert not list((tmp_path / "state").glob("w*"))
