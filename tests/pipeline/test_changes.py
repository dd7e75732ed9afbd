"""What changed overnight: qualifications gained, decided and lost, customers that came and went."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pipeline.audit import read_changes
from pipeline.nights import newest_night
from pipeline.warehouse import open_warehouse
from schemas.change import ChangeKind
from tests.pipeline.commandline import audit
from tests.pipeline.exports import guid, write, write_folder
from tests.pipeline.ledger import Held, Ledger
from tests.pipeline.register import Register, Sheet, Told, replay
from tests.pipeline.stories import day

if TYPE_CHECKING:
    from datetime import date
    from pathlib import Path

A, B, C = "abc"
BOTH = frozenset({A, B})
GAINED, DECIDED, LOST, CAME, WENT = ChangeKind


@pytest.fixture(scope="module")
def ledger() -> Ledger:
    return Ledger()


@pytest.fixture
def register(ledger: Ledger, tmp_path: Path) -> Register:
    return Register(ledger, tmp_path / "old.duckdb")


def holding(number: int, *held: Held, stated: bool = True, unclear: frozenset[str] = frozenset()) -> Sheet:
    """Return a night on which A is the customer."""
    return Sheet(day(number), frozenset({A}), frozenset(held), stated=stated, unclear=unclear)


def told(kind: ChangeKind, customer: str, *more: str) -> Told:
    return Told(kind, customer, f"Company {customer}", *more)


EDUCATION, IN_REVIEW, DENIED, UNSAID = (Held(A, "Education", s) for s in ("Approved", "InReview", "Denied", None))
NONPROFIT, GOVERNMENT = Held(A, "Nonprofit"), Held(A, "GovernmentCommunityCloud")


def test_first_night_has_no_changes(register: Register) -> None:
    assert register.live(Sheet(day(1), BOTH, frozenset({EDUCATION}))) == []


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        ([], [EDUCATION], [(GAINED, "Education", "", "Approved", "Education")]),
        ([IN_REVIEW], [EDUCATION], [(GAINED, "Education", "InReview", "Approved", "Education")]),
        ([DENIED], [EDUCATION], [(GAINED, "Education", "Denied", "Approved", "Education")]),
        ([IN_REVIEW], [DENIED], [(DECIDED, "Education", "InReview", "Denied", "")]),
        ([], [DENIED], [(DECIDED, "Education", "", "Denied", "")]),
        ([DENIED], [DENIED], []),
        ([EDUCATION], [DENIED], [(LOST, "Education", "Approved", "Denied", "")]),
        ([EDUCATION], [IN_REVIEW], [(LOST, "Education", "Approved", "InReview", "")]),
        ([EDUCATION], [], [(LOST, "Education", "Approved", "", "")]),
        ([IN_REVIEW], [], []),
        ([], [IN_REVIEW], []),
        ([EDUCATION, DENIED], [EDUCATION], []),
        ([Held(A, "None", None)], [Held(A, "Nonprofit", None)], [(GAINED, "Nonprofit", "", "", "Nonprofit")]),
        ([], [Held(A, "StateOwnedEntity", None)], [(GAINED, "StateOwnedEntity", "", "", "")]),
        ([EDUCATION], [EDUCATION, NONPROFIT], [(GAINED, "Nonprofit", "", "Approved", "Nonprofit")]),
        (
            [],
            [EDUCATION, NONPROFIT],
            [
                (GAINED, "Education", "", "Approved", "Education, Nonprofit"),
                (GAINED, "Nonprofit", "", "Approved", "Education, Nonprofit"),
            ],
        ),
        ([], [GOVERNMENT], [(GAINED, "GovernmentCommunityCloud", "", "Approved", "GovernmentCommunityCloud")]),
        ([NONPROFIT], [NONPROFIT, GOVERNMENT], [(GAINED, "GovernmentCommunityCloud", "", "Approved", "")]),
        (
            [EDUCATION],
            [NONPROFIT],
            [(GAINED, "Nonprofit", "", "Approved", "Nonprofit"), (LOST, "Education", "Approved", "", "")],
        ),
    ],
    ids=lambda cells: " and ".join(f"{cell[1]} {cell[2]}" for cell in cells) or "nothing",
)
def test_qualification_is_gained_decided_or_lost(
    register: Register, before: list[Held], after: list[Held], expected: list[tuple[ChangeKind, str, str, str, str]]
) -> None:
    register.live(holding(1, *before))
    changes = register.live(holding(2, *after))
    assert changes == sorted(told(kind, A, *more) for kind, *more in expected)
    assert register.live(holding(3, *after)) == []


def test_customer_comes_with_its_qualifications_and_goes_with_them(register: Register) -> None:
    register.live(Sheet(day(1), frozenset({B})))
    assert register.live(Sheet(day(2), BOTH, frozenset({EDUCATION}))) == [told(CAME, A)]
    assert register.live(Sheet(day(3), frozenset({B}))) == [told(WENT, A)]
    assert register.live(Sheet(day(4), frozenset({B}))) == []
    assert register.live(Sheet(day(5), BOTH)) == [told(CAME, A)]


@pytest.mark.parametrize("gap", [{"unread": frozenset({A})}, {"torn": frozenset({"customers"})}], ids=str)
def test_customer_that_could_not_be_read_neither_goes_nor_comes(
    register: Register, gap: dict[str, frozenset[str]]
) -> None:
    register.live(Sheet(day(1), BOTH))
    for _ in range(2):
        assert register.live(Sheet(day(2), frozenset({B}), **gap)) == []
    assert register.live(Sheet(day(3), frozenset({B}), **gap)) == []
    assert register.live(Sheet(day(4), BOTH)) == []
    assert register.live(Sheet(day(5), frozenset({B}), **gap)) == []
    assert register.live(Sheet(day(6), frozenset({B}))) == [told(WENT, A)]
    # A gap is written down once, not again on each night that it lasts: the table outlives the nights.
    rows = "select as_of from audit.changes where kind = 'unread' order by as_of"
    assert register.connection.execute(rows).fetchall() == [(day(2),), (day(5),)]


@pytest.mark.parametrize("gap", [{"unclear": frozenset({A})}, {"torn": frozenset({"qualifications"})}], ids=str)
def test_qualification_that_could_not_be_read_is_not_lost(register: Register, gap: dict[str, frozenset[str]]) -> None:
    register.live(holding(1, EDUCATION))
    assert register.live(Sheet(day(2), frozenset({A}), **gap)) == []
    assert register.live(holding(3, EDUCATION)) == []
    assert register.live(Sheet(day(4), frozenset({A}), **gap)) == []
    assert register.live(holding(5)) == [told(LOST, A, "Education", "Approved", "")]


def test_customer_that_could_not_be_read_on_the_first_night_does_not_come_on_the_second(register: Register) -> None:
    register.live(Sheet(day(1), frozenset({B}), unread=frozenset({A})))
    assert register.live(Sheet(day(2), BOTH)) == []
    assert register.live(Sheet(day(3), frozenset({B}))) == [told(WENT, A)]


def customers_audited(folder: Path, state: Path, number: int, *rows: str) -> set[tuple[str, str]]:
    """Audit exports with these customers through the command line; return who came and went."""
    config = write(folder / "any.toml", "gate = { max_age_hours = 1000, max_shrink_share = 1 }\n")
    exports = write_folder(folder / str(number))
    lines = ["customer_id,company_name", *(f"{guid(n)},Company {n}" for n in range(10, 30)), *rows]
    write(exports / "customers.csv", "\n".join(lines) + "\n")
    audit(exports, str(day(number)), state, "--config", config)
    with open_warehouse(state / "warehouse.duckdb") as connection:
        changes, _ = read_changes(connection, newest_night(connection))
    return {(change.kind.value, change.customer_id) for change in changes if change.kind in {CAME, WENT}}


def test_row_that_has_lost_its_id_may_be_any_customers(tmp_path: Path) -> None:
    """And one of the subscriptions export is none of the customers export."""
    one, other = f"{guid(1)},Lipowa", f"{guid(2)},Brzoza"
    state = tmp_path / "state"
    assert customers_audited(tmp_path, state, 1, one, other) == set()
    assert customers_audited(tmp_path, state, 2, "not an id,Lipowa", other) == set()
    assert customers_audited(tmp_path, state, 3, one, ",Brzoza") == set()
    assert customers_audited(tmp_path, state, 4, one, f"{guid(2)},Brzoza,more than the header has") == set()
    assert customers_audited(tmp_path, state, 5, one, other) == set()
    assert customers_audited(tmp_path, state, 6, one) == {("customer went", guid(2))}


def test_customer_with_another_name_is_the_same(register: Register) -> None:
    register.live(Sheet(day(1), BOTH, names={A: "Lipowa"}))
    assert register.live(Sheet(day(2), BOTH, names={A: "Brzoza"})) == []
    assert register.live(Sheet(day(3), frozenset({B}))) == [Told(WENT, A, "Brzoza")]


def test_vetting_status_that_is_exported_for_the_first_time_is_no_change(register: Register) -> None:
    register.live(holding(1, UNSAID, stated=False))
    assert register.live(holding(2, EDUCATION)) == []
    assert register.live(holding(3, UNSAID, stated=False)) == []
    assert register.live(holding(4, NONPROFIT, stated=False)) == [
        told(GAINED, A, "Nonprofit", "", "Approved", "Nonprofit"),
        told(LOST, A, "Education"),
    ]


def test_rerun_compares_with_the_night_before_it(register: Register) -> None:
    register.live(Sheet(day(1), frozenset({A, B}), frozenset({EDUCATION})))
    register.live(Sheet(day(2), frozenset({B, C}), frozenset({NONPROFIT})))
    changes = register.live(Sheet(day(2), frozenset({A, C}), frozenset({NONPROFIT})))
    assert changes == [
        told(CAME, C),
        told(WENT, B),
        told(GAINED, A, "Nonprofit", "", "Approved", "Nonprofit"),
        told(LOST, A, "Education", "Approved", ""),
    ]
    assert register.live(Sheet(day(2), BOTH, frozenset({EDUCATION}))) == []
    assert register.live(Sheet(day(3), BOTH, frozenset({EDUCATION}))) == []


def test_backfill_compares_with_the_night_before_it_and_no_later_night_with_the_backfill(register: Register) -> None:
    register.live(Sheet(day(1), frozenset({A}), frozenset({EDUCATION})))
    newest = register.live(Sheet(day(4), frozenset({B})))
    assert newest == [told(CAME, B), told(WENT, A)]
    backfilled = register.live(Sheet(day(3), frozenset({A, C})))
    assert backfilled == [told(CAME, C), told(LOST, A, "Education", "Approved", "")]
    assert register.live(Sheet(day(5), frozenset({B}))) == []
    assert register.live(Sheet(day(2), frozenset({B}), unread=frozenset({A}))) == [told(CAME, B)]
    assert (register.told(day(3)), register.told(day(4))) == (backfilled, newest)


HELD = [
    Held(who, name, status)
    for who in (A, B)
    for name, status in [
        ("Education", "Approved"), ("Education", "InReview"), ("Education", "Denied"), ("Nonprofit", "Approved"),
        ("Nonprofit", None), ("GovernmentCommunityCloud", "Approved"), ("StateOwnedEntity", None), ("None", None),
    ]
]  # fmt: skip
SOME = st.sampled_from([frozenset(), frozenset(), frozenset(), frozenset(A), frozenset(B)])
# How much later than the newest night a night is; 0 is the newest again, and what is below it a backfill.
STEPS = st.lists(
    st.tuples(
        st.sampled_from([1, 1, 1, 0, -1, -2]),
        st.frozensets(st.sampled_from([A, B, C]), min_size=1),
        st.frozensets(st.sampled_from(HELD), max_size=6),
        SOME,
        SOME,
        st.sampled_from(
            [frozenset(), frozenset(), frozenset(), frozenset({"customers"}), frozenset({"qualifications"})]
        ),
    ),
    min_size=2,
    max_size=7,
)
Step = tuple[int, frozenset[str], frozenset[Held], frozenset[str], frozenset[str], frozenset[str]]


@settings(max_examples=25, derandomize=True, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=STEPS)
def test_any_nights_in_any_order_agree_with_the_replay(ledger: Ledger, tmp_path: Path, steps: list[Step]) -> None:
    register = Register(ledger, tmp_path / "old.duckdb")
    newest = day(9)
    in_turn: dict[date, Sheet] = {}
    said: dict[date, list[Told]] = {}
    for step, customers, held, unread, unclear, torn in steps:
        as_of = newest + timedelta(days=step)
        # A row that could not be read is none of those that could.
        sheet = Sheet(as_of, customers, held, unread - customers, unclear, torn)
        said[as_of] = register.live(sheet)
        assert said[as_of] == replay([*(in_turn[day] for day in sorted(in_turn) if day < as_of), sheet])
        if as_of >= newest or not in_turn:
            newest = as_of
            in_turn[as_of] = sheet
        assert {night: register.told(night) for night in said} == said
