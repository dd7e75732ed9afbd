"""A promise is overdue where its day has passed and the finding is still there."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from reports.promises import overdue, promises
from reports.wording import Words
from schemas.finding import State
from schemas.triage import Triage
from tests.reports import examples
from tests.reports.example_changes import LATE
from tests.reports.parts import AS_OF, finding
from tests.reports.rulebook import GCC06

WORDS = Words()
TODAY = Triage(owner="Giulia Ferri", promised_on=AS_OF)
LONG_AGO = replace(LATE, promised_on=AS_OF - timedelta(days=90))


def test_the_longest_overdue_comes_first_and_what_is_closed_not_at_all() -> None:
    findings = (
        finding(1, triage=LATE),
        finding(2, GCC06, triage=LONG_AGO),
        finding(3, state=State.WAIVED, triage=LATE),
        finding(4, state=State.CLOSED, triage=LATE),
        finding(5, triage=TODAY),
        finding(6, triage=Triage(note="no promise")),
        finding(7),
    )
    late = overdue(replace(examples.clean(), findings=findings))
    assert [item.finding_id[-1] for item in late] == ["2", "1", "3"]


def test_a_promise_says_how_late_it_is_and_leads_to_its_finding() -> None:
    one, two = finding(1, triage=LATE), finding(2, triage=LONG_AGO)
    made = promises(WORDS, replace(examples.clean(), findings=(one, two)))
    assert [(item.away, item.href) for item in made] == [
        ("90 days ago", f"#findings?finding={two.finding_id}"), ("4 days ago", f"#findings?finding={one.finding_id}"),
    ]  # fmt: skip
    assert made[1].triage.owner == "Piotr Zieliński"
    assert made[1].customer == one.company_name
