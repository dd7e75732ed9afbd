"""The forms in which exports write a date, and what each means; times are UTC unless an offset is written.

A column of dates keeps the day (in UTC): the rules of the field are about days. Python's own calendar is the
referee here; the sieve compiles the same patterns for DuckDB.
"""

from __future__ import annotations

import re
from datetime import date, timedelta
from enum import StrEnum

# Years outside these are slips of the keyboard; 9999 is the field's "no end".
YEAR = "(?:19[0-9]{2}|2[01][0-9]{2}|9999)"
_CLOCK = "(?:[01]?[0-9]|2[0-3]):[0-5][0-9](?::[0-5][0-9])?"
_ISO_TIME = "[T ](?:[01][0-9]|2[0-3]):[0-5][0-9](?::[0-5][0-9](?:[.][0-9]{1,9})?)?"
ISO_UTC = f"{YEAR}-[0-9]{{2}}-[0-9]{{2}}(?:{_ISO_TIME}(?:Z|[+-]00:00)?)?"
ISO_OFFSET = f"{YEAR}-[0-9]{{2}}-[0-9]{{2}}{_ISO_TIME}[+-](?:0[0-9]|1[0-4]):[0-5][0-9]"
DOTTED = f"[0-9]{{1,2}}[.][0-9]{{1,2}}[.]{YEAR}(?: {_CLOCK})?"
SLASHED = f"[0-9]{{1,2}}/[0-9]{{1,2}}/{YEAR}(?: {_CLOCK}(?: [AaPp][Mm])?)?"
_CLOCK_AND_OFFSET = re.compile("([0-9]{2}):([0-9]{2}).*([+-])([0-9]{2}):([0-9]{2})")


class DateOrder(StrEnum):
    """What the first part of a slashed date is; decided for each file and column by its own values."""

    DAY_FIRST = "day first"
    MONTH_FIRST = "month first"


def parse_date(cell: str, order: DateOrder | None) -> date | None:
    """Return the UTC day that a cell names, or None where it names none (a slashed one needs the order)."""
    if re.fullmatch(ISO_UTC, cell):
        return _calendar_day(cell[0:4], cell[5:7], cell[8:10])
    if re.fullmatch(ISO_OFFSET, cell):
        return _utc_day(_calendar_day(cell[0:4], cell[5:7], cell[8:10]), cell[11:])
    if re.fullmatch(DOTTED, cell):
        day, month, year = cell.split(" ", maxsplit=1)[0].split(".")
        return _calendar_day(year, month, day)
    if order is not None and re.fullmatch(SLASHED, cell):
        first, second, year = cell.split(" ", maxsplit=1)[0].split("/")
        day, month = (first, second) if order is DateOrder.DAY_FIRST else (second, first)
        return _calendar_day(year, month, day)
    return None


def _calendar_day(year: str, month: str, day: str) -> date | None:
    try:
        return date(int(year), int(month), int(day))
    except ValueError:
        return None


def _utc_day(local: date | None, clock: str) -> date | None:
    """Move a local day to the UTC day that its time and offset make it."""
    match = _CLOCK_AND_OFFSET.fullmatch(clock)
    if local is None or match is None:
        return None
    hour, minute, sign, offset_hour, offset_minute = match.groups()
    offset = (int(offset_hour) * 60 + int(offset_minute)) * (1 if sign == "+" else -1)
    try:
        return local + timedelta(days=(int(hour) * 60 + int(minute) - offset) // (24 * 60))
    except OverflowError:
        return date.max
