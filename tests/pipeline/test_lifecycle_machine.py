"""Any nights in any order, whatever their rules, gaps and waivers: the warehouse agrees with the replay."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, timedelta
from functools import cache

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule, run_state_machine_as_test

from schemas.waiver import Waiver
from tests.pipeline.chronicle import Chronicle
from tests.pipeline.ledger import Ledger
from tests.pipeline.replay import Night, customer_of, subscription_of
from tests.pipeline.stories import day

FINDINGS = ("P1", "P2", "Q1", "Q2", "R1")
RULES = st.sampled_from("PQR")
SCOPES = (
    {"finding": "P1"},
    {"finding": "R1"},
    {"customer": customer_of("Q1")},
    {"customer": customer_of("Q1"), "rule": "Q"},
    {"subscription": subscription_of("P1")},
    {"subscription": subscription_of("P1"), "rule": "P"},
)


@dataclass(frozen=True)
class Exports:
    """What the rules would find in one night's exports, and what is wrong with them."""

    found: dict[str, date | None]
    lacking: frozenset[str]
    unread: frozenset[str]
    unclear: frozenset[str]


# The first of the choices is what Hypothesis shrinks to: a night on which everything can be judged.
SOME = st.frozensets(st.sampled_from(FINDINGS), max_size=2)
EXPORTS = st.builds(
    Exports,
    st.dictionaries(st.sampled_from(FINDINGS), st.sampled_from([None, day(30)])),
    st.sampled_from([frozenset(), frozenset(), frozenset("P"), frozenset("QR")]),
    SOME,
    SOME,
)


@cache
def ledger() -> Ledger:
    return Ledger()


class Nights(RuleBasedStateMachine):
    """A rule is added, changed and retired, waivers come and go; nights are audited in turn, again, and late."""

    def __init__(self) -> None:
        super().__init__()
        self.chronicle = Chronicle(ledger())
        self.today = day(5)
        self.versions = {"P": 1, "Q": 1}
        self.waivers: tuple[Waiver, ...] = ()

    def audit(self, as_of: date, exports: Exports) -> None:
        judged = frozenset(self.versions) - exports.lacking
        found = {name: due for name, due in exports.found.items() if name[0] in judged}
        unclear = frozenset(name for name in exports.unclear if name[0] in judged and name not in found)
        night = Night(as_of, found, dict(self.versions), judged, exports.unread, unclear, self.waivers)
        self.chronicle.live(night)
        self.chronicle.check()

    @initialize(exports=EXPORTS)
    def first(self, exports: Exports) -> None:
        self.audit(self.today, exports)

    @rule(exports=EXPORTS, later=st.sampled_from([1, 1, 3]))
    def next_night(self, exports: Exports, later: int) -> None:
        self.today += timedelta(days=later)
        self.audit(self.today, exports)

    @rule(exports=EXPORTS)
    def newest_again(self, exports: Exports) -> None:
        assert self.chronicle.newest
        self.audit(self.chronicle.newest, exports)

    @rule(exports=EXPORTS, earlier=st.integers(1, 6))
    def older(self, exports: Exports, earlier: int) -> None:
        assert self.chronicle.newest
        self.audit(self.chronicle.newest - timedelta(days=earlier), exports)

    @rule()
    def not_audited(self) -> None:
        """A refused night leaves nothing: the next one is simply later."""
        self.today += timedelta(days=1)

    @rule(name=RULES, version=st.integers(1, 3))
    def put_rule(self, name: str, version: int) -> None:
        self.versions[name] = version

    @precondition(lambda self: len(self.versions) > 1)
    @rule(name=RULES)
    def retire(self, name: str) -> None:
        self.versions.pop(name, None)

    @rule(scope=st.sampled_from(SCOPES), later=st.integers(-2, 1), days=st.integers(0, 4))
    def waive(self, scope: dict[str, str], later: int, days: int) -> None:
        created = self.today + timedelta(days=later)
        number = len(self.waivers) + 1
        waiver = Waiver(f"reason {number}", "Ada", created, created + timedelta(days=days), line=number, **scope)
        self.waivers = (*self.waivers, waiver)

    @precondition(lambda self: self.waivers)
    @rule()
    def end_waiver(self) -> None:
        ended = replace(self.waivers[0], expires=max(self.waivers[0].created, self.today - timedelta(days=1)))
        self.waivers = (ended, *self.waivers[1:])


def test_any_nights_in_any_order_agree_with_the_replay() -> None:
    run_state_machine_as_test(
        Nights, settings=settings(max_examples=12, stateful_step_count=12, derandomize=True, deadline=None)
    )
