"""Writes what people read: built in a folder of its own, then put into place as one."""

from __future__ import annotations

import ctypes
import os
import shutil
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

import click

from pipeline.errors import UsageError
from pipeline.session import LOG
from pipeline.trouble import refusal_of
from reports import render
from reports.text import visible
from reports.wording import ENGLISH

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from datetime import date

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
    _refuse_in_the_way(night, "tonight's report", is_in_the_way=night.exists() and not night.is_dir())
    is_folder = state.latest.is_dir() and not state.latest.is_symlink()
    _refuse_in_the_way(state.latest, "tonight's report", is_in_the_way=is_newest and is_folder)
    for folder in (runs, night) if night.exists() else (runs,):
        _refuse_unwritable(folder)
    _refuse_disk(runs, built, state)
    _refuse_for_the_warehouse(built, state)


def _refuse_in_the_way(path: Path, what: str, *, is_in_the_way: bool) -> None:
    if is_in_the_way:
        message = f"{path}: is in the way of {what}. Move it away, then run again."
        raise UsageError(message)


def _refuse_for_the_warehouse(built: Path, state: State) -> None:
    """Look for what would keep the warehouse from its place, or the earlier one from `kept`, on whatever disk."""
    if os.path.lexists(state.kept):
        _refuse_unwritable(state.kept)
    if state.warehouse.is_symlink():
        _refuse_unwritable(Path(os.path.realpath(state.warehouse)).parent)
        _refuse_disk(state.warehouse, built, state)


def _refuse_unwritable(folder: Path) -> None:
    """Let pass a folder of ours, or a link to one. Raises UsageError for anything else."""
    if not folder.is_dir():
        kind = "it is a link that leads to no folder" if folder.is_symlink() else "it is no folder"
        message = f"{folder}: {kind}. Bring back the disk that it is on, or move it away, then run again."
        raise UsageError(message)
    if not os.access(folder, os.R_OK | os.W_OK | os.X_OK):
        message = f"{folder}: cannot be written. Check its permissions, then run again."
        raise UsageError(message)


def _refuse_disk(path: Path, built: Path, state: State) -> None:
    """Refuse a place on another disk: what is built in the state directory could not take it in one step."""
    if path.stat().st_dev != built.stat().st_dev:
        message = f"{path}: is on another disk than {state.root}. Move it back, or move both, then run again."
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


@contextmanager
def refused_all_the_same(lost: str) -> Iterator[None]:
    """Say in one line on stderr what of a refusal the system has `lost`: why the night was refused matters more."""
    try:
        yield
    except (OSError, UsageError) as error:
        why = str(error) if isinstance(error, UsageError) else f"{refusal_of(error)}. Mend that before the next run."
        line = f"{lost}: {why}"
        # Who reads it may be gone, and the log may be on the disk that is full.
        with suppress(OSError):
            LOG.error(line)
            click.echo(f"csp-audit: {visible(line)}", err=True)


def record_refusal(refusal: Refusal, mail: Mapping[str, bytes], state: State, built: Path) -> None:
    """Leave a record of a run that was refused, with its mail, built in a new folder; the last good night stays.

    Where that cannot be, one line on stderr says so.
    """
    with refused_all_the_same("no record of this refusal could be left"):
        _put_record(refusal, mail, state, built)


def _put_record(refusal: Refusal, mail: Mapping[str, bytes], state: State, built: Path) -> None:
    built.mkdir()
    folder = state.refused(refusal.as_of)
    if not os.path.lexists(folder.parent):
        folder.parent.mkdir()
    _refuse_unwritable(folder.parent)
    _refuse_disk(folder.parent, built, state)
    _refuse_in_the_way(folder, "the record", is_in_the_way=os.path.lexists(folder) and not folder.is_dir())
    write_mail(mail, built)
    (built / "run.json").write_text(render.refusal_json(refusal), encoding="utf-8")
    (built / "quarantine.csv").write_text(render.quarantine_csv(refusal), encoding="utf-8", newline="")
    if folder.is_dir():
        _exchange(built, folder)
    else:
        built.replace(folder)
