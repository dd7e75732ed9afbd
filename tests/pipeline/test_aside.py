"""What is put aside: whole or not at all, on whatever disk, and what a link leads to rather than the link."""

from __future__ import annotations

import errno
import os
from typing import TYPE_CHECKING

import pytest

from pipeline.aside import second_name
from pipeline.database import log_of
from pipeline.warehouse import kept_copies, swap
from tests.pipeline.commandline import Ended, audit
from tests.pipeline.exports import AS_OF

if TYPE_CHECKING:
    from pathlib import Path


def no_links(*_: object) -> None:
    raise OSError(errno.EXDEV, os.strerror(errno.EXDEV))


def another_disk(patch: pytest.MonkeyPatch, disk: Path) -> None:
    """Let neither a link nor a rename lead into a folder from outside of it."""
    real = os.rename

    def rename(one: str | Path, other: str | Path) -> None:
        if str(other).startswith(str(disk)) and not str(one).startswith(str(disk)):
            raise OSError(errno.EXDEV, os.strerror(errno.EXDEV), str(one), None, str(other))
        real(one, other)

    patch.setattr("pipeline.aside.os.link", no_links)
    patch.setattr(os, "rename", rename)
    patch.setattr(os, "replace", rename)


class TestSecondName:
    @pytest.mark.parametrize("is_copied", [False, True])
    @pytest.mark.parametrize("is_there", [False, True])
    def test_leads_to_the_content_and_nothing_else_is_left(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, is_copied: bool, is_there: bool
    ) -> None:
        file, aside = tmp_path / "file", tmp_path / "aside"
        file.write_text("night")
        if is_there:
            aside.write_text("other")
        if is_copied:
            monkeypatch.setattr("pipeline.aside.os.link", no_links)
        for _ in range(2):
            second_name(file, aside)
        assert (aside.read_text(), aside.samefile(file)) == ("night", not is_copied)
        assert sorted(path.name for path in tmp_path.iterdir()) == ["aside", "file"]

    def test_of_a_relative_link_is_one_of_the_file(self, tmp_path: Path) -> None:
        (tmp_path / "kept").mkdir()
        (tmp_path / "file").write_text("night")
        (tmp_path / "link").symlink_to("file")
        second_name(tmp_path / "link", tmp_path / "kept" / "aside")
        assert not (tmp_path / "kept" / "aside").is_symlink()
        assert (tmp_path / "kept" / "aside").samefile(tmp_path / "file")

    def test_that_cannot_be_copied_to_the_end_leaves_what_was_there(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def full(_: Path, new: Path) -> None:
            new.write_text("ni")
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(new))

        file, aside = tmp_path / "file", tmp_path / "aside"
        file.write_text("night")
        aside.write_text("older")
        monkeypatch.setattr("pipeline.aside.os.link", no_links)
        monkeypatch.setattr("pipeline.aside.shutil.copy2", full)
        with pytest.raises(OSError, match=os.strerror(errno.ENOSPC)):
            second_name(file, aside)
        assert aside.read_text() == "older"
        assert sorted(path.name for path in tmp_path.iterdir()) == ["aside", "file"]


def test_linked_warehouse_stays_a_link_and_what_it_leads_to_is_replaced(
    exports: Path, own: Path, tmp_path: Path
) -> None:
    (tmp_path / "data").mkdir()
    place, link = tmp_path / "data" / "wh.duckdb", own / "warehouse.duckdb"
    link.rename(place)
    link.symlink_to("../data/wh.duckdb")
    last = place.read_bytes()
    for _ in range(2):
        assert audit(exports, AS_OF, own) == Ended(1, "", "")
    assert (link.is_symlink(), place.is_symlink(), place.read_bytes() == last) == (True, False, False)
    copies = kept_copies(own / "kept")
    assert (len(copies), copies[-1].read_bytes()) == (2, last)
    assert not any(path.is_symlink() for path in copies)
    assert [path.name for path in place.parent.iterdir()] == ["wh.duckdb"]


def test_log_beside_what_a_linked_warehouse_leads_to_is_put_aside(exports: Path, own: Path, tmp_path: Path) -> None:
    link, place = own / "warehouse.duckdb", tmp_path / "wh.duckdb"
    link.rename(place)
    link.symlink_to(place)
    log = place.with_name("wh.duckdb.wal")
    assert log_of(link) == log
    log.write_bytes(b"of another file")
    assert audit(exports, AS_OF, own) == Ended(1, "", "")
    (aside,) = (own / "kept").glob("stray-*")
    assert (aside.read_bytes(), log.exists()) == (b"of another file", False)
    assert not [*(own / "kept").glob("damaged-*")]


def test_kept_on_another_disk_takes_a_copy_and_a_log(
    exports: Path, own: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    disk = tmp_path / "disk"
    disk.mkdir()
    (own / "kept").rmdir()
    (own / "kept").symlink_to(disk)
    last = (own / "warehouse.duckdb").read_bytes()
    (own / "warehouse.duckdb.wal").write_bytes(b"of another file")
    another_disk(monkeypatch, own / "kept")
    assert audit(exports, AS_OF, own) == Ended(1, "", "")
    (copy,), (log,) = disk.glob("warehouse-*"), disk.glob("stray-*")
    assert (copy.read_bytes(), log.read_bytes()) == (last, b"of another file")
    assert len(list(disk.iterdir())) == 2


@pytest.mark.parametrize("is_copied", [False, True])
def test_run_killed_before_the_swap_keeps_no_night_twice(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, is_copied: bool
) -> None:
    new, warehouse, kept = tmp_path / "new", tmp_path / "warehouse.duckdb", tmp_path / "kept"
    warehouse.write_text("last night")
    if is_copied:
        monkeypatch.setattr("pipeline.aside.os.link", no_links)
    for _ in range(2):
        with pytest.raises(FileNotFoundError):
            swap(new, warehouse, kept, 3)
    new.write_text("tonight")
    swap(new, warehouse, kept, 3)
    assert ([path.read_text() for path in kept.iterdir()], warehouse.read_text()) == (["last night"], "tonight")
