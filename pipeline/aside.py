"""Puts a file aside under a second name: at once or not at all, also on another disk and where the file is a link."""

from __future__ import annotations

import os
import re
import shutil
from contextlib import suppress
from pathlib import Path

# How the name of a copy ends that is not whole yet, and by which names a run makes such.
HALF = ".part"
_HALVES = re.compile(rf"(?:warehouse|damaged)-\d{{8}}T\d{{6}}\.\d{{6}}Z\.duckdb{re.escape(HALF)}")


def second_name(file: Path, aside: Path) -> None:
    """Give a file a second name; where the file system knows no such thing, a copy does. Raises OSError.

    Of a link it is what that leads to, which another folder could not find by the link. What has the name already is
    replaced once the copy is whole; what a killed run left of one, `halves` finds.
    """
    file, half = Path(os.path.realpath(file)), aside.with_name(f"{aside.name}{HALF}")
    half.unlink(missing_ok=True)
    try:
        _link_or_copy(file, half)
        half.replace(aside)
    finally:
        # To rename one of two names of the same file to the other leaves both.
        with suppress(OSError):
            half.unlink(missing_ok=True)


def halves(kept: Path) -> list[Path]:
    """Return what killed runs have left of copies."""
    return [path for path in kept.glob(f"*{HALF}") if _HALVES.fullmatch(path.name)]


def is_same(copy: Path, file: Path) -> bool:
    """Whether a file has been put aside as `copy` already: as its second name, or as a copy of it. Raises OSError."""
    one, other = copy.stat(), file.stat()
    return os.path.samestat(one, other) or (one.st_size, one.st_mtime_ns) == (other.st_size, other.st_mtime_ns)


def _link_or_copy(file: Path, new: Path) -> None:
    try:
        os.link(file, new)
    except OSError:
        shutil.copy2(file, new)
        with new.open("rb") as copy:
            os.fsync(copy.fileno())
