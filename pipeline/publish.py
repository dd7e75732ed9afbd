"""Writes what people read: built in a folder of its own, then put into place as one."""

from __future__ import annotations

import ctypes
import os
import shutil
from typing import TYPE_CHECKING

from pipeline.errors import UsageError
from reports import render
from reports.wording import ENGLISH

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date
    from pathlib import Path

    from pipeline.state import State
    from reports.wording import Words
    from schemas.finding import Audit
    from schemas.reading import Refusal

# Linux's renameat2: paths from the working directory, and both names change places.
_HERE, _EXCHANGE = -100, 2


def write_files(audit: Audit, folder: Path, words: Words = ENGLISH) -> None:
    """Write the report and the data files of one night, in a language, into an empty folder."""
    for name, text in {
        "report.html": render.report_html(audit, words),
        "findings.csv": render.findings_csv(audit, words),
        "findings.json": render.findings_json(audit, words),
        "quarantine.csv": render.quarantine_csv(audit),
        "run.json": render.run_json(audit, words),
    }.items():
        (folder / name).write_text(text, encoding="utf-8", newline="")


def write_mail(files: Mapping[str, bytes], folder: Path) -> None:
    """Write messages and editions, each at its place in the night's folder."""
    for place, content in files.items():
        (folder / place).parent.mkdir(parents=True, exist_ok=True)
        (folder / place).write_bytes(content)


def refuse_places(built: Path, state: State, as_of: date, *, is_newest: bool) -> None:
    """Look for what would keep a night from its place, as long as the warehouse is still last night's.

    Raises UsageError, or OSError where the system does not say.
    """
    night, runs = state.night(as_of), state.root / "runs"
    in_the_way = [night] if night.exists() and not night.is_dir() else []
    in_the_way += [state.latest] if is_newest and state.latest.is_dir() and not state.latest.is_symlink() else []
    for path in in_the_way:
        message = f"{path}: is in the way of tonight's report. Move it away, then run again."
        raise UsageError(message)
    for folder in (runs, night) if night.exists() else (runs,):
        if not os.access(folder, os.W_OK | os.X_OK):
            message = f"{folder}: cannot be written. Check its permissions, then run again."
            raise UsageError(message)
    if runs.stat().st_dev != built.stat().st_dev:
        message = f"{runs}: is on another disk than {state.root}. Move it back, or move both, then run again."
        raise UsageError(message)


def put_in_place(built: Path, state: State, as_of: date, *, is_newest: bool) -> Path:
    """Replace the night's folder by the one that was built; where it is the newest, point `latest` at it."""
    night = state.night(as_of)
    if night.exists():
        _exchange(built, night)
        shutil.rmtree(built, ignore_errors=True)
    else:
        built.replace(night)
    shutil.rmtree(state.refused(as_of), ignore_errors=True)
    if not is_newest:
        return night
    link = built.with_name("latest")
    link.symlink_to(os.path.relpath(night, state.root))
    link.replace(state.latest)
    return night


def _exchange(one: Path, other: Path) -> None:
    """Let two folders change places in one step, so that a run killed here leaves no night without its report."""
    try:
        exchanged = ctypes.CDLL(None).renameat2(_HERE, os.fsencode(one), _HERE, os.fsencode(other), _EXCHANGE) == 0
    except AttributeError:
        exchanged = False
    if not exchanged:
        # A system or a file system that cannot: between two steps the place is empty for a moment.
        aside = one.with_name(f"{one.name}-replaced")
        other.replace(aside)
        one.replace(other)
        aside.replace(one)


def record_refusal(refusal: Refusal, state: State, built: Path) -> Path:
    """Leave a record of a run that was refused, built in an empty folder; the last good night is not touched."""
    (built / "run.json").write_text(render.refusal_json(refusal), encoding="utf-8")
    (built / "quarantine.csv").write_text(render.quarantine_csv(refusal), encoding="utf-8", newline="")
    folder = state.refused(refusal.as_of)
    folder.parent.mkdir(exist_ok=True)
    if folder.exists():
        _exchange(built, folder)
    else:
        built.replace(folder)
    return folder
