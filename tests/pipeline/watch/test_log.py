"""The log: one JSON object a line whatever is said, one file a run, and never in the way of the run."""

from __future__ import annotations

import json
import logging
import os
import re
import stat
from datetime import datetime
from typing import TYPE_CHECKING
from unittest.mock import patch

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.session import LOG, close_log, open_log
from pipeline.watch.log import JsonLog, rotate_log
from tests.pipeline.commandline import audit, call
from tests.pipeline.exports import AS_OF

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture(autouse=True)
def _closed() -> Iterator[None]:
    yield
    close_log()


def read(path: Path) -> list[str]:
    return [json.loads(line)["message"] for line in path.read_bytes().splitlines()]


@pytest.fixture(scope="module")
def scratch(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("scratch")


@settings(max_examples=500, deadline=None)
@given(messages=st.lists(st.text(st.characters(codec=None)), min_size=1, max_size=5), run_id=st.none() | st.text())
def test_any_text_is_one_json_object_a_line(scratch: Path, messages: list[str], run_id: str | None) -> None:
    path = scratch / "csp-audit.log"
    path.unlink(missing_ok=True)
    open_log(path, verbose=False, run_id=run_id)
    # What pytest catches of the log it also sends to its parent, which takes no lone surrogates.
    with patch.object(LOG, "propagate", new=False):
        for message in messages:
            LOG.error("%s", message)
    close_log()
    content = path.read_bytes()
    assert content.isascii()
    assert len(content.decode("ascii").splitlines()) == content.count(b"\n") == len(messages)
    lines = [json.loads(line) for line in content.splitlines()]
    assert [line["message"] for line in lines] == messages
    assert all(list(line) == ["time", "level", "run", "message"] and line["run"] == run_id for line in lines)


def test_lines_of_a_run_have_time_level_and_run_id(exports: Path, tmp_path: Path) -> None:
    state = tmp_path / "state"
    assert audit(exports, AS_OF, state).code == 1
    lines = [json.loads(line) for line in (state / "csp-audit.log").read_bytes().splitlines()]
    run_id = json.loads((state / "latest" / "run.json").read_bytes())["run_id"]
    assert {line["run"] for line in lines} == {run_id}
    assert {line["level"] for line in lines} == {"info"}
    assert all(re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", line["time"]) for line in lines)
    times = [datetime.fromisoformat(line["time"]) for line in lines]
    assert times == sorted(times)
    assert lines[0]["message"] == "gate"


def test_a_fault_is_logged_as_an_error_by_its_run(empty: Path, tmp_path: Path) -> None:
    assert audit(empty, AS_OF, tmp_path / "state").code == 3
    lines = [json.loads(line) for line in (tmp_path / "state" / "csp-audit.log").read_bytes().splitlines()]
    problems = [line["message"] for line in lines if line["level"] == "error"]
    assert len(problems) == 3
    assert all("found no file of that name" in problem for problem in problems)


def write_logs(folder: Path, *names: str) -> Path:
    for name in names:
        (folder / name).write_text(f"{name}\n", encoding="utf-8")
    return folder / "csp-audit.log"


def texts(folder: Path) -> dict[str, str]:
    return {path.name.removeprefix("csp-audit."): path.read_text() for path in sorted(folder.iterdir())}


@pytest.mark.parametrize(
    ("keep", "left"),
    [
        (0, {"log": ""}),
        (1, {"log": "", "log.1": "csp-audit.log\n"}),
        (2, {"log": "", "log.1": "csp-audit.log\n", "log.2": "csp-audit.log.1\n"}),
        (
            12,
            {
                "log": "", "log.1": "csp-audit.log\n", "log.11": "csp-audit.log.10\n", "log.2": "csp-audit.log.1\n",
                "log.3": "csp-audit.log.2\n",
            },
        ),
    ],
)  # fmt: skip
def test_so_many_older_logs_stay(tmp_path: Path, keep: int, left: dict[str, str]) -> None:
    path = write_logs(tmp_path, "csp-audit.log", "csp-audit.log.1", "csp-audit.log.2", "csp-audit.log.10")
    open_log(path, verbose=False)
    rotate_log(LOG, keep)
    assert texts(tmp_path) == left
    LOG.info("after")
    assert read(path) == ["after"]


def test_an_empty_log_is_used_and_other_files_are_nobodys_business(tmp_path: Path) -> None:
    others = ("csp-audit.log.gz", "csp-audit.log.old.1", "csp-audit.log.01", "csp-audit.log.20261120", "other.log.1")
    path = write_logs(tmp_path, *others)
    open_log(path, verbose=False)
    for _ in range(2):
        rotate_log(LOG, 1)
    assert {path.name for path in tmp_path.iterdir()} == {*others, "csp-audit.log"}
    LOG.info("night")
    rotate_log(LOG, 1)
    assert {path.name for path in tmp_path.iterdir()} == {*others, "csp-audit.log", "csp-audit.log.1"}
    assert all((tmp_path / name).read_text() == f"{name}\n" for name in others)


def test_log_that_cannot_be_renamed_goes_on_and_says_so(tmp_path: Path) -> None:
    path = write_logs(tmp_path, "csp-audit.log")
    (tmp_path / "csp-audit.log.1").mkdir()
    (tmp_path / "csp-audit.log.1" / "file").touch()
    (tmp_path / "csp-audit.log.2").mkdir()
    (tmp_path / "csp-audit.log.2" / "file").touch()
    open_log(path, verbose=False)
    rotate_log(LOG, 2)
    LOG.info("night")
    _, warning, night = path.read_text().splitlines()
    assert json.loads(warning)["message"] == "the log could not be rotated: Is a directory"
    assert json.loads(night)["message"] == "night"


def test_new_log_is_as_readable_as_the_one_before(tmp_path: Path) -> None:
    path = write_logs(tmp_path, "csp-audit.log")
    path.chmod(0o640)
    open_log(path, verbose=False)
    rotate_log(LOG, 3)
    assert [stat.S_IMODE(path.with_name(name).stat().st_mode) for name in ("csp-audit.log", "csp-audit.log.1")] == [
        0o640, 0o640,
    ]  # fmt: skip


def test_a_link_stays_one_and_the_file_that_it_leads_to_is_rotated(tmp_path: Path) -> None:
    real, state = tmp_path / "var", tmp_path / "state"
    real.mkdir()
    state.mkdir()
    write_logs(real, "csp-audit.log")
    (state / "csp-audit.log").symlink_to(real / "csp-audit.log")
    open_log(state / "csp-audit.log", verbose=False)
    rotate_log(LOG, 3)
    LOG.info("night")
    assert [path.name for path in state.iterdir()] == ["csp-audit.log"]
    assert read(state / "csp-audit.log") == ["night"]
    assert (real / "csp-audit.log.1").read_text() == "csp-audit.log\n"


def test_torn_line_spoils_no_other(tmp_path: Path) -> None:
    path = tmp_path / "csp-audit.log"
    path.write_text('{"time": "2026-', encoding="utf-8")
    open_log(path, verbose=False)
    LOG.info("one")
    LOG.info("two")
    torn, *whole = path.read_text().splitlines()
    assert torn == '{"time": "2026-'
    assert [json.loads(line)["message"] for line in whole] == ["one", "two"]


def test_full_disk_under_the_log_stops_nothing_and_tears_one_line_at_most(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    path, write, room = tmp_path / "csp-audit.log", os.write, [10, 0]

    def full(file: int, data: bytes) -> int:
        if not room:
            return write(file, data)
        if left := room.pop(0):
            return write(file, data[:left])
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("pipeline.watch.log.os.write", full)
    open_log(path, verbose=False)
    for word in ("torn", "lost", "kept", "kept too"):
        LOG.error(word)
    _, *whole = path.read_text().splitlines()
    assert [json.loads(line)["message"] for line in whole] == ["kept", "kept too"]
    assert capsys.readouterr() == ("", "")


def test_log_that_cannot_be_opened_is_one_line_and_2(good: Path, tmp_path: Path) -> None:
    (tmp_path / "state" / "csp-audit.log").mkdir(parents=True)
    ended = audit(good, AS_OF, tmp_path / "state")
    assert (ended.code, ended.out) == (2, "")
    assert ended.err == (
        f"csp-audit: {tmp_path / 'state' / 'csp-audit.log'}: cannot be written: Is a directory. "
        "Check the folder and its permissions.\n"
    )


def test_each_run_has_a_log_of_its_own_and_only_a_run(exports: Path, empty: Path, tmp_path: Path) -> None:
    state, config = tmp_path / "state", tmp_path / "csp-audit.toml"
    config.write_text("[watch]\nkeep_logs = 2\n", encoding="utf-8")
    words = ("--config", config)
    for day in ("2026-11-16", "2026-11-17", "2026-11-18"):
        assert audit(empty, day, state, *words).code == 3
    assert audit(empty, "2026-11-19", state, "--dry-run", *words).code == 3
    assert audit(exports, AS_OF, state, *words).code == 1
    assert call("findings", "--state", state, *words).code == 0
    names = sorted(path.name for path in state.glob("csp-audit.log*"))
    assert names == ["csp-audit.log", "csp-audit.log.1", "csp-audit.log.2"]
    runs = [{json.loads(line)["run"][:10] for line in (state / name).read_bytes().splitlines()} for name in names]
    # The dry run is in the log of the run before it.
    assert runs == [{AS_OF}, {"2026-11-18", "2026-11-19"}, {"2026-11-17"}]


def test_verbose_lines_on_stderr_stay_readable(good: Path, tmp_path: Path) -> None:
    ended = audit(good, AS_OF, tmp_path / "state", "--verbose")
    assert ended.code == 0
    assert re.search(r"^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d,\d{3} INFO gate$", ended.err, re.MULTILINE)
    assert not any(isinstance(handler, JsonLog) for handler in logging.getLogger("csp-audit").handlers)
