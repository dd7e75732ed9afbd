"""docs/watching.md says what is so: its checks run, and its tables have every key and every metric."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from typing import TYPE_CHECKING

import pytest

from pipeline.config import load_config
from pipeline.watch.metrics import metrics_text
from pipeline.watch.status import LastAttempt, Running, Status, read_status, update_status
from tests.pipeline.commandline import ROOT, audit
from tests.pipeline.exports import AS_OF

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

DOCS = (ROOT / "docs" / "watching.md").read_text(encoding="utf-8")
CHECK, FIND = re.findall(r"^```sh\n(.*?)^```", DOCS, re.DOTALL | re.MULTILINE)


@pytest.fixture(scope="module")
def audited(exports: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    state = tmp_path_factory.mktemp("audited") / "state"
    assert audit(exports, AS_OF, state).code == 1
    return state


def check(script: str, state: Path) -> tuple[int, str]:
    known = {"STATE": str(state), "PATH": os.environ["PATH"]}
    ended = subprocess.run(["sh", "-c", script], env=known, capture_output=True, text=True, check=False)
    assert ended.stdout == ""
    return ended.returncode, ended.stderr


def years_ago(status: Status) -> Status:
    assert status.last_good
    good = status.last_good.model_copy(update={"ended_at": status.last_good.ended_at.replace(year=2020)})
    return status.model_copy(update={"last_good": good})


def failed(status: Status) -> Status:
    assert status.last_attempt
    last = status.last_attempt.model_copy(update={"exit_code": 3, "message": "found nothing."})
    return status.model_copy(update={"last_attempt": last})


def running(status: Status) -> Status:
    assert status.last_attempt
    return status.model_copy(update={"running": Running(pid=1, since=status.last_attempt.started_at)})


@pytest.mark.parametrize(
    ("change", "line"),
    [
        (years_ago, "csp-audit: the last good night is "),
        (failed, "csp-audit: found nothing.\n"),
        (running, "csp-audit: running since 20"),
        (lambda status: status.model_copy(update={"last_good": None}), "csp-audit: no night has been audited yet\n"),
    ],
)
def test_check_prints_one_line_and_fails(
    change: Callable[[Status], Status], line: str, audited: Path, tmp_path: Path
) -> None:
    state = shutil.copytree(audited, tmp_path / "state", symlinks=True)
    assert check(CHECK, state) == (0, "")
    update_status(state, change)
    code, err = check(CHECK, state)
    assert (code, err.count("\n")) == (1, 1)
    assert err.startswith(line)


def test_one_line_check_tells_a_new_report_from_none(audited: Path, tmp_path: Path) -> None:
    assert check(FIND, audited) == (0, "")
    (tmp_path / "latest").mkdir()
    assert check(FIND, tmp_path)[0] == 1


def test_settings_of_the_page_are_settings(tmp_path: Path) -> None:
    (block,) = re.findall(r"^```toml\n(.*?)^```", DOCS, re.DOTALL | re.MULTILINE)
    (tmp_path / "csp-audit.toml").write_text(block, encoding="utf-8")
    watch = load_config(tmp_path / "csp-audit.toml").watch
    assert (watch.keep_logs, watch.ping_url[:8]) == (7, "https://")


def test_tables_have_every_key_and_every_metric(audited: Path) -> None:
    rows = re.findall(r"^\| `([a-z_]+)(?:\{([a-z]+)\})?` \|", DOCS, re.MULTILINE)
    keys = [name for name, _ in rows if not name.startswith("csp_audit_")]
    assert keys == list(Status.model_fields)
    assert all(f"`{name}`" in DOCS for name in LastAttempt.model_fields)
    written = re.findall(r"^(csp_audit_\w+)(?:\{(\w+)=.*\})? ", metrics_text(read_status(audited)), re.MULTILINE)
    assert {row for row in rows if row[0].startswith("csp_audit_")} == {*written}
