"""The order of the checks; one that breaks is a line as well, and never the end of the others."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from pipeline.doctor import access, by_hand, machine, nights, permissions, post, removal, storage
from pipeline.doctor.line import Mark, failed, ok, refusal, warning
from pipeline.doctor.subject import Subject
from pipeline.errors import CspAuditError
from pipeline.session import settings

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from datetime import datetime
    from pathlib import Path

    from pipeline.doctor.line import Line

_AGAIN = "Correct the configuration, then run csp-audit doctor again"
CHECKS: dict[str, Callable[[Subject], Line]] = {
    "clock": machine.clock,
    "write access": access.write_access,
    "permissions": permissions.permissions,
    "disk": storage.disk,
    "lock": nights.lock,
    "last good run": nights.last_run,
    "last attempt": nights.last_attempt,
    "exports": nights.exports,
    "waivers": by_hand.waivers,
    "triage": by_hand.triage,
    "resellers": by_hand.resellers,
    "mail server": post.server,
    "outbox": post.outbox,
    "set aside": storage.set_aside,
    "removal": removal.removal,
}


@dataclass(frozen=True)
class Result:
    """One check and what it came to."""

    check: str
    line: Line


@dataclass(frozen=True)
class Question:
    """What is to be examined: the options of the command line, as a run takes them, and the present moment (UTC)."""

    folder: Path | None
    state: Path | None
    config_file: Path | None
    now: datetime


def examine(question: Question) -> Iterator[Result]:
    """Make every check, and tell each as it comes out; nothing is raised, changed or sent."""
    yield Result("versions", _guarded(machine.versions))
    try:
        config = settings(question.config_file, question.state)
    except CspAuditError as error:
        for problem in str(error).splitlines():
            yield Result("configuration", refusal(CspAuditError(problem), _AGAIN))
        yield Result("all others", warning("not checked: they need the configuration", _AGAIN))
        return
    told = f"{question.config_file} is in order" if question.config_file else "no file: every key is at its default"
    yield Result("configuration", ok(told))
    subject = Subject(config, question.now, question.folder, question.config_file)
    for name, check in CHECKS.items():
        yield Result(name, _guarded(partial(check, subject)))


def exit_code(results: list[Result]) -> int:
    """Return 1 where a check has failed, else 0."""
    return int(any(result.line.mark is Mark.FAILED for result in results))


def _guarded(check: Callable[[], Line]) -> Line:
    """Make a check; what it could not cope with is its outcome."""
    try:
        return check()
    except CspAuditError as error:
        return refusal(error, "Mend that, then run csp-audit doctor again")
    except OSError as error:
        place = f"{error.filename}: " if error.filename else ""
        return failed(
            f"{place}{(error.strerror or type(error).__name__).lower()}", "Check the file and its permissions"
        )
    except Exception as error:  # noqa: BLE001 - whoever calls a doctor has a system that may be broken in any way
        # The text of an error may hold values of a customer.
        return failed(f"the check itself failed ({type(error).__name__})", "Report this as a fault of csp-audit")
