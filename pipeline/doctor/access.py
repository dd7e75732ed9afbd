"""The check of what may be written: by whoever asks, who should be whom the run has."""

from __future__ import annotations

import errno
import os
import shlex
from typing import TYPE_CHECKING

from pipeline.beside import lock_of
from pipeline.doctor.line import failed, ok, warning
from pipeline.doctor.storage import existing
from pipeline.regular import STEP, irregular
from pipeline.users import user_name
from pipeline.watch.status import NAME as STATUS

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from pipeline.doctor.line import Line
    from pipeline.doctor.subject import Subject

_BLOCK = bytes(4096)
_UNNAMED = getattr(os, "O_TMPFILE", 0)
# What a file system answers that knows no file without a name.
_UNKNOWN = {errno.EOPNOTSUPP, errno.EISDIR, errno.EINVAL, errno.ENOENT}
# What a file system answers that has no room left.
FULL = {errno.ENOSPC, errno.EDQUOT}


def write_access(subject: Subject) -> Line:
    """Try each folder that a run writes into, and each file that it goes on writing; nothing is left there."""
    root = subject.places.root
    if not os.path.lexists(root):
        parent = existing(root)
        error = _refusal(parent)
        found = f"{root} is not there, and cannot be made in {parent}: {_why(error)}" if error else ""
        return failed(found, "Name another directory with --state") if error else ok(f"{root} can be made")
    for folder in _folders(subject):
        if error := _refusal(folder):
            return failed(f"{folder}: {_why(error)}", _step(error, folder))
    for file in (*_files(subject), root / STATUS, subject.places.triage):
        if kind := irregular(file):
            return failed(f"{file}: it is {kind}, and has to be a file", STEP)
    for file in _files(subject):
        if file.exists() and not os.access(file, os.W_OK, effective_ids=True):
            return failed(f"{file}: may not be written", _own(root))
    owner = root.stat().st_uid
    if os.geteuid() == 0 and owner != 0:
        again = f"sudo -u {user_name(owner)} {subject.command('doctor')}"
        return warning(f"{root} belongs to {user_name(owner)}, and root may write anywhere: that proves nothing", again)
    return ok(f"{root}, and what is in it, can be written")


def _folders(subject: Subject) -> Iterator[Path]:
    places, metrics = subject.places, subject.config.watch.metrics_file
    folders = (places.kept, places.root / "runs", places.root / "refused", places.outbox)
    yield places.root
    yield from (folder for folder in folders if os.path.lexists(folder))
    if metrics:
        yield metrics.absolute().parent


def _files(subject: Subject) -> tuple[Path, ...]:
    """Return the files that stay, and are written on: a run that another user began by hand leaves such."""
    places = subject.places
    locks = (places.outbox / "lock", places.outbox / "lock-put", lock_of(places.root / STATUS), lock_of(places.triage))
    return places.root / "lock", places.log, *locks, places.outbox / "delivered.csv"


def _refusal(folder: Path) -> OSError | None:
    """Return why nothing can be written in a folder.

    A file without a name proves it, and leaves no trace: no name, no other time of the folder, nothing after a crash.
    """
    if not folder.is_dir():
        return NotADirectoryError(errno.ENOTDIR, "it is no folder")
    try:
        descriptor = os.open(folder, _UNNAMED | os.O_WRONLY, 0o600)
        try:
            os.write(descriptor, _BLOCK)
        finally:
            os.close(descriptor)
    except OSError as error:
        if error.errno not in _UNKNOWN:
            return error
        is_allowed = os.access(folder, os.W_OK | os.X_OK, effective_ids=True)
        return None if is_allowed else PermissionError(errno.EACCES, "permission denied")
    return None


def _why(error: OSError) -> str:
    return (error.strerror or type(error).__name__).lower()


def _step(error: OSError, folder: Path) -> str:
    """Return what helps against it."""
    place = shlex.quote(str(folder))
    if error.errno == errno.ENOTDIR:
        return f"Put a folder in the place of {place}"
    if error.errno == errno.EROFS:
        return f"findmnt -T {place} shows what is mounted there; have it mounted for writing"
    return f"df -h {place}, then free some space" if error.errno in FULL else _own(folder)


def _own(path: Path) -> str:
    return f"chown -R {user_name(os.geteuid())} {shlex.quote(str(path))}, as root"
