"""Numbers, days and sentences of a language."""

from __future__ import annotations

from datetime import date, datetime, timedelta, timezone
from decimal import Decimal
from gettext import NullTranslations

import pytest

from reports.wording import Words

WORDS = Words()
TODAY = date(2026, 11, 20)


class Shouting(NullTranslations):
    """A language that writes everything in capitals."""

    def gettext(self, message: str) -> str:
        return message.upper().replace("%(N)S", "%(n)s").replace("%(DAY)S", "%(day)s")

    def ngettext(self, msgid1: str, msgid2: str, n: int) -> str:
        return self.gettext(msgid1 if n == 1 else msgid2)


@pytest.mark.parametrize(
    ("days", "text"),
    [(0, "today"), (1, "tomorrow"), (4, "in 4 days"), (-1, "1 day ago"), (-12, "12 days ago")],
)
def test_how_far_a_day_is(days: int, text: str) -> None:
    assert WORDS.away(TODAY + timedelta(days=days), TODAY) == text


@pytest.mark.parametrize(
    ("day", "text"),
    [
        (date(2026, 11, 24), "24 Nov"),
        (date(2027, 2, 16), "16 Feb"),
        (date(2026, 1, 2), "2 Jan 2026"),
        (date(2029, 11, 20), "20 Nov 2029"),
    ],
)
def test_the_year_is_said_where_it_is_not_plain(day: date, text: str) -> None:
    assert WORDS.near_day(day, TODAY) == text


def test_days_and_numbers_in_full() -> None:
    assert WORDS.day(date(2026, 5, 4)) == "4 May 2026"
    assert WORDS.long_day(TODAY) == "Friday, 20 November 2026"
    assert WORDS.number(1234567) == "1,234,567"


def test_moments_are_in_utc() -> None:
    warsaw = timezone(timedelta(hours=1))
    assert WORDS.moment(datetime(2026, 11, 20, 0, 40, tzinfo=warsaw), TODAY) == "19 Nov, 23:40 UTC"
    assert WORDS.moment(datetime(2026, 11, 19, 23, 40), TODAY) == "19 Nov, 23:40 UTC"  # noqa: DTZ001


def test_a_value_with_a_percent_sign_is_not_formatted_again() -> None:
    assert WORDS.gettext("On %(day)s.", day="%(n)s") == "On %(n)s."
    assert WORDS.gettext("monthly price +3 %") == "monthly price +3 %"


def test_another_language_is_another_catalogue() -> None:
    words = Words("xx", Shouting())
    assert words.ngettext("%(n)s sale", "%(n)s sales", 1200) == "1,200 SALES"
    assert words.away(TODAY, TODAY) == "TODAY"


@pytest.mark.parametrize(
    ("amount", "text", "difference"),
    [
        ("0", "0.00", "+0.00"),
        ("51.84", "51.84", "+51.84"),
        ("1234567.8", "1,234,567.80", "+1,234,567.80"),
        ("-3.1", "-3.10", "-3.10"),
    ],
)
def test_money_is_grouped_and_stays_in_one_line(amount: str, text: str, difference: str) -> None:
    assert WORDS.money(Decimal(amount), "PLN") == f"{text}\u00a0PLN"
    assert WORDS.more_money(Decimal(amount), "PLN") == f"{difference}\u00a0PLN"
