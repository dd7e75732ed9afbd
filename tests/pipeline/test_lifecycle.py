"""A finding is new, open, closed or reopened against the last good night, whatever nights there were."""

from __future__ import annotations

from datetime import date, timedelta
from typing import NamedTuple

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.pipeline.ledger import Ledger

# Night, rules that were judged, findings; then what each finding is after that night, and since when.
STORIES = {
    "the first run ever finds only what is new": """
        night | judged | found | P1       | P2       | Q1
        1     | P Q    | P1 Q1 | new 1    |          | new 1
    """,
    "a finding is new, then open, then closed, then said no more": """
        night | judged | found | P1       | P2       | Q1
        1     | P Q    | P1 P2 | new 1    | new 1    |
        2     | P Q    | P1    | open 1   | closed 1 |
        3     | P Q    | P1    | open 1   |          |
    """,
    "one that comes back is reopened and keeps the night on which it was first seen": """
        night | judged | found | P1          | P2    | Q1
        1     | P Q    | P1    | new 1       |       |
        2     | P Q    |       | closed 1    |       |
        3     | P Q    |       |             |       |
        4     | P Q    | P1 P2 | reopened 1  | new 4 |
        5     | P Q    | P1 P2 | open 1      | open 4 |
        6     | P Q    | P2    | closed 1    | open 4 |
    """,
    "a rule that is not judged closes nothing, and its findings stay open": """
        night | judged | found | P1       | P2       | Q1
        1     | P Q    | P1 Q1 | new 1    |          | new 1
        2     | P      | P1    | open 1   |          | open 1
        3     | P      |       | closed 1 |          | open 1
        4     | P Q    |       |          |          | closed 1
    """,
    "what was closed before its rule went unjudged stays closed": """
        night | judged | found | P1       | P2       | Q1
        1     | P Q    | Q1    |          |          | new 1
        2     | P Q    |       |          |          | closed 1
        3     | P      |       |          |          |
        4     | P Q    | Q1    |          |          | reopened 1
    """,
    "a skipped night is no night": """
        night | judged | found | P1       | P2       | Q1
        1     | P Q    | P1 P2 | new 1    | new 1    |
        5     | P Q    | P1    | open 1   | closed 1 |
        9     | P Q    | P2    | closed 1 | reopened 1 |
    """,
    "a rerun of a date stands for that date": """
        night | judged | found | P1       | P2       | Q1
        1     | P Q    | P1    | new 1    |          |
        2     | P Q    | P2 Q1 | closed 1 | new 2    | new 2
        2     | P Q    | P1    | open 1   |          |
        3     | P Q    | P1 Q1 | open 1   |          | new 3
    """,
    "a rerun of the first date leaves nothing of the first run": """
        night | judged | found | P1       | P2       | Q1
        1     | P Q    | P1 P2 | new 1    | new 1    |
        1     | P Q    | P2    |          | new 1    |
        2     | P Q    | P1 P2 | new 2    | open 1   |
    """,
    "a rerun with an input that was missing at first": """
        night | judged | found | P1       | P2       | Q1
        1     | P Q    | Q1    |          |          | new 1
        2     | P      |       |          |          | open 1
        2     | P Q    |       |          |          | closed 1
        3     | P Q    | Q1    |          |          | reopened 1
    """,
}
FIRST = date(2026, 11, 1)
EVERY = ("P1", "P2", "P3", "Q1", "Q2")


class Night(NamedTuple):
    as_of: date
    judged: frozenset[str]
    found: frozenset[str]


@pytest.fixture(scope="module")
def ledger() -> Ledger:
    return Ledger()


def day(number: str | int) -> date:
    return FIRST + timedelta(days=int(number) - 1)


def told(cell: str) -> tuple[str, date]:
    state, number = cell.split()
    return state, day(number)


@pytest.mark.parametrize("story", STORIES.values(), ids=STORIES.keys())
def test_findings_live_as_the_story_says(ledger: Ledger, story: str) -> None:
    ledger.forget()
    header, *lines = [[cell.strip() for cell in line.split("|")] for line in story.strip().splitlines()]
    for number, judged, found, *cells in lines:
        expected = {name: told(cell) for name, cell in zip(header[3:], cells, strict=True) if cell}
        assert ledger.night(day(number), found.split(), judged.split()) == expected


def replay(nights: list[Night]) -> dict[str, tuple[str, date]]:
    """Say what the last night shows, with nothing but a dict: the second opinion."""
    is_open: dict[str, bool] = {}
    first_seen: dict[str, date] = {}
    shown: dict[str, tuple[str, date]] = {}
    for night in nights:
        shown = {}
        for name in EVERY:
            was_open = is_open.get(name, False)
            if name in night.found:
                state = "open" if was_open else "reopened" if name in first_seen else "new"
                first_seen.setdefault(name, night.as_of)
                is_open[name] = True
            elif was_open:
                is_open[name] = name[0] not in night.judged
                state = "open" if is_open[name] else "closed"
            else:
                continue
            shown[name] = (state, first_seen[name])
    return shown


@st.composite
def sequences(draw: st.DrawFn) -> list[Night]:
    """Draw nights with rising dates, some of them run twice; a rule that is not judged finds nothing."""
    steps = draw(st.lists(st.integers(0, 3), min_size=1, max_size=9))
    nights = []
    as_of = FIRST
    for step in steps:
        as_of += timedelta(days=step)
        judged = draw(st.sampled_from([frozenset("PQ"), frozenset("PQ"), frozenset("P"), frozenset("Q"), frozenset()]))
        found = draw(st.frozensets(st.sampled_from(EVERY)))
        nights.append(Night(as_of, judged, frozenset(name for name in found if name[0] in judged)))
    return nights


@settings(max_examples=20, derandomize=True, deadline=None)
@given(nights=sequences())
def test_any_sequence_of_nights_agrees_with_a_dict(ledger: Ledger, nights: list[Night]) -> None:
    ledger.forget()
    lived: list[Night] = []
    for night in nights:
        lived = [*(earlier for earlier in lived if earlier.as_of < night.as_of), night]
        assert ledger.night(night.as_of, night.found, night.judged) == replay(lived)
