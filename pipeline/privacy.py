"""Who may read what is written, and the key under which customers have their pseudonyms."""

from __future__ import annotations

import os
from contextlib import suppress
from enum import StrEnum
from typing import TYPE_CHECKING

from pipeline.beside import give_away
from pipeline.errors import UsageError
from pipeline.regular import read_text

if TYPE_CHECKING:
    from pathlib import Path

_KEY_FILE = "masking.key"
_KEY_BYTES = 32


class ReadableBy(StrEnum):
    """Who may read what the program writes; only the owner ever writes."""

    OWNER = "owner"
    GROUP = "group"
    ALL = "all"


_UMASKS = {ReadableBy.OWNER: 0o077, ReadableBy.GROUP: 0o027, ReadableBy.ALL: 0o022}


def write_for(readers: ReadableBy) -> None:
    """Let every file and folder that this process makes from now on be read by these; what is there stays as it is."""
    os.umask(_UMASKS[readers])


def masking_key(root: Path) -> bytes:
    """Return the key in a state directory, made at first use and readable by its owner alone.

    Whoever has it can tell which customer a pseudonym is. Raises UsageError where the file cannot be read or written,
    is not such a key, or may be read by others.
    """
    path = root / _KEY_FILE
    try:
        _make_key(path)
        mode, text = path.stat().st_mode, read_text(path, "ascii").strip()
        key = bytes.fromhex(text)
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", None) or "it holds no key"
        message = f"{path}: the key for masking cannot be used: {why}. Put a copy of the file in its place."
        raise UsageError(message) from error
    if mode & 0o077:
        message = f"{path}: others may read the key for masking. Run chmod 600 {path}, then run again."
        raise UsageError(message)
    if len(key) != _KEY_BYTES:
        message = f"{path}: the key for masking is not whole. Put a copy of the file in its place."
        raise UsageError(message)
    return key


def _make_key(path: Path) -> None:
    """Write a new key beside its place and link it there, so that of two first uses one wins and both have its key."""
    if path.exists():
        return
    new = path.with_name(f".{path.name}.{os.getpid()}")
    new.unlink(missing_ok=True)
    try:
        with os.fdopen(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="ascii") as file:
            file.write(os.urandom(_KEY_BYTES).hex() + "\n")
            file.flush()
            give_away(file.fileno(), path.parent.stat())
            os.fsync(file.fileno())
        with suppress(FileExistsError):
            os.link(new, path)
    finally:
        new.unlink(missing_ok=True)
