"""On a terminal a person sees each step while it runs, then what the night came to and where the report is."""

from __future__ import annotations

import os
import pty
import re
import subprocess
import sys
from typing import TYPE_CHECKING

from tests.pipeline.commandline import ROOT, SAMPLES
from tests.pipeline.exports import AS_OF, write_folder

if TYPE_CHECKING:
    from pathlib import Path

STEERING = re.compile(r"\x1b\[[0-9;?]*[a-zA-Z]")
STEPS = ("gate", "load and validate", "rules", "compare with the last good run", "report")


def at_terminal(*words: str | Path) -> tuple[int, str, str]:
    """Run csp-audit with stderr on a terminal; return the exit code, stdout, and what the terminal was sent."""
    ours, theirs = pty.openpty()
    argv = [sys.executable, "-m", "pipeline.cli", *map(str, words)]
    environment = os.environ | {"TERM": "xterm-256color", "COLUMNS": "200"}
    sent = b""
    with subprocess.Popen(argv, cwd=ROOT, stdout=subprocess.PIPE, stderr=theirs, env=environment) as process:
        os.close(theirs)
        # A terminal whose other end is closed answers with an error on Linux, and with nothing elsewhere.
        try:
            while block := os.read(ours, 65536):
                sent += block
        except OSError:
            pass
        os.close(ours)
        assert process.stdout
        out = process.stdout.read().decode()
    return process.returncode, out, sent.decode()


def test_run_shows_its_steps_then_two_lines_and_the_path_of_the_report(tmp_path: Path) -> None:
    state = tmp_path / "state"
    code, out, sent = at_terminal("run", write_folder(tmp_path / "exports"), "--as-of", AS_OF, "--state", state)
    assert (code, out) == (1, "")
    shown = STEERING.sub("", sent)
    positions = [shown.find(f" {step}") for step in STEPS]
    assert -1 not in positions
    assert positions == sorted(positions)
    *_, first, second, report = shown.split("\r\n")[:-1]
    assert first.strip().endswith(
        f"{AS_OF}: audited, with findings. 3 violations, 3 new; 2 deadlines, 2 new; 5 to verify, 5 new; 0 closed."
    )
    assert second.startswith("0 unread rows; not judged: GCC01, GCC02, ")
    assert report == f"Report: {state / 'runs' / AS_OF / 'report.html'}"


def test_refusal_shows_every_problem(tmp_path: Path) -> None:
    (tmp_path / "exports").mkdir()
    code, out, sent = at_terminal("run", tmp_path / "exports", "--as-of", AS_OF, "--state", tmp_path / "state")
    assert (code, out) == (3, "")
    told = re.findall(r"csp-audit: (\w+)\.csv: found no file", sent)
    assert told == ["customers", "subscriptions", "qualifications"]


def test_wrong_usage_shows_how_the_command_is_used() -> None:
    code, out, sent = at_terminal("run", "--colour")
    assert (code, out) == (2, "")
    assert "Usage: csp-audit run [OPTIONS] FOLDER" in sent
    assert "No such option" in sent


def test_dry_run_names_no_report(tmp_path: Path) -> None:
    words = ("run", SAMPLES / "nights" / AS_OF, "--as-of", AS_OF, "--state", tmp_path, "--dry-run")
    code, out, sent = at_terminal(*words)
    assert (code, out) == (1, "")
    assert f"{AS_OF}: audited, with findings." in sent
    assert "Report:" not in sent
