"""The troubles of docs/operations.md, each brought about on purpose; every function returns what came of it."""

from __future__ import annotations

import errno
import os
import shutil
import signal
import subprocess
import sys
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING

import duckdb

from pipeline.retention.record import Pending, write_pending
from pipeline.retention.subject import Subject
from pipeline.state import State
from pipeline.transcode import plain_text
from tests.pipeline.commandline import ROOT, SAMPLES, Ended, audit, call, sample
from tests.pipeline.cutting import ASKED, ON_THE_COMMAND_LINE, child
from tests.pipeline.exports import WRITTEN_AT, write_wrong_sales
from tests.pipeline.mail.nights import write_config
from tests.pipeline.mail.servers import free_port

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    import pytest

    from pipeline.encoding import Encoding
    from pipeline.survey import Survey
    from pipeline.transcode import Text

NIGHT = "2026-11-20"
_HOLD = """
import sys
from pathlib import Path
from pipeline.state import State
with State(Path(sys.argv[1])).locked():
    print(flush=True)
    input()
"""
_WRITE = """
import sys
import duckdb
with duckdb.connect(sys.argv[1]):
    print(flush=True)
    input()
"""


def _exports(tmp_path: Path) -> Path:
    """Return the exports of the newest sample night, to be spoilt."""
    return shutil.copytree(sample(NIGHT), tmp_path / "exports")


def _again(state: Path, folder: Path, *more: str | Path) -> Ended:
    return audit(folder, NIGHT, state, *more)


def _only(folder: Path, name: str) -> Path:
    (file,) = folder.glob(f"{name}*.csv")
    return file


def missing(state: Path, tmp_path: Path, patch: pytest.MonkeyPatch) -> Ended:
    del patch
    folder = _exports(tmp_path)
    _only(folder, "subscriptions").unlink()
    return _again(state, folder)


def no_record(state: Path, tmp_path: Path, patch: pytest.MonkeyPatch) -> Ended:
    (state / "refused").write_text("")
    ended = missing(state, tmp_path, patch)
    lost, why = ended.err.splitlines(keepends=True)
    assert why.startswith("csp-audit: subscriptions.csv: found no file of that name")
    return Ended(ended.code, ended.out, lost)


def stale(state: Path, tmp_path: Path, patch: pytest.MonkeyPatch) -> Ended:
    del patch
    folder = _exports(tmp_path)
    old = WRITTEN_AT - 10 * 86_400
    os.utime(_only(folder, "customers"), (old, old))
    return _again(state, folder)


def cut_off(state: Path, tmp_path: Path, patch: pytest.MonkeyPatch) -> Ended:
    del tmp_path, patch
    return audit(SAMPLES / "broken" / "truncated", NIGHT, state)


def shrunken(state: Path, tmp_path: Path, patch: pytest.MonkeyPatch) -> Ended:
    del patch
    folder = _exports(tmp_path)
    file = _only(folder, "subscriptions")
    lines = file.read_text(encoding="utf-8-sig").splitlines(keepends=True)
    file.write_text("".join(lines[: len(lines) // 3]), encoding="utf-8-sig", newline="")
    os.utime(file, (WRITTEN_AT, WRITTEN_AT))
    return _again(state, folder)


def header_alone(state: Path, tmp_path: Path, patch: pytest.MonkeyPatch) -> Ended:
    del tmp_path, patch
    return audit(SAMPLES / "broken" / "header_only", NIGHT, state)


def zipped(state: Path, tmp_path: Path, patch: pytest.MonkeyPatch) -> Ended:
    del patch
    folder = _exports(tmp_path)
    file = _only(folder, "customers")
    file.write_bytes(b"PK\x03\x04" + file.read_bytes())
    os.utime(file, (WRITTEN_AT, WRITTEN_AT))
    return _again(state, folder)


def piped(state: Path, tmp_path: Path, patch: pytest.MonkeyPatch) -> Ended:
    del patch
    folder = _exports(tmp_path)
    file = _only(folder, "customers")
    file.unlink()
    os.mkfifo(file)
    return _again(state, folder)


def written_to(state: Path, tmp_path: Path, patch: pytest.MonkeyPatch) -> Ended:
    folder = _exports(tmp_path)

    def copying(file: Path, seen: Survey, encoding: Encoding, work: Path) -> Text:
        text = plain_text(file, seen, encoding, work)
        if file.name.startswith("customers"):
            with file.open("ab") as export:
                export.write("one more\n".encode("utf-16-le"))
        return text

    patch.setattr("pipeline.gate.plain_text", copying)
    return _again(state, folder)


def link_outside(state: Path, tmp_path: Path, patch: pytest.MonkeyPatch) -> Ended:
    del patch
    folder = _exports(tmp_path)
    file = _only(folder, "customers")
    file.rename(tmp_path / "elsewhere.csv")
    file.symlink_to(tmp_path / "elsewhere.csv")
    return _again(state, folder)


def unread_rows(state: Path, tmp_path: Path, patch: pytest.MonkeyPatch) -> Ended:
    del patch
    folder = _exports(tmp_path)
    file = _only(folder, "customers")
    kind, header, *lines = file.read_text(encoding="utf-16").splitlines(keepends=True)
    spoilt = [line.replace("-", "?") for line in lines]
    file.write_text("".join([kind, header, *spoilt]), encoding="utf-16", newline="")
    os.utime(file, (WRITTEN_AT, WRITTEN_AT))
    return _again(state, folder)


def locked(state: Path, tmp_path: Path, patch: pytest.MonkeyPatch) -> Ended:
    del tmp_path, patch
    holder = subprocess.Popen(
        [sys.executable, "-c", _HOLD, str(state)], cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    with holder:
        assert holder.stdout is not None
        holder.stdout.readline()
        ended = _again(state, sample(NIGHT))
        holder.communicate(b"\n")
    return ended


def open_elsewhere(state: Path, tmp_path: Path, patch: pytest.MonkeyPatch) -> Ended:
    del tmp_path, patch
    (state / "warehouse.duckdb").chmod(0o600)
    holder = subprocess.Popen(
        [sys.executable, "-c", _WRITE, str(state / "warehouse.duckdb")],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    with holder:
        assert holder.stdout is not None
        holder.stdout.readline()
        ended = _again(state, sample(NIGHT))
        holder.communicate(b"\n")
    return ended


def stopped(state: Path, tmp_path: Path, patch: pytest.MonkeyPatch) -> Ended:
    del tmp_path
    patch.setattr("pipeline.run.write_files", lambda *_, **__: os.kill(os.getpid(), signal.SIGTERM))
    return _again(state, sample(NIGHT))


def wrong_setting(state: Path, tmp_path: Path, patch: pytest.MonkeyPatch) -> Ended:
    del patch
    config = tmp_path / "csp-audit.toml"
    config.write_text("treads = 2\n")
    return _again(state, sample(NIGHT), "--config", config)


def wrong_waiver(state: Path, tmp_path: Path, patch: pytest.MonkeyPatch) -> Ended:
    del tmp_path, patch
    (state / "waivers.toml").write_text('[[waiver]]\nrule = "SEG01"\n')
    return _again(state, sample(NIGHT))


def little_memory(state: Path, tmp_path: Path, patch: pytest.MonkeyPatch) -> Ended:
    del patch
    config = tmp_path / "csp-audit.toml"
    config.write_text('memory_limit = "1MB"\n')
    return _again(state, sample(NIGHT), "--config", config)


def no_memory(state: Path, tmp_path: Path, patch: pytest.MonkeyPatch) -> Ended:
    del tmp_path
    patch.setattr("pipeline.run.write_files", _raising(MemoryError()))
    return _again(state, sample(NIGHT))


def not_writable(state: Path, tmp_path: Path, patch: pytest.MonkeyPatch) -> Ended:
    del state, patch
    (tmp_path / "in the way").write_text("")
    return _again(tmp_path / "in the way" / "state", sample(NIGHT))


def damaged(state: Path, tmp_path: Path, patch: pytest.MonkeyPatch) -> Ended:
    del tmp_path, patch
    warehouse = state / "warehouse.duckdb"
    warehouse.chmod(0o600)
    os.truncate(warehouse, 20_000)
    return _again(state, sample(NIGHT))


def damaged_by_day(state: Path, tmp_path: Path, patch: pytest.MonkeyPatch) -> Ended:
    del tmp_path, patch
    warehouse = state / "warehouse.duckdb"
    warehouse.chmod(0o600)
    warehouse.write_bytes(b"no warehouse")
    return call("findings", "--state", state)


def lost_page(state: Path, tmp_path: Path, patch: pytest.MonkeyPatch) -> Ended:
    del patch
    warehouse = state / "warehouse.duckdb"
    warehouse.chmod(0o600)
    return child(ON_THE_COMMAND_LINE, warehouse, tmp_path, *ASKED, "--state", state)


def stray_log(state: Path, tmp_path: Path, patch: pytest.MonkeyPatch) -> Ended:
    del patch
    other = tmp_path / "other.duckdb"
    write = "import duckdb, os, sys; c = duckdb.connect(sys.argv[1]); c.execute('create table t (i int)'); os._exit(0)"
    subprocess.run([sys.executable, "-c", write, other], check=True)
    shutil.move(other.with_name("other.duckdb.wal"), state / "warehouse.duckdb.wal")
    return call("findings", "--state", state)


def kept_away(state: Path, tmp_path: Path, patch: pytest.MonkeyPatch) -> Ended:
    del patch
    shutil.rmtree(state / "kept")
    (state / "kept").symlink_to(tmp_path / "disk")
    return _again(state, sample(NIGHT))


def in_the_way(state: Path, tmp_path: Path, patch: pytest.MonkeyPatch) -> Ended:
    del tmp_path, patch
    (state / "latest").unlink()
    (state / "latest").mkdir()
    return _again(state, sample(NIGHT))


def no_report(state: Path, tmp_path: Path, patch: pytest.MonkeyPatch) -> Ended:
    del tmp_path
    error = PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(state / "runs"))
    patch.setattr("pipeline.run.put_in_place", _raising(error))
    return _again(state, sample(NIGHT))


def older_version(state: Path, tmp_path: Path, patch: pytest.MonkeyPatch) -> Ended:
    del tmp_path, patch
    _set_layout(state, "version - 1")
    return call("findings", "--state", state)


def newer_version(state: Path, tmp_path: Path, patch: pytest.MonkeyPatch) -> Ended:
    del tmp_path, patch
    _set_layout(state, "version + 1")
    return _again(state, sample(NIGHT))


def _set_layout(state: Path, version: str) -> None:
    warehouse = state / "warehouse.duckdb"
    warehouse.chmod(0o600)
    with duckdb.connect(str(warehouse)) as connection:
        connection.execute(f"update audit.layout set version = {version}")


def no_warehouse(state: Path, tmp_path: Path, patch: pytest.MonkeyPatch) -> Ended:
    del state, patch
    return call("findings", "--state", tmp_path / "nothing")


def mail_refused(state: Path, tmp_path: Path, patch: pytest.MonkeyPatch) -> Ended:
    del patch
    return _again(state, sample(NIGHT), "--config", write_config(tmp_path, free_port()))


def no_password(state: Path, tmp_path: Path, patch: pytest.MonkeyPatch) -> Ended:
    del patch
    config = write_config(tmp_path, free_port())
    text = config.read_text(encoding="utf-8")
    named = f'[mail]\nuser = "audit"\npassword_file = "{tmp_path / "smtp"}"'
    config.write_text(text.replace("[mail]", named), encoding="utf-8")
    return _again(state, sample(NIGHT), "--config", config)


def later_night(state: Path, tmp_path: Path, patch: pytest.MonkeyPatch) -> Ended:
    del tmp_path
    patch.setattr("pipeline.commands.run.today", lambda: date.fromisoformat(NIGHT) - timedelta(days=1))
    return call("run", sample(NIGHT), "--state", state)


def clock_set_back(state: Path, tmp_path: Path, patch: pytest.MonkeyPatch) -> Ended:
    del tmp_path, patch
    moment = datetime(2126, 1, 1, tzinfo=UTC)
    (state / "lock").write_text(f'{{"pid": 1, "since": "{moment:%Y-%m-%d %H:%M:%S} UTC"}}')
    return _again(state, sample(NIGHT))


def full_disk(state: Path, tmp_path: Path, patch: pytest.MonkeyPatch) -> Ended:
    del tmp_path
    patch.setattr("pipeline.run.write_files", _raising(OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))))
    return _again(state, sample(NIGHT))


def suspect(state: Path, tmp_path: Path, patch: pytest.MonkeyPatch) -> Ended:
    del state, patch
    config = tmp_path / "own.toml"
    config.write_text("[gate]\nmax_age_hours = 1000\n[breaker]\nleast_nights = 1\n", encoding="utf-8")
    usual, flood = write_wrong_sales(tmp_path / "usual", 1), write_wrong_sales(tmp_path / "flood", 30)
    audit(usual, NIGHT, tmp_path / "own", "--config", config)
    return audit(flood, "2026-11-21", tmp_path / "own", "--config", config)


def half_removed(state: Path, tmp_path: Path, patch: pytest.MonkeyPatch) -> Ended:
    del tmp_path, patch
    write_pending(State(state), Pending("R-0a1b2c3d", Subject("1cb0f4c7-e08a-4f69-9f5c-f43056e5c00a")))
    return _again(state, sample(NIGHT))


def fault(state: Path, tmp_path: Path, patch: pytest.MonkeyPatch) -> Ended:
    del tmp_path
    patch.setattr("pipeline.run.write_files", _raising(RuntimeError("a value of a customer")))
    return _again(state, sample(NIGHT))


def _raising(error: Exception) -> Callable[..., None]:
    def fail(*_: object, **__: object) -> None:
        raise error

    return fail
