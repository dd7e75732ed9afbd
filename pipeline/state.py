"""The state directory: where everything that a run writes has its place, and the lock that guards it."""

from __future__ import annotations

import fcntl
import hashlib
import json
import logging
import os
import re
import shutil
import time
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING

import click

from pipeline.aside import halves
from pipeline.beside import left_half, sweep
from pipeline.clock import lock_moment, set_back
from pipeline.errors import StateLockedError, UsageError
from pipeline.regular import refuse_irregular
from pipeline.signals import surely

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import date
    from pathlib import Path
    from typing import TextIO

# The doctor holds the lock for an instant too; a run would be refused for hours.
_TRIES, _PAUSE_SECONDS = 5, 0.25
# Where a run builds, and where pruning puts a folder before it is deleted.
_WORK = re.compile(r"work-(?:[0-9]+|gone-.+)")


@dataclass(frozen=True)
class State:
    """The places in one state directory."""

    root: Path

    @property
    def warehouse(self) -> Path:
        """The DuckDB file of the last good night."""
        return self.root / "warehouse.duckdb"

    @property
    def kept(self) -> Path:
        """Earlier warehouses."""
        return self.root / "kept"

    @property
    def latest(self) -> Path:
        """A link to the folder of the newest night."""
        return self.root / "latest"

    @property
    def log(self) -> Path:
        """The log of all runs."""
        return self.root / "csp-audit.log"

    @property
    def triage(self) -> Path:
        """What analysts have decided about findings."""
        return self.root / "triage.csv"

    @property
    def outbox(self) -> Path:
        """The folder of mail that waits to be handed over."""
        return self.root / "outbox"

    def night(self, as_of: date) -> Path:
        """Return the folder of one night's report and data files."""
        return self.root / "runs" / as_of.isoformat()

    def refused(self, as_of: date) -> Path:
        """Return the folder of the record that a refused run leaves."""
        return self.root / "refused" / as_of.isoformat()

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Hold the directory against other runs; somebody who only looks at the lock is waited for, about a second.

        Raises StateLockedError, which says who holds it since when. One line on stderr where the clock was set back
        since the last time.
        """
        self.create()
        refuse_irregular(self.root / "lock")
        with (self.root / "lock").open("a+", encoding="utf-8") as lock:
            if not _taken(lock):
                lock.seek(0)
                raise StateLockedError(_held(lock.read()))
            now = datetime.now(UTC)
            lock.seek(0)
            _name_setback(lock.read(), now)
            # On a full disk it cannot be written who holds the lock; prune, which makes room, works without that.
            with suppress(OSError):
                lock.truncate(0)
                os.write(lock.fileno(), json.dumps({"pid": os.getpid(), "since": lock_moment(now)}).encode())
            yield

    def holder(self) -> str | None:
        """Return what the run that holds the lock has written into it; None where none does. Raises OSError."""
        path = self.root / "lock"
        # what is no file has a check of its own, and a pipe would be waited for
        if not path.is_file():
            return None
        with path.open(encoding="utf-8", errors="replace") as file:
            try:
                # Held for an instant together with whoever else only looks; a run that begins in it tries again.
                fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
            except BlockingIOError:
                return file.read()
        return None

    def create(self) -> None:
        """Make the directory. Raises UsageError where it cannot be written."""
        try:
            self.root.mkdir(parents=True, exist_ok=True)
            (self.root / "runs").mkdir(exist_ok=True)
        except OSError as error:
            message = f"{self.root}: cannot be written: {error.strerror}. Name another directory with --state."
            raise UsageError(message) from error

    @contextmanager
    def work(self) -> Iterator[Path]:
        """Give a folder to build in, gone afterwards; what a killed run left behind goes first.

        The directory must be locked. What cannot be removed is named in the log. Raises UsageError where that has the
        name of the folder.
        """
        sweep(self.root)
        for left in self._work_left():
            _clear(left)
        folder = self.root / f"work-{os.getpid()}"
        if os.path.lexists(folder):
            message = f"{folder}: was left by a killed run, and cannot be removed. Remove it, then run again."
            raise UsageError(message)
        try:
            (folder / "spill").mkdir(parents=True)
            yield folder
        finally:
            surely(partial(shutil.rmtree, folder, ignore_errors=True))

    def left(self) -> list[Path]:
        """Return what a run takes away first, if none is under way now: what programs that were killed have left."""
        return left_half(self.root) + self._work_left()

    def _work_left(self) -> list[Path]:
        """Return what only a killed run leaves; a folder of the user's whose name begins alike is none."""
        work = [path for path in self.root.glob("work-*") if is_work(path.name) and path.is_dir()]
        return work + halves(self.kept)


def is_work(name: str) -> bool:
    """Whether a name in the state directory is that of a folder which only a run makes, and only it touches."""
    return _WORK.fullmatch(name) is not None


def _clear(left: Path) -> None:
    with suppress(OSError):
        left.unlink()
    shutil.rmtree(left, ignore_errors=True)
    if os.path.lexists(left):
        line = "%s: was left by a killed run, and cannot be removed. Remove it: it takes room."
        logging.getLogger("csp-audit").warning(line, left)


def sha256_of(file: Path) -> str:
    """Return the hash of a small file, or nothing where there is none."""
    return hashlib.sha256(file.read_bytes()).hexdigest() if file.is_file() else ""


def _taken(lock: TextIO) -> bool:
    for tried in range(_TRIES):
        if tried:
            time.sleep(_PAUSE_SECONDS)
        with suppress(BlockingIOError):
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return True
    return False


def _name_setback(held: str, now: datetime) -> None:
    with suppress(ValueError, KeyError, TypeError):
        if line := set_back(str(json.loads(held)["since"]), now):
            logging.getLogger("csp-audit").warning(line)
            click.echo(f"csp-audit: {line}", err=True)


def _held(text: str) -> str:
    try:
        holder = json.loads(text)
        who = f"process {holder['pid']} since {holder['since']}"
    except (ValueError, KeyError, TypeError):
        who = "another process"
    return f"another run holds the lock: {who}. Wait for it to end, then run again."
