"""The languages that a page can be in: their catalogs, and how each writes days, numbers and money."""

from __future__ import annotations

import gettext
from decimal import localcontext
from functools import cache, lru_cache
from typing import TYPE_CHECKING

from reports.wording import ENGLISH, Words

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date
    from decimal import Decimal

# A language's mark of a place in a row: 2. in Polish, 2ª in Italian, where the place is one of several times.
_PLACES = {"pl": "{}.", "it": "{}ª"}
TRANSLATED = tuple(_PLACES)
LANGUAGES = ("en", *TRANSLATED)
# A page of fifty thousand findings says each of some hundreds of days and numbers many times.
_REMEMBERED = 4_096


@cache
def words_of(language: str) -> Words:
    """Return a language as it is spoken. Raises ValueError for one that there is not."""
    if language == "en":
        return ENGLISH
    if language not in TRANSLATED:
        message = f"there is no language {language}; there are {', '.join(LANGUAGES)}"
        raise ValueError(message)
    return LocalWords(language, load(language))


class Translations(gettext.NullTranslations):
    """The translated texts of a language; a text without a translation is said as the source has it."""

    def __init__(self, texts: Mapping[str, tuple[str, ...]], plural: str) -> None:
        """Take the forms of each text, and the rule that chooses among them, as C writes it."""
        super().__init__()
        self._texts = texts
        self._form = gettext.c2py(plural)

    def gettext(self, message: str) -> str:
        """Return a text; of one with several forms, that for one."""
        forms = self._texts.get(message)
        return forms[self._form(1) if len(forms) > 1 else 0] if forms else message

    def ngettext(self, msgid1: str, msgid2: str, n: int) -> str:
        """Return a text in the form that a number asks for."""
        forms = self._texts.get(msgid1)
        if not forms:
            return msgid1 if n == 1 else msgid2
        return forms[self._form(n) if len(forms) > 1 else 0]


def load(language: str) -> Translations:
    """Read the catalog of a language; a text whose translation is in doubt counts as not translated."""
    from reports import catalog

    read = catalog.read(catalog.path_of(language), language)
    forms = {catalog.key(message): catalog.forms(message) for message in read if message.id and not message.fuzzy}
    return Translations({one: strings for one, strings in forms.items() if all(strings)}, read.plural_expr)


class LocalWords(Words):
    """A language other than English, with its days and numbers as CLDR has them."""

    def number(self, n: float) -> str:
        """Write a number with grouped thousands, where the language groups them."""
        return _number(self.language, n)

    def nth(self, n: int) -> str:
        """Write how often something happened by now, as in 2. or 2ª."""
        return _PLACES[self.language].format(self.number(n))

    def money(self, amount: Decimal, currency: str) -> str:
        """Write an amount with two decimals and grouped thousands, and its currency in the same line."""
        return f"{_amount(self.language, amount, '#,##0.00')}\u00a0{currency}"

    def more_money(self, amount: Decimal, currency: str) -> str:
        """Write a difference with its sign, as in +51,84 PLN."""
        return f"{_amount(self.language, amount, '+#,##0.00;-#,##0.00')}\u00a0{currency}"

    def day(self, day: date) -> str:
        """Write a day in full, as in 24 lis 2026."""
        return _day(self.language, day, "d MMM y")

    def near_day(self, day: date, seen_from: date) -> str:
        """Write a day, without its year where that goes without saying."""
        return _day(self.language, day, "d MMM") if self.is_near(day, seen_from) else self.day(day)

    def long_day(self, day: date) -> str:
        """Write a day with its weekday, as in piątek, 20 listopada 2026."""
        return _day(self.language, day, "EEEE, d MMMM y")


@lru_cache(_REMEMBERED)
def _number(language: str, n: float) -> str:
    from babel.numbers import format_decimal

    return format_decimal(n, locale=language, decimal_quantization=False)


@lru_cache(_REMEMBERED)
def _amount(language: str, amount: Decimal, pattern: str) -> str:
    from babel.numbers import format_decimal

    # Babel rounds in the context of the moment, whose 28 digits are fewer than a wrong price can have.
    with localcontext(prec=max(28, amount.adjusted() + 4)):
        return format_decimal(amount, pattern, language)


@lru_cache(_REMEMBERED)
def _day(language: str, day: date, pattern: str) -> str:
    from babel.dates import format_date

    return format_date(day, pattern, language)
