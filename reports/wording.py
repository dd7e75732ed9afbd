"""The language of a page: its translated sentences, and how numbers and days are written in it.

Sentences are whole, with named placeholders in the %(name)s style that gettext and Jinja's `trans` share.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from gettext import NullTranslations
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from decimal import Decimal

MONTHS = (
    "January", "February", "March", "April", "May", "June",
    "July", "August", "September", "October", "November", "December",
)  # fmt: skip
WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")

# Within this distance a day and a month can mean only one year.
_YEAR_IS_PLAIN = timedelta(days=183)


def marked(message: str) -> str:
    """Mark a text of a table for the translators; it is translated where it is used."""
    return message


@dataclass(frozen=True)
class Words:
    """One language; the default says everything in English, as the source has it."""

    language: str = "en"
    catalog: NullTranslations = field(default_factory=NullTranslations)

    def gettext(self, message: str, /, **values: object) -> str:
        """Translate a sentence, then fill its placeholders, if any, once."""
        sentence = self.catalog.gettext(message)
        return sentence % values if values else sentence

    def ngettext(self, one: str, many: str, n: int, /, **values: object) -> str:
        """Translate a sentence in the form that `n` asks for; its placeholder %(n)s is the written number."""
        return self.catalog.ngettext(one, many, n) % {"n": self.number(n), **values}

    def number(self, n: float) -> str:
        """Write a number with grouped thousands."""
        return f"{n:,}"

    def nth(self, n: int) -> str:
        """Write a place in a row, as in 2nd; a language that needs none takes the number itself."""
        last = "th" if n % 100 in {11, 12, 13} else {1: "st", 2: "nd", 3: "rd"}.get(n % 10, "th")
        return f"{self.number(n)}{last}"

    def money(self, amount: Decimal, currency: str) -> str:
        """Write an amount with two decimals and grouped thousands, and its currency in the same line."""
        return f"{amount:,.2f}\u00a0{currency}"

    def more_money(self, amount: Decimal, currency: str) -> str:
        """Write a difference with its sign, as in +51.84 PLN."""
        return f"{amount:+,.2f}\u00a0{currency}"

    def day(self, day: date) -> str:
        """Write a day in full, as in 24 Nov 2026."""
        return f"{day.day} {MONTHS[day.month - 1][:3]} {day.year}"

    def near_day(self, day: date, seen_from: date) -> str:
        """Write a day, without its year where that goes without saying."""
        return f"{day.day} {MONTHS[day.month - 1][:3]}" if self.is_near(day, seen_from) else self.day(day)

    def is_near(self, day: date, seen_from: date) -> bool:
        """Whether a day and a month can mean only one year."""
        return abs(day - seen_from) <= _YEAR_IS_PLAIN

    def long_day(self, day: date) -> str:
        """Write a day with its weekday, as in Friday, 20 November 2026."""
        return f"{WEEKDAYS[day.weekday()]}, {day.day} {MONTHS[day.month - 1]} {day.year}"

    def moment(self, at: datetime, seen_from: date) -> str:
        """Write a moment to the minute in UTC; one without a time zone is UTC already."""
        utc = at.astimezone(UTC) if at.tzinfo else at
        return f"{self.near_day(utc.date(), seen_from)}, {utc:%H:%M} UTC"

    def away(self, day: date, seen_from: date) -> str:
        """Say how far a day is from another, as in: in 4 days."""
        days = (day - seen_from).days
        if days == 0:
            return self.gettext("today")
        if days == 1:
            return self.gettext("tomorrow")
        if days > 0:
            return self.ngettext("in %(n)s day", "in %(n)s days", days)
        return self.ngettext("%(n)s day ago", "%(n)s days ago", -days)


ENGLISH = Words()
