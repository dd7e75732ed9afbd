"""Tells a file from what else can have its name, and reads nothing else: a pipe would be waited for without end."""

from __future__ import annotations

import errno
import io
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
_NOTHING = Path(os.devnull)
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


def open_bytes(path: Path) -> io.BufferedReader:
    """Open a file for its bytes; /dev/null is an empty one. Raises OSError, also for whatever else is no file."""
    return open(path, "rb", opener=_regular_only)


def read_bytes(path: Path) -> bytes:
    """Return what is in a file, as `open_bytes` opens it."""
    with open_bytes(path) as file:
        return file.read()


def read_text(path: Path, encoding: str = "utf-8") -> str:
    """Return the text of a file, with LF at the ends of its lines. Raises OSError and UnicodeDecodeError."""
    with io.TextIOWrapper(open_bytes(path), encoding=encoding) as file:
        return file.read()


def _regular_only(path: str, flags: int) -> int:
    """Open a file as `open` asks it, and wait for nobody who would write to a pipe."""
    descriptor = os.open(path, flags | os.O_NONBLOCK)
    seen = os.fstat(descriptor)
    if stat.S_ISREG(seen.st_mode) or seen.st_rdev == _NOTHING.stat().st_rdev:
        return descriptor
    os.close(descriptor)
    kind = _KINDS.get(stat.S_IFMT(seen.st_mode), "something else")
    raise OSError(errno.EINVAL, f"it is {kind}, and has to be a file", path)


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
