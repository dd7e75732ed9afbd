"""`status.json` in the state directory: what the last runs came to, for a program that watches."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Literal

from pydantic import BaseModel, ConfigDict, ValidationError

from pipeline.beside import alone, replace_text
from pipeline.regular import irregular
from pipeline.session import LOG
from schemas.finding import Judgement

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

NAME = "status.json"
_JUDGED = {Judgement.JUDGED, Judgement.PARTLY}


class Part(BaseModel):
    """A part of the file; moments are in UTC, to the second."""

    model_config = ConfigDict(extra="ignore", frozen=True)


class Running(Part):
    """The process of a run since it holds the lock; where it is gone, the run died."""

    pid: int
    since: datetime


class InputAge(Part):
    """How many hours before the run an export was written; less than nothing where a clock is wrong."""

    table: str
    file: str
    hours: float


class LastAttempt(Part):
    """How the last run ended, whatever its end; one that found the lock held is in LastLocked alone.

    `run_id` is None where the run failed before it had one. `verdict` is that of the report; it is None, and `error`
    names the kind of failure, where there is no report. `message` is one line without values of the exports.
    """

    run_id: str | None
    as_of: date
    started_at: datetime
    ended_at: datetime
    seconds: float
    exit_code: int
    verdict: str | None
    error: str | None
    message: str
    inputs: tuple[InputAge, ...] = ()


class LastGood(Part):
    """The last run that audited its night, with the findings of each level as the report counts them."""

    run_id: str
    as_of: date
    ended_at: datetime
    findings: dict[str, int]
    unread_rows: int
    rules_not_judged: int


class LastLocked(Part):
    """The last run that found the lock held by another."""

    as_of: date
    started_at: datetime
    message: str


class Status(Part):
    """The whole file."""

    schema_version: Literal[1] = 1
    running: Running | None = None
    last_attempt: LastAttempt | None = None
    last_good: LastGood | None = None
    last_locked: LastLocked | None = None


def read_status(root: Path, complain: Callable[[str], None] | None = None) -> Status:
    """Return the status in a state directory; where there is none, the last good run alone, as its night tells it.

    The same where it is damaged, of a newer version or cannot be read; then `complain`, or the log, is told so.
    """
    complain = complain or _log
    try:
        if kind := irregular(root / NAME):
            complain(_useless(f"it is {kind}"))
            return Status(last_good=_newest_good(root))
        return Status.model_validate_json((root / NAME).read_bytes())
    except FileNotFoundError:
        pass
    except OSError as error:
        complain(_useless(error.strerror or type(error).__name__))
    except ValidationError:
        complain(_useless("it is damaged, or of a newer version"))
    return Status(last_good=_newest_good(root))


def _log(line: str) -> None:
    LOG.warning("watch: %s", line)


def _useless(why: str) -> str:
    return f"{NAME} cannot be used: {why}. last_good is that of the newest night in runs/."


def _newest_good(root: Path) -> LastGood | None:
    """Return the last run that left a night's folder; of its end that knows the beginning alone."""
    try:
        found = [good for path in root.glob("runs/*/run.json") if (good := _good(path))]
    except OSError:
        return None
    return max(found, key=lambda good: good.ended_at, default=None)


def _good(path: Path) -> LastGood | None:
    try:
        told = json.loads(path.read_bytes())
        return LastGood(
            run_id=told["run_id"],
            as_of=told["as_of"],
            ended_at=datetime.fromisoformat(told["started_at"]).astimezone(UTC).replace(microsecond=0),
            findings={level: counts["found"] for level, counts in told["counts"].items()},
            unread_rows=told["unread"]["rows"],
            rules_not_judged=sum(rule["judgement"] not in _JUDGED for rule in told["rules"]),
        )
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return None


def update_status(
    root: Path, change: Callable[[Status], Status], complain: Callable[[str], None] | None = None
) -> Status:
    """Change the status in one step, one process at a time, and return it; `complain` is as for `read_status`.

    Raises OSError, UsageError or LockedError where it cannot be written; the old one is then as it was.
    """
    path = root / NAME
    with alone(path):
        status = change(read_status(root, complain))
        replace_text(path, f"{status.model_dump_json(indent=2)}\n")
    return status
