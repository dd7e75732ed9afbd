"""The record of what was handed over: by it, no message goes to the same address twice."""

from __future__ import annotations

import csv
import io
import os
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pipeline.beside import make_owned
from pipeline.regular import read_bytes

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

_CELLS = 5


@dataclass(frozen=True)
class Delivery:
    """One message to one address; `sha256` is its bytes'. `created` tells apart what was sent again on purpose."""

    message_id: str
    recipient: str
    sha256: str
    created: str

    @property
    def what(self) -> tuple[str, str, str]:
        """What was sent to whom, whenever that was."""
        return self.message_id, self.recipient, self.sha256


def read_record(path: Path) -> frozenset[Delivery]:
    """Return what was handed over; a line that a crash has cut off counts as never written. Raises OSError."""
    try:
        text = read_bytes(path).decode("utf-8", "replace")
    except FileNotFoundError:
        return frozenset()
    except OSError as error:
        # Callers name the folder alone.
        raise OSError(error.errno, f"{path.name}: {error.strerror}", str(path)) from error
    rows = csv.reader(io.StringIO(text.replace("\0", "")))
    return frozenset(Delivery(*row[:-1]) for row in rows if len(row) == _CELLS and row[-1].endswith("Z"))


def add_to_record(path: Path, deliveries: Iterable[Delivery], moment: str) -> None:
    """Append to the record and have it on disk before returning. Raises OSError."""
    text = io.StringIO()
    lines = csv.writer(text, lineterminator="\n")
    lines.writerows((*each.what, each.created, moment) for each in deliveries)
    make_owned(path, 0o600)
    with os.fdopen(os.open(path, os.O_RDWR | os.O_APPEND), "r+b") as file:
        file.write(_line_break(file.fileno()) + text.getvalue().encode())
        file.flush()
        os.fsync(file.fileno())


def prepare_record(path: Path) -> None:
    """Find out whether the record can be written. Raises OSError."""
    add_to_record(path, (), "")


def _line_break(descriptor: int) -> bytes:
    """Return what ends a line that a crash has cut off."""
    size = os.fstat(descriptor).st_size
    return b"\n" if size and os.pread(descriptor, 1, size - 1) != b"\n" else b""
