"""The facts of a finding as rows to show: a label, and the value as a person would write it."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from reports.labels import (
    EQUIVALENT,
    EQUIVALENT_OF_LARGEST,
    EQUIVALENT_OFFER,
    EQUIVALENT_PRICE,
    EQUIVALENT_PRICES,
    label,
)
from reports.messages import reading
from reports.wording import marked

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from reports.wording import Words
    from schemas.finding import Fact, Finding

_EQUIVALENT_FACTS = frozenset(
    {"equivalent_found", "suggested_offer", "suggested_title", "suggested_difference", "monthly_difference",
     "suggested_currency"}
)  # fmt: skip
# A finding has these where they concern it; that one has not is no gap in what is known.
_IF_ANY = frozenset(
    {"tenant_id", "partner_name", "validation", "validation_id", "lost_on", "removal_date", "cloud", "vetting_status",
     "vetting_reason", "vetting_since"}
)  # fmt: skip
# The row of a finding shows these itself; one that differs from the row's is shown all the same.
_SHOWN = frozenset({"segment", "customer_type", "seats"})
_ABSENT = {
    "approved_on": marked("never"),
    "decided_on": marked("never"),
    "expected_tenant_id": marked("one of several"),
    "reseller_id": marked("none"),
    "list_segment": marked("not stated"),
    "stated_segment": marked("not stated"),
    "name_segment": marked("not stated"),
}


def evidence(words: Words, finding: Finding) -> tuple[tuple[str, str], ...]:
    """Return the facts of a finding as labels and values to show, in the rule's order."""
    plain = (
        (label(words, name), _value(words, name, fact))
        for name, fact in finding.facts.items()
        if name not in _EQUIVALENT_FACTS and not (fact is None and name in _IF_ANY)
        if not (name in _SHOWN and fact == getattr(finding, name))
    )
    return (*plain, *_equivalent(words, finding))


def _value(words: Words, name: str, fact: Fact) -> str:
    if fact is None and name in _ABSENT:
        return words.gettext(_ABSENT[name])
    if fact is not None and name == "surcharge_percent":
        return f"{reading(words, fact)}%"
    return reading(words, fact)


def _equivalent(words: Words, finding: Finding) -> Iterator[tuple[str, str]]:
    """Say which commercial offer the price list suggests instead; that there is none is worth a line too."""
    facts = finding.facts
    if _EQUIVALENT_FACTS.isdisjoint(facts) or facts.get("subscriptions") == 0:
        return
    if facts.get("equivalent_found") is False:
        yield words.gettext(EQUIVALENT), words.gettext("none found in the price list")
        return
    offer, title = facts.get("suggested_offer"), facts.get("suggested_title")
    several = facts.get("subscriptions", 1) != 1
    yield words.gettext(EQUIVALENT_OF_LARGEST if several else EQUIVALENT), reading(words, title or offer)
    if title and offer:
        yield words.gettext(EQUIVALENT_OFFER), reading(words, offer)
    if title or offer:
        yield _difference(words, facts)


def _difference(words: Words, facts: Mapping[str, Fact]) -> tuple[str, str]:
    """Write what one seat costs more or less, or all seats of a customer, with the label of the two."""
    if "monthly_difference" in facts:
        title_, name, text = EQUIVALENT_PRICES, "monthly_difference", marked("%(money)s a month")
    else:
        title_, name, text = EQUIVALENT_PRICE, "suggested_difference", marked("%(money)s a seat and month")
    amount, currency = facts.get(name), facts.get("suggested_currency")
    if not isinstance(amount, int | float) or not currency:
        return words.gettext(title_), words.gettext("not known")
    money = words.more_money(Decimal(str(amount)), str(currency))
    return words.gettext(title_), words.gettext(text, money=money)
