"""A finding's message reads naturally and is filled once."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reports.messages import message, next_step, reading
from reports.wording import Words
from tests.reports.parts import finding
from tests.reports.rulebook import NPO01, NPO03, QUAL01, SEG01

if TYPE_CHECKING:
    from schemas.finding import Fact

WORDS = Words()


@pytest.mark.parametrize(
    ("fact", "text"),
    [
        (None, "not known"),
        ("", "not known"),
        (True, "yes"),
        (False, "no"),
        (0, "0"),
        (12431, "12,431"),
        (0.5, "0.5"),
        (date(2026, 11, 24), "24 Nov 2026"),
        ("2026-11-24", "24 Nov 2026"),
        ("2026-02-30", "2026-02-30"),
        ("2026-11-24 or later", "2026-11-24 or later"),
        ("(none)", "Commercial"),
        ("GovernmentCommunityCloud", "GCC"),
        ("Education + StateOwnedEntity", "Education + State-owned entity"),
        ("Education + Something", "Education + Something"),
        ("price list", "price list"),
    ],
)
def test_facts_read_as_a_person_would_say_them(fact: Fact | date, text: str) -> None:
    assert reading(WORDS, fact) == text


def test_facts_and_named_attributes_fill_the_message() -> None:
    assert message(WORDS, finding(0, SEG01)) == (
        "Nonprofit offer sold to a customer that is Commercial; allowed: Commercial"
    )
    notice = finding(0, NPO01, due_on=date(2027, 2, 18), facts={"subscriptions": 4, "next_renewal": None})
    assert message(WORDS, notice) == (
        "Nonprofit eligibility ends on 18 Feb 2027; subscriptions: 4, next renewal: not known"
    )


def test_a_field_without_a_fact_is_not_known() -> None:
    assert message(WORDS, finding(0, NPO03, facts={})) == (
        "Nonprofit subscription created on not known, after the qualification was removed on not known"
    )


def test_absent_subjects_have_words_of_their_own() -> None:
    rule = replace(SEG01, message="{company_name}: {subscription_id}, {offer_name}, {seats}, {source}")
    bare = finding(0, rule, company_name=None, subscription_id=None, offer_name=None, seats=None, source="")
    assert message(WORDS, bare) == ("a customer without a name: none, an offer without a name, not known, none")


def test_a_partner_without_a_name_has_words_of_its_own() -> None:
    rule = replace(SEG01, message="sold through {partner_name}")
    assert message(WORDS, finding(0, rule, facts={"partner_name": None})) == "sold through a partner without a name"
    assert message(WORDS, finding(0, rule, facts={"partner_name": "Education"})) == "sold through Education"


@given(st.text())
def test_braces_and_percent_signs_in_facts_stay(text: str) -> None:
    hostile = "{seats}{0.__class__}%(n)s" + text
    assert hostile in message(WORDS, finding(0, QUAL01, facts={"qualification": hostile, "used": 1}))


def test_the_next_step_is_the_first() -> None:
    assert next_step(WORDS, finding(0, NPO03)) == "Cancel within the return window, or contest the review."
    assert next_step(WORDS, finding(0, replace(NPO03, steps=()))) == ""
