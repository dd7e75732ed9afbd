"""Which waivers somebody should look at, and why."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from reports.languages import words_of
from reports.waived import SOON, scope, waived, waiver_notes
from reports.wording import Words
from schemas.waiver import AppliedWaiver, Waiver, WaiverStatus, WaiverUse
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


@pytest.mark.parametrize(
    ("asked", "stored", "italian"),
    [
        ({"finding": "F-1"}, "finding F-1", "rilievo F-1"),
        ({"customer": "c1"}, "customer c1", "cliente c1"),
        ({"customer": "c1", "rule": "SEG01"}, "SEG01 of customer c1", "SEG01 del cliente c1"),
        ({"subscription": "of customer 7"}, "subscription of customer 7", "sottoscrizione of customer 7"),
        ({"subscription": "s 1\n", "rule": "SEG01"}, "SEG01 of subscription s 1\n", "SEG01 della sottoscrizione s 1\n"),
    ],
)
def test_scope_is_stored_in_one_form_and_said_in_every_language(
    asked: dict[str, str], stored: str, italian: str
) -> None:
    waiver = Waiver("why", "who", AS_OF, AS_OF, **asked)
    applied = AppliedWaiver(waiver.scope, "why", "who", AS_OF, AS_OF)
    assert waiver.scope == applied.scope == stored
    assert waiver.covers == applied.covers
    assert (scope(WORDS, applied), scope(words_of("it"), waiver)) == (stored, italian)


def test_stored_scope_that_is_none_is_said_as_it_is() -> None:
    assert scope(words_of("pl"), AppliedWaiver("?", "why", "who", AS_OF, AS_OF)) == "?"


def test_note_says_the_scope_in_the_language_of_the_page() -> None:
    use = WaiverUse(Waiver("why", "who", AS_OF, AS_OF, customer="c1"), WaiverStatus.NO_MATCH)
    (note,) = waiver_notes(words_of("pl"), replace(examples.clean(), waivers=(use,)))
    assert note.scope == "klient c1"
