"""Writes a file that a command was asked for, whole or not at all."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipeline.beside import replace_file
from pipeline.errors import UsageError

if TYPE_CHECKING:
    from pathlib import Path


def write_file(path: Path, content: bytes) -> None:
    """Write or replace a file. Raises UsageError where that cannot be done."""
    try:
        replace_file(path, content)
    except OSError as error:
        message = f"{path}: cannot be written: {(error.strerror or str(error)).lower()}. Name another file with --out."
        raise UsageError(message) from error
