"""The dates by which something must be done, night by night, as the tables of the world give them."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from functools import cache
from typing import TYPE_CHECKING

from sample_data.builder.data import NIGHTS, NO_END
from sample_data.builder.offers import is_legacy
from sample_data.builder.sales import subscriptions

if TYPE_CHECKING:
    from sample_data.builder.data import Record
    from sample_data.builder.sales import Sale

Dates = tuple[str, str, str]
NO_DATES: Dates = ("", "", "")

_DAY = timedelta(days=1)
_SATURDAY = 5
_ANSWER_DAYS = {"GovernmentCommunityCloud": 2, "Education": 3}
# Of the days off, none but Veterans Day lies near enough to the nights to matter.
_DAYS_OFF = {"GovernmentCommunityCloud": {date(2026, 11, 11)}}
_RETURN_WINDOW, _END_OF_TERM = "cancellation_allowed_until_date", "commitment_end_date"
_COLUMNS = {
    **dict.fromkeys(("SEG01", "NPO03"), _RETURN_WINDOW),
    **dict.fromkeys(("SEG06", "NPO04", "NPO05", "LEG01"), _END_OF_TERM),
}


def dates_of_sale(rule: str, sale: Sale) -> Dates:
    """Return the end of the return window or of the term, whichever the rule goes by, where it is still ahead."""
    first, second, third = (_still_ahead(_day(rule, sale, night), night) for night in (1, 2, 3))
    return first, second, third


def _day(rule: str, sale: Sale, night: int) -> date | None:
    column = _COLUMNS.get(rule)
    record = _exported(night).get(sale.subscription_id)
    end = record[column] if record and column else None
    if not isinstance(end, datetime) or end == NO_END:
        return None
    is_exclusive = column == _END_OF_TERM and is_legacy(sale.offer)
    return end.date() - _DAY * is_exclusive


@cache
def _exported(night: int) -> dict[str, Record]:
    return {str(row["subscription_id"]): row for row in subscriptions(night)}


def _still_ahead(day: date | None, night: int) -> str:
    return str(day) if day and day >= NIGHTS[night - 1] else ""


def answer_due(qualification: str, asked: str) -> Dates:
    """Return the last business day of the time in which Microsoft answers."""
    day, left = date.fromisoformat(asked), _ANSWER_DAYS[qualification]
    while left:
        day += _DAY
        left -= day.weekday() < _SATURDAY and day not in _DAYS_OFF.get(qualification, ())
    return (str(day),) * 3
