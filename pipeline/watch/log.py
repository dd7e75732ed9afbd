"""The log: one JSON object a line, and a file of its own for each run."""

from __future__ import annotations

import json
import logging
import os
import re
import stat
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

from pipeline.errors import UsageError

# No file has this number.
_NONE = -1


class JsonLog(logging.Handler):
    """Appends to a file. That a line cannot be written never stops what is logged."""

    def __init__(self, path: Path, run_id: str | None) -> None:
        """Open the file; a link stays one. Raises OSError."""
        super().__init__()
        # Path.resolve would raise RuntimeError where links go round in a circle.
        self.path = Path(os.path.realpath(path))
        self._run_id = run_id
        self._file = _NONE
        self._open()

    def emit(self, record: logging.LogRecord) -> None:
        """Write one line in one step, so that lines of two processes do not mix."""
        line = f"{json_line(record, self._run_id)}\n".encode("ascii")
        with suppress(OSError):
            self._write(line)

    def rotate(self, keep: int) -> None:
        """Begin a new file where there is something in this one, as readable as it was; so many older ones stay.

        Raises OSError where a file cannot be renamed; then the log goes on in the file that it has.
        """
        known = os.fstat(self._file)
        if not known.st_size:
            return
        _shift(self.path, keep)
        old = self._file
        self._open()
        os.close(old)
        os.fchmod(self._file, stat.S_IMODE(known.st_mode))

    def close(self) -> None:
        """Let go of the file, once: its number may be another's by the time that logging itself ends."""
        file, self._file = self._file, _NONE
        if file != _NONE:
            with suppress(OSError):
                os.close(file)
        super().close()

    def _open(self) -> None:
        self._file = os.open(self.path, os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o666)
        size = os.fstat(self._file).st_size
        # A full disk or a crash may have torn the last line.
        self._is_torn = size > 0 and os.pread(self._file, 1, size - 1) != b"\n"

    def _write(self, line: bytes) -> None:
        whole = b"\n" + line if self._is_torn else line
        written = os.write(self._file, whole)
        if written:
            self._is_torn = written < len(whole)


def json_line(record: logging.LogRecord, run_id: str | None) -> str:
    """Return a line of ASCII, whatever the message holds; tools differ in what else they take for a line's end."""
    moment = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")
    return json.dumps(
        {
            "time": moment.replace("+00:00", "Z"),
            "level": record.levelname.lower(),
            "run": run_id,
            "message": record.getMessage(),
        }
    )


def log_file(path: Path, run_id: str | None) -> JsonLog:
    """Open the log. Raises UsageError where it cannot be written."""
    try:
        return JsonLog(path, run_id)
    except OSError as error:
        message = f"{path}: cannot be written: {error.strerror}. Check the folder and its permissions."
        raise UsageError(message) from error


def rotate_log(log: logging.Logger, keep: int) -> None:
    """Let the open log begin a new file; where that cannot be, the old one goes on and says so."""
    for handler in log.handlers:
        if isinstance(handler, JsonLog):
            try:
                handler.rotate(keep)
            except OSError as error:
                log.warning("the log could not be rotated: %s", error.strerror)


def _shift(path: Path, keep: int) -> None:
    """Give each older log the next number; the oldest goes first, so that a crash between overwrites none."""
    older = re.compile(re.escape(path.name) + r"\.([1-9][0-9]{0,5})")
    found = {int(match[1]): old for old in path.parent.iterdir() if (match := older.fullmatch(old.name))}
    for number in sorted(found, reverse=True):
        if number >= keep:
            found[number].unlink()
        else:
            found[number].rename(path.with_name(f"{path.name}.{number + 1}"))
    if keep:
        path.rename(path.with_name(f"{path.name}.1"))
    else:
        path.unlink()
