"""Finds names of customers in a text, however it writes them.

Upper and lower case are one (also where one letter becomes two, as in ß and SS), so are composed and decomposed
accents, and any white space between words. A name begins and ends where a word does.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING, NamedTuple
from unicodedata import combining, normalize

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

_WORD = re.compile(r"(?:[^\W_][\u0300-\u036f]*)+")
_SPACE = re.compile(r"\s+")
_ODD_SPACE = re.compile(r"\s\s|[^\S ]")


class Owner(NamedTuple):
    """The customer whom a text is about: its id and its name."""

    customer_id: str
    name: str


class _Name(NamedTuple):
    customer_id: str
    words: tuple[str, ...]


@dataclass(frozen=True)
class Names:
    """The names of customers, each with the customer's id."""

    customers: Mapping[str, str] = field(default_factory=dict, repr=False)

    @cached_property
    def _names(self) -> dict[str, _Name]:
        """Return the names by what they are when folded."""
        names = {}
        for name, customer_id in self.customers.items():
            folded, words = _from_first_word(name)
            if words:
                names[folded] = _Name(customer_id, words)
        return names

    @cached_property
    def _lengths(self) -> dict[tuple[str, ...], list[int]]:
        """Return how long folded names are, the longest first, by their first two words: thousands may begin alike."""
        lengths: dict[tuple[str, ...], set[int]] = {}
        for folded, name in self._names.items():
            lengths.setdefault(name.words[:2], set()).add(len(folded))
        return {words: sorted(found, reverse=True) for words, found in lengths.items()}

    def replaced(self, text: str, pseudonym: Callable[[str], str], owner: Owner | None = None) -> str:
        """Return the text with pseudonyms of customer ids in place of names.

        A name of one word ("Office") may mean anything: it is replaced only in a text about the customer itself.
        """
        if not self.customers:
            return text
        composed = normalize("NFC", text)
        parts, last = [], 0
        for start, end, customer_id in self._found(composed, owner):
            parts += [composed[last:start], pseudonym(customer_id)]
            last = end
        return "".join((*parts, composed[last:])) if parts else text

    def _found(self, text: str, owner: Owner | None) -> Iterator[tuple[int, int, str]]:
        """Yield where names begin and end, and whose they are, from left to right."""
        folded = _folded(text)
        places: Sequence[int] = ()
        words = [(word.group(), word.start()) for word in _WORD.finditer(folded)]
        own = _from_first_word(owner.name)[0] if owner else ""
        last = 0
        for number, (word, start) in enumerate(words):
            if start < last:
                continue
            pair = (word, *(following for following, _ in words[number + 1 : number + 2]))
            name = self._at(folded, start, (pair, (word,)), own)
            if name:
                last = start + len(name)
                places = places or _places(text, folded)
                whose = owner.customer_id if owner and name == own else self._names[name].customer_id
                yield places[start], places[last], whose

    def _at(self, folded: str, start: int, keys: Sequence[tuple[str, ...]], own: str) -> str:
        """Return the longest folded name that begins at a place, or nothing."""
        for key in keys:
            for length in self._lengths.get(key, ()):
                text = folded[start : start + length]
                name = self._names.get(text)
                if name and (len(name.words) > 1 or text == own) and _ends(folded, start + length):
                    return text
        return ""


def _ends(text: str, place: int) -> bool:
    """Whether no word goes on at a place."""
    following = text[place : place + 1]
    return not following or not (following.isalnum() or combining(following))


@lru_cache(maxsize=1024)
def _from_first_word(name: str) -> tuple[str, tuple[str, ...]]:
    """Return a folded name from its first word on, and its words; empty for a name of signs alone."""
    folded = _folded(normalize("NFC", name))
    words = list(_WORD.finditer(folded))
    return (folded[words[0].start() :].rstrip(), tuple(word.group() for word in words)) if words else ("", ())


def _folded(text: str) -> str:
    """Return a text without differences of case and white space."""
    return (_SPACE.sub(" ", text) if _ODD_SPACE.search(text) else text).casefold()


def _places(text: str, folded: str) -> Sequence[int]:
    """Return where in the text each letter of its folded form is from: one may become several, several spaces one."""
    if len(folded) == len(text) and not _ODD_SPACE.search(text):
        return range(len(text) + 1)
    places: list[int] = []
    was_space = False
    for place, letter in enumerate(text):
        is_space = letter.isspace()
        if not (is_space and was_space):
            places += [place] * (1 if is_space else len(letter.casefold()))
        was_space = is_space
    return [*places, len(text)]
