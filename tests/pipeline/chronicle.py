"""Nights in the ledger beside the replay: both must say the same of every night, and go on saying it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.pipeline.replay import Night, Outcome, replay

if TYPE_CHECKING:
    from datetime import date

    from tests.pipeline.ledger import Ledger, Row


class Chronicle:
    """What was audited in its turn, and what each night showed when it was last audited."""

    def __init__(self, ledger: Ledger) -> None:
        self.ledger = ledger
        self.ledger.forget()
        self.in_turn: dict[date, Night] = {}
        self.shown: dict[date, dict[str, Row]] = {}

    @property
    def newest(self) -> date | None:
        """The newest night that was audited."""
        return max(self.in_turn, default=None)

    def live(self, night: Night) -> Outcome:
        """Audit a night; the replay, which knows only the nights before it that were audited in turn, must agree."""
        outcome = self.ledger.live(night)
        before = [self.in_turn[day] for day in sorted(self.in_turn) if day < night.as_of]
        assert outcome == replay([*before, night])
        if night.as_of >= (self.newest or night.as_of):
            self.in_turn[night.as_of] = night
        self.shown[night.as_of] = self.ledger.told()[night.as_of]
        return outcome

    def check(self) -> None:
        """Every night must still show what it did."""
        assert self.ledger.told() == self.shown
