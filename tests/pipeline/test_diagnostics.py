"""What a fault leaves: where, how far, how much; and of a customer nothing, at whichever step it comes."""

from __future__ import annotations

import errno
import shutil
from datetime import UTC, datetime, timedelta
from itertools import cycle
from typing import TYPE_CHECKING

import pytest

import pipeline.run
from pipeline.clock import kept_name, lock_moment, set_back
from pipeline.database import DatabaseError
from pipeline.diagnostics import write_diagnostics
from pipeline.progress import Progress
from tests.pipeline.commandline import audit
from tests.pipeline.exports import AS_OF, night, write_folder

if TYPE_CHECKING:
    from pathlib import Path

MARK = "Zzmarker"
# The function that fails, and the step in which it is called.
STEPS = {
    "read_rules": "gate", "admit": "gate", "load_all": "load and validate", "create_views": "rules",
    "judge_rules": "rules", "record_changes": "compare with the last good run", "read_audit": "report",
    "write_files": "report", "swap": "report",
}  # fmt: skip


@pytest.fixture(scope="module")
def marked(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return exports with the mark in every cell that can hold a text of its own."""
    tables = night()
    for rows in tables.values():
        for row in rows:
            row |= {name: f"{MARK} {row[name]}" for name in ("company_name", "offer_name", "sku_title") if name in row}
            row |= {name: f"{MARK}-{row[name]}" for name in ("subscription_id",) if name in row}
            row["notes"] = MARK
    return write_folder(tmp_path_factory.mktemp("marked"), tables)


@pytest.mark.parametrize(("name", "kind"), list(zip(STEPS, cycle([RuntimeError, OSError]))))
def test_file_of_a_fault_at_any_step_holds_no_value(
    marked: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, kind: type[Exception]
) -> None:
    secret = f"{MARK} Hospicjum, 12 seats"

    def fail(*_: object, **__: object) -> None:
        raise (OSError(errno.EBADF, secret, secret) if kind is OSError else kind(secret)) from DatabaseError(secret)

    config = tmp_path / "csp-audit.toml"
    config.write_text(f'partner = "{MARK}"\n[gate]\nmax_age_hours = 8675309\n', encoding="utf-8")
    monkeypatch.setattr(pipeline.run, name, fail)
    ended = audit(marked, AS_OF, tmp_path / "state", "--config", config)
    assert (ended.code, ended.out, ended.err.count("\n")) == (70, "", 1)
    (file,) = (tmp_path / "state").glob("csp-audit-fault-*.txt")
    assert str(file) in ended.err
    text = file.read_text(encoding="utf-8")
    assert not any(word in text for word in (MARK, "Hospicjum", "seats", "8675309"))
    lines = text.splitlines()
    assert f"step      {STEPS[name]}" in lines
    assert {"changed   partner", "changed   gate.max_age_hours", "changed   state"} <= set(lines)
    assert any(line.startswith("test_diagnostics.py:") and line.endswith(" in fail") for line in lines)
    assert sum(line.startswith("seconds   ") for line in lines) == 1 + ["gate", "load and validate", "rules",
        "compare with the last good run", "report"].index(STEPS[name]) + 1  # fmt: skip
    if kind is OSError:
        assert "error     builtins.OSError, 9 (Bad file descriptor)" in lines
    if name in {"judge_rules", "write_files"}:
        assert "rows      10 of 10 in subscriptions, 0 unread" in lines
    if name == "load_all":
        assert any(line.startswith("lines     10 in subscriptions") for line in lines)


def test_file_goes_to_the_temporary_directory_where_the_state_cannot_be_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    told = write_diagnostics(ValueError("x"), tmp_path / "gone", Progress())
    (file,) = tmp_path.glob("csp-audit-fault-*.txt")
    assert told.startswith(f"diagnostics are in {file}. ")
    assert "step      start" in file.read_text(encoding="utf-8")


@pytest.mark.parametrize("has_warehouse", [False, True])
def test_warehouse_is_said_to_be_whole_where_there_is_one(tmp_path: Path, *, has_warehouse: bool) -> None:
    if has_warehouse:
        (tmp_path / "warehouse.duckdb").touch()
    told = write_diagnostics(ValueError("x"), tmp_path, Progress())
    (file,) = tmp_path.glob("csp-audit-fault-*.txt")
    kept = " The warehouse holds a whole night." if has_warehouse else ""
    assert told == f"diagnostics are in {file}.{kept} Run again; if it happens again, report it with that file."


def test_where_nothing_can_be_written_one_line_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "gone too"))
    told = write_diagnostics(ValueError("x"), tmp_path / "gone", Progress())
    assert told == "the diagnostics file could not be written: No such file or directory"


class TestClock:
    NOW = datetime(2026, 11, 20, 2, tzinfo=UTC)

    @pytest.mark.parametrize(("minutes", "is_told"), [(-60, False), (0, False), (1, False), (3, True), (9999, True)])
    def test_set_back_is_told_by_the_last_run(self, minutes: int, *, is_told: bool) -> None:
        line = set_back(lock_moment(self.NOW + timedelta(minutes=minutes)), self.NOW)
        assert bool(line) is is_told
        assert line.startswith("the clock was set back: ") is is_told

    @pytest.mark.parametrize("since", ["", "yesterday", "2026-11-20T03:00:00Z"])
    def test_moment_that_cannot_be_read_says_nothing(self, since: str) -> None:
        assert set_back(since, self.NOW) == ""

    def test_kept_names_rise_whatever_the_clock_says(self) -> None:
        names = [""]
        for hours in (0, 24, -1000, -999, 48):
            names.append(kept_name(names[-1], self.NOW + timedelta(hours=hours)))
        names.remove("")
        assert names == sorted(set(names))
        assert names[0] == "warehouse-20261120T020000.000000Z.duckdb"
        assert names[2] == "warehouse-20261121T020000.000001Z.duckdb"
        assert names[4] == "warehouse-20261122T020000.000000Z.duckdb"

    def test_run_after_the_clock_was_set_back_goes_on_and_says_so(self, marked: Path, tmp_path: Path) -> None:
        state = tmp_path / "state"
        state.mkdir()
        (state / "lock").write_text('{"pid": 1, "since": "2999-01-01 00:00:00 UTC"}', encoding="utf-8")
        first = audit(marked, AS_OF, state)
        assert (first.code, first.out, first.err.count("\n")) == (1, "", 1)
        assert first.err.startswith("csp-audit: the clock was set back: the last run began on 2999-01-01 00:00:00 UTC,")
        shutil.rmtree(state / "runs")
        assert audit(marked, AS_OF, state).err == ""
