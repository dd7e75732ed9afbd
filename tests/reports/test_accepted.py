"""What somebody has accepted: the first of it by name, and all of it counted."""

from __future__ import annotations

from reports.accepted import MOST, accepted
from reports.wording import Words
from schemas.finding import State
from tests.reports.parts import finding

WORDS = Words()


def test_only_what_is_waived_is_listed_and_all_of_it_counted() -> None:
    waived = [finding(number, state=State.WAIVED) for number in range(MOST + 2)]
    made = accepted(WORDS, [finding(90), *waived, finding(91, state=State.CLOSED)])
    assert [row.finding for row in made.rows] == waived[:MOST]
    assert made.total == MOST + 2


def test_a_row_names_its_customer_and_leads_to_the_finding() -> None:
    (row,) = accepted(WORDS, [finding(3, state=State.WAIVED)]).rows
    assert (row.customer, row.href) == ("Istituto Galvani", "#findings?finding=F-000000000003")


def test_nothing_waived_is_nothing_listed() -> None:
    assert accepted(WORDS, [finding(1)]).rows == ()
