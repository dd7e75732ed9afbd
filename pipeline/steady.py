"""Tells whether a file is still the one that was looked at first, and opens files so that nothing can block."""

from __future__ import annotations

import errno
import hashlib
import io
import os
import stat
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, TextIO

from pipeline.errors import NotAuditedError
from schemas.reading import Problem

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from pipeline.export import Export, Found


class Change(StrEnum):
    """What can happen to a file while it is read, as the user is told."""

    TAKEN_AWAY = "a file that was taken away while it was read"
    REPLACED = "a file that was replaced while it was read"
    CUT = "a file that was cut short while it was read"
    ADDED_TO = "a file that was added to while it was read"
    WRITTEN_TO = "a file that was written to while it was read"


@dataclass(frozen=True)
class Stamp:
    """By what a file is known again: place on the disk, size in bytes, and its times in nanoseconds."""

    device: int
    inode: int
    size: int
    modified_ns: int
    status_ns: int

    @classmethod
    def of(cls, seen: os.stat_result) -> Stamp:
        """Take what the file system says of a file."""
        return cls(seen.st_dev, seen.st_ino, seen.st_size, seen.st_mtime_ns, seen.st_ctime_ns)


def _regular_only(path: str, flags: int) -> int:
    """Open a file as `open` asks it; a pipe would block here until somebody writes to it."""
    descriptor = os.open(path, flags | os.O_NONBLOCK)
    if stat.S_ISREG(os.fstat(descriptor).st_mode):
        return descriptor
    os.close(descriptor)
    raise OSError(errno.EINVAL, "a pipe or a device", path)


def open_bytes(path: Path) -> io.BufferedReader:
    """Open a regular file for its bytes. Raises OSError, also for whatever is no regular file."""
    return open(path, "rb", opener=_regular_only)


def open_text(path: Path, encoding: str, errors: str, newline: str | None) -> TextIO:
    """Open a regular file for its text, as `Path.open` does. Raises OSError."""
    return io.TextIOWrapper(open_bytes(path), encoding=encoding, errors=errors, newline=newline)


def change_since(path: Path, stamp: Stamp, sha256: str = "") -> Change | None:
    """Say what became of a file since its stamp was taken, by asking the file system alone.

    Where only the status differs (somebody linked the file, or set its times back after writing), its content is
    read and decides; without a hash to compare with, the file counts as written to.
    """
    try:
        with open_bytes(path) as file:  # A network file system says what is true when a file is opened.
            now = Stamp.of(os.fstat(file.fileno()))
            if now == stamp:
                return None
            return _kind(stamp, now, lambda: hashlib.file_digest(file, "sha256").hexdigest() == sha256)
    except FileNotFoundError:
        return Change.TAKEN_AWAY
    except OSError:
        # A file that may not be read is the gate's to name; a pipe or a device in its place is not the file that was.
        return None if _is_there(path, stamp) else Change.REPLACED


def _is_there(path: Path, stamp: Stamp) -> bool:
    try:
        return Stamp.of(path.stat()) == stamp
    except OSError:
        return False


def _kind(before: Stamp, now: Stamp, has_same_content: Callable[[], bool]) -> Change | None:
    if (now.device, now.inode) != (before.device, before.inode):
        return Change.REPLACED
    if now.size != before.size:
        return Change.CUT if now.size < before.size else Change.ADDED_TO
    if now.modified_ns == before.modified_ns and has_same_content():
        return None
    return Change.WRITTEN_TO


def unsteady(found: Found, sha256: str = "") -> Problem | None:
    """Return why a file cannot be trusted that is not as it was when it was found."""
    change = change_since(found.path, found.stamp, sha256)
    if change is None:
        return None
    expected = "a file that stays as it is until it has been read"
    return Problem(found.path.name, "", change.value, expected, "Wait until the export is complete, then run again.")


@contextmanager
def steady(export: Export) -> Iterator[None]:
    """Hold on to the file that the gate has seen: what is read meanwhile counts only if it stays as it was.

    Raises NotAuditedError where it did not, whatever else came of that.
    """
    _refuse_changed(export)
    try:
        yield
    except Exception:
        _refuse_changed(export)
        raise
    _refuse_changed(export)


def _refuse_changed(export: Export) -> None:
    if problem := unsteady(export.found, export.text.sha256):
        raise NotAuditedError([problem])
