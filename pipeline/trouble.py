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
from pipeline.signals import so_far
from pipeline.state import is_work

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from datetime import date

_FAILING = ("the disk gives errors", "Check the disk, then run again.")
_ROOM = "Make room (csp-audit prune removes what is kept no longer), then run again."
_TROUBLES = {
    errno.ENOSPC: ("the disk is full", _ROOM),
    errno.EDQUOT: ("the disk quota is used up", _ROOM),
    errno.EROFS: ("the file system has become read-only", "Check the disk, then run again."),
    # a disk or a network folder that is away says it in other words
    **dict.fromkeys((errno.EIO, errno.EREMOTEIO, errno.ESTALE, errno.ENXIO, errno.ENODEV), _FAILING),
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
# and that the machine refused memory, where memory_limit would have allowed it
_NOT_GIVEN = ("bad allocation", "bad_alloc", "Allocation failure")
# how DuckDB names a file
_QUOTED = re.compile(r'"([^"\n]+)"')


@contextmanager
def in_plain_words(*places: Path) -> Iterator[None]:
    """Turn what the system refused into UsageError, with the next step; let everything else pass as it is.

    `places` are the folders that a command was given: what is wrong with a file in them is the user's to mend, but for
    what only a run itself touches, its folder of work.
    """
    try:
        yield
    except (OSError, DatabaseError) as error:
        if number := _trouble_of(error):
            what, step = _TROUBLES[number]
            kept = "; the warehouse holds a whole night" if any(map(has_warehouse, places)) else ""
            message = f"{what}{kept}. {step}"
            raise UsageError(message) from error
        if path := _forbidden(error, places):
            message = (
                f"{path}: may not be read or written. Check its permissions, and those of its folder, then run again."
            )
            raise UsageError(message) from error
        if told := _told_of(error, places):
            path, why = told
            message = f"{path}: {why}. Look what is there, and at its disk, then run again."
            raise UsageError(message) from error
        raise


@contextmanager
def after_the_swap(as_of: date) -> Iterator[None]:
    """Say of what the system refuses, once tonight is in the warehouse, what is missing and how to come by it.

    A stop says it too, till a block that is undisturbed ends well.
    """
    missing = "tonight is in the warehouse, without its report and its mail"
    so_far(f"{missing}. Run again with --as-of {as_of}, which makes both.")
    try:
        yield
    except OSError as error:
        message = f"{missing}: {refusal_of(error)}. Mend that, then run again with --as-of {as_of}, which makes both."
        raise UsageError(message) from error


def refusal_of(error: OSError, what: str = "") -> str:
    """Say what the system refused: of which file, where it names one, `what` cannot be done, and for which reason."""
    place = f"{os.fsdecode(error.filename)}: " if _is_name(error.filename) else ""
    return f"{place}{what}{error.strerror or error}"


def is_full(error: BaseException) -> bool:
    """Whether memory was too little only because the disk had no room for what did not fit in it."""
    return _NO_ROOM_TO_SPILL in str(error)


def too_little_memory(error: BaseException, memory_limit: str) -> UsageError:
    """Say which memory was too little: what the configuration allows, or what the machine gave."""
    if isinstance(error, MemoryError) or any(words in str(error) for words in _NOT_GIVEN):
        return UsageError(
            f"the machine gave no more memory, with memory_limit = {memory_limit}: other programs or a limit of the "
            "job (ulimit -v, MemoryMax) leave too little. Lower memory_limit, or give the job more, then run again."
        )
    return UsageError(f"memory_limit = {memory_limit} is too little for these exports. Raise it in the configuration.")


def _trouble_of(error: BaseException | None) -> int | None:
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
    return next((path for path in _denied(error) if _within(path, places) is not None), "")


def _told_of(error: BaseException, places: Iterable[Path]) -> tuple[str, str] | None:
    """Return of which path the system says what; None where that may be a fault of ours."""
    if not isinstance(error, OSError):
        return None
    for name in filter(_is_name, (error.filename, error.filename2)):
        path, inside = os.fsdecode(name), _within(os.fsdecode(name), places)
        if inside is not None and not any(map(is_work, inside.parts[:1])):
            return path, error.strerror or type(error).__name__
    return None


def _within(path: str, places: Iterable[Path]) -> Path | None:
    """Return where in one of the places a path is; None where it is in none of them."""
    there = Path(os.path.abspath(path))  # noqa: PTH100
    for place in places:
        for folder in (Path(os.path.abspath(place)), Path(os.path.realpath(place))):  # noqa: PTH100
            if there.is_relative_to(folder):
                return there.relative_to(folder)
    return None


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
