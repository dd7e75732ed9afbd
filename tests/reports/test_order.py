"""What presses most comes first."""

from __future__ import annotations

from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from reports.order import by_pressure, is_at_rest, is_fresh
from schemas.finding import State
from tests.reports.parts import AS_OF, finding
from tests.reports.rulebook import GCC06, QUAL01, SEG01

NEXT_WEEK = AS_OF + timedelta(days=7)


def test_level_then_new_then_date_then_seats() -> None:
    wanted = [
        finding(9, SEG01, State.NEW, due_on=NEXT_WEEK, seats=1),
        finding(8, SEG01, State.REOPENED, seats=50),
        finding(7, SEG01, State.NEW, seats=2),
        finding(6, SEG01, due_on=AS_OF, seats=None),
        finding(5, SEG01, due_on=NEXT_WEEK, seats=9),
        finding(4, SEG01, due_on=NEXT_WEEK, seats=3),
        finding(10, SEG01, State.NEW_RULE, seats=2),
        finding(3, SEG01, State.WAIVED, seats=900),
        finding(2, SEG01, State.CLOSED, seats=900),
        finding(1, GCC06, State.NEW, due_on=AS_OF),
        finding(0, QUAL01, State.NEW, due_on=AS_OF),
    ]
    assert list(by_pressure(reversed(wanted))) == wanted


@given(st.permutations([finding(n, SEG01, seats=5) for n in range(5)]))
def test_the_order_never_depends_on_the_order_before(shuffled: list[object]) -> None:
    assert [item.finding_id[-1] for item in by_pressure(shuffled)] == list("01234")  # type: ignore[arg-type]


def test_states() -> None:
    assert [state for state in State if is_fresh(finding(0, state=state))] == [State.NEW, State.REOPENED]
    assert [state for state in State if is_at_rest(finding(0, state=state))] == [State.CLOSED, State.WAIVED]
