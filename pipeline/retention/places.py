"""The outbox while nobody sends from it."""

from __future__ import annotations

from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING

from pipeline.errors import LockedError
from pipeline.mail.turns import one_at_a_time

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pipeline.state import State


@contextmanager
def sending_stopped(state: State) -> Iterator[None]:
    """Hold the outbox, if there is one, against senders. Raises LockedError where one is at work."""
    with ExitStack() as stack:
        if state.outbox.is_dir():
            try:
                stack.enter_context(one_at_a_time(state.outbox, 0, None))
            except LockedError:
                message = f"{state.outbox}: mail is being sent. Wait for that to end, then run again."
                raise LockedError(message) from None
        yield
