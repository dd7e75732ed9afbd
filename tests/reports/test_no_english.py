"""A page in another language says nothing in English but names: every text went through the catalog."""

from __future__ import annotations

import re
from dataclasses import fields, is_dataclass, replace
from email import message_from_bytes, policy
from enum import Enum
from html.parser import HTMLParser
from itertools import filterfalse
from typing import TYPE_CHECKING

import pytest

from pipeline import messages
from reports import render
from reports.embedded import document
from reports.known import is_known
from reports.labels import label
from reports.languages import LocalWords, Translations
from reports.mail.digest import digest
from reports.mail.refused import not_audited
from reports.wording import ENGLISH
from schemas.catalog import TABLES
from schemas.finding import Level, Rule, RuleResult, State
from schemas.reading import Input, Problem, UnreadRow
from tests.reports import examples
from tests.reports.mail.letters import LETTER
from tests.reports.mail.refusals import MISSING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from schemas.finding import Audit

# A letter as the marking catalog writes it: another sign for each, so that any part of a text is known by its letters.
WIDE = {code: code + 0xFEE0 for code in (*range(65, 91), *range(97, 123))}
EXTRACTED = frozenset(text.one for text in messages.texts())
NIGHTS = {
    "busy": examples.busy,
    "clean": examples.clean,
    "first": examples.first_run,
    "incomplete": examples.incomplete,
    "refused": examples.empty,
    "mixed": examples.mixed,
    "partners": examples.partners,
}
# What these say is for the catalog; everything else that an audit holds is somebody's name or words.
_RULE_TEXTS = frozenset({"title", "message", "why", "steps", "not_judged"})
_RECORDED: Mapping[type, frozenset[str]] = {
    RuleResult: frozenset({"reason"}),
    UnreadRow: frozenset({"reason"}),
    Input: frozenset({"notes"}),
    Problem: frozenset({"where", "found", "expected", "next_step"}),
}
EACH_NIGHT = pytest.mark.parametrize("name", NIGHTS)
_READ_ALOUD = frozenset({"title", "alt", "aria-label", "data-label", "placeholder"})
COLUMNS = frozenset(column.name for table in TABLES.values() for column in table.columns)
_NAMES = frozenset({"csp-audit", "csp", "[CSP audit]", "UTC", "SHA-256", "CSV", "id", *TABLES, *COLUMNS})
_DAY = re.compile(r"\b(sty|lut|mar|kwi|maj|cze|lip|sie|wrz|paź|lis|gru)\b|listopada|piątek")
_HASH = re.compile(r"[0-9a-f]{64}")
_LETTERS = re.compile(r"[A-Za-z]{2,}")
_VALUE = re.compile(r"%\(\w+\)s")
_FILLED_IN = re.compile(r"(%\(\w+\)s|\{\w+\}|<[^>]+>)")


class Marking(Translations):
    """A catalog that writes what can be translated in wide letters, and leaves the rest as it is."""

    def __init__(self, known: frozenset[str]) -> None:
        super().__init__({}, "(n != 1)")
        self._known = known

    def gettext(self, message: str) -> str:
        return wide(message) if message in self._known else message

    def ngettext(self, msgid1: str, msgid2: str, n: int) -> str:
        text = msgid1 if n == 1 else msgid2
        return wide(text) if msgid1 in self._known else text


def wide(message: str) -> str:
    """Write a text in wide letters, but for what is filled in and for elements."""
    parts = _FILLED_IN.split(message)
    return "".join(part if place % 2 else part.translate(WIDE) for place, part in enumerate(parts))


class Reader(HTMLParser):
    """Collects what a person sees or hears of a page: its text and the attributes that are read aloud."""

    def __init__(self) -> None:
        super().__init__()
        self.parts: list[str] = []
        self._hidden = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._hidden += tag in {"script", "style"}
        self.parts += [value for name, value in attrs if name in _READ_ALOUD and value]

    def handle_endtag(self, tag: str) -> None:
        self._hidden -= tag in {"script", "style"}

    def handle_data(self, data: str) -> None:
        if not self._hidden:
            self.parts.append(data)


def seen(page: str) -> list[str]:
    """Return what a person reads on a page."""
    reader = Reader()
    reader.feed(page)
    return reader.parts


def told(value: object) -> Iterator[str]:
    """Return the names and words of others that an audit holds."""
    if isinstance(value, str) and not isinstance(value, Enum):
        yield value
        yield value[:12] if _HASH.fullmatch(value) else ""
    elif is_dataclass(value) and not isinstance(value, type):
        for each in fields(value):
            if isinstance(value, Rule) and each.name in _RULE_TEXTS:
                continue
            names = told(getattr(value, each.name))
            yield from filterfalse(is_known, names) if each.name in _RECORDED.get(type(value), ()) else names
    elif isinstance(value, dict | tuple | list):
        for item in value.values() if isinstance(value, dict) else value:
            yield from told(item)


def sentences(audit: Audit) -> frozenset[str]:
    """Return the texts of the rules that this audit has: examples, which no catalog holds."""
    rules = {item.rule.id: item.rule for item in (*audit.rules, *audit.findings)}.values()
    return frozenset(
        text for rule in rules for text in (rule.title, rule.message, rule.why, *rule.steps, *rule.not_judged.values())
    )


def foreign(parts: Iterable[str], names: set[str]) -> list[str]:
    """Return what is said in English: text that is not in wide letters, and is nobody's name."""
    longest_first = sorted({" ".join(name.split()) for name in names} - {""}, key=len, reverse=True)
    known = re.compile(rf"(?<!\w)({'|'.join(map(re.escape, longest_first))})(?!\w)")
    left = (_VALUE.sub(" ", _DAY.sub(" ", known.sub(" ", part))) for part in (" ".join(part.split()) for part in parts))
    return sorted({part.strip() for part in left if _LETTERS.search(part)})


def has_label(fact: str) -> bool:
    return label(ENGLISH, fact) != fact.replace("_", " ")


def marking(audit: Audit) -> LocalWords:
    return LocalWords("pl", Marking(EXTRACTED | sentences(audit)))


@EACH_NIGHT
def test_everything_on_the_page_can_be_translated(name: str) -> None:
    audit = NIGHTS[name]()
    assert foreign(seen(render.report_html(audit, marking(audit))), {*told(audit), *_NAMES}) == []


@EACH_NIGHT
def test_everything_that_the_script_shows_can_be_translated(name: str) -> None:
    audit = NIGHTS[name]()
    shown = document(marking(audit), audit, frozenset())
    del shown["header"]  # of the CSV, which is the same in every language
    # Facts that no rule gives have no label: they are called by their names.
    invented = {name.replace("_", " ") for item in audit.findings for name in item.facts if not has_label(name)}
    codes = {*Level, *State, "(none)", "(partner)"}
    assert foreign(told(shown), {*told(audit), *_NAMES, *codes, *invented}) == []


@EACH_NIGHT
def test_everything_in_the_digest_can_be_translated(name: str) -> None:
    audit = NIGHTS[name]()
    message = message_from_bytes(digest(audit, LETTER, marking(audit)), policy=policy.default)
    texts = {part.get_content_subtype(): part.get_content() for part in message.walk() if not part.is_multipart()}
    names = {*told(audit), *told(LETTER), *_NAMES}
    assert foreign([message["Subject"], texts["plain"]], names) == []
    assert foreign(seen(texts["html"]), names) == []


def test_everything_in_the_mail_of_a_refused_night_can_be_translated() -> None:
    audit = examples.busy()
    problem = Problem("a.csv", "line 7", "no line of text", "at most 36 hours", "Check the file and its permissions.")
    refusal = replace(MISSING, problems=(problem,))
    upcoming = [item for item in audit.findings if item.level is Level.DEADLINE]
    message = message_from_bytes(
        not_audited(refusal, upcoming, LETTER, marking(audit), log="/var/log/a", host="audit01"), policy=policy.default
    )
    names = {*told(audit), *told(refusal), *told(LETTER), *_NAMES, "/var/log/a", "audit01", "a.csv"}
    assert foreign([message["Subject"], message.get_content()], names) == []


def test_a_text_that_did_not_go_through_the_catalog_is_found() -> None:
    audit = examples.clean()
    page = render.report_html(audit, LocalWords("pl", Marking(EXTRACTED - {"Who was sold what"} | sentences(audit))))
    assert foreign(seen(page), {*told(audit), *_NAMES}) == ["Who was sold what"]
