"""Which file, which folder and which night is meant is never guessed."""

from __future__ import annotations

import os
import shutil
from typing import TYPE_CHECKING

import pytest

from tests.pipeline.commandline import audit, call
from tests.pipeline.exports import AS_OF, write_folder

if TYPE_CHECKING:
    from pathlib import Path


def test_two_files_of_one_moment_are_refused(tmp_path: Path) -> None:
    folder = write_folder(tmp_path / "exports")
    other = folder / "subscriptions_b.csv"
    other.write_text((folder / "subscriptions.csv").read_text() + "\n")
    moment = (folder / "subscriptions.csv").stat().st_mtime
    os.utime(other, (moment, moment))
    ended = audit(folder, AS_OF, tmp_path / "state")
    assert ended.code == 3
    assert "found 2 files written at the same moment: subscriptions.csv and subscriptions_b.csv" in ended.err


def test_one_file_offered_twice_is_refused(tmp_path: Path) -> None:
    folder = write_folder(tmp_path / "exports")
    shutil.copy(folder / "subscriptions.csv", folder / "subscriptions_copy.csv")
    moment = (folder / "subscriptions.csv").stat().st_mtime
    os.utime(folder / "subscriptions_copy.csv", (moment + 5, moment + 5))
    ended = audit(folder, AS_OF, tmp_path / "state")
    assert ended.code == 3
    assert "subscriptions_copy.csv: found the same content as subscriptions.csv" in ended.err


@pytest.mark.parametrize("words", [["run", ""], ["run", "x", "--state", ""], ["check", ""]])
def test_an_empty_path_is_not_the_working_directory(words: list[str]) -> None:
    ended = call(*words)
    assert (ended.code, "is empty" in ended.err) == (2, True)


@pytest.mark.parametrize("day", ["0001-01-01", "1989-12-31", "2100-01-01", "9999-12-31"])
def test_a_night_outside_the_calendar_is_wrong_usage(tmp_path: Path, day: str) -> None:
    ended = audit(tmp_path, day, tmp_path / "state")
    assert (ended.code, f"{day} is not between 1990 and 2099" in ended.err) == (2, True)


def test_the_purchase_matrix_holds_since_ever(tmp_path: Path) -> None:
    folder = write_folder(tmp_path / "exports")
    assert audit(folder, "1990-01-01", tmp_path / "early").code == audit(folder, AS_OF, tmp_path / "late").code == 1


def test_a_rerun_of_the_only_night_is_held_against_itself(tmp_path: Path) -> None:
    folder, state = write_folder(tmp_path / "exports"), tmp_path / "state"
    assert audit(folder, AS_OF, state).code == 1
    file = folder / "subscriptions.csv"
    lines = file.read_text().splitlines(keepends=True)
    file.write_text("".join([*lines, *(lines[1].replace("s1", f"t{n}") for n in range(40))]))
    assert audit(folder, AS_OF, tmp_path / "long").code == 1
    file.write_text("".join(lines[:2]))
    ended = audit(folder, AS_OF, tmp_path / "long")
    assert (ended.code, "lines after" in ended.err) == (3, True)
