"""What the page chooses to show."""

from __future__ import annotations

from dataclasses import replace

from reports import view
from reports.matrix import Look
from reports.wording import Words
from schemas.finding import State
from tests.reports import example_changes, examples
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
    assert (page.current, page.rows) == (0, ())
    assert [row.finding for row in page.accepted.rows] == [*audit.findings]
    assert page.accepted.total == 1


def test_rows_are_the_current_findings_the_most_pressing_first() -> None:
    page = view.page(WORDS, examples.busy())
    assert page.current == len(page.rows) == 48
    assert page.rows[: view.FIRST] == page.first
    assert not {row.finding.state for row in page.rows} & {State.CLOSED, State.WAIVED}
    ranks = [row.finding.level.rank for row in page.rows]
    assert ranks == sorted(ranks)


def test_the_page_holds_so_many_rows_and_no_more() -> None:
    page = view.page(WORDS, examples.many(view.MOST_ROWS + 2))
    assert (len(page.rows), page.current) == (100, 102)
    assert len(view.page(WORDS, examples.busy()).unread_rows) == view.MOST_UNREAD


def test_the_four_counts_lead_to_what_they_count() -> None:
    tiles = view.page(WORDS, examples.busy()).tiles
    assert [(tile.mark, tile.count, tile.href) for tile in tiles] == [
        ("violation", 13, "#findings?level=violation"),
        ("deadline", 29, "#findings?level=deadline"),
        ("verify", 6, "#findings?level=verify"),
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


def test_waived_findings_are_beside_the_counts_and_in_none() -> None:
    page = view.page(WORDS, example_changes.eventful())
    assert [(tile.count, tile.waived) for tile in page.tiles] == [(6, "2 waived"), (2, ""), (2, ""), (3, "")]
    assert page.changes["SEG01"] == ("2 new", "1 closed", "2 waived")
    cells = {
        cell.text: cell.note for line in page.matrix.rows for cell in line.cells if cell.look is Look.FORBIDDEN_SOLD
    }
    assert cells == {"8 violations": "of 9 sold, 1 waived", "1 sold": "1 waived"}


def test_a_rule_whose_findings_are_all_waived_is_not_among_the_clear_ones() -> None:
    groups = view.rule_groups(example_changes.backfilled().rules)
    assert [(item.rule.id, item.found, item.waived) for item in groups.finding] == [("SEG01", 0, 1)]


def test_what_a_rule_itself_changed_stands_with_the_rule() -> None:
    changes = view.page(WORDS, example_changes.eventful()).changes
    assert changes["LEG01"] == ("2 by a new rule",)
    assert changes["GCC02"] == ("1 by a new rule", "1 closed by a change of rules")


def test_the_first_screen_leads_to_what_needs_a_look() -> None:
    page = view.page(WORDS, example_changes.eventful())
    assert [(aside.text, aside.href) for aside in page.asides] == [("4 waivers to look at", "#waivers")]
    assert [tile.overdue for tile in page.tiles] == ["2 promises are overdue", "1 promise is overdue", "", ""]
    assert view.page(WORDS, examples.busy()).asides == ()
