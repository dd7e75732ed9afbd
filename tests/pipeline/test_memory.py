"""A memory limit that is too small: the night spills and is audited, or ends with the key to raise; never a fault."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from pipeline.database import OutOfMemoryError
from sample_data.generate import Fleet, write
from tests.pipeline.commandline import Ended, audit
from tests.pipeline.exports import AS_OF, contents, run, write_folder

if TYPE_CHECKING:
    from pathlib import Path

ROWS = 20_000


@pytest.fixture(scope="module")
def fleet(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("fleet")
    write(Fleet(ROWS), folder)
    return folder


def too_little(limit: str) -> Ended:
    return Ended(
        2, "", f"csp-audit: memory_limit = {limit} is too little for these exports. Raise it in the configuration.\n"
    )


@pytest.mark.parametrize(
    ("limit", "is_enough"), [("4MB", False), ("12MB", False), ("24MB", None), ("48MB", None), ("150MB", True)]
)
def test_night_spills_or_names_the_key(tmp_path: Path, fleet: Path, limit: str, *, is_enough: bool | None) -> None:
    config, state = tmp_path / "small.toml", tmp_path / "state"
    config.write_text(f'memory_limit = "{limit}"\ngate.max_age_hours = 1000000\n')
    ended = audit(fleet, AS_OF, state, "--config", config)
    audited = ended == Ended(1, "", "")
    assert audited or ended == too_little(limit)
    assert audited == (state / "warehouse.duckdb").exists()
    assert not list(state.glob("work-*"))
    assert is_enough is None or audited == is_enough


def test_rule_without_enough_memory_is_not_called_broken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        message = "failed to allocate data of size 16.0 KiB"
        raise OutOfMemoryError(message)

    state, exports = tmp_path / "state", write_folder(tmp_path / "exports")
    assert audit(exports, "2026-11-19", state).code == 1
    before = contents(state / "runs") | {"warehouse": (state / "warehouse.duckdb").read_bytes()}
    monkeypatch.setattr("pipeline.rules._run", fail)
    assert run(exports, state) == too_little("1GB")
    assert contents(state / "runs") | {"warehouse": (state / "warehouse.duckdb").read_bytes()} == before
