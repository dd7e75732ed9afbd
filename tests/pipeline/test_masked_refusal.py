"""`run --mask` on a night that is refused: what somebody must do is said in the words that work."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from reports.masking import WITHHELD
from tests.pipeline.commandline import DAYS, SAMPLES, audit

if TYPE_CHECKING:
    from pathlib import Path

BROKEN = sorted(path.name for path in (SAMPLES / "broken").iterdir() if path.is_dir())


def refused(state: Path, case: str, *more: str) -> dict[str, Any]:
    assert audit(SAMPLES / "broken" / case, DAYS[2], state, *more).code == 3
    (record,) = (state / "refused").glob("*/run.json")
    told: dict[str, Any] = json.loads(record.read_text(encoding="utf-8"))
    return told


@pytest.mark.parametrize("case", BROKEN)
def test_instruction_of_a_masked_night_is_that_of_the_night(tmp_path: Path, case: str) -> None:
    plain, masked = refused(tmp_path / "plain", case), refused(tmp_path / "masked", case, "--mask")
    assert plain["problems"]
    for name in ("file", "where", "expected", "next_step"):
        assert [item[name] for item in masked["problems"]] == [item[name] for item in plain["problems"]]
    assert masked["command"] == f"{plain['command'].replace('/plain', '/masked')} --mask"
    assert WITHHELD not in masked["command"]
