"""Business days of the United States from the rules of its federal holidays; of other countries, Mondays to Fridays."""

from __future__ import annotations

from datetime import date, timedelta
from functools import cache

MONDAY, THURSDAY, SATURDAY, SUNDAY = 0, 3, 5, 6
ONE_DAY = timedelta(days=1)


def nth(count: int, weekday: int, year: int, month: int) -> date:
    first = date(year, month, 1)
    return first + timedelta(days=(weekday - first.weekday()) % 7 + 7 * (count - 1))


def last_monday_of_may(year: int) -> date:
    fifth = nth(5, MONDAY, year, 5)
    return fifth if fifth.month == 5 else nth(4, MONDAY, year, 5)


def observed(day: date) -> date:
    """A holiday on a Saturday is kept on the Friday before, one on a Sunday on the Monday after."""
    return day + {SATURDAY: -ONE_DAY, SUNDAY: ONE_DAY}.get(day.weekday(), timedelta())


@cache
def federal_holidays(year: int) -> frozenset[date]:
    """Return the days off that belong to a year; the first of them may fall into the year before."""
    fixed = [date(year, 1, 1), date(year, 7, 4), date(year, 11, 11), date(year, 12, 25)]
    if year >= 2021:
        fixed.append(date(year, 6, 19))
    moving = [
        nth(3, MONDAY, year, 1),
        nth(3, MONDAY, year, 2),
        last_monday_of_may(year),
        nth(1, MONDAY, year, 9),
        nth(2, MONDAY, year, 10),
        nth(4, THURSDAY, year, 11),
    ]
    return frozenset([*map(observed, fixed), *moving])


def is_business_day(day: date, country: str | None) -> bool:
    if day.weekday() in {SATURDAY, SUNDAY}:
        return False
    return country != "US" or day not in federal_holidays(day.year) | federal_holidays(day.year + 1)


def answered_by(asked_on: date, business_days: int, country: str | None) -> date:
    """Return the last day of the answer time; the day of the question does not count."""
    day = asked_on
    for _ in range(business_days):
        day += ONE_DAY
        while not is_business_day(day, country):
            day += ONE_DAY
    return day
