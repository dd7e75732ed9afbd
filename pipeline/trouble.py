"""What the system refuses in the middle of a run: a full disk is nobody's wrong usage, and no fault of the program."""

from __future__ import annotations

import errno
import os
import re
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from pipeline.database import DatabaseError
from pipeline.diagnostics import has_warehouse
from pipeline.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from datetime import date

_ROOM = "Make room (csp-audit prune removes what is kept no longer), then run again."
_TROUBLES = {
    errno.ENOSPC: ("the disk is full", _ROOM),
    errno.EDQUOT: ("the disk quota is used up", _ROOM),
    errno.EROFS: ("the file system has become read-only", "Check the disk, then run again."),
    errno.EIO: ("the disk gives errors", "Check the disk, then run again."),
    errno.EFBIG: (
        "a file may not grow any further",
        "ulimit -f, or the file system, sets how far: raise it, then run again.",
    ),
    # before the other of which it holds the words
    errno.ENFILE: ("this machine has too many files open", "Close what holds them, then run again."),
    errno.EMFILE: ("a run may not open so many files", "ulimit -n says how many: raise it, then run again."),
}
# A right that was taken away is the user's to mend where it is about what is theirs; else the program asked too much.
_FORBIDDEN = (errno.EACCES, errno.EPERM)
# how DuckDB says that the disk is full while it spills: the bound that it names is by default the room that is left
_NO_ROOM_TO_SPILL = "max_temp_directory_size"
# how DuckDB names a file
_QUOTED = re.compile(r'"([^"\n]+)"')


@contextmanager
def in_plain_words(*places: Path) -> Iterator[None]:
    """Turn what the system refused into UsageError, with the next step; let everything else pass as it is.

    `places` are the folders that a run was given: what is in them has permissions of the user's.
    """
    try:
        yield
    except (OSError, DatabaseError) as error:
        if number := _refused(error):
            what, step = _TROUBLES[number]
            kept = "; the warehouse holds a whole night" if any(map(has_warehouse, places)) else ""
            message = f"{what}{kept}. {step}"
            raise UsageError(message) from error
        if path := _forbidden(error, places):
            message = (
                f"{path}: may not be read or written. Check its permissions, and those of its folder, then run again."
            )
            raise UsageError(message) from error
        raise


@contextmanager
def after_the_swap(as_of: date) -> Iterator[None]:
    """Say of what the system refuses, once tonight is in the warehouse, what is missing and how to come by it."""
    try:
        yield
    except OSError as error:
        place = f"{os.fsdecode(error.filename)}: " if _is_name(error.filename) else ""
        message = (
            f"tonight is in the warehouse, without its report and its mail: {place}{error.strerror or error}. "
            f"Mend that, then run again with --as-of {as_of}, which makes both."
        )
        raise UsageError(message) from error


def is_full(error: BaseException) -> bool:
    """Whether memory was too little only because the disk had no room for what did not fit in it."""
    return _NO_ROOM_TO_SPILL in str(error)


def _refused(error: BaseException | None) -> int | None:
    """Return the number of the system's error behind an error: the database keeps its text alone."""
    while error is not None:
        if isinstance(error, OSError) and error.errno in _TROUBLES:
            return error.errno
        if isinstance(error, DatabaseError):
            if is_full(error):
                return errno.ENOSPC
            said = [number for number in _TROUBLES if os.strerror(number) in str(error)]
            if said:
                return said[0]
        error = error.__cause__ or error.__context__
    return None


def _forbidden(error: BaseException | None, places: Iterable[Path]) -> str:
    """Return the path that the user took the right to away; "" where it is none of theirs."""
    folders = [Path(known) for place in places for known in (os.path.abspath(place), os.path.realpath(place))]  # noqa: PTH100
    for path in _denied(error):
        if any(Path(os.path.abspath(path)).is_relative_to(folder) for folder in folders):  # noqa: PTH100
            return path
    return ""


def _denied(error: BaseException | None) -> Iterator[str]:
    """Give the paths of which an error says that they may not be touched."""
    while error is not None:
        if isinstance(error, OSError) and error.errno in _FORBIDDEN:
            yield from (os.fsdecode(name) for name in (error.filename, error.filename2) if _is_name(name))
        if isinstance(error, DatabaseError) and any(os.strerror(number) in str(error) for number in _FORBIDDEN):
            yield from _QUOTED.findall(str(error))
        error = error.__cause__


def _is_name(name: object) -> bool:
    """Whether an error names a file by its path; it may also have the number of an open one, or nothing."""
    return isinstance(name, str | bytes | os.PathLike)
