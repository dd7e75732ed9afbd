"""The charts' geometry, with much, little and no data."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reports import charts
from reports.wording import Words
from schemas.finding import Level, Night
from tests.reports.parts import AS_OF, nights, weeks

WORDS = Words()


def test_a_bar_for_each_week_with_customers() -> None:
    chart = charts.bars(weeks())
    assert chart is not None
    assert chart.total == 29
    assert [bar.week.customers for bar in chart.bars] == [3, 3, 3, 3, 2, 3, 1, 3, 2, 1, 2, 2, 1]
    assert [bar.soon for bar in chart.bars] == [True] * 4 + [False] * 9
    assert [place for place, bar in enumerate(chart.bars) if bar.ticked] == [0, 3, 6, 9, 12]
    assert all(bar.y + bar.height == pytest.approx(chart.base, abs=0.11) for bar in chart.bars)
    assert all(one.x + one.width < other.x for one, other in pairwise(chart.bars))
    assert chart.bars[-1].x + chart.bars[-1].width <= chart.width


@pytest.mark.parametrize("customers", [(), (0,) * 13])
def test_no_customer_is_no_chart(customers: tuple[int, ...]) -> None:
    assert charts.bars(weeks(customers)) is None


def test_more_weeks_than_fit_are_left_out() -> None:
    chart = charts.bars(weeks((1,) * 20))
    assert chart is not None
    assert (len(chart.bars), chart.total) == (13, 13)


def test_no_night_is_no_chart() -> None:
    assert charts.lines(WORDS, ()) is None


def test_one_night_is_its_labelled_ends() -> None:
    chart = charts.lines(WORDS, nights(1, (3, 4, 0)))
    assert chart is not None
    assert [line.label for line in chart.lines] == ["3 Violations", "4 Deadlines", "0 To verify"]
    assert [line.points for line in chart.lines] == [f"{chart.right},{line.end}" for line in chart.lines]
    assert chart.days == ((chart.right, AS_OF),)


def test_thirty_nights_fill_the_width() -> None:
    chart = charts.lines(WORDS, nights(40))
    assert chart is not None
    assert chart.nights == 30
    assert all(len(line.points.split()) == 30 for line in chart.lines)
    assert chart.lines[0].points.startswith(f"{chart.left},")
    assert [day for _, day in chart.days] == [AS_OF - timedelta(weeks=week) for week in range(5)]


def test_a_skipped_night_is_a_gap() -> None:
    full = nights(3)
    chart = charts.lines(WORDS, (full[0], full[2]))
    assert chart is not None
    assert [point.split(",")[0] for point in chart.lines[0].points.split()] == [
        f"{chart.left}",
        f"{chart.right}",
    ]
    assert chart.days == ((chart.right, AS_OF), (chart.left, AS_OF - timedelta(days=2)))


@given(st.lists(st.integers(0, 20_000), min_size=3, max_size=3))
def test_labels_never_collide_and_stay_on_the_chart(counts: list[int]) -> None:
    night = replace(nights(1)[0], open=dict(zip(Level, counts, strict=True)))
    chart = charts.lines(WORDS, (night,))
    assert chart is not None
    places = sorted(line.label_y for line in chart.lines)
    assert all(lower - upper >= 17 - 1e-9 for upper, lower in pairwise(places))
    assert places[-1] <= chart.base
    assert places[0] >= -30
    top = max(count for _, count in chart.grid)
    assert max(counts) <= top
    assert len(chart.grid) == 5


def test_a_level_that_a_night_does_not_mention_is_zero() -> None:
    chart = charts.lines(WORDS, (Night(AS_OF, {}),))
    assert chart is not None
    assert [line.last for line in chart.lines] == [0, 0, 0]
