"""Who works on an outbox at the same time: one sender, and any number of runs that put something in."""

from __future__ import annotations

import fcntl
import os
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

from pipeline.beside import make_owned
from pipeline.errors import LockedError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

_POLL_SECONDS = 0.1
_PUTTING = "lock-put"


@contextmanager
def one_at_a_time(folder: Path, patience: float, wait: Callable[[], None] | None) -> Iterator[None]:
    """Hold the lock of an outbox; `wait` is called where somebody else has it.

    Raises LockedError where that sender does not come to an end within `patience` seconds.
    """
    with _opened(folder / "lock") as lock:
        if not _locked(lock):
            if wait:
                wait()
            _await(lock, folder, patience)
        yield


@contextmanager
def putting(folder: Path) -> Iterator[None]:
    """Say that somebody is writing parcels: what is half there is on its way in."""
    with _opened(folder / _PUTTING) as lock:
        fcntl.flock(lock, fcntl.LOCK_SH)
        yield


@contextmanager
def nobody_putting(folder: Path) -> Iterator[bool]:
    """Tell whether nobody writes parcels, and keep it so: then what is half there was left by a crash."""
    with _opened(folder / _PUTTING) as lock:
        yield _locked(lock)


@contextmanager
def _opened(file: Path) -> Iterator[int]:
    make_owned(file, 0o600)
    descriptor = os.open(file, os.O_RDWR)
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def _await(lock: int, folder: Path, patience: float) -> None:
    end = time.monotonic() + patience
    while not _locked(lock):
        if time.monotonic() > end:
            message = (
                f"{folder}: another sender has not finished in {patience:.0f} seconds. "
                "What waits is kept: run csp-audit send --outbox when it has."
            )
            raise LockedError(message)
        time.sleep(_POLL_SECONDS)


def _locked(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
