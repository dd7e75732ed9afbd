"""What a finding says: its rule's message filled with its facts, its next step."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

from reports.terms import term
from reports.wording import marked

if TYPE_CHECKING:
    from reports.wording import Words
    from schemas.finding import Fact, Finding

_ISO_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")


# What a message may name beside the facts of its finding.
_ATTRIBUTES = frozenset(
    {"finding_id", "customer_id", "company_name", "customer_type", "subscription_id", "offer_name", "segment",
     "seats", "due_on", "first_seen", "source"}
)  # fmt: skip
# Names are said as they are; these are said instead of those that are missing.
_NAMES = {
    "company_name": marked("a customer without a name"),
    "offer_name": marked("an offer without a name"),
    "partner_name": marked("a partner without a name"),
    "subscription_id": marked("none"),
    "source": marked("none"),
}

# Facts that are a phrase of the rules' own, not a name of the field.
PHRASES = frozenset(
    {
        marked("price list"),
        marked("segment column"),
        marked("offer name"),
        marked("price list rows contradict each other"),
        marked("markers in the offer name contradict each other"),
        marked("price list and segment column"),
        marked("price list and offer name"),
        marked("segment column and offer name"),
        marked("qualification without a vetting status"),
        marked("qualification row that could not be read"),
        marked("allowed"),
        marked("forbidden"),
        marked("unlisted, inside the strictest reading"),
        marked("unlisted, outside the strictest reading"),
        marked("nothing"),
    }
)


@dataclass(frozen=True)
class _Fields:
    """The fields of one finding's message, each written when the message asks for it."""

    words: Words
    finding: Finding

    def __getitem__(self, name: str) -> str:
        value = getattr(self.finding, name) if name in _ATTRIBUTES else self.finding.facts.get(name)
        if name in _NAMES:
            return str(value) if value else self.words.gettext(_NAMES[name])
        return reading(self.words, value)


def _as_day(text: str) -> date | None:
    """Return the day that a fact's text is, if it is one."""
    if not _ISO_DAY.fullmatch(text):
        return None
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def reading(words: Words, fact: Fact | date) -> str:
    """Write a fact as a person would say it: days in full, grouped numbers, yes or no, the field's terms."""
    match fact:
        case None | "":
            return words.gettext("not known")
        case True:
            return words.gettext("yes")
        case False:
            return words.gettext("no")
        case int() | float():
            return words.number(fact)
        case date():
            return words.day(fact)
    day = _as_day(fact)
    return words.day(day) if day else _phrase(words, fact)


def _phrase(words: Words, fact: str) -> str:
    return words.gettext(fact) if fact in PHRASES else term(words, fact)


def message(words: Words, finding: Finding) -> str:
    """Return what is wrong, in one sentence; facts are filled in once, and braces inside them stay."""
    return words.gettext(finding.rule.message).format_map(_Fields(words, finding))


def next_step(words: Words, finding: Finding) -> str:
    """Return the first thing to do, or nothing where the rule names no step."""
    return words.gettext(finding.rule.steps[0]) if finding.rule.steps else ""
