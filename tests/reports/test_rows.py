"""What the page says of one finding."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest

from reports import rows
from reports.wording import Words
from schemas.finding import Finding, State
from schemas.triage import Triage
from tests.reports import examples
from tests.reports.parts import AS_OF, finding
from tests.reports.rulebook import GCC06, SEG01

WORDS = Words()


def test_the_nearest_deadline_is_the_next_one_ahead() -> None:
    nearest = rows.nearest(WORDS, examples.busy())
    assert nearest is not None
    assert (nearest.customer, nearest.due_on) == ("Bluefin Robotics", AS_OF + timedelta(days=1))
    assert (nearest.ahead, nearest.passed) == (28, 1)


def test_a_deadline_today_is_still_ahead() -> None:
    audit = replace(examples.clean(), findings=(finding(1, GCC06, due_on=AS_OF),))
    nearest = rows.nearest(WORDS, audit)
    assert nearest is not None
    assert nearest.ahead == 1


def test_where_all_have_passed_the_oldest_is_named() -> None:
    passed = tuple(finding(n, GCC06, due_on=AS_OF - timedelta(days=n)) for n in (1, 5, 3))
    nearest = rows.nearest(WORDS, replace(examples.clean(), findings=passed))
    assert nearest is not None
    assert (nearest.finding, nearest.ahead, nearest.passed) == (passed[1], 0, 3)


def test_closed_waived_and_undated_deadlines_are_not_named() -> None:
    findings = (
        finding(1, GCC06, State.CLOSED, due_on=AS_OF),
        finding(2, GCC06, State.WAIVED, due_on=AS_OF),
        finding(3, GCC06),
        finding(4, SEG01, due_on=AS_OF),
    )
    assert rows.nearest(WORDS, replace(examples.clean(), findings=findings)) is None


def test_a_customer_has_a_name_even_without_one() -> None:
    assert rows.customer(WORDS, finding(0, company_name=None)) == finding(0).customer_id
    assert rows.customer(WORDS, finding(0, company_name="", customer_id="")) == "customer not known"


def test_where_a_partner_is_the_subject_it_is_named_and_said_to_be_one() -> None:
    audit = examples.partners()
    named, unnamed = (rows.row(WORDS, audit, item) for item in audit.findings if item.customer_id is None)
    assert (named.customer, named.kind) == ("Lipowa Reselling", "Partner")
    assert (unnamed.customer, unnamed.kind) == (unnamed.finding.facts["tenant_id"], "Partner")
    nobody = finding(0, customer_id=None, company_name=None, facts={"tenant_id": None})
    assert rows.customer(WORDS, nobody) == "partner not known"


def test_a_row_says_what_its_subscription_costs() -> None:
    audit = examples.partners()
    assert [rows.row(WORDS, audit, item).monthly for item in audit.findings[:4]] == [
        "21,600.00\u00a0PLN a month", "310.50\u00a0USD a month", "0.00\u00a0PLN a month", "",
    ]  # fmt: skip


def test_dates_within_a_week_or_passed_are_hot() -> None:
    audit = examples.busy()
    days = {-3: True, 0: True, 7: True, 8: False}
    for away, hot in days.items():
        row = rows.row(WORDS, audit, finding(0, due_on=AS_OF + timedelta(days=away)))
        assert row.hot is hot
    assert not rows.row(WORDS, audit, finding(0)).hot


@pytest.mark.parametrize(
    ("state", "reopened", "text"),
    [
        (State.NEW, 0, "new"),
        (State.NEW_RULE, 0, "new rule"),
        (State.OPEN, 0, ""),
        (State.OPEN, 1, "reopened once"),
        (State.OPEN, 2, "reopened for the 2nd time"),
        (State.REOPENED, 1, "reopened"),
        (State.REOPENED, 3, "reopened for the 3rd time"),
        (State.REOPENED, 11, "reopened for the 11th time"),
        (State.WAIVED, 2, "waived"),
    ],
)
def test_the_state_says_how_often_a_finding_came_back(state: State, reopened: int, text: str) -> None:
    assert rows.row(WORDS, examples.clean(), finding(1, state=state, reopened=reopened)).state == text


@pytest.mark.parametrize(
    ("item", "since", "age"),
    [
        (finding(1, opened_on=AS_OF), AS_OF, ""),
        (finding(1, opened_on=AS_OF - timedelta(days=1)), AS_OF - timedelta(days=1), "open for 1 day"),
        (finding(1, opened_on=AS_OF - timedelta(days=12)), AS_OF - timedelta(days=12), "open for 12 days"),
        (
            finding(1, opened_on=None, first_seen=AS_OF - timedelta(days=2)),
            AS_OF - timedelta(days=2),
            "open for 2 days",
        ),
    ],
)
def test_a_row_says_how_long_its_finding_is_open(item: Finding, since: date, age: str) -> None:
    row = rows.row(WORDS, examples.clean(), item)
    assert (row.since, row.notes) == (since, (age,) if age else ())


def test_a_row_says_what_was_decided_and_nothing_of_what_was_not() -> None:
    def said(triage: Triage | None) -> tuple[str, ...]:
        return rows.row(WORDS, examples.clean(), finding(1, triage=triage)).triage

    assert said(Triage("contest", "Anna Nowak", AS_OF, "Papers sent.")) == (
        "Owner: Anna Nowak", "Promised for 20 Nov", "Decision: contest", "Note: Papers sent.",
    )  # fmt: skip
    assert said(Triage(note="Asked.")) == ("Note: Asked.",)
    assert said(Triage()) == said(None) == ()
    assert len(said(Triage(note="x" * 5000))[0]) < 300
