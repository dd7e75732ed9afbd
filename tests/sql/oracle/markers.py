"""What a name tells: the markers of DOMAIN section 6, as whole words of any case, with any dash and any space."""

from __future__ import annotations

import re
from functools import cache

from tests.sql.oracle.policy import E, G, N

MARKERS = {
    "(education faculty pricing)": E,
    "(education student pricing)": E,
    "for faculty": E,
    "for students": E,
    "student use benefit": E,
    "(non-profit pricing)": N,
    "(nonprofit staff pricing)": N,
    "(charity)": N,
    "(governmental community cloud pricing)": G,
    "for gcc": G,
    "(government pricing)": G,
    "government private cloud": G,
    "gcc high": G,
    "gcchigh": G,
    "dod": G,
    # the auditor's reading: the same in Polish and Italian
    "dla wykładowców": E,
    "dla nauczycieli": E,
    "dla studentów": E,
    "dla uczniów": E,
    "per docenti": E,
    "per studenti": E,
    "dla organizacji non-profit": N,
    "per enti non profit": N,
    "per organizzazioni non profit": N,
}
CLOUDS = {"gcc high": "GCC High", "gcchigh": "GCC High", "dod": "DoD"}
PLAIN = str.maketrans(dict.fromkeys("\u2010\u2011\u2012\u2013\u2014\u2212", "-") | dict.fromkeys("\u00a0\u202f", " "))


def plain(name: str) -> str:
    return name.translate(PLAIN).lower()


def names(name: str, marker: str) -> bool:
    """Whether a marker stands in a name, and not inside of a longer word."""
    edges = "(?<![^\\W_])" if marker[0].isalnum() else "", "(?![^\\W_])" if marker[-1].isalnum() else ""
    return re.search(re.escape(marker).join(edges), plain(name)) is not None


@cache
def segments_named(name: str | None) -> frozenset[str]:
    return frozenset(segment for marker, segment in MARKERS.items() if name and names(name, marker))


@cache
def clouds_named(name: str | None) -> frozenset[str]:
    return frozenset(cloud for marker, cloud in CLOUDS.items() if name and names(name, marker))


@cache
def bare(title: str) -> str:
    """Return a title in lower case without the markers of its price."""
    text = plain(title)
    for marker in sorted(MARKERS, key=len, reverse=True):
        word = marker.strip("()")
        text = re.sub(rf"\({re.escape(word)}\)|(?<![^\W_]){re.escape(word)}(?![^\W_])", " ", text)
    return " ".join(text.split())
