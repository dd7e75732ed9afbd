"""docs/operations.md: every row of its table is brought about, and csp-audit says just what the row says."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from tests.pipeline import troubles
from tests.pipeline.commandline import ROOT

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.pipeline.commandline import Ended

ROWS = re.findall(
    r"^\| (?!you see)([^|-][^|]*) \| (\d+) \| `([^`]+)` \| ([^|]+) \|$",
    (ROOT / "docs" / "operations.md").read_text(encoding="utf-8"),
    re.MULTILINE,
)
TROUBLES: dict[str, Callable[[Path, Path, pytest.MonkeyPatch], Ended]] = {
    "An export is missing": troubles.missing,
    "An export is old": troubles.stale,
    "An export is cut off": troubles.cut_off,
    "An export has far fewer rows": troubles.shrunken,
    "An export has a header and no rows": troubles.header_alone,
    "An export is an archive or a workbook": troubles.zipped,
    "An export is a pipe": troubles.piped,
    "An export changed while it was read": troubles.written_to,
    "An export is a link to another folder": troubles.link_outside,
    "Too many rows cannot be read": troubles.unread_rows,
    "The record of a refused night could not be left": troubles.no_record,
    "Another run is at work": troubles.locked,
    "Somebody has the warehouse open for writing": troubles.open_elsewhere,
    "The run was stopped": troubles.stopped,
    "A setting is wrong": troubles.wrong_setting,
    "A waiver is wrong": troubles.wrong_waiver,
    "Memory is too little": troubles.little_memory,
    "The machine gives no more memory": troubles.no_memory,
    "The state directory cannot be written": troubles.not_writable,
    "The disk is full": troubles.full_disk,
    "The warehouse was damaged": troubles.damaged,
    "A command by day cannot read the warehouse": troubles.damaged_by_day,
    "A part of the warehouse cannot be read while it is open": troubles.lost_page,
    "A log of the database lies beside the warehouse": troubles.stray_log,
    "The earlier warehouses are on a disk that is away": troubles.kept_away,
    "Something is in the report's place": troubles.in_the_way,
    "The report could not be put into its place": troubles.no_report,
    "The warehouse is of an older version": troubles.older_version,
    "The warehouse is of a newer version": troubles.newer_version,
    "There is no warehouse": troubles.no_warehouse,
    "The mail server refuses or is away": troubles.mail_refused,
    "The mail password cannot be read": troubles.no_password,
    "The clock was set back": troubles.clock_set_back,
    "A night of a later day was audited": troubles.later_night,
    "A rule suddenly reports a large share of the customers": troubles.suspect,
    "The removal of a customer was cut off": troubles.half_removed,
    "The program is at fault": troubles.fault,
}


def test_every_row_is_brought_about() -> None:
    assert [seen for seen, *_ in ROWS] == list(TROUBLES)


@pytest.mark.parametrize(("seen", "code", "says", "step"), ROWS, ids=[row[0] for row in ROWS])
def test_csp_audit_says_what_the_row_says(
    state: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, seen: str, code: str, says: str, step: str
) -> None:
    ended = TROUBLES[seen](state, tmp_path, monkeypatch)
    assert ended.code == int(code)
    said = ".*".join(map(re.escape, says.split("…")))
    assert re.fullmatch(rf"csp-audit: {said}(?: \(the first of \d+ problems\))?", ended.err.rstrip("\n")), ended.err
    assert step
