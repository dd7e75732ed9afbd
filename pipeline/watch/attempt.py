"""One run as a watchdog sees it: that it began, and how it ended, whatever the end."""

from __future__ import annotations

import os
import time
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING

import click

from pipeline.errors import AUDITED, FOUND, CspAuditError, FaultError, StateLockedError, UsageError
from pipeline.session import LOG
from pipeline.signals import undisturbed
from pipeline.watch.ending import Ending, ending_of, good_ending
from pipeline.watch.log import rotate_log
from pipeline.watch.metrics import write_metrics
from pipeline.watch.ping import failed, ping
from pipeline.watch.settings import WatchConfig
from pipeline.watch.status import (
    NAME,
    InputAge,
    LastAttempt,
    LastGood,
    LastLocked,
    Running,
    Status,
    read_status,
    update_status,
)
from reports.text import visible

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from datetime import date
    from pathlib import Path

    from schemas.finding import Audit

# Whoever stops a run does not wait for a service.
_STOPPED_TIMEOUT, _STOPPED_TRIES = 1.0, 1


@dataclass
class Attempt:
    """A run, of which more is known as it goes on; of a dry one nothing is told to anybody."""

    as_of: date
    started_at: datetime
    folder: Path
    is_dry: bool = False
    root: Path | None = None
    run_id: str | None = None
    watch: WatchConfig = field(default_factory=WatchConfig)
    may_link_outside: bool = False
    audit: Audit | None = None
    exit_code: int = AUDITED
    has_begun: bool = False
    complaints: list[str] = field(default_factory=list)

    def steps(self, announce: Callable[[str], None]) -> Callable[[str], None]:
        """Return what is told each step; with the first one the run holds the lock, and the directory is its own."""

        def step(text: str) -> None:
            if not self.has_begun and not self.is_dry:
                self._begin()
            self.has_begun = True
            announce(text)

        return step

    def has_audited(self, audit: Audit) -> None:
        """Take the audit of a night that is in its place: however the run ends now, that is the last good one."""
        self.audit = audit

    def _begin(self) -> None:
        with undisturbed():
            rotate_log(LOG, self.watch.keep_logs)
        running = Running(pid=os.getpid(), since=_seconds(self.started_at))
        _update(self, lambda status: status.model_copy(update={"running": running}))


@contextmanager
def watched(attempt: Attempt) -> Iterator[None]:
    """Tell how the run ended to all who were asked to be told; neither its result nor its exit code is touched."""
    begun = time.monotonic()
    try:
        yield
        # Stopped in the middle of this, the run ends as one that was stopped, and is told again.
        _tell(attempt, begun)
    except BaseException as error:
        _tell(attempt, begun, error)
        raise


def _tell(attempt: Attempt, begun: float, error: BaseException | None = None) -> None:
    if attempt.is_dry:
        return
    try:
        ending = _ending(attempt, error)
        is_locked = isinstance(error, StateLockedError)
        change = partial(_locked if is_locked else _ended, attempt, ending, time.monotonic() - begun)
        status = _update(attempt, change)
        # A run that failed has its own line on stderr, and only that.
        if attempt.complaints and error is None and ending.exit_code in {AUDITED, FOUND}:
            click.echo(f"csp-audit: watch: {visible(attempt.complaints[-1])}", err=True)
        if attempt.watch.metrics_file and not is_locked:
            _write_metrics(attempt.watch.metrics_file, status)
        _ping(attempt.watch.ping_url, ending)
    except Exception as fault:  # noqa: BLE001 - the run is what it is, whoever could not be told of it
        LOG.error("watch: a fault of the program (%s)", type(fault).__name__)


def _ending(attempt: Attempt, error: BaseException | None) -> Ending:
    if error is None and attempt.audit:
        return good_ending(attempt.audit, attempt.exit_code)
    return ending_of(error or FaultError("the run came to no audit."), attempt.audit)


def _update(attempt: Attempt, change: Callable[[Status], Status]) -> Status:
    """Change the status, and make no directory for it; where it cannot be used, the run goes on and says so."""
    root = attempt.root
    if root is None or not root.is_dir():
        return change(Status())
    lines: list[str] = []
    try:
        return update_status(root, change, lines.append)
    except OSError as error:
        lines.append(f"{root / NAME}: cannot be written: {error.strerror}. Check the folder and its permissions.")
    except CspAuditError as error:
        lines.append(str(error))
    finally:
        attempt.complaints += lines
        for line in lines:
            LOG.error("watch: %s", line)
    return change(read_status(root, lambda _: None))


def _write_metrics(path: Path, status: Status) -> None:
    try:
        write_metrics(path, status)
    except OSError as error:
        _complain(f"{path}: the metrics could not be written: {error.strerror}. Check watch.metrics_file.")


def _ping(url: str, ending: Ending) -> None:
    if not url:
        return
    asked = url if ending.exit_code in {AUDITED, FOUND} else failed(url)
    why = ping(asked, timeout=_STOPPED_TIMEOUT, tries=_STOPPED_TRIES) if ending.is_stop else ping(asked)
    if why:
        _complain(why)


def _complain(line: str) -> None:
    LOG.error("watch: %s", line)
    click.echo(f"csp-audit: watch: {visible(line)}", err=True)


def _locked(attempt: Attempt, ending: Ending, _: float, status: Status) -> Status:
    """Leave what the run that holds the lock has written."""
    locked = LastLocked(as_of=attempt.as_of, started_at=_seconds(attempt.started_at), message=ending.message)
    return status.model_copy(update={"last_locked": locked})


def _ended(attempt: Attempt, ending: Ending, seconds: float, status: Status) -> Status:
    ended_at = _seconds(attempt.started_at + timedelta(seconds=seconds))
    last = LastAttempt(
        run_id=attempt.run_id,
        as_of=attempt.as_of,
        started_at=_seconds(attempt.started_at),
        ended_at=ended_at,
        seconds=round(seconds, 3),
        exit_code=ending.exit_code,
        verdict=ending.verdict,
        error=ending.error,
        message=ending.message,
        # To look at the folder takes a while where it is far away, and who stops a run does not wait.
        inputs=() if ending.is_stop else _inputs(attempt),
    )
    changed: dict[str, object] = {"last_attempt": last}
    changed |= {"running": None} if attempt.has_begun else {}
    changed |= {"last_good": _good(attempt.audit, ended_at)} if ending.is_audited and attempt.audit else {}
    return status.model_copy(update=changed)


def _good(audit: Audit, ended_at: datetime) -> LastGood:
    return LastGood(
        run_id=audit.run_id,
        as_of=audit.as_of,
        ended_at=ended_at,
        findings={level.value: count.found for level, count in audit.counts.items()},
        unread_rows=audit.unread,
        rules_not_judged=sum(not result.is_judged for result in audit.rules),
    )


def _inputs(attempt: Attempt) -> tuple[InputAge, ...]:
    """Return the age of each export: of those that were read, else of those that would have been."""
    if attempt.audit:
        files = [(each.table, each.file, each.modified_at) for each in attempt.audit.inputs]
    else:
        files = _offered(attempt)
    return tuple(
        InputAge(table=table, file=visible(file), hours=round((attempt.started_at - moment) / timedelta(hours=1), 1))
        for table, file, moment in files
        if file and moment
    )


def _offered(attempt: Attempt) -> list[tuple[str, str | None, datetime | None]]:
    from pipeline.inbox import find_exports
    from schemas.catalog import TABLES

    try:
        taken, _ = find_exports(attempt.folder, TABLES.values(), may_link_outside=attempt.may_link_outside)
    except (OSError, UsageError):
        return []
    return [(each.table.name, each.path.name, each.modified_at) for each in taken]


def _seconds(moment: datetime) -> datetime:
    return moment.astimezone(UTC).replace(microsecond=0)
