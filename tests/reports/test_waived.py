"""Which waivers somebody should look at, and why."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from reports.waived import SOON, waived, waiver_notes
from reports.wording import Words
from schemas.waiver import Waiver, WaiverStatus, WaiverUse
from tests.reports import example_changes, examples
from tests.reports.parts import AS_OF

WORDS = Words()


def why(status: WaiverStatus, days_left: int, findings: int) -> list[str]:
    last_day = AS_OF + timedelta(days=days_left)
    use = WaiverUse(Waiver("a reason", "Anna Nowak", AS_OF, last_day, finding="F-1"), status, findings)
    return [note.why for note in waiver_notes(WORDS, replace(examples.clean(), waivers=(use,)))]


@pytest.mark.parametrize(
    ("status", "days_left", "findings", "said"),
    [
        (WaiverStatus.EXPIRED, -1, 0, ["expired after 19 Nov, and matches no finding"]),
        (WaiverStatus.EXPIRED, -1, 1, ["expired after 19 Nov: 1 finding counts again"]),
        (WaiverStatus.EXPIRED, -1, 2, ["expired after 19 Nov: 2 findings count again"]),
        (WaiverStatus.NO_MATCH, 90, 0, ["matches no finding"]),
        (WaiverStatus.IN_FORCE, 0, 1, ["ends after 20 Nov: 1 finding will count again"]),
        (WaiverStatus.IN_FORCE, SOON.days, 2, ["ends after 20 Dec: 2 findings will count again"]),
        (WaiverStatus.IN_FORCE, SOON.days + 1, 2, []),
        (WaiverStatus.NOT_YET, 5, 0, []),
    ],
)
def test_why_a_waiver_is_listed(status: WaiverStatus, days_left: int, findings: int, said: list[str]) -> None:
    assert why(status, days_left, findings) == said


def test_expired_come_first_then_those_that_match_nothing_then_those_that_end() -> None:
    notes = waiver_notes(WORDS, example_changes.eventful())
    assert [note.waiver.line for note in notes] == [5, 4, 3, 1]


def test_how_many_are_waived() -> None:
    assert [waived(WORDS, number) for number in (0, 1, 1200)] == ["", "1 waived", "1,200 waived"]
