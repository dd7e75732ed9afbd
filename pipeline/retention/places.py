"""The outbox while nobody sends from it."""

from __future__ import annotations

import fcntl
import os
from contextlib import contextmanager
from typing import TYPE_CHECKING

from pipeline.errors import LockedError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pipeline.state import State


@contextmanager
def sending_stopped(state: State) -> Iterator[None]:
    """Hold the outbox, if there is one, against senders. Raises LockedError where one is at work."""
    if not state.outbox.is_dir():
        yield
        return
    with os.fdopen(os.open(state.outbox / "lock", os.O_RDWR | os.O_CREAT, 0o600), "r+b") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            message = f"{state.outbox}: mail is being sent. Wait for that to end, then run again."
            raise LockedError(message) from None
        yield
