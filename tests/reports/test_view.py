"""What the page chooses to show."""

from __future__ import annotations

from dataclasses import replace

from reports import view
from reports.wording import Words
from schemas.finding import Level, State
from tests.reports import examples
from tests.reports.parts import finding
from tests.reports.rulebook import SEG01

WORDS = Words()


def test_at_most_seven_are_to_do_first_and_none_at_rest() -> None:
    page = view.page(WORDS, examples.busy())
    assert [row.finding.finding_id[-3:] for row in page.first] == ["000", "001", "002", "003", "009", "00f", "00c"]
    assert all(row.finding.state not in {State.CLOSED, State.WAIVED} for row in page.first)
    assert page.first[0].next_step == "Cancel within the return window, or contest the review."


def test_waived_findings_are_listed_but_not_to_do() -> None:
    audit = replace(examples.clean(), findings=(finding(1, SEG01, State.WAIVED),))
    page = view.page(WORDS, audit)
    assert page.first == ()
    assert page.current == 1


def test_closed_findings_are_listed_apart() -> None:
    page = view.page(WORDS, examples.busy())
    assert page.current == page.listed == 49
    assert {row.finding.state for row in page.closed} == {State.CLOSED}
    assert page.closed_total == 3


def test_the_page_holds_so_many_rows_and_no_more() -> None:
    page = view.page(WORDS, examples.many(view.MOST_ROWS + 2))
    assert (page.listed, page.current) == (500, 502)
    assert len(view.page(WORDS, examples.busy()).unread_rows) == view.MOST_UNREAD


def test_the_four_counts_lead_to_what_they_count() -> None:
    tiles = view.page(WORDS, examples.busy()).tiles
    assert [(tile.mark, tile.count, tile.href) for tile in tiles] == [
        ("violation", 14, "#level-violation"),
        ("deadline", 29, "#level-deadline"),
        ("verify", 6, "#level-verify"),
        ("unread", 13, "#unread"),
    ]
    assert [tile.href for tile in view.page(WORDS, examples.clean()).tiles][:3] == ["#findings"] * 3


def test_rules_are_parted_by_what_they_came_to() -> None:
    groups = view.rule_groups(examples.busy().rules)
    assert [item.rule.id for item in groups.finding] == [
        "SEG01", "GCC02", "NPO03", "NPO01", "GCC06", "QUAL01", "SEG02",
    ]  # fmt: skip
    assert [item.rule.id for item in groups.unjudged] == ["GCC07", "PART01"]
    assert [item.rule.id for item in groups.clear] == ["LEG01", "SEG03", "SEG05"]


def test_groups_follow_the_levels() -> None:
    groups = view.page(WORDS, examples.busy()).groups
    assert [group.level for group in groups] == list(Level)
    assert groups[0].rows[-1].finding.state is State.WAIVED


def test_rules_that_were_partly_judged_are_not_among_the_clear_ones() -> None:
    groups = view.rule_groups(examples.partners().rules)
    assert "GCC07" in [item.rule.id for item in groups.finding]
    assert [item.rule.id for item in groups.partly] == ["PART01"]
    assert not {"GCC07", "PART01"} & {item.rule.id for item in (*groups.clear, *groups.unjudged)}


def test_the_page_leads_to_why_rules_were_not_judged() -> None:
    made = examples.partners()
    found = replace(made, rules=tuple(item for item in made.rules if item.rule.id != "PART01"))
    audits = {
        "not-judged": examples.busy(), "partly-judged": made, "rule-GCC07": found, "": examples.clean(),
    }  # fmt: skip
    for why, audit in audits.items():
        assert view.page(WORDS, audit).why == why


def test_exposure_is_summed_by_level_and_by_rule() -> None:
    page = view.page(WORDS, examples.partners())
    unpriced = "1 subscription without a known price"
    assert [tile.exposure for tile in page.tiles] == [
        ("Exposure a month: 21,600.00\u00a0PLN, 310.50\u00a0USD", unpriced), (), (), (),
    ]  # fmt: skip
    said = {rule: texts for rule, texts in page.exposures.items() if texts}
    assert said == {
        "GCC07": ("Exposure a month: 21,600.00\u00a0PLN",),
        "NPO03": ("Exposure a month: 0.00\u00a0PLN, 310.50\u00a0USD",),
        "SEG01": ("Exposure a month: not known",),
    }
