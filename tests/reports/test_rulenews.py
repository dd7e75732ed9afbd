"""What a rule itself changed is named, and is no news of the sales."""

from __future__ import annotations

from dataclasses import replace

import pytest

from reports import rulenews
from reports.wording import Words
from schemas.finding import Finding, Level, Rule, State
from tests.reports import example_changes, examples
from tests.reports.example_changes import night
from tests.reports.parts import finding
from tests.reports.rulebook import ALL, GCC02, SEG01

WORDS = Words()
CHANGED = replace(GCC02, version=3)


def closed(number: int, rule: Rule, cause: str = "the rule has changed") -> Finding:
    return finding(number, rule, State.CLOSED, cause=cause)


@pytest.mark.parametrize(
    ("findings", "sentences"),
    [
        ([finding(1, SEG01, State.NEW_RULE)], ["SEG01 is new: 1 finding by it is not news."]),
        ([finding(n, SEG01, State.NEW_RULE) for n in range(5)], ["SEG01 is new: 5 findings by it are not news."]),
        ([finding(1, CHANGED, State.NEW_RULE)], ["GCC02 has changed: 1 more finding by it is not news."]),
        (
            [finding(n, CHANGED, State.NEW_RULE) for n in (1, 2)],
            ["GCC02 has changed: 2 more findings by it are not news."],
        ),
        (
            [closed(1, CHANGED), closed(2, CHANGED), finding(3, CHANGED, State.NEW_RULE)],
            [
                "GCC02 has changed: 1 more finding by it is not news.",
                "GCC02 has changed: 2 findings were closed for that reason.",
            ],
        ),
        (
            [closed(1, SEG01, "the rule is retired"), closed(2, SEG01, "the rule is retired")],
            ["SEG01 is retired: 2 findings were closed for that reason."],
        ),
        ([finding(1, SEG01, State.NEW), finding(2, SEG01, State.CLOSED), finding(3, SEG01, State.WAIVED)], []),
    ],
)
def test_the_news_of_rules(findings: list[Finding], sentences: list[str]) -> None:
    assert list(rulenews.rule_news(WORDS, night(findings))) == sentences


def test_after_the_first_few_rules_the_others_are_a_number() -> None:
    findings = [finding(n, rule, State.NEW_RULE) for n, rule in enumerate(ALL)]
    said = rulenews.rule_news(WORDS, night(findings))
    assert len(said) == rulenews.NAMED + 1
    assert said[-1] == f"{len(ALL) - rulenews.NAMED} more rules are new or have changed."


def test_findings_closed_by_their_rules_are_counted_by_level() -> None:
    audit = example_changes.eventful()
    assert [rulenews.closed_by_rules(audit, level) for level in Level] == [1, 0, 1]
    assert rulenews.closed_by_rules(examples.busy(), Level.VIOLATION) == 0


def test_the_cause_of_a_closed_finding() -> None:
    assert rulenews.cause(WORDS, closed(1, SEG01)).startswith("Closed because the rule has changed;")
    assert rulenews.cause(WORDS, closed(1, SEG01, "something else")) == "something else"
    assert rulenews.cause(WORDS, finding(1, SEG01, State.CLOSED)) == ""
