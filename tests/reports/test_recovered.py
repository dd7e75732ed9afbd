"""A night whose warehouse was damaged says on the first screen, and in the mail, what its history is."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from reports import since
from reports.languages import words_of
from reports.mail.letter import Letter
from reports.mail.summary import summary
from reports.view import page
from reports.wording import Words
from schemas.finding import Recovery
from tests.reports import examples

RESTORED = Recovery("damaged-20261119T020000.000000Z.duckdb", date(2026, 11, 18))
LOST = Recovery("damaged-20261119T020000.000000Z.duckdb")
LETTER = Letter("audit@lipowa.example", ("desk@lipowa.example",), "")


def test_restored_history_names_the_day() -> None:
    assert since.recovery(Words(), replace(examples.busy(), recovery=RESTORED)) == (
        "The history of the audit was damaged and was restored as of 18 Nov 2026. What happened after that day is "
        "forgotten: findings may count as new or as closed once more."
    )


def test_lost_history_is_said_to_begin_anew() -> None:
    assert since.recovery(Words(), replace(examples.busy(), recovery=LOST)) == (
        "The history of the audit was damaged and could not be restored: this audit begins anew. Every finding counts "
        "as new, and what earlier nights knew is missing."
    )


@pytest.mark.parametrize("language", ["en", "pl", "it"])
@pytest.mark.parametrize("recovery", [RESTORED, LOST], ids=["restored", "lost"])
def test_clean_night_does_not_pass_for_good_news_alone(language: str, recovery: Recovery) -> None:
    words = words_of(language)
    audit = replace(examples.clean(), recovery=recovery)
    said, before = summary(words, audit, LETTER), summary(words, examples.clean(), LETTER)
    assert (said.is_complete, before.is_complete) == (False, True)
    assert said.completeness == (since.recovery(words, audit), *before.completeness)
    assert since.recovery(words, audit)[:60] in said.preheader
    assert page(words, audit).recovery == since.recovery(words, audit)


def test_other_nights_say_nothing_of_it() -> None:
    assert page(Words(), examples.busy()).recovery == ""
    assert "history" not in " ".join(summary(Words(), examples.busy(), LETTER).completeness)
