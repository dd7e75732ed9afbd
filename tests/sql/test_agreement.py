"""A difference between the oracle and the SQL is seen, and told in a few lines."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from tests.sql.agreement import SHOWN, Answers, answers_of_the_oracle, differences, identity
from tests.sql.causes import reported_twice
from tests.sql.oracle import Fleet

SALE = {
    "offer_name": None, "segment": None, "product_type": None, "term_duration": None, "status": "active",
    "creation_date": "2026-01-01", "cancellation_allowed_until_date": None, "partner_tenant_id": None,
    "reseller_id": None, "scheduled_offer_id": None, "offer_id": "p1:0001:x", "migrated_from_subscription_id": None,
}  # fmt: skip
CUSTOMER = {"customer_id": "c1", "relationship": "reseller", "country": None}


@pytest.fixture
def fleet() -> Fleet:
    sales = [{**SALE, "subscription_id": f"s{n}", "customer_id": "c1"} for n in range(SHOWN + 2)]
    return Fleet(date(2026, 11, 20), vetting_is_stated=True, tables={"customers": [CUSTOMER], "subscriptions": sales})


@pytest.fixture
def said(fleet: Fleet) -> Answers:
    return answers_of_the_oracle(fleet)


def test_two_that_say_the_same_do_not_differ(fleet: Fleet, said: Answers) -> None:
    assert ("SEG03", "s0", "") in said.findings
    assert differences(fleet, said, said) == ""


def test_what_only_one_side_says_is_told_in_a_few_lines(fleet: Fleet, said: Answers) -> None:
    other = replace(said, findings=frozenset({("SEG03", "s0", "2026-11-20")}), not_judged=frozenset())
    assert differences(fleet, said, other).split("\n") == [
        "as of 2026-11-20",
        *(f"PART02 s{n}: only the oracle says 'not_stated'" for n in range(4)),
        "PART02: 2 lines more",
        "SEG03 s0: only the SQL says '2026-11-20'",
        *(f"SEG03 s{n}: only the oracle says ''" for n in range(3)),
        "SEG03: 3 lines more",
    ]


def test_facts_that_differ_are_told(fleet: Fleet, said: Answers) -> None:
    one = replace(said, facts={("SEG03", "s0"): {"seats": "5"}})
    other = replace(said, facts={("SEG03", "s0"): {"seats": "6", "more": "x"}})
    assert differences(fleet, one, other) == "as of 2026-11-20\nSEG03 s0: the oracle says seats = '5', the SQL '6'"


def test_a_subject_that_two_rules_report_for_one_cause_is_named() -> None:
    keys = dict.fromkeys(("SEG01", "SEG02", "PART01"), ("subscription_id",))
    found = {("SEG01", "s1", ""), ("PART01", "s1", ""), ("SEG02", "s2", "")}
    answers = Answers(frozenset(found), {}, frozenset(), {})
    assert reported_twice(answers, keys) == []
    twice = replace(answers, findings=frozenset(found | {("SEG02", "s1", "")}))
    assert set(reported_twice(twice, keys)) == {"('s1',): ['SEG01', 'SEG02']"}


def test_a_subject_has_the_identity_that_the_run_gives_it() -> None:
    # sha256 of rule and key values between unit separators; a key that is null counts as empty
    assert identity("SEG01", "s1") != identity("SEG01", "s1|")
    assert identity("GCC06", "a||b").startswith("F-")
