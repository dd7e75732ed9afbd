"""The history of qualifications: since when a customer held what, and when it was gone."""

from __future__ import annotations

from datetime import date, timedelta
from typing import NamedTuple

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.pipeline.ledger import Held, Ledger

FIRST = date(2026, 11, 1)
A, B = (letter * 8 + "-0000-4000-8000-000000000000" for letter in "ab")


@pytest.fixture(scope="module")
def ledger() -> Ledger:
    return Ledger()


@pytest.fixture
def fresh(ledger: Ledger) -> Ledger:
    ledger.forget()
    return ledger


def day(number: int) -> date:
    return FIRST + timedelta(days=number - 1)


def test_span_begins_and_ends_and_begins_again(fresh: Ledger) -> None:
    held = Held(A, "Nonprofit")
    assert fresh.qualified(day(1), [held]) == {(held, day(1), None)}
    assert fresh.qualified(day(2), [held]) == {(held, day(1), None)}
    assert fresh.qualified(day(4), []) == {(held, day(1), day(4))}
    assert fresh.qualified(day(5), []) == {(held, day(1), day(4))}
    assert fresh.qualified(day(6), [held]) == {(held, day(1), day(4)), (held, day(6), None)}


def test_another_vetting_status_is_another_span(fresh: Ledger) -> None:
    review, approved, unsaid = (Held(A, "Education", status) for status in ("InReview", "Approved", None))
    fresh.qualified(day(1), [review])
    fresh.qualified(day(2), [approved])
    assert fresh.qualified(day(3), [unsaid]) == {
        (review, day(1), day(2)),
        (approved, day(2), day(3)),
        (unsaid, day(3), None),
    }
    assert fresh.qualified(day(4), [unsaid]) == fresh.qualified(day(4), [unsaid])


def test_rerun_of_the_date_undoes_what_its_first_run_ended_and_began(fresh: Ledger) -> None:
    old, new = Held(A, "Nonprofit"), Held(B, "Education")
    fresh.qualified(day(1), [old])
    assert fresh.qualified(day(2), [new]) == {(old, day(1), day(2)), (new, day(2), None)}
    assert fresh.qualified(day(2), [old]) == {(old, day(1), None)}


def test_unread_row_ends_no_span_of_its_customer(fresh: Ledger) -> None:
    of_a, of_b = Held(A, "Nonprofit"), Held(B, "Nonprofit")
    fresh.qualified(day(1), [of_a, of_b])
    assert fresh.qualified(day(2), [], unread=[A]) == {(of_a, day(1), None), (of_b, day(1), day(2))}
    assert fresh.qualified(day(3), []) == {(of_a, day(1), day(3)), (of_b, day(1), day(2))}


class Night(NamedTuple):
    as_of: date
    held: frozenset[Held]
    unread: frozenset[str]


def replay(nights: list[Night]) -> set[tuple[Held, date, date | None]]:
    """Follow every row through the nights one by one: the second opinion."""
    spans = set()
    for held in EVERY:
        since = None
        for night in nights:
            if held in night.held:
                since = since or night.as_of
            elif since and held.customer_id not in night.unread:
                spans.add((held, since, night.as_of))
                since = None
        if since:
            spans.add((held, since, None))
    return spans


EVERY = (Held(A, "Nonprofit"), Held(A, "Education", "InReview"), Held(A, "Education"), Held(B, "Nonprofit", None))
SEQUENCES = st.lists(
    st.tuples(st.integers(0, 2), st.frozensets(st.sampled_from(EVERY)), st.sampled_from([frozenset(), frozenset([A])])),
    min_size=1,
    max_size=8,
)


@settings(max_examples=20, derandomize=True, deadline=None)
@given(steps=SEQUENCES)
def test_any_sequence_of_nights_agrees_with_the_rows_followed_one_by_one(
    ledger: Ledger, steps: list[tuple[int, frozenset[Held], frozenset[str]]]
) -> None:
    ledger.forget()
    as_of, lived = FIRST, []
    for step, held, unread in steps:
        as_of += timedelta(days=step)
        lived = [*(night for night in lived if night.as_of < as_of), Night(as_of, held, unread)]
        assert ledger.qualified(as_of, held, unread) == replay(lived)
