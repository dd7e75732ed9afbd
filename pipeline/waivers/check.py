"""Judges one entry of the waivers file: a waiver, or every reason why it is none."""

from __future__ import annotations

import re
from datetime import date, datetime, time
from difflib import get_close_matches
from typing import TYPE_CHECKING, TypeAlias, cast

from pipeline.desk.known import finding_name
from schemas.reading import Problem
from schemas.waiver import Waiver

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Mapping

    # What the file says of an entry: whatever TOML can hold.
    Entry: TypeAlias = Mapping[str, object]

SCOPES = ("finding", "customer", "subscription")
TEXTS = (*SCOPES, "rule", "reason", "approved_by")
DATES = ("created", "expires")
KEYS = (*TEXTS, *DATES)
_REQUIRED = ("reason", "approved_by", "created", "expires")
_GUID = re.compile("[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
_BARE_KEY = re.compile("[A-Za-z0-9_-]{1,60}")
_FINDING = re.compile("F-[0-9a-f]{12}")
_KINDS: dict[type, str] = {
    str: "a text", bool: "true or false", int: "a number", float: "a number", datetime: "a date with a time",
    date: "a date", time: "a time", list: "a list", dict: "a table",
}  # fmt: skip
# Longer values are cut in messages.
_SHOWN = 60


class EntryCheck:
    """The check of one entry; `where` says for a key (or "" for the entry as a whole) on which line it stands."""

    def __init__(self, entry: Entry, rule_ids: Collection[str], file: str, where: Callable[[str], str]) -> None:
        """Take the entry as TOML's reader gives it."""
        self._entry = entry
        self._rule_ids = rule_ids
        self._file = file
        self._where = where
        # What an unknown key was most likely meant for is not called missing as well.
        self._meant = {near for key in entry if key not in KEYS for near in near_matches(key.lower(), KEYS)[:1]}

    def problems(self) -> list[Problem]:
        """Return everything that is wrong with the entry."""
        found = [*self._unknown_keys(), *self._missing_keys(), *self._wrong_scope()]
        for key in (key for key in KEYS if key in self._entry):
            found += self._wrong_kind(key) or self._wrong_value(key)
        return found or list(self._wrong_span())

    def waiver(self, line: int) -> Waiver:
        """Return the waiver of an entry without problems."""
        values = {key: _tidy(key, value) for key, value in self._entry.items()}
        return Waiver(**values, line=line)  # type: ignore[arg-type]

    def _problem(self, key: str, found: str, expected: str, step: str) -> Problem:
        return Problem(self._file, self._where(key), found, expected, step)

    def _unknown_keys(self) -> Iterator[Problem]:
        for key in self._entry:
            if key not in KEYS:
                expected = one_of(near_matches(key.lower(), KEYS) or KEYS)
                yield self._problem(key, "a key that is not known", expected, "Rename or remove the key.")

    def _missing_keys(self) -> Iterator[Problem]:
        for key in _REQUIRED:
            if key not in self._entry and key not in self._meant:
                yield self._problem("", f"no {key}", f"the key {key} in every waiver", f"Add {key} = {_EXAMPLES[key]}.")

    def _wrong_scope(self) -> Iterator[Problem]:
        scopes = [key for key in SCOPES if key in self._entry or key in self._meant]
        expected = f"exactly one of {', '.join(SCOPES)}"
        if not scopes and "rule" in self._entry:
            step = "Add a customer or a subscription: a rule cannot be waived as a whole."
            yield self._problem("rule", "a rule and no scope", expected, step)
        elif not scopes:
            yield self._problem("", "no scope", expected, "Add what is waived.")
        elif len(scopes) > 1:
            yield self._problem(scopes[-1], f"{' and '.join(scopes)}", expected, "Make a waiver of its own for each.")
        elif scopes == ["finding"] and "rule" in self._entry:
            step = "Remove rule: a finding belongs to one rule."
            yield self._problem("rule", "a rule beside a finding", "rule only beside customer or subscription", step)

    def _wrong_kind(self, key: str) -> list[Problem]:
        value = self._entry[key]
        expected = str if key in TEXTS else date
        if type(value) is expected:
            return []
        found = _KINDS.get(type(value), "something else")
        if expected is str:
            return [self._problem(key, found, "a text in quotes", f"Write {key} = {_EXAMPLES[key]}.")]
        if isinstance(value, str):
            day = _day(value)
            step = f"Drop the quotes: {key} = {day}." if day else f"Write {key} = {_EXAMPLES[key]}."
            return [self._problem(key, f"the text {shown(value)}", "a date without quotes", step)]
        return [self._problem(key, found, "a date such as 2026-11-20", f"Write {key} = {_EXAMPLES[key]}.")]

    def _wrong_value(self, key: str) -> list[Problem]:
        value = _tidy(key, self._entry[key])
        if value == "":
            return [self._problem(key, "an empty text", "some words", f"Write {key} = {_EXAMPLES[key]}.")]
        if key == "rule" and value not in self._rule_ids:
            return [self._unknown_rule(str(value))]
        if key == "finding" and not _FINDING.fullmatch(str(value)):
            step = "Copy the id from csp-audit findings."
            return [self._problem(key, shown(str(self._entry[key])), '"F-" and 12 digits from 0 to f', step)]
        if key == "customer" and not _GUID.fullmatch(str(value)):
            step = "Copy the id from csp-audit customer NAME."
            return [self._problem(key, shown(str(self._entry[key])), "a customer's id (a GUID)", step)]
        return []

    def _unknown_rule(self, value: str) -> Problem:
        near = near_matches(value.upper(), self._rule_ids)
        step = "csp-audit rules lists them all."
        return self._problem("rule", f"{shown(value)}, which is no rule", one_of(near) if near else "a rule's id", step)

    def _wrong_span(self) -> Iterator[Problem]:
        """Compare the two dates of an entry that is otherwise in order."""
        created, expires = (cast("date", self._entry[key]) for key in DATES)
        if expires < created:
            step = "Correct one of the two dates."
            yield self._problem("expires", f"{expires}", f"a day on or after created ({created})", step)
        elif expires > (latest := _year_after(created)):
            expected = f"at most one year after created ({created}), so {latest} or earlier"
            step = "Choose an earlier day; a waiver can be renewed when it ends."
            yield self._problem("expires", f"{expires}", expected, step)


_EXAMPLES = {
    "finding": '"F-0123456789ab"', "customer": '"the customer\'s id"', "subscription": '"the subscription\'s id"',
    "rule": '"SEG01"', "reason": '"why it is accepted"', "approved_by": '"who has accepted it"',
    "created": "2026-11-20", "expires": "2027-11-20",
}  # fmt: skip


def _year_after(day: date) -> date:
    """Return the same day of the next year, 28 February after a 29th."""
    if day.year == date.max.year:
        return date.max
    is_leap_day = (day.month, day.day) == (2, 29)
    return day.replace(year=day.year + 1, day=28 if is_leap_day else day.day)


def near_matches(word: str, known: Collection[str]) -> list[str]:
    """Return the few known words that a wrong one may have been meant for."""
    return get_close_matches(word, sorted(known), n=3, cutoff=0.6)


def one_of(words: Collection[str]) -> str:
    """Join words for a message."""
    *others, last = words
    return f"{', '.join(others)} or {last}" if others else last


def key_name(key: str) -> str:
    """Return a key for a message: as it is, or quoted where TOML asks for quotes."""
    return key if _BARE_KEY.fullmatch(key) else shown(key)


def shown(text: str) -> str:
    """Quote a text for a message: one line, cut where it is long."""
    from reports.text import clip, visible

    return f'"{clip(visible(" ".join(text.split())), _SHOWN)}"'


def _tidy(key: str, value: object) -> object:
    """Return a value as it is compared: ids as the warehouse stores them."""
    if not isinstance(value, str):
        return value
    if key == "finding":
        return finding_name(value)
    text = value.strip()
    return text.lower() if key in SCOPES else text


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text.strip())
    except ValueError:
        return None
