"""Tables as a terminal shows them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipeline.commands.printing import print_answer
from pipeline.desk.answer import Answer, Section

if TYPE_CHECKING:
    import pytest

# Fourteen signs, each of them as wide as two letters.
WIDE = "財団法人河川環境保全基金支部"


def test_wide_signs_are_folded_where_there_is_no_room_and_none_is_lost(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("COLUMNS", "40")
    print_answer(Answer((), (Section("wide", "Wide", ("name", "offer"), ((WIDE, WIDE),)),)), "table")
    out = capsys.readouterr().out
    assert [out.count(sign) for sign in WIDE] == [2 * WIDE.count(sign) for sign in WIDE]
