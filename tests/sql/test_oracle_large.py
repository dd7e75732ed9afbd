"""In fleets of 2,000 customers, whatever meets by chance, the rules find exactly what the oracle finds."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pytest

from pipeline.rulefile import read_rules
from tests.sql import oracle
from tests.sql.agreement import answers_of_the_oracle, answers_of_the_sql, differences
from tests.sql.causes import reported_twice
from tests.sql.fleets import large_fleet

if TYPE_CHECKING:
    from tests.sql.agreement import Answers
    from tests.sql.oracle import Fleet

# What is covered is told by other tests; measuring it would double the time.
pytestmark = pytest.mark.no_cover
RULES = read_rules()
KEYS = {file.rule.id: file.rule.key for file in RULES}


@dataclass(frozen=True)
class Night:
    fleet: Fleet = field(repr=False)
    found: Answers = field(repr=False)


@pytest.fixture(scope="module", params=range(50))
def night(request: pytest.FixtureRequest) -> Night:
    fleet = large_fleet(request.param)
    return Night(fleet, answers_of_the_sql(fleet, RULES))


def test_rules_find_what_obvious_loops_find(night: Night) -> None:
    told = differences(night.fleet, answers_of_the_oracle(night.fleet), night.found)
    assert told == "", told


def test_nothing_is_reported_twice_for_the_same_cause(night: Night) -> None:
    assert reported_twice(night.found, KEYS) == []


def test_large_fleets_trip_every_rule_and_every_reason_not_to_judge() -> None:
    said = [oracle.judge(large_fleet(seed)) for seed in range(7)]
    assert {outcome.rule for night in said for outcome in night.findings} == oracle.RULES
    reasons = {(outcome.rule, outcome.code) for night in said for outcome in night.not_judged}
    every_reason = {(file.rule.id, code) for file in RULES for code in file.rule.not_judged}
    assert reasons == every_reason
