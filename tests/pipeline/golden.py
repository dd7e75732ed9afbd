"""Compares what a command prints with a file that somebody has looked at."""

from __future__ import annotations

from pathlib import Path

import pytest

GOLDEN = Path(__file__).parent / "golden"


def check_golden(name: str, text: str) -> None:
    """After a change on purpose, delete the file and run the test once: it is written anew."""
    golden = GOLDEN / name
    if not golden.exists():
        golden.write_text(text, encoding="utf-8", newline="")
        pytest.fail(f"{name} was not there; it has been written")
    assert text == golden.read_bytes().decode("utf-8")
