"""What changed since the last night is never more, and never less, than what happened."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from reports import since
from reports.wording import Words
from schemas.finding import Audit, Counts, Level, State
from tests.reports import example_changes, examples
from tests.reports.parts import LAST_NIGHT, finding

WORDS = Words()


def violations(found: int, new: int, closed: int, compared_with: date | None = LAST_NIGHT, waived: int = 0) -> Audit:
    counts = {Level.VIOLATION: Counts(found, new, closed, waived)}
    return replace(examples.clean(), counts=counts, compared_with=compared_with)


@pytest.mark.parametrize(
    ("audit", "text"),
    [
        (violations(14, 3, 2), "3 are new since last night."),
        (violations(14, 1, 2), "1 is new since last night."),
        (violations(14, 0, 2), "2 were closed since last night."),
        (violations(14, 0, 0), "None is new since last night."),
        (violations(0, 0, 1), "1 was closed since last night."),
        (violations(0, 0, 0), "None last night either."),
        (violations(14, 3, 0, date(2026, 11, 17)), "3 are new since 17 Nov."),
        (violations(14, 0, 2, date(2026, 11, 17)), "2 were closed since 17 Nov."),
        (violations(14, 0, 0, date(2025, 11, 17)), "None is new since 17 Nov 2025."),
        (violations(0, 0, 0, date(2026, 11, 17)), "None on 17 Nov either."),
        (violations(0, 0, 0, waived=1), "None is new since last night."),
        (violations(0, 0, 0, date(2026, 11, 17), waived=1), "None is new since 17 Nov."),
        (violations(14, 14, 0, None), "This is the first audit."),
        (examples.empty(), "Nothing on this page may be read as clean."),
    ],
)
def test_the_change(audit: Audit, text: str) -> None:
    assert since.change(WORDS, audit) == text


@pytest.mark.parametrize(
    ("found", "text"), [(0, "None is new since last night."), (2, "None is new since last night.")]
)
def test_what_a_rule_closed_is_not_said_to_be_closed(found: int, text: str) -> None:
    closed = finding(1, state=State.CLOSED, cause="the rule has changed")
    assert since.change(WORDS, replace(violations(found, 0, 1), findings=(closed,))) == text


def test_of_those_closed_only_the_mended_ones_are_said() -> None:
    closed = (finding(1, state=State.CLOSED, cause="the rule has changed"), finding(2, state=State.CLOSED))
    audit = replace(violations(2, 0, 2), findings=closed)
    assert since.change(WORDS, audit) == "1 was closed since last night."


def test_a_backfill_names_the_day_and_the_newer_night() -> None:
    assert since.backfill(WORDS, example_changes.backfilled()) == (
        "This night was audited on 24 Nov 2026, after 23 Nov 2026 had been: it changes no newer night."
    )
    assert since.backfill(WORDS, examples.busy()) == ""
