"""What changed overnight: good news first, ten names of a kind, and the exact number of the others."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from reports.overnight import NAMED, Line, Overnight, overnight
from reports.wording import Words
from schemas.change import Change, ChangeKind
from schemas.finding import Verdict
from tests.reports import example_changes, examples
from tests.reports.example_changes import change_counts, night

WORDS = Words()


def told(*changes: Change, counts: dict[ChangeKind, int] | None = None) -> Overnight:
    made = overnight(WORDS, night([], changes=changes, change_counts=counts or change_counts(changes, 0)))
    assert made is not None
    return made


def gained(name: str | None, *segments: str, qualification: str = "Education") -> Change:
    return Change(ChangeKind.GAINED, f"id of {name}", name, qualification, "InReview", "Approved", segments)


def test_kinds_follow_each_other_good_news_first() -> None:
    made = overnight(WORDS, example_changes.eventful())
    assert made is not None
    assert [(group.kind, group.title) for group in made.groups] == [
        (ChangeKind.GAINED, "Approved"),
        (ChangeKind.DECIDED, "Vetting decided"),
        (ChangeKind.LOST, "Qualifications lost"),
        (ChangeKind.CAME, "Customers that came"),
        (ChangeKind.WENT, "Customers that went"),
    ]


def test_those_who_can_be_sold_the_same_are_put_together() -> None:
    group = told(
        gained("A"), gained("B", "Education"), gained("C", "Education", "Nonprofit"), gained("D", "Education"),
    ).groups[0]  # fmt: skip
    assert group.lines == (
        Line("These customers can now be sold Education:", ("B", "D")),
        Line("These customers can now be sold Education, Nonprofit:", ("C",)),
        Line("Nothing more can be sold to these customers:", ("A (Education)",)),
    )


def test_a_customer_that_gained_two_qualifications_is_named_once() -> None:
    two = told(gained("A", "Education"), gained("A", "Education", qualification="Nonprofit")).groups[0]
    assert two.lines == (Line("These customers can now be sold Education:", ("A",)),)


def test_two_customers_of_one_name_are_named_twice() -> None:
    came = [Change(ChangeKind.CAME, number, "Lipowa") for number in ("1", "2")]
    assert told(*came, counts=change_counts(tuple(came), 2)).groups[0].lines == (Line("", ("Lipowa", "Lipowa")),)
    sold = [Change(ChangeKind.GAINED, number, "Lipowa", "Education", may_now_be_sold=("Education",)) for number in "12"]
    assert told(*sold).groups[0].lines[0].names == ("Lipowa", "Lipowa")


@given(st.integers(min_value=1, max_value=25), st.integers(min_value=0, max_value=100))
def test_customers_that_gained_two_qualifications_count_once(customers: int, unlisted: int) -> None:
    changes = [
        gained(f"{number}", "Education", qualification=qualification)
        for number in range(customers)
        for qualification in ("Education", "Nonprofit")
    ]
    (line,) = told(*changes, counts={ChangeKind.GAINED: len(changes) + unlisted}).groups[0].lines
    assert line.names == tuple(f"{number}" for number in range(min(customers, NAMED)))
    left = max(customers - NAMED, 0) + unlisted
    assert line.more == (f"and {left:,} more" if left else "")


def test_a_customer_without_a_name_has_its_id() -> None:
    assert told(gained(None, "Education")).groups[0].lines[0].names == ("id of None",)


def test_a_denial_says_of_what() -> None:
    denied = Change(ChangeKind.DECIDED, "1", "Lipowa", "GovernmentCommunityCloud", "InReview", "Denied")
    assert told(denied).groups[0].lines == (Line("", ("Lipowa (GCC: Denied)",)),)


@given(st.integers(min_value=1, max_value=40), st.integers(min_value=0, max_value=100_000))
def test_names_and_the_number_of_the_others_are_all(listed: int, unlisted: int) -> None:
    changes = [Change(ChangeKind.CAME, f"{number}", f"Customer {number}") for number in range(listed)]
    (line,) = told(*changes, counts={ChangeKind.CAME: listed + unlisted}).groups[0].lines
    assert line.names == tuple(item.company_name for item in changes[:NAMED])
    left = listed + unlisted - len(line.names)
    assert line.more == (f"and {left:,} more" if left else "")


def test_after_several_lines_the_number_of_the_others_has_its_own() -> None:
    made = told(gained("A"), gained("B", "Education"), counts={ChangeKind.GAINED: 14})
    assert made.groups[0].lines[-1] == Line("", (), "and 12 more")


def test_a_night_without_changes_says_since_when() -> None:
    assert told() == Overnight("Since last night", "No qualification and no customer has changed since last night.", ())
    made = overnight(WORDS, example_changes.backfilled())
    assert made == Overnight("Since 17 Nov", "No qualification and no customer has changed since 17 Nov.", ())


def test_the_first_night_and_one_that_was_not_audited_have_nothing_to_say() -> None:
    assert overnight(WORDS, examples.first_run()) is None
    assert overnight(WORDS, examples.empty()) is None
    assert overnight(WORDS, replace(examples.clean(), verdict=Verdict.NOT_AUDITED)) is None
