"""Which findings somebody asks for, as conditions on the states of a night."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping
    from datetime import date

    from schemas.finding import Level, Rule, State

    Value = str | date | list[str]
    Condition = tuple[str, dict[str, Value]]

_FIELD = re.compile(r"\{\w+\}")
# In one text: what a finding is about, and the values of its facts.
_PLAIN = """
    concat_ws(
        ' ', s.finding_id, s.rule_id, s.company_name, s.customer_id, s.customer_type, s.subscription_id, s.offer_name,
        s.segment, s.source, array_to_string(json_extract_string(s.facts, '$.*'), ' ')
    )
"""
# Beside a term of the field stands what a message says instead of it.
_TEXT = f"""
    strip_accents(lower(
        replace(replace(replace(
            {_PLAIN}, 'GovernmentCommunityCloud', 'GovernmentCommunityCloud GCC'),
            'StateOwnedEntity', 'StateOwnedEntity State-owned entity'), '(none)', '(none) Commercial')
    ))
"""


@dataclass(frozen=True)
class Filters:
    """What a finding must be to be listed; an empty filter lets all through, and several must all be met.

    `customer` and `reseller` are ids. Of `text` every word is looked for, wherever it stands. `due_by` includes its
    day and `due_after` does not.
    """

    levels: tuple[Level, ...] = ()
    states: tuple[State, ...] = ()
    rules: tuple[str, ...] = ()
    customer: str | None = None
    reseller: str | None = None
    due_by: date | None = None
    due_after: date | None = None
    text: str = ""
    is_new: bool = False
    is_overdue: bool = False

    @property
    def is_empty(self) -> bool:
        """Whether every finding passes."""
        return self == Filters()


def conditions(
    filters: Filters, rules: Mapping[str, Rule], as_of: date, promised: Collection[str]
) -> tuple[list[str], dict[str, Value]]:
    """Return conditions on `states_of_night as s`, and the values that they name; `promised` are overdue promises."""
    texts, values = [], {}
    for text, named in (*_plain(filters, rules), *_overdue(filters, as_of, promised), *_words(filters, rules)):
        texts.append(text)
        values.update(named)
    return texts, values


def _plain(filters: Filters, rules: Mapping[str, Rule]) -> Iterator[Condition]:
    if filters.levels or filters.rules:
        asked = [
            rule.id
            for rule in rules.values()
            if (not filters.levels or rule.level in filters.levels) and (not filters.rules or rule.id in filters.rules)
        ]
        yield "list_contains($asked_rules, s.rule_id)", {"asked_rules": asked}
    if filters.states:
        yield "list_contains($states, s.state)", {"states": [state.value for state in filters.states]}
    if filters.is_new:
        yield "s.state in ('new', 'reopened')", {}
    if filters.customer:
        yield "s.customer_id = $customer", {"customer": filters.customer}
    if filters.reseller:
        yield _OF_RESELLER, {"reseller": filters.reseller}
    if filters.due_by:
        yield "s.due_on <= $due_by", {"due_by": filters.due_by}
    if filters.due_after:
        yield "s.due_on > $due_after", {"due_after": filters.due_after}


_OF_RESELLER = """
    (
        s.subscription_id in (select subscription_id from core.subscriptions where reseller_id = $reseller)
        or s.customer_id in (select customer_id from core.customers where reseller_id = $reseller)
        or json_extract_string(s.facts, '$.reseller_id') = $reseller
    )
"""


def _overdue(filters: Filters, as_of: date, promised: Collection[str]) -> Iterator[Condition]:
    # A waived finding is not due, but what was promised of it is.
    if filters.is_overdue:
        text = """
            s.state <> 'closed'
            and ((s.due_on < $as_of and s.state <> 'waived') or list_contains($promised, s.finding_id))
        """
        yield text, {"as_of": as_of, "promised": list(promised)}


def _words(filters: Filters, rules: Mapping[str, Rule]) -> Iterator[Condition]:
    """Look for each word in the finding, or in what its rule says of every finding."""
    for number, word in enumerate(filters.text.lower().split()):
        said = [rule.id for rule in rules.values() if word in _FIELD.sub("", f"{rule.title} {rule.message}").lower()]
        text = f"(contains({_TEXT}, strip_accents($word{number})) or list_contains($said{number}, s.rule_id))"
        yield text, {f"word{number}": word, f"said{number}": said}
