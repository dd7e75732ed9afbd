"""A night that is killed or whose calls fail leaves one night whole and loses no mail: a small part of the matrix.

`make faults` does all of it (tests/faults/matrix.py).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.faults.harm import NO_COMPILER, Strike, has_compiler
from tests.faults.matrix import killed, moments, plan, planned, stage, struck

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.faults.stage import Stage

# What is covered is told by other tests; measuring it would double the time.
pytestmark = pytest.mark.no_cover
KILLS, STRIKES, MOST_AGAIN = 12, 20, 10
needs_compiler = pytest.mark.skipif(not has_compiler(), reason=NO_COMPILER)


@pytest.fixture(scope="module")
def scene() -> Iterator[Stage]:
    with stage(with_library=has_compiler()) as made:
        made.most_again = MOST_AGAIN
        yield made


@pytest.fixture(scope="module")
def seen() -> set[str]:
    """Return the leftovers that were run again already."""
    return set()


def test_killed_at_random_moments(scene: Stage, seen: set[str]) -> None:
    outcomes = dict(killed(scene, moments(KILLS), seen))
    assert {name: outcome.broken for name, outcome in outcomes.items() if outcome.broken} == {}
    assert any(outcome.code < 0 for outcome in outcomes.values())


@needs_compiler
def test_calls_to_the_file_system_that_fail(scene: Stage, seen: set[str]) -> None:
    """Some of the calls of each part of the night; each error comes in turn."""
    chosen = planned(scene, is_quick=True)
    assert chosen.calls > 500
    strikes = chosen.strikes[:: len(chosen.strikes) // STRIKES]
    assert {strike.error for strike in strikes} == {"ENOSPC", "EACCES", "EIO"}
    outcomes = dict(struck(scene, strikes, seen))
    assert {name: outcome.broken for name, outcome in outcomes.items() if outcome.broken} == {}
    assert any(outcome.code not in {0, 1, 5} for outcome in outcomes.values())


@needs_compiler
def test_disk_that_fails_under_a_rule_is_no_fault_of_the_rule(scene: Stage) -> None:
    for turn in range(190, 260, 10):
        scene.reset()
        strike = Strike("write", "work-N/warehouse.duckdb.wal", turn, "EIO", sticky=False)
        life = scene.doomed.struck(scene.words(), strike)
        outcome = scene.outcome(life, set(), was_killed=False)
        assert (life.code, outcome.whose, outcome.broken) == (2, "last", []), life.said


@needs_compiler
@pytest.mark.parametrize(
    ("place", "turn"), [("warehouse.duckdb", 1), ("warehouse.duckdb", 3), ("warehouse.duckdb.wal", 96)]
)
def test_sync_that_fails_is_trouble_of_the_disk(scene: Stage, place: str, turn: int) -> None:
    """Before the schema, at the last checkpoint, and in the middle: of none the database says which error it was."""
    scene.reset()
    life = scene.doomed.struck(scene.words(), Strike("sync", f"work-N/{place}", turn, "EIO"))
    outcome = scene.outcome(life, set(), was_killed=False)
    assert (life.code, outcome.whose, outcome.broken) == (2, "last", []), life.said
    assert life.said[0].startswith("csp-audit: the disk gives errors")


@needs_compiler
def test_a_full_disk_is_felt(scene: Stage) -> None:
    """Were nothing injected, everything above would hold too."""
    scene.reset()
    strike = Strike("write", "work-N/warehouse.duckdb", 1, "ENOSPC", sticky=True)
    life = scene.doomed.struck(scene.words(), strike)
    assert life.code not in {0, 1, 5}
    assert len(life.said) == 1
    outcome = scene.outcome(life, set(), was_killed=False)
    assert (outcome.whose, outcome.broken) == ("last", [])


def test_every_call_fails_in_each_way_it_can() -> None:
    made = plan([("write", "few")] * 4 + [("read", "many")] * 90)
    assert (made.calls, made.classes, len(made.strikes)) == (94, 2, 4 * 3 + 90)
    assert {strike.sticky for strike in made.strikes if strike.error == "ENOSPC"} == {True}


def test_in_a_quick_plan_few_calls_fail_all_and_of_many_the_first_and_the_last() -> None:
    made = plan([("write", "few")] * 4 + [("read", "many")] * 90, is_quick=True)
    turns = {(strike.place, strike.turn) for strike in made.strikes}
    assert {turn for place, turn in turns if place == "few"} == {1, 2, 3, 4}
    assert {1, 90} < {turn for place, turn in turns if place == "many"}
    assert len(made.strikes) == 4 + 5
