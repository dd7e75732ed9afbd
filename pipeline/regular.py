"""Tells a file from what else can have its name: a pipe is waited for without end, a folder cannot be written to."""

from __future__ import annotations

import errno
import os
import stat
from pathlib import Path

from pipeline.errors import UsageError

_KINDS = {
    stat.S_IFDIR: "a folder",
    stat.S_IFIFO: "a named pipe",
    stat.S_IFSOCK: "a socket",
    stat.S_IFCHR: "a device",
    stat.S_IFBLK: "a device",
}
_NOWHERE = "a link that leads nowhere"
STEP = "Put the file back, or move away what is in its place"


def irregular(path: Path) -> str:
    """Return what is there in place of a regular file, or of a link to one; "" for a file, and for nothing at all.

    A link to a file that can still be made is nothing. Nothing is opened. Raises OSError where the system does not say.
    """
    try:
        return _KINDS.get(stat.S_IFMT(path.stat().st_mode), "")
    except FileNotFoundError:
        return "" if Path(os.path.realpath(path)).parent.is_dir() or not path.is_symlink() else _NOWHERE
    except OSError as error:
        if error.errno == errno.ELOOP:
            return "a link that leads back to itself"
        raise


def is_file(path: Path) -> bool:
    """Whether there is a file. Raises UsageError where anything else has its name, or the system does not say."""
    try:
        refuse_irregular(path)
        if path.is_symlink() and not path.exists():
            raise UsageError(_refusal(path, _NOWHERE))
        return path.exists()
    except OSError as error:
        message = f"{path}: cannot be read: {error.strerror}. Check its permissions and the disk, then run again."
        raise UsageError(message) from error


def refuse_irregular(path: Path) -> None:
    """Let pass what `irregular` does. Raises UsageError for anything else, and OSError."""
    if kind := irregular(path):
        raise UsageError(_refusal(path, kind))


def _refusal(path: Path, kind: str) -> str:
    return f"{path}: it is {kind}, and has to be a file. {STEP}, then run again."
