"""A run takes the processor after whoever asks something meanwhile, and leaves a person's own session alone."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from pipeline.priority import behind_others
from tests.pipeline.commandline import ROOT
from tests.pipeline.exports import AS_OF, write_folder

if TYPE_CHECKING:
    from pathlib import Path

SESSION = "/proc/self/autogroup"
needs_sessions = pytest.mark.skipif(
    not os.access(SESSION, os.W_OK), reason="this system does not share the processor between sessions"
)
# Prints the priority of the session: before, meanwhile and after.
WATCHED = f"""
from pathlib import Path
from pipeline.priority import behind_others

def show():
    print(Path("{SESSION}").read_text().split()[-1])

show()
with behind_others():
    show()
show()
"""
AT_A_TERMINAL = "import pty, sys; pty.spawn(sys.argv[1:])"
# Neither the session's first process nor its child.
AMONG_OTHERS = "import subprocess, sys; subprocess.run(['sh', '-c', '\"$@\"; true', 'sh', *sys.argv[1:]])"


def python(program: str, *words: str) -> str:
    """Run a program in a session of its own, without a terminal, and return what it prints."""
    return subprocess.run(
        [sys.executable, "-c", program, *words], cwd=ROOT, capture_output=True, text=True, check=True,
        stdin=subprocess.DEVNULL, start_new_session=True,
    ).stdout.replace("\r", "")  # fmt: skip


@needs_sessions
def test_a_session_of_its_own_is_lowered_for_as_long_as_the_run_takes() -> None:
    assert python(WATCHED).splitlines() == ["0", "10", "0"]


@needs_sessions
@pytest.mark.parametrize("way", [AT_A_TERMINAL, AMONG_OTHERS], ids=["at a terminal", "among others"])
def test_a_session_of_somebody_else_is_left_alone(way: str) -> None:
    assert python(way, sys.executable, "-c", WATCHED).splitlines() == ["0", "0", "0"]


def test_a_change_that_the_system_puts_off_is_made_all_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []

    class PutOff:
        def read_text(self, encoding: str) -> str:
            assert encoding == "ascii"
            return "/autogroup-1 nice 0"

        def write_text(self, text: str, encoding: str) -> None:
            asked.append(f"{text} {encoding}")
            if len(asked) % 3:
                raise BlockingIOError

    monkeypatch.setattr("pipeline.priority._SESSION", PutOff())
    monkeypatch.setattr("pipeline.priority._has_own_session", lambda: True)
    monkeypatch.setattr("os.setpriority", lambda *_: None)
    with behind_others():
        assert asked == ["10 ascii"] * 3
    assert asked[3:] == ["0 ascii"] * 3


def test_a_run_lowers_its_own_priority(tmp_path: Path) -> None:
    program = (
        "import os, sys; from pipeline.cli import main; sys.argv = ['csp-audit', *sys.argv[1:]]\n"
        "try: main()\nexcept SystemExit: print(os.getpriority(os.PRIO_PROCESS, 0))"
    )
    folder = write_folder(tmp_path / "exports")
    assert python(program, "run", str(folder), "--as-of", AS_OF, "--state", str(tmp_path / "state")) == "10\n"
