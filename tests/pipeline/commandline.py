"""Calls csp-audit as its users do: in this process for speed, or as a process of its own."""

from __future__ import annotations

import contextlib
import io
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING
from unittest.mock import patch

import pytest

from pipeline.cli import main

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[2]
SAMPLES = ROOT / "sample_data"
DAYS = ("2026-11-18", "2026-11-19", "2026-11-20")


@dataclass(frozen=True)
class Ended:
    """How a call came out."""

    code: int
    out: str
    err: str


@contextlib.contextmanager
def usual_umask() -> Iterator[None]:
    """Begin as in a shell, and take back what a command sets for itself: fixtures of other modules come after it."""
    before = os.umask(0o022)
    yield
    os.umask(before)


def call(*words: str | Path) -> Ended:
    """Call csp-audit in this process, without a terminal."""
    out, err = io.StringIO(), io.StringIO()
    argv = ["csp-audit", *map(str, words)]
    with (
        usual_umask(),
        contextlib.redirect_stdout(out),
        contextlib.redirect_stderr(err),
        patch.object(sys, "argv", argv),
        pytest.raises(SystemExit) as end,
    ):
        main()
    assert isinstance(end.value.code, int)
    return Ended(end.value.code, out.getvalue(), err.getvalue())


def uncovered() -> dict[str, str]:
    """Return the environment for a program whose own files alone may be written: what is covered goes to another."""
    return {name: value for name, value in os.environ.items() if not name.startswith("COVERAGE_")}


def spawn(*words: str | Path, cwd: Path | None = None) -> Ended:
    """Start csp-audit as a process of its own, without a terminal."""
    argv = [sys.executable, "-m", "pipeline.cli", *map(str, words)]
    ended = subprocess.run(argv, cwd=cwd or ROOT, capture_output=True, text=True, check=False)
    return Ended(ended.returncode, ended.stdout, ended.stderr)


def audit(folder: Path, day: str, state: Path, *more: str | Path) -> Ended:
    """Call `csp-audit run` for one night, in this process."""
    return call("run", folder, "--as-of", day, "--state", state, *more)


def sample(day: str) -> Path:
    """Return the folder of a sample night."""
    return SAMPLES / "nights" / day
