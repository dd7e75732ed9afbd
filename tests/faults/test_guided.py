"""No input that the branches of our code lead to makes the gate, or what reads rules, fail; and a fault would be found.

Without end: `python -m tests.faults.guided gate --inputs 10000000 --seed 2`.
"""

from __future__ import annotations

import base64
import importlib.util
import re
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from tests.faults.fuzzing import TIMES
from tests.faults.guided import environment, main
from tests.pipeline.commandline import ROOT

if TYPE_CHECKING:
    from pathlib import Path

# What is covered is told by other tests; this process only waits for others.
pytestmark = pytest.mark.no_cover
needs_atheris = pytest.mark.skipif(
    not importlib.util.find_spec("atheris"), reason="atheris has no wheel for this Python or this machine"
)
INPUTS = {"gate": 6_000 * TIMES, "rules": 20_000 * TIMES}


def guided(*words: str | Path) -> subprocess.CompletedProcess[str]:
    argv = [sys.executable, "-m", "tests.faults.guided", *map(str, words)]
    return subprocess.run(argv, cwd=ROOT, env=environment(), capture_output=True, text=True, check=False)


@needs_atheris
@pytest.mark.parametrize("part", INPUTS)
def test_nothing_is_raised_where_branches_lead(part: str, tmp_path: Path) -> None:
    ended = guided(part, "--inputs", str(INPUTS[part]), "--kept", tmp_path)
    assert ended.returncode == 0, ended.stderr
    told = re.fullmatch(rf"{part}: ([0-9,]+) inputs in .*; (\d+) good files led to (\d+) inputs .*\n", ended.stdout)
    assert told, ended.stdout
    assert int(told[1].replace(",", "")) >= INPUTS[part]
    # Without a look at the branches no input would be kept.
    assert int(told[3]) > int(told[2]) > 0
    assert list(tmp_path.iterdir()) == []


@needs_atheris
@pytest.mark.parametrize("part", INPUTS)
def test_a_planted_fault_is_found_kept_and_found_again(part: str, tmp_path: Path) -> None:
    ended = guided(part, "--planted", "--inputs", "20000", "--kept", tmp_path)
    assert ended.returncode == 1
    (kept,) = tmp_path.iterdir()
    assert "ArithmeticError: the planted fault" in ended.stderr
    assert "in fail_where_planted" in ended.stderr
    assert f"{part}: it is kept as {kept}\n" in ended.stderr
    assert base64.b64encode(kept.read_bytes()).decode() in ended.stderr
    again = guided(part, "--planted", "--again", kept)
    assert again.returncode == 1
    assert "ArithmeticError: the planted fault" in again.stderr
    assert guided(part, "--again", kept).returncode == 0


def test_without_atheris_one_line_says_that_nothing_was_tried(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda _: None)
    monkeypatch.setattr(sys, "argv", ["guided", "gate"])
    assert main() == 2
    assert capsys.readouterr() == ("", "atheris is not installed here: nothing was tried.\n")
