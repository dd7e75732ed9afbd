"""How a run can end other than well; each class has the exit code of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from schemas.reading import Problem, UnreadRow

AUDITED = 0
FOUND = 1
MAIL_WAITS = 5
FAULT = 70
# As shells have it, the number of the signal that ended a program is added.
SIGNALLED = 128


class CspAuditError(Exception):
    """A run that ended early for a reason that the user can do something about."""

    exit_code = FAULT


class UsageError(CspAuditError):
    """The command line or the configuration asks for something that cannot be done."""

    exit_code = 2


class DamagedError(UsageError):
    """A warehouse cannot be read: it is not one, or its bytes are not those that were written."""


class NotAuditedError(CspAuditError):
    """An input was refused, so nothing was judged; `problems` has one entry for each reason.

    `unread_rows` are those that made an input unreadable, for the record; the message never holds a value.
    """

    exit_code = 3

    def __init__(self, problems: Sequence[Problem], unread_rows: Sequence[UnreadRow] = ()) -> None:
        """Keep the problems; the message is one line for each."""
        super().__init__("\n".join(str(problem) for problem in problems))
        self.problems = tuple(problems)
        self.unread_rows = tuple(unread_rows)


class LockedError(CspAuditError):
    """Another program holds what is needed, and lets go of it when it has ended."""

    exit_code = 4


class StateLockedError(LockedError):
    """Another run holds the lock of the state directory: what is in there is that run's to write."""


class FaultError(CspAuditError):
    """The program contradicts itself: its results cannot be trusted, so there are none."""

    exit_code = FAULT
