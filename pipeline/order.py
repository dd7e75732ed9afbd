"""What a run is asked for, and when its findings make it end with exit code 1."""

from __future__ import annotations

import shlex
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from pipeline.errors import AUDITED, FOUND, UsageError
from pipeline.load import Engine
from schemas.finding import Level, State

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import date, datetime
    from pathlib import Path


class FailOn(StrEnum):
    """From which findings on a run ends with exit code 1."""

    VIOLATION = "violation"
    DEADLINE = "deadline"
    VERIFY = "verify"
    NEW = "new"
    NONE = "none"


@dataclass(frozen=True)
class Order:
    """What a run was asked for; where the date was not given, it is today's, and no language is the configured one."""

    folder: Path
    as_of: date
    started_at: datetime
    engine: Engine = Engine.SIEVE
    fail_on: FailOn = FailOn.VIOLATION
    dry_run: bool = False
    config_file: Path | None = None
    language: str = ""
    mask: bool = False
    date_was_given: bool = True

    def is_backfill(self, newest: date | None) -> bool:
        """Tell whether a newer night has been audited. Raises UsageError where nobody has asked for an older one."""
        if newest is None or newest <= self.as_of:
            return False
        if not self.date_was_given:
            message = (
                f"today is {self.as_of}, but {newest} has been audited already. Correct the clock of this machine, "
                f"or give the date of the night with --as-of."
            )
            raise UsageError(message)
        return True

    @property
    def run_id(self) -> str:
        """The night and the moment at which its run began."""
        return f"{self.as_of}-{self.started_at:%Y%m%dT%H%M%SZ}"

    def command(self, state: Path) -> str:
        """Return the command that runs this night again, from any directory."""
        words = ["csp-audit", "run", str(self.folder.absolute()), "--as-of", str(self.as_of)]
        words += ["--state", str(state.absolute())]
        words += ["--config", str(self.config_file.absolute())] if self.config_file else []
        words += ["--engine", self.engine] if self.engine is not Engine.SIEVE else []
        words += ["--fail-on", self.fail_on] if self.fail_on is not FailOn.VIOLATION else []
        words += ["--language", self.language] if self.language else []
        words += ["--mask"] if self.mask else []
        return shlex.join(words)


def asked_of(command: str) -> FailOn:
    """Return from which findings on a run was asked to fail, by the command that `Order.command` gave for it."""
    words = shlex.split(command)
    return FailOn(words[words.index("--fail-on") + 1]) if "--fail-on" in words[:-1] else FailOn.VIOLATION


def exit_code(fail_on: FailOn, states: Iterable[tuple[Level, State]]) -> int:
    """Return 1 where a current finding counts: one at or above the level, or any that is new."""
    current = [(level, state) for level, state in states if state.is_current and state is not State.WAIVED]
    if fail_on is FailOn.NONE:
        return AUDITED
    if fail_on is FailOn.NEW:
        return FOUND if any(state in {State.NEW, State.REOPENED} for _, state in current) else AUDITED
    return FOUND if any(level.rank <= Level(fail_on).rank for level, _ in current) else AUDITED
