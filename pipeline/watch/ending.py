"""How a run ended: its exit code, and one line that says why."""

from __future__ import annotations

import signal
from dataclasses import dataclass
from typing import TYPE_CHECKING

import click

from pipeline.errors import FAULT, SIGNALLED, CspAuditError, NotAuditedError
from pipeline.signals import farewell, stopped_by
from reports.text import clip, visible
from schemas.finding import Level, Verdict

if TYPE_CHECKING:
    from schemas.finding import Audit

_LONGEST = 500


@dataclass(frozen=True)
class Ending:
    """An exit code; the verdict where the night has one; the class of the error where there was one; one line."""

    exit_code: int
    verdict: str | None
    error: str | None
    message: str

    @property
    def is_audited(self) -> bool:
        """Whether the night was audited, though perhaps not mailed."""
        return self.verdict not in {None, Verdict.NOT_AUDITED}

    @property
    def is_stop(self) -> bool:
        """Whether a signal ended the run."""
        return self.exit_code > SIGNALLED


def good_ending(audit: Audit, exit_code: int) -> Ending:
    """Return the end of a run that audited its night."""
    found = ", ".join(f"{audit.counts[level].found} {level.value}" for level in Level if level in audit.counts)
    suspects = ", ".join(result.rule.id for result in audit.suspects)
    apart = f" (suspect, and counted apart: {suspects})" if suspects else ""
    message = f"{audit.verdict}; findings: {found}{apart}; {audit.unread} unread rows"
    return Ending(exit_code, audit.verdict.value, None, message)


def ending_of(error: BaseException, audit: Audit | None) -> Ending:
    """Return the end that an error is, perhaps of a night that was audited before it came.

    The words of an error that is not ours may hold values of the exports, and are left out. What a signal interrupts
    may fail in any way: it is the signal that ended the run.
    """
    stop = stopped_by() or (signal.SIGINT if isinstance(error, (KeyboardInterrupt, click.Abort)) else None)
    verdict = Verdict.NOT_AUDITED if isinstance(error, NotAuditedError) else audit.verdict if audit else None
    name = verdict.value if verdict else None
    if stop:
        return Ending(SIGNALLED + stop, name, stop.name, farewell(stop))
    return Ending(_exit_code(error), name, type(error).__name__, _message(error))


def _exit_code(error: BaseException) -> int:
    code = error.code if isinstance(error, SystemExit) else getattr(error, "exit_code", FAULT)
    return code if isinstance(code, int) else FAULT


def _message(error: BaseException) -> str:
    if not isinstance(error, CspAuditError):
        return f"a fault of the program ({type(error).__name__})"
    first, *others = str(error).splitlines() or [""]
    more = f" (the first of {len(others) + 1} problems)" if others and not first.endswith(":") else ""
    return clip(visible(first), _LONGEST) + more
