"""Tells domains and addresses of e-mail in a text from names of files, settings and offers with a dot in them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

_DOTTED = re.compile(r"(?:[\w.+-]+@)?(?:[^\W_](?:[\w-]*[^\W_])?\.)+(?:xn--[\w-]+|[^\W\d_]{2,})(?!\w)")
_COUNTRY_LETTERS = 2
_BEYOND_LATIN = "\u0370"
# Of two letters, and no country: they end names of files, which people need to know where to look.
_FILES = frozenset({"gz", "md", "py", "db", "xz", "7z"})
# The endings of more than two letters under which organisations are found.
_GENERIC = frozenset(
    {"com", "net", "org", "edu", "gov", "mil", "int", "info", "biz", "eu", "name", "coop", "museum", "aero", "pro",
     "ngo", "ong", "charity", "foundation", "school", "schule", "academy", "college", "university", "education",
     "church", "care", "health", "hospital", "clinic", "social", "community", "support", "help", "cloud", "online",
     "site", "website", "shop", "store", "app", "dev", "tech", "digital", "agency", "company", "group", "team",
     "gmbh", "srl", "ltd", "inc", "berlin", "wien", "london", "paris", "cat", "eus", "gal", "bzh", "scot", "wales",
     "asia", "africa", "city", "land", "media", "news", "space", "world", "network", "systems", "solutions",
     "services", "email", "center", "institute", "training", "life", "live", "club", "global", "international",
     "example", "test", "local"}
)  # fmt: skip


def replaced(text: str, pseudonym: Callable[[str], str]) -> str:
    """Return the text with something else in place of each domain and each address of e-mail."""
    return _DOTTED.sub(lambda found: pseudonym(found.group()) if _is_domain(found.group()) else found.group(), text)


def _is_domain(text: str) -> bool:
    """Whether a text with dots ends as domains do; one that begins a word in upper case (E5.Education) does not."""
    ending = text.rpartition(".")[2]
    small = ending.lower()
    if small == "invalid" and "@" not in text:
        return False
    if "@" in text or small.startswith("xn--") or small >= _BEYOND_LATIN or text.lower().startswith("www."):
        return True
    if len(small) == _COUNTRY_LETTERS and small.isascii():
        return small not in _FILES
    return small in _GENERIC and ending in {small, ending.upper()}
