"""The state directory: where everything that a run writes has its place, and the lock that guards it."""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import shutil
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from pipeline.errors import LockedError, UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import date
    from pathlib import Path


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
        """Hold the directory against other runs. Raises LockedError, which says who holds it since when."""
        self.create()
        with (self.root / "lock").open("a+", encoding="utf-8") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                lock.seek(0)
                raise LockedError(_held(lock.read())) from None
            lock.truncate(0)
            lock.write(json.dumps({"pid": os.getpid(), "since": f"{datetime.now(UTC):%Y-%m-%d %H:%M:%S} UTC"}))
            lock.flush()
            yield

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
        """Give a folder to build in, gone afterwards; what a killed run left behind goes first."""
        for left in self.root.glob("work-*"):
            shutil.rmtree(left, ignore_errors=True)
        folder = self.root / f"work-{os.getpid()}"
        folder.mkdir()
        (folder / "spill").mkdir()
        try:
            yield folder
        finally:
            shutil.rmtree(folder, ignore_errors=True)


def sha256_of(file: Path) -> str:
    """Return the hash of a small file, or nothing where there is none."""
    return hashlib.sha256(file.read_bytes()).hexdigest() if file.exists() else ""


def _held(text: str) -> str:
    try:
        holder = json.loads(text)
        who = f"process {holder['pid']} since {holder['since']}"
    except (ValueError, KeyError, TypeError):
        who = "another process"
    return f"another run holds the lock: {who}. Wait for it to end, then run again."
