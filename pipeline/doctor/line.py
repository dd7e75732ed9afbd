"""What one check comes to: ok, a warning or failed, what was found, and the next step where it is not ok."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pipeline.errors import CspAuditError


class Mark(StrEnum):
    """How a check came out: with FAILED, tonight's run or its mail cannot work as it should."""

    OK = "ok"
    WARNING = "warning"
    FAILED = "failed"


@dataclass(frozen=True)
class Line:
    """One check's outcome; `step` is what to do next, and empty where all is well. Neither ends with a stop."""

    mark: Mark
    found: str
    step: str = ""


def ok(found: str) -> Line:
    """Return that all is well."""
    return Line(Mark.OK, found)


def warning(found: str, step: str) -> Line:
    """Return what somebody should look at; the run works all the same."""
    return Line(Mark.WARNING, found, step)


def failed(found: str, step: str) -> Line:
    """Return what has to be mended before a run."""
    return Line(Mark.FAILED, found, step)


def refusal(error: CspAuditError, step: str) -> Line:
    """Return that a run would end with this error; all of its problems are what `step` lists."""
    first, *others = str(error).splitlines() or [type(error).__name__]
    more = f" (the first of {len(others) + 1} problems)" if others else ""
    return failed(first.strip().rstrip(".") + more, step)
