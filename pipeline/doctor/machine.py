"""Checks of the machine: the versions that are installed, and the clock."""

from __future__ import annotations

import platform
from datetime import timedelta
from importlib import import_module
from importlib.metadata import version
from typing import TYPE_CHECKING

from pipeline.doctor.line import failed, ok, warning
from pipeline.program import program_version
from pipeline.warehouse import LAYOUT

if TYPE_CHECKING:
    from datetime import datetime
    from pathlib import Path

    from pipeline.doctor.line import Line
    from pipeline.doctor.subject import Subject

_LIBRARIES = ("duckdb", "pandas", "pandera")
# Clocks of a file server and of this machine are never quite the same.
_AHEAD = timedelta(minutes=5)
_SET_CLOCK = "timedatectl"


def versions() -> Line:
    """Load what a run loads, and say which versions these are."""
    for name in _LIBRARIES:
        try:
            import_module(name)
        except ImportError as error:
            return failed(f"{name} cannot be loaded: {type(error).__name__}", "Install csp-audit again")
    libraries = ", ".join(f"{name} {version(name)}" for name in _LIBRARIES)
    python = platform.python_version()
    return ok(f"csp-audit {program_version()}, Python {python}, {libraries}; warehouse layout {LAYOUT}")


def clock(subject: Subject) -> Line:
    """Compare the clock with what is known to have happened before now."""
    said = _moment(subject.now)
    run = subject.known_run
    if run and run.as_of > subject.today:
        found = f"it is {said}, but the night of {run.as_of} has been audited already"
        return failed(f"{found}: a run without --as-of is refused", f"{_SET_CLOCK} shows the clock; correct it")
    if run and run.started_at - subject.now > _AHEAD:
        found = f"it is {said}, but the last good run began {run.started_at:%Y-%m-%d %H:%M} UTC"
        return warning(found, f"{_SET_CLOCK} shows the clock; correct it")
    if file := _from_the_future(subject.exports, subject.now):
        return warning(f"it is {said}, but {file} was written later than that", f"{_SET_CLOCK} shows the clock")
    return ok(said)


def _moment(now: datetime) -> str:
    """Say the time in UTC, by which nights are counted, and the time zone of this machine."""
    local = now.astimezone()
    return f"{now:%Y-%m-%d %H:%M} UTC, {local:%H:%M} in this machine's time zone {local.tzname()}"


def _from_the_future(folder: Path | None, now: datetime) -> str:
    """Return the name of an export that is younger than now, or nothing."""
    if folder is None:
        return ""
    latest = (now + _AHEAD).timestamp()
    files = sorted(folder.glob("*.csv")) if folder.is_dir() else []
    return next((file.name for file in files if file.is_file() and file.stat().st_mtime > latest), "")
