"""How far a command has come, for what a fault of the program leaves behind."""

from __future__ import annotations

import time
from dataclasses import dataclass, field


@dataclass
class Progress:
    """The steps that have begun, each with its moment in seconds of a clock that is never set."""

    began: float = field(default_factory=time.monotonic)
    steps: list[tuple[str, float]] = field(default_factory=list)

    def begin(self, step: str) -> None:
        """Write down that a step begins, and so that the one before is over."""
        self.steps.append((step, time.monotonic()))

    def seconds(self) -> list[tuple[str, float]]:
        """Return how long each step has taken, the one that runs until now; before the first is the start."""
        now = time.monotonic()
        begun = [("start", self.began), *self.steps]
        ends = [moment for _, moment in begun[1:]] + [now]
        return [(name, end - moment) for (name, moment), end in zip(begun, ends, strict=True)]
