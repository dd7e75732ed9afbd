"""The rules find in any small fleet exactly what the obvious second implementation finds."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings

from pipeline.rulefile import read_rules
from tests.sql import oracle
from tests.sql.agreement import answers_of_the_oracle, answers_of_the_sql, differences
from tests.sql.causes import reported_twice
from tests.sql.fleets import small_fleets

if TYPE_CHECKING:
    from tests.sql.oracle import Fleet

# What is covered is told by other tests; measuring it would double the time.
pytestmark = pytest.mark.no_cover
RULES = read_rules()
KEYS = {file.rule.id: file.rule.key for file in RULES}


def test_the_oracle_knows_every_rule_that_there_is() -> None:
    assert KEYS.keys() == oracle.RULES


@settings(max_examples=70, deadline=None, derandomize=True, database=None)
@given(small_fleets())
def test_rules_find_what_obvious_loops_find_and_no_cause_twice(fleet: Fleet) -> None:
    answers = answers_of_the_sql(fleet, RULES)
    told = differences(fleet, answers_of_the_oracle(fleet), answers)
    assert told == "", told
    assert reported_twice(answers, KEYS) == []


@pytest.fixture(scope="module")
def tripped() -> Counter[str]:
    """Count what the oracle finds in such fleets, by rule."""
    counts: Counter[str] = Counter()

    @settings(max_examples=70, deadline=None, derandomize=True, database=None)
    @given(small_fleets())
    def collect(fleet: Fleet) -> None:
        counts.update(outcome.rule for outcome in oracle.judge(fleet).findings)

    collect()
    return counts


@pytest.mark.parametrize("rule", [file.rule.id for file in RULES])
def test_the_random_fleets_trip_every_rule(rule: str, tripped: Counter[str]) -> None:
    assert tripped[rule] >= 5
