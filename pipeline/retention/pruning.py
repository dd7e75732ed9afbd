"""Takes away what is kept no longer: nights' folders, records of refusals, earlier warehouses.

Mail that waits for too long is moved aside; where a sender is at work, that one has given it up and deleted it before.
What `latest` points at, the newest night and damaged warehouses stay. A folder is renamed to work-* before it is
deleted, so that no half of one is ever taken for a night.
"""

from __future__ import annotations

import errno
import os
import shutil
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING

from pipeline.beside import make_owned_folder
from pipeline.database import log_of
from pipeline.errors import UsageError
from pipeline.mail.parcel import DamagedParcelError, envelopes, read_parcel
from pipeline.retention.places import sending_stopped
from pipeline.session import LOG
from pipeline.trouble import refusal_of
from pipeline.warehouse import kept_copies

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from pipeline.config import RetentionConfig
    from pipeline.state import State

EXPIRED = "expired"
_NO_ROOM = {errno.ENOSPC, errno.EDQUOT}
# On a full disk this command is what others tell to run.
_BY_HAND = "Remove a file of csp-audit's by hand, as the oldest in kept/, then run again."


@dataclass(frozen=True)
class Doomed:
    """A file or folder that is kept no longer, with its size in bytes; mail is moved aside (`moved`), not removed."""

    path: Path
    size: int
    moved: bool = False


def doomed(
    state: State, retention: RetentionConfig, keep: int, now: datetime, *, damaged: bool = False
) -> list[Doomed]:
    """Return what goes, in the order of its kinds and names; `keep` counts earlier warehouses. Raises OSError.

    Warehouses come first: on a full disk folders can be renamed, and mail moved, only once there is room.
    """
    found = [*_old_warehouses(state, keep)]
    found += sorted([*state.kept.glob("damaged-*"), *state.kept.glob("stray-*")]) if damaged else []
    found += _old_folders(state, retention)
    waiting = _old_mail(state, now - timedelta(days=retention.mail_days))
    return [
        *(Doomed(path, _size(path)) for path in found),
        *(Doomed(path, _size(path) + _size(path.with_suffix(".eml")), moved=True) for path in waiting),
    ]


def prune(state: State, retention: RetentionConfig, keep: int, now: datetime, *, damaged: bool = False) -> list[Doomed]:
    """Take away what is kept no longer, and return it.

    The state directory must be locked. Raises LockedError where mail is being sent, UsageError where something cannot
    be removed.
    """
    try:
        with ExitStack() as stack:
            if _old_mail(state, now - timedelta(days=retention.mail_days)):
                stack.enter_context(sending_stopped(state))
            gone = doomed(state, retention, keep, now, damaged=damaged)
            for each in gone:
                _take_away(state, each)
    except OSError as error:
        step = _BY_HAND if error.errno in _NO_ROOM else "Check its permissions and the disk, then run again."
        message = f"{refusal_of(error, 'cannot be removed: ')}. {step}"
        raise UsageError(message) from error
    return gone


def prune_nights(state: State, retention: RetentionConfig) -> None:
    """Take away the folders that are kept no longer, at the end of a run, whose result this never changes."""
    try:
        for path in _old_folders(state, retention):
            _take_away(state, Doomed(path, 0))
            LOG.info("%s/%s is kept no longer, and was removed", path.parent.name, path.name)
    except OSError as error:
        LOG.warning("old nights cannot be removed: %s. Run csp-audit prune.", error.strerror)


def _old_folders(state: State, retention: RetentionConfig) -> list[Path]:
    # Path.resolve would raise RuntimeError where links go round in a circle.
    latest = os.path.realpath(state.latest) if state.latest.is_symlink() else None
    nights = [path for path in _nights(state.root / "runs")[: -retention.runs] if os.path.realpath(path) != latest]
    return nights + _nights(state.root / "refused")[: -retention.refused]


def _nights(folder: Path) -> list[Path]:
    """Return the folders named by a date, the oldest first; nothing else in there is ours."""
    if not folder.is_dir():
        return []
    return sorted(path for path in folder.iterdir() if path.is_dir() and not path.is_symlink() and _is_day(path.name))


def _is_day(name: str) -> bool:
    try:
        return date.fromisoformat(name).isoformat() == name
    except ValueError:
        return False


def _old_warehouses(state: State, keep: int) -> Iterator[Path]:
    for path in sorted(kept_copies(state.kept)[keep:]):
        # What a session has left beside a warehouse is worth nothing without it; what a link leads to is not ours.
        log = log_of(path)
        yield from (log, path) if log.exists() and not path.is_symlink() else (path,)


def _old_mail(state: State, oldest: datetime) -> list[Path]:
    """Return the envelopes of what waits since before a moment, the oldest first."""
    waiting = [(_created(path), path) for path in envelopes(state.outbox)]
    return [path for _, path in sorted((created, path) for created, path in waiting if created and created < oldest)]


def _created(envelope: Path) -> datetime | None:
    """Return when a parcel was put into the outbox; None where it is gone or damaged, which sending says."""
    try:
        parcel = read_parcel(envelope)
        return datetime.fromisoformat(parcel.created).astimezone(UTC) if parcel else None
    except (DamagedParcelError, ValueError):
        return None


def _take_away(state: State, each: Doomed) -> None:
    if each.moved:
        _set_aside(each.path)
    elif each.path.is_dir() and not each.path.is_symlink():
        remove_folder(state, each.path)
    else:
        each.path.unlink(missing_ok=True)


def _set_aside(envelope: Path) -> None:
    """Move a parcel out of the sender's sight: its envelope first, since a message without one is never sent."""
    aside = envelope.parent / EXPIRED
    make_owned_folder(aside)
    for path in (envelope, envelope.with_suffix(".eml")):
        if path.exists():
            path.replace(aside / path.name)


def remove_folder(state: State, folder: Path) -> None:
    """Remove a folder so that no half of it stays under its name. Raises OSError."""
    doomed_folder = state.root / f"work-gone-{folder.parent.name}-{folder.name}"
    if doomed_folder.exists():
        shutil.rmtree(doomed_folder)
    folder.replace(doomed_folder)
    shutil.rmtree(doomed_folder)


def _size(path: Path) -> int:
    try:
        if not path.is_dir():
            return path.stat().st_size
        return sum(_sizes(path.rglob("*")))
    except FileNotFoundError:
        return 0


def _sizes(paths: Iterable[Path]) -> Iterator[int]:
    return (path.lstat().st_size for path in paths if not path.is_dir())
