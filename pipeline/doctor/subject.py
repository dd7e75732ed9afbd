"""What the checks look at: the settings, the state directory, and the newest night that the warehouse knows."""

from __future__ import annotations

import shlex
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from pipeline.errors import CspAuditError
from pipeline.regular import is_file
from pipeline.state import State
from pipeline.warehouse import LastNight, last_night, open_warehouse
from pipeline.watch.status import Status, read_status

if TYPE_CHECKING:
    from datetime import date, datetime

    from pipeline.config import Config

_NEWEST = "select as_of, run_id, started_at, verdict, folder from audit.runs order by as_of desc limit 1"


@dataclass(frozen=True)
class LastRun:
    """The run of the newest night; `started_at` is UTC."""

    as_of: date
    run_id: str
    started_at: datetime
    verdict: str
    folder: Path


@dataclass(frozen=True)
class Subject:
    """What is examined, and at which moment (UTC); `given` is the folder of exports, where somebody named one."""

    config: Config
    now: datetime
    given: Path | None = None
    config_file: Path | None = None

    @property
    def today(self) -> date:
        """The night that a run begun now would audit."""
        return self.now.date()

    @property
    def places(self) -> State:
        """The state directory."""
        return State(self.config.state)

    @cached_property
    def _told(self) -> tuple[Status, str]:
        faults: list[str] = []
        return read_status(self.places.root, faults.append), "".join(faults)

    @property
    def status(self) -> Status:
        """What the last runs have told whoever watches."""
        return self._told[0]

    @property
    def status_fault(self) -> str:
        """Why `status.json` cannot be used, in a sentence; "" where it can."""
        return self._told[1]

    @cached_property
    def holder(self) -> str | None:
        """What the run that holds the lock has written into it; None where none does. Raises OSError.

        The lock is looked at once, right after the status: a run that begins later is not taken for one that died.
        """
        _ = self.status
        return self.places.holder()

    @property
    def last_run(self) -> LastRun | None:
        """The run of the newest night; None where there is no warehouse. Raises UsageError and LockedError."""
        if isinstance(self._outcome, CspAuditError):
            raise self._outcome
        return self._outcome

    @cached_property
    def _outcome(self) -> LastRun | CspAuditError | None:
        """What came of asking: a damaged warehouse is read to its end to say so, which many checks must not repeat."""
        try:
            return self._newest_run()
        except CspAuditError as error:
            return error

    def _newest_run(self) -> LastRun | None:
        if not is_file(self.places.warehouse):
            return None
        with open_warehouse(self.places.warehouse, self.config) as connection:
            row = connection.execute(_NEWEST).fetchone()
        if row is None:
            return None
        as_of, run_id, started_at, verdict, folder = row
        return LastRun(as_of, run_id, started_at.replace(tzinfo=self.now.tzinfo), verdict, Path(folder))

    @property
    def known_run(self) -> LastRun | None:
        """The run of the newest night, where the warehouse can be read: that it cannot has a check of its own."""
        with suppress(CspAuditError):
            return self.last_run
        return None

    @cached_property
    def last_night(self) -> LastNight:
        """What the gate and the waivers compare with; nothing where the warehouse cannot be read."""
        with suppress(CspAuditError):
            _ = self.last_run
            return last_night(self.places.warehouse, self.today)
        return LastNight(None, {})

    @property
    def exports(self) -> Path | None:
        """The folder of exports: the one that was named, else that of the newest night."""
        run = None if self.given else self.known_run
        return self.given or (run.folder if run else None)

    def command(self, *words: str | Path) -> str:
        """Return a command of csp-audit for this state directory and configuration."""
        options = ["--state", str(self.config.state)]
        options += ["--config", str(self.config_file)] if self.config_file else []
        return shlex.join(["csp-audit", *map(str, words), *options])

    def run(self) -> str:
        """Return the command of a night."""
        return self.command("run", self.exports or "FOLDER")
