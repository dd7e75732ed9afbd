"""The check of who may read and change what is there: the state directory, the configuration, and keys."""

from __future__ import annotations

import shlex
import stat
from typing import TYPE_CHECKING

from pipeline.doctor.line import failed, ok, warning
from pipeline.privacy import ReadableBy

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from pipeline.doctor.line import Line
    from pipeline.doctor.subject import Subject

# Who must not read, as bits of a file's mode, and what takes that right away.
_MUST_NOT_READ = {ReadableBy.OWNER: 0o044, ReadableBy.GROUP: 0o004, ReadableBy.ALL: 0}
_TAKE_AWAY = {ReadableBy.OWNER: "go-rwx", ReadableBy.GROUP: "g-w,o-rwx", ReadableBy.ALL: "go-w"}
_OTHERS, _EVERYBODY_WRITES = 0o077, 0o002
# From the right to enter a folder to the right to read: two bits further.
_ENTER_TO_READ = 2


def permissions(subject: Subject) -> Line:
    """Look for what others may change, for secrets that others may read, and for what the configuration forbids."""
    root, readers = subject.places.root, subject.config.privacy.readable_by
    for path in (root, subject.config_file):
        if path and path.exists() and _mode(path) & _EVERYBODY_WRITES:
            return failed(f"{path}: everybody may change it", _chmod("o-w", path))
    for secret in _secrets(subject):
        if secret.exists() and _mode(secret) & _OTHERS:
            return failed(f"{secret}: others may read it, and it holds a secret", _chmod("600", secret))
    exposed = sorted(_exposed(root, _MUST_NOT_READ[readers])) if root.is_dir() else []
    if exposed:
        more = f", and {len(exposed) - 1:,} more" if len(exposed) > 1 else ""
        found = f'{exposed[0]}{more}: may be read by others than privacy.readable_by = "{readers}" names'
        return warning(found, _chmod(f"-R {_TAKE_AWAY[readers]}", root))
    return ok(f'nothing may be read by others than privacy.readable_by = "{readers}" names')


def _secrets(subject: Subject) -> Iterator[Path]:
    """Return the files that hold a key; the password's is looked at with the mail server."""
    yield subject.places.root / "masking.key"
    # The address by which a dead-man service is told is a key to it.
    if subject.config_file and subject.config.watch.ping_url:
        yield subject.config_file


def _exposed(folder: Path, readers: int) -> Iterator[Path]:
    """Return the files that these readers may read: only where they may also enter each folder on the way."""
    readers &= (_mode(folder) << _ENTER_TO_READ) & readers
    for path in _inside(folder) if readers else ():
        if path.is_symlink() or path.name == "lock":
            continue
        if path.is_dir():
            yield from _exposed(path, readers)
        elif _mode(path) & readers:
            yield path


def _inside(folder: Path) -> list[Path]:
    """Return what is in a folder; a run that is at work may have taken it away."""
    try:
        return list(folder.iterdir())
    except FileNotFoundError:
        return []


def _mode(path: Path) -> int:
    """Return who may do what; what a run has taken away meanwhile nobody may."""
    try:
        return stat.S_IMODE(path.stat().st_mode)
    except FileNotFoundError:
        return 0


def _chmod(mode: str, path: Path) -> str:
    return f"chmod {mode} {shlex.quote(str(path))}"
