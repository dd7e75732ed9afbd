"""Writes files that people keep: the new one beside the old one, then renamed; one writer at a time where asked."""

from __future__ import annotations

import fcntl
import os
import shutil
import time
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

from pipeline.errors import LockedError, UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import TextIO

# Seconds until a writer that has not finished counts as hanging, and between two looks.
PATIENCE, _PAUSE = 5.0, 0.05


@contextmanager
def alone(path: Path) -> Iterator[None]:
    """Hold a file against other writers of this program; they wait, a few seconds at most.

    Raises LockedError where another has not finished by then, UsageError where nothing can be written.
    """
    try:
        target = path.resolve()
        target.parent.mkdir(parents=True, exist_ok=True)
        with target.with_name(f".{target.name}.lock").open("a", encoding="utf-8") as lock:
            _await(lock, path)
            yield
    except OSError as error:
        message = f"{path}: cannot be written: {error.strerror}. Check the folder and its permissions."
        raise UsageError(message) from error


def _await(lock: TextIO, path: Path) -> None:
    end = time.monotonic() + PATIENCE
    while True:
        with suppress(BlockingIOError):
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return
        if time.monotonic() > end:
            message = f"{path}: another command is writing it and has not finished in {PATIENCE:g} seconds. Try again."
            raise LockedError(message)
        time.sleep(_PAUSE)


def replace_text(path: Path, text: str) -> None:
    """Put a new text in the place of a file, in UTF-8; as `replace_file`."""
    replace_file(path, text.encode())


def replace_file(path: Path, content: bytes) -> None:
    """Put a file in its place in one step, or nothing; a link stays one, and permissions stay as they were.

    Raises OSError.
    """
    # Path.resolve would raise RuntimeError where links go round in a circle.
    target = Path(os.path.realpath(path))
    new = target.with_name(f".{target.name}.{os.getpid()}")
    try:
        with new.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        if target.exists():
            shutil.copymode(target, new)
        new.replace(target)
    finally:
        new.unlink(missing_ok=True)
