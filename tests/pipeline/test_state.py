"""What a killed run has left goes with the next one, and nothing of the user's does."""

from __future__ import annotations

import os
import shutil
from typing import TYPE_CHECKING

from pipeline.aside import halves
from pipeline.state import State
from pipeline.warehouse import kept_copies
from tests.pipeline.commandline import Ended, audit
from tests.pipeline.exports import AS_OF

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    import pytest

HALF = "warehouse-20261119T020000.000000Z.duckdb.part"


def test_half_of_a_copy_is_no_copy_and_the_next_run_clears_it_away(own: Path, tmp_path: Path) -> None:
    theirs = own / "kept" / "mine.duckdb.part"
    for path in (own / "kept" / HALF, theirs):
        path.write_bytes(b"half")
    assert kept_copies(own / "kept") == []
    assert [path.name for path in halves(own / "kept")] == [HALF]
    (tmp_path / "empty").mkdir()
    assert audit(tmp_path / "empty", AS_OF, own).code == 3
    assert list((own / "kept").iterdir()) == [theirs]


class TestWork:
    def test_folder_of_the_users_is_not_ours(self, tmp_path: Path) -> None:
        state = State(tmp_path)
        for name in ("work-lipowa", "work-12a", "work-1", "work-gone-runs-2026-11-20"):
            (tmp_path / name / "spill").mkdir(parents=True)
        (tmp_path / "work-2").write_text("notes")
        with state.locked(), state.work():
            pass
        assert sorted(path.name for path in tmp_path.glob("work-*")) == ["work-12a", "work-2", "work-lipowa"]

    def test_what_cannot_be_removed_is_named_in_the_log(
        self, exports: Path, own: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        roots = own / "work-1"
        keep_from_removal(monkeypatch, roots)
        assert audit(exports, AS_OF, own) == Ended(1, "", "")
        assert roots.is_dir()
        told = (own / "csp-audit.log").read_text()
        assert f"{roots}: was left by a killed run, and cannot be removed. Remove it: it takes room." in told

    def test_that_has_the_name_of_the_new_one_is_one_line(
        self, exports: Path, own: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        roots = own / f"work-{os.getpid()}"
        keep_from_removal(monkeypatch, roots)
        line = f"{roots}: was left by a killed run, and cannot be removed. Remove it, then run again."
        assert audit(exports, AS_OF, own) == Ended(2, "", f"csp-audit: {line}\n")


def keep_from_removal(patch: pytest.MonkeyPatch, folder: Path) -> None:
    real: Callable[..., None] = shutil.rmtree
    folder.mkdir()
    patch.setattr("pipeline.state.shutil.rmtree", lambda path, **how: None if path == folder else real(path, **how))
