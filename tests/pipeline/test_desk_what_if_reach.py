"""Which rules another policy, qualification or segment reaches: by the names in their SELECTs."""

from __future__ import annotations

import pytest

from pipeline.desk.supposing.changes import Grant, Sold, Supposition
from pipeline.desk.supposing.policies import everything, find_reach
from pipeline.rulefile import read_rules
from pipeline.rules import read_views

FILES = read_rules()


@pytest.mark.parametrize(
    ("table", "views", "rules"),
    [
        ("request_limits", "", "QUAL01"),
        ("answer_times", "", "GCC06 QUAL02"),
        # NPO04 alone reads the terms; the other two give way to it.
        ("extended_service_terms", "", "NPO04 NPO05 SEG01"),
        (
            "purchase_matrix",
            "purchase_rule rated_sale sale_not_allowed sale_questioned",
            "LEG01 REL01 SEG01 SEG02 SEG03 SEG04 SEG06",
        ),
        (
            "notice_periods",
            "nonprofit_notice sale_nonprofit under_notice",
            "LEG01 NPO01 NPO02 NPO03 NPO04 NPO05 SEG01 SEG02 SEG04 SEG06",
        ),
    ],
)
def test_policy_reaches_the_views_and_rules_that_name_it_and_who_gives_way(table: str, views: str, rules: str) -> None:
    reach = find_reach([f"ref.{table}"], FILES)
    assert " ".join(sorted(reach.views)) == views
    assert " ".join(sorted(reach.rules)) == rules
    sharper = {name for file in FILES if file.rule.id in reach.rules for name in file.rule.gives_way_to}
    assert {file.rule.id for file in reach.judged} == reach.rules | sharper


def test_comments_reach_nothing() -> None:
    # The comment of this view names a table that the view does not read.
    assert "core.rated_sale" not in read_views()["sale"]
    assert "recorded_sale" not in find_reach(["core.possible_sale"], FILES).views
    assert "possible_sale" in read_views()["recorded_sale"]


def test_nothing_supposed_reaches_nothing() -> None:
    reach = find_reach(Supposition().tables, FILES)
    assert (reach.views, reach.rules, reach.judged) == (frozenset(), frozenset(), ())


def test_rules_on_partners_alone_are_reached_by_no_grant_and_no_segment() -> None:
    supposed = Supposition((Grant("c1", "Education"),), (Sold("Education", "p1:0001"),))
    assert "PART01" in everything(FILES).rules
    assert find_reach(supposed.tables, FILES).rules < everything(FILES).rules
