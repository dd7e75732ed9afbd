"""The gate tells a file that may not be read from one that is not there."""

from __future__ import annotations

import codecs
import os
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest

from tests.pipeline.exports import run, write_folder

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

NOBODY = 65534


@contextmanager
def as_nobody() -> Iterator[None]:
    """Give up the root user's right to read everything, if this is root."""
    user = os.geteuid()
    if user == 0:
        os.seteuid(NOBODY)
    try:
        yield
    finally:
        os.seteuid(user)


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """Return a folder with exports that has seen one good run, and that anybody may write to."""
    codecs.lookup("ascii")
    write_folder(tmp_path / "exports")
    assert run(tmp_path / "exports", tmp_path / "warm").code == 1
    (tmp_path / "state").mkdir()
    (tmp_path / "state").chmod(0o777)
    for folder in [tmp_path, *tmp_path.parents]:
        if folder.stat().st_uid == os.geteuid() and folder != folder.parent:
            folder.chmod(folder.stat().st_mode | 0o011)
    return tmp_path


def test_file_without_read_permission_is_refused_by_name(place: Path) -> None:
    file = place / "exports" / "customers.csv"
    file.chmod(0o000)
    with as_nobody():
        ended = run(place / "exports", place / "state")
    assert ended.code == 3
    assert "customers.csv: found permission denied; expected a file that can be read." in ended.err
    assert "Check the file and its permissions." in ended.err


def test_folder_that_may_be_listed_but_not_entered_is_refused(place: Path) -> None:
    (place / "exports").chmod(0o444)
    with as_nobody():
        ended = run(place / "exports", place / "state")
    (place / "exports").chmod(0o755)
    assert ended.code == 3
    assert "permission denied" in ended.err


def test_folder_without_read_permission_is_refused(place: Path) -> None:
    (place / "exports").chmod(0o000)
    with as_nobody():
        ended = run(place / "exports", place / "state")
    (place / "exports").chmod(0o755)
    assert ended.code == 3
    assert "exports: found permission denied; expected a folder that holds the exports." in ended.err
