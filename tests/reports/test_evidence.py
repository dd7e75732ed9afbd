"""The facts of a finding under plain labels."""

from __future__ import annotations

import pytest

from reports.evidence import evidence
from reports.wording import Words
from tests.reports.parts import finding, suggestion
from tests.reports.rulebook import NPO01, NPO03, SEG01

WORDS = Words()
EQUIVALENT = "Suggested commercial equivalent"


def test_evidence_keeps_the_order_of_the_facts() -> None:
    shown = evidence(WORDS, finding(0, SEG01, facts={"used": 3, "left": 0, "last_requested_on": "2026-11-02"}))
    assert shown == (("Requests used", "3"), ("Requests left", "0"), ("Last requested on", "2 Nov 2026"))


def test_a_fact_without_a_label_is_called_by_its_name() -> None:
    shown = evidence(WORDS, finding(0, SEG01, facts={"learnt_from": "price list", "in_review_since": None}))
    assert shown == (("learnt from", "price list"), ("in review since", "not known"))


@pytest.mark.parametrize(
    ("name", "fact", "shown"),
    [
        ("created_on", "2026-11-18", ("Created on", "18 Nov 2026")),
        ("approved_on", "2026-11-18", ("Partner approved for GCC on", "18 Nov 2026")),
        ("approved_on", None, ("Partner approved for GCC on", "never")),
        ("list_segment", None, ("Segment in the price list", "not stated")),
        ("decided_on", None, ("Validation approved on", "never")),
        ("still_listed", True, ("Still listed as Nonprofit", "yes")),
        ("none_beside_another", False, ("None beside another qualification", "no")),
        ("in_price_list", False, ("Offer in the price list", "no")),
        ("auto_renewing", 1200, ("Subscriptions that renew by themselves", "1,200")),
        ("cloud", "GCC High", ("Cloud", "GCC High")),
        ("scheduled_segment", "GovernmentCommunityCloud", ("Segment of the scheduled offer", "GCC")),
        ("surcharge_percent", 23, ("Surcharge of the extended term", "23%")),
        ("surcharge_percent", None, ("Surcharge of the extended term", "not known")),
        ("expected_tenant_id", None, ("Tenant id expected", "one of several")),
    ],
)
def test_facts_have_labels_and_values_for_people(name: str, fact: object, shown: tuple[str, str]) -> None:
    assert evidence(WORDS, finding(0, SEG01, facts={name: fact})) == (shown,)


@pytest.mark.parametrize("name", ["lost_on", "removal_date", "partner_name", "tenant_id", "validation"])
def test_what_does_not_concern_a_finding_has_no_line(name: str) -> None:
    assert evidence(WORDS, finding(0, SEG01, facts={name: None})) == ()
    assert len(evidence(WORDS, finding(0, SEG01, facts={name: "2026-11-18"}))) == 1


def test_what_the_row_shows_itself_is_not_said_twice() -> None:
    facts = {"segment": "Nonprofit", "customer_type": "(none)", "seats": 25, "allowed": "Commercial"}
    said = finding(0, SEG01, segment="Nonprofit", customer_type="(none)", seats=25, facts=facts)
    assert evidence(WORDS, said) == (("May buy", "Commercial"),)
    differing = finding(0, SEG01, segment=None, customer_type=None, seats=None, facts=facts)
    assert [row[0] for row in evidence(WORDS, differing)] == ["Segment", "Customer type", "Seats", "May buy"]


def test_a_commercial_equivalent_is_called_a_suggestion() -> None:
    assert evidence(WORDS, finding(0, NPO03, facts=suggestion()))[-3:] == (
        (EQUIVALENT, "Microsoft 365 Business Premium"),
        ("Offer id of the suggestion", "CFQ7TTC0LCHC:0002"),
        ("Price difference of the suggestion", "+51.84\u00a0PLN a seat and month"),
    )


def test_no_commercial_equivalent_is_one_line() -> None:
    shown = evidence(WORDS, finding(0, NPO03, facts=suggestion(found=False)))
    assert [row for row in shown if row[0] == EQUIVALENT] == [(EQUIVALENT, "none found in the price list")]
    assert shown[-1][0] == EQUIVALENT


def test_a_suggestion_without_a_title_is_its_offer() -> None:
    shown = evidence(WORDS, finding(0, NPO03, facts={"suggested_offer": "CFQ7TTC0LCHC:0002", "suggested_title": None}))
    assert shown == (
        (EQUIVALENT, "CFQ7TTC0LCHC:0002"),
        ("Price difference of the suggestion", "not known"),
    )


def test_whether_there_is_an_equivalent_may_be_unknown() -> None:
    facts = {"equivalent_found": None, "suggested_offer": None, "suggested_title": None}
    assert evidence(WORDS, finding(0, NPO03, facts=facts)) == ((EQUIVALENT, "not known"),)


def test_the_equivalents_of_a_whole_customer_are_summed() -> None:
    facts = {
        "subscriptions": 3,
        "equivalents": 2,
        "without_equivalent": 1,
        "equivalent_found": True,
        "suggested_offer": "CFQ7TTC0LCHC:0002",
        "suggested_title": "Microsoft 365 Business Premium",
        "monthly_difference": 1234.5,
        "suggested_currency": "PLN",
    }
    assert evidence(WORDS, finding(0, NPO01, facts=facts))[1:] == (
        ("Subscriptions with a suggested equivalent", "2"),
        ("Subscriptions without one", "1"),
        ("Suggested commercial equivalent of the largest subscription", "Microsoft 365 Business Premium"),
        ("Offer id of the suggestion", "CFQ7TTC0LCHC:0002"),
        ("Price difference of all suggestions", "+1,234.50\u00a0PLN a month"),
    )


def test_a_customer_without_subscriptions_needs_no_equivalent() -> None:
    facts = {"subscriptions": 0, "equivalent_found": None, "suggested_offer": None, "suggested_title": None}
    assert evidence(WORDS, finding(0, NPO01, facts=facts)) == (("Subscriptions", "0"),)


@pytest.mark.parametrize(
    ("difference", "currency", "text"),
    [
        (51.84, "PLN", "+51.84\u00a0PLN a seat and month"),
        (-3, "USD", "-3.00\u00a0USD a seat and month"),
        (1234.5, "EUR", "+1,234.50\u00a0EUR a seat and month"),
        (0, "EUR", "+0.00\u00a0EUR a seat and month"),
        (51.84, None, "not known"),
        (None, "PLN", "not known"),
    ],
)
def test_a_difference_in_price_has_its_sign(difference: float | None, currency: str | None, text: str) -> None:
    facts = {**suggestion(), "suggested_difference": difference, "suggested_currency": currency}
    assert evidence(WORDS, finding(0, NPO03, facts=facts))[-1][1] == text
