"""A night goes behind those who ask something meanwhile."""

from __future__ import annotations

import os
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

# As `nice` has it: behind everything at the usual 0, and still some share of a machine that is never idle.
PRIORITY = 10
_TRIES, _PAUSE = 5, 0.12
_SESSION, _TERMINAL = Path("/proc/self/autogroup"), Path("/dev/tty")


@contextmanager
def behind_others() -> Iterator[None]:
    """Lower the priority of this process for good, and meanwhile that of a session that was started for it.

    Linux shares the processor between sessions first and only then among the processes of each: without the second
    step, a job that cron started weighs as much as all that an analyst does.
    """
    os.setpriority(os.PRIO_PROCESS, 0, max(os.getpriority(os.PRIO_PROCESS, 0), PRIORITY))
    usual = _session_priority() if _has_own_session() else None
    if usual is None or usual >= PRIORITY:
        yield
        return
    _set_session_priority(PRIORITY)
    try:
        yield
    finally:
        _set_session_priority(usual)


def _has_own_session() -> bool:
    """Whether cron or a service manager started a session for this command, and nobody sits at its terminal."""
    return os.getsid(0) in {os.getpid(), os.getppid()} and not _has_terminal()


def _has_terminal() -> bool:
    try:
        os.close(os.open(_TERMINAL, os.O_RDONLY | os.O_NOCTTY))
    except OSError:
        return False
    return True


def _session_priority() -> int | None:
    """Return the session's priority, and None on a system that knows none."""
    try:
        return int(_SESSION.read_text(encoding="ascii").rpartition(" ")[2])
    except (OSError, ValueError):
        return None


def _set_session_priority(priority: int) -> None:
    # Without privileges the system takes one such change in a tenth of a second, of all its users together.
    for _ in range(_TRIES):
        try:
            _SESSION.write_text(str(priority), encoding="ascii")
        except BlockingIOError:
            time.sleep(_PAUSE)
        except OSError:
            return
        else:
            return
