"""Writes files that people keep: the new one beside the old one, then renamed; one writer at a time where asked."""

from __future__ import annotations

import fcntl
import os
import re
import stat
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
# What is being written has the file's name, after a dot, and the number of the process that writes it.
# The longest is that of the kernel: what people have named by a date is none.
_HALF = re.compile(r"\.(.+)\.([1-9][0-9]{0,6})", re.DOTALL)
# Files of a state directory that are written so. Any of the first may be a link; the older logs are beside the log.
_KEPT = (
    "status.json",
    "triage.csv",
    "waivers.toml",
    "masking.key",
    "forgotten.csv",
    "forgetting.json",
    "csp-audit.log",
)
_OLDER = r"(\.[0-9]+)?"
_FAULTS = re.compile(r"csp-audit-fault-\w+\.txt")
_INSIDE = {
    "outbox": re.compile(r"delivered\.csv"),
    "runs/*": re.compile(r"run\.json|FORGOTTEN\.txt"),
    "refused/*": re.compile(r"run\.json|FORGOTTEN\.txt"),
}


@contextmanager
def alone(path: Path) -> Iterator[None]:
    """Hold a file against other writers of this program; they wait, a few seconds at most.

    Raises LockedError where another has not finished by then, UsageError where nothing can be written.
    """
    try:
        name = lock_of(path)
        name.parent.mkdir(parents=True, exist_ok=True)
        make_owned(name, 0o666)
        with name.open("a", encoding="utf-8") as lock:
            _await(lock, path)
            drop_halves(path)
            yield
    except OSError as error:
        message = f"{path}: cannot be written: {error.strerror}. Check the folder and its permissions."
        raise UsageError(message) from error


def lock_of(path: Path) -> Path:
    """Return the file by which `alone` holds a file: beside what a link leads to."""
    target = _target(path)
    return target.with_name(f".{target.name}.lock")


def drop_halves(path: Path) -> None:
    """Take away what writers of a file have left that were killed; nobody may be writing it."""
    target = _target(path)
    for half, _ in _halves(target.parent, re.compile(re.escape(target.name))):
        _drop(half)


def sweep(root: Path) -> None:
    """Take away what killed programs have half written of the files in a state directory, which must be locked."""
    for half in left_half(root):
        _drop(half)


def left_half(root: Path) -> list[Path]:
    """Return what killed programs have half written of the files in a state directory.

    What another process is writing, as people's commands do also beside a run, is not among it.
    """
    kept = [_target(root / name) for name in _KEPT]
    places = [(file.parent, re.compile(re.escape(file.name) + _OLDER)) for file in kept]
    places += [(root, _FAULTS)]
    places += [(folder, names) for pattern, names in _INSIDE.items() for folder in root.glob(pattern)]
    return [
        half
        for folder, names in places
        for half, process in _halves(folder, names)
        if process == os.getpid() or not _is_running(process)
    ]


def _halves(folder: Path, names: re.Pattern[str]) -> list[tuple[Path, int]]:
    """Return what is half written in a folder of files with these names, and which process began it."""
    with suppress(OSError):
        found = [(path, _HALF.fullmatch(path.name)) for path in folder.iterdir()]
        return [(path, int(half[2])) for path, half in found if half and names.fullmatch(half[1])]
    return []


def _drop(half: Path) -> None:
    # What cannot be removed does no harm to what is about to be done.
    with suppress(OSError):
        half.unlink()


def _is_running(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


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
    """Put a file in its place in one step, or nothing; a link stays one, and permissions as they were.

    The owner too, where root is who writes. Raises OSError.
    """
    target = _target(path)
    new = target.with_name(f".{target.name}.{os.getpid()}")
    try:
        new.unlink(missing_ok=True)
        # Never through a link that somebody has left in its place: root may be who writes.
        with new.open("xb") as file:
            file.write(content)
            file.flush()
            before = target.stat() if target.exists() else None
            give_away(file.fileno(), before or target.parent.stat())
            if before:
                os.fchmod(file.fileno(), stat.S_IMODE(before.st_mode))
            os.fsync(file.fileno())
        new.replace(target)
    finally:
        new.unlink(missing_ok=True)


def make_owned(path: Path, mode: int) -> None:
    """Make an empty file where there is none, of whoever owns the folder, also where root makes it. Raises OSError."""
    # Made so, a new file is never one that somebody's link leads root to.
    with suppress(FileExistsError):
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
        try:
            give_away(descriptor, path.parent.stat())
        finally:
            os.close(descriptor)


def make_owned_folder(folder: Path) -> None:
    """Make a folder for its owner alone where there is none, of whoever owns the folder around it. Raises OSError."""
    if folder.is_dir():
        return
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    try:
        give_away(descriptor, folder.parent.stat())
    finally:
        os.close(descriptor)


def give_away(descriptor: int, owner: os.stat_result) -> None:
    """Let a new file of root's belong to whom another file or its folder does: the user of the nights has to write it.

    Where nobody else may own files, as on a share on which root is nobody, it stays as it is.
    """
    if os.geteuid() == 0:
        with suppress(OSError):
            os.fchown(descriptor, owner.st_uid, owner.st_gid)


def _target(path: Path) -> Path:
    """Return where a link leads; Path.resolve would raise RuntimeError where links go round in a circle."""
    return Path(os.path.realpath(path))
