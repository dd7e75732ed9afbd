"""Finds what names a customer in any text that the program writes, and takes it out.

Signs are known in the spellings that CSV, JSON and HTML give them; case, the width of spaces and how accents are put
together do not count. A name begins and ends where a word does. Where it stands inside a longer name of somebody else,
it is the other's.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING
from unicodedata import normalize

if TYPE_CHECKING:
    from collections.abc import Iterable

GONE = "(forgotten)"
_SPACE = r"(?:\s|&nbsp;|&\#160;|\\[nrt]|\\u00a0)+"
_SIGNS = {
    '"': r'(?:""|\\?"|&quot;|&\#34;|\\u0022)',
    "'": r"(?:'|&\#39;|&\#x27;|\\u0027)",
    "&": r"(?:&amp;|&\#38;|\\u0026|&)",
    "<": r"(?:&lt;|\\u003c|<)",
    ">": r"(?:&gt;|\\u003e|>)",
    "\\": r"\\{1,2}",
}
# What stands before a word: no letter and no digit, but for those of an escape. Marks belong to the letter before them.
_NOT_AFTER_A_WORD = r"(?:(?<![^\W_])|(?<=\\[bfnrt])|(?<=\\u[0-9a-f]{4}))"
_NOT_BEFORE_A_WORD = r"(?![^\W_\u0300-\u036f]|[\u0300-\u036f])"
_NOT_IN_AN_ID = (r"(?<![\w-])", r"(?![\w-])")
# The domain of somebody else may begin or end with it.
_NOT_IN_A_DOMAIN = (r"(?<![\w-])", r"(?![\w-]|\.[^\W_])")
_GUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
# Some exports write an id without its hyphens, or with other signs in their place.
_HYPHEN = r"[\W_]?"
_FINDING = re.compile(r"f-[0-9a-f]{12}")
_PLAIN = re.compile(r"[A-Za-z0-9._-]+")
_LETTERS = re.compile(r"[^\W_]+")


@dataclass(frozen=True)
class Finder:
    """What to look for: `names` and `domains` as people write them, `ids` of the customer, its sales and findings.

    `others` are longer names and domains of other customers that have one of these in them.
    """

    names: tuple[str, ...]
    domains: tuple[str, ...]
    ids: tuple[str, ...]
    others: tuple[str, ...] = ()

    def holds(self, text: str) -> bool:
        """Tell whether a text names the customer."""
        return any(found.lastgroup for found in self._found(text))

    def without(self, text: str) -> str:
        """Return the text with "(forgotten)" in each place that names the customer."""
        pattern = self._pattern(text)
        return pattern.sub(lambda found: GONE if found.lastgroup else found[0], text) if pattern else text

    @cached_property
    def rough(self) -> str:
        """A pattern for RE2, to be used whatever the case, that each text which names the customer has somewhere."""
        keys = {key for each in (*self.names, *self.domains, *self.ids) for key in _keys(each)}
        return "|".join(re.escape(key) for key in sorted(keys)) or "$^"

    def _found(self, text: str) -> Iterable[re.Match[str]]:
        pattern = self._pattern(text)
        return pattern.finditer(text) if pattern else ()

    def _pattern(self, text: str) -> re.Pattern[str] | None:
        """Return a pattern of those that may be in the text at all, since thousands at once would take minutes."""
        low = text.lower()
        wanted = [
            mark for each, mark in self._marks.items() if any(key in low for key in _keys(each)) or _escaped(each, low)
        ]
        if not wanted:
            return None
        others = [_spelled(other) for other in sorted(self.others, key=lambda other: (-len(other), other))]
        hit = f"(?P<hit>{'|'.join(wanted)})"
        return re.compile("|".join([*(f"{_bounded(other)}" for other in others), hit]), re.IGNORECASE)

    @cached_property
    def _marks(self) -> dict[str, str]:
        longest_first = sorted({*self.names, *self.domains, *self.ids}, key=lambda each: (-len(each), each))
        return {each: self._mark(each) for each in longest_first}

    def _mark(self, text: str) -> str:
        spelled = _spelled(text)
        if text in self.ids:
            # Their shape tells them apart; where a page packs them, nothing stands between two of them.
            if _GUID.fullmatch(text.lower()):
                return _HYPHEN.join(text.split("-"))
            return spelled if _FINDING.fullmatch(text.lower()) else spelled.join(_NOT_IN_AN_ID)
        if text in self.domains:
            return spelled.join(_NOT_IN_A_DOMAIN)
        return _bounded(spelled, text)


def names_in(other: str, text: str) -> bool:
    """Tell whether a text has another one in it as a whole, and more than that."""
    found = re.search(_bounded(_spelled(text), text), other, re.IGNORECASE)
    return found is not None and not is_same(other, text)


def is_same(one: str, other: str) -> bool:
    """Tell whether two texts are the same but for case, spaces and how accents are put together."""
    return _plain(one) == _plain(other)


def _plain(text: str) -> str:
    return normalize("NFC", " ".join(text.split())).casefold()


def _bounded(spelled: str, text: str = "x") -> str:
    """Let a pattern begin and end where words do, in scripts that put spaces between words."""
    before = _NOT_AFTER_A_WORD if _is_of_words(text[0]) else ""
    after = _NOT_BEFORE_A_WORD if _is_of_words(text[-1]) else ""
    return f"{before}{spelled}{after}"


def _is_of_words(sign: str) -> bool:
    return sign.isdigit() or sign.lower() != sign.upper()


def _spelled(text: str) -> str:
    """Return a pattern for a text in every spelling."""
    tidy = " ".join(text.split())
    forms = dict.fromkeys((normalize("NFC", tidy), normalize("NFD", tidy)))
    return "(?:" + "|".join("".join(map(_sign, form)) for form in forms) + ")"


def _sign(sign: str) -> str:
    if sign == " ":
        return _SPACE
    if sign in _SIGNS:
        return _SIGNS[sign]
    if sign.isascii() and sign.isprintable():
        return re.escape(sign)
    codes = dict.fromkeys((sign, *filter(lambda each: len(each) == 1, (sign.lower(), sign.upper()))))
    escapes = "|".join(f"{_json_escape(each)}|&\\#{ord(each)};" for each in codes)
    return f"(?:{re.escape(sign)}|{escapes}|\ufffd)"


def _json_escape(sign: str) -> str:
    units = sign.encode("utf-16-be", "surrogatepass").hex()
    return "".join(rf"\\u{units[place : place + 4]}" for place in range(0, len(units), 4))


def _keys(text: str) -> tuple[str, ...]:
    """Return what of a text is in each of its spellings, in lower case: where it has several, the longest word."""
    if text.isascii():
        is_one_word = _PLAIN.fullmatch(text) and not _GUID.fullmatch(text.lower())
        return (text.lower() if is_one_word else _longest(text),)
    return tuple(dict.fromkeys(_longest(normalize(form, text)) for form in ("NFC", "NFD")))


def _longest(text: str) -> str:
    return max(_LETTERS.findall(text.lower()), key=len, default=text.lower())


def _escaped(text: str, low: str) -> bool:
    """Tell whether a text may be there with its letters written as numbers."""
    return not text.isascii() and ("\\u" in low or "&#" in low or "\ufffd" in low)
