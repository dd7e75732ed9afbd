"""What no honest export passes: a file that does is refused before it costs time or memory."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipeline.steady import open_bytes
from schemas.reading import Problem

if TYPE_CHECKING:
    from pipeline.config import LimitsConfig
    from pipeline.export import Found
    from pipeline.survey import LongLineError

GIGABYTE = 1_000_000_000
# How other files begin that are sent in place of an export, often under its name.
_PACKED = {
    b"PK\x03\x04": "a zip archive or a workbook",
    b"PK\x05\x06": "a zip archive or a workbook",
    b"\x1f\x8b": "a gzip archive",
    b"BZh": "a bzip2 archive",
    b"\xfd7zXZ\0": "an xz archive",
    b"\x28\xb5\x2f\xfd": "a zstd archive",
    b"7z\xbc\xaf\x27\x1c": "a 7z archive",
    b"Rar!\x1a\x07": "a rar archive",
    b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1": "an old workbook",
    b"%PDF-": "a PDF document",
}


def too_large(found: Found, limits: LimitsConfig) -> Problem | None:
    """Refuse a file by its size alone."""
    # As a number with a fraction, the bound may be larger than any whole one that Python makes of it.
    most = limits.max_file_gb * GIGABYTE
    if found.stamp.size <= most:
        return None
    size, allowed = f"a file of {found.stamp.size:,} bytes", f"at most {int(most):,} bytes"
    return _over(found.path.name, "", size, allowed, "max_file_gb")


def packed(found: Found) -> Problem | None:
    """Refuse what is no text by its first bytes. Raises OSError where the file cannot be read."""
    with open_bytes(found.path) as file:
        start = file.read(max(map(len, _PACKED)))
    for magic, kind in _PACKED.items():
        if start.startswith(magic):
            step = "Unpack it, or save the workbook as CSV, then run again."
            return Problem(found.path.name, "", kind, "a CSV text file", step)
    return None


def long_line(file: str, error: LongLineError) -> Problem:
    """Refuse a file for a line of it."""
    found = f"a line of more than {error.most:,} bytes"
    return _over(file, f"line {error.line}", found, f"at most {error.most:,} bytes", "max_line_bytes")


def too_wide(file: str, line: int, width: int, most: int) -> Problem:
    """Refuse a file for its header."""
    return _over(file, f"line {line}", f"a header of {width:,} columns", f"at most {most:,} columns", "max_columns")


def _over(file: str, where: str, found: str, expected: str, key: str) -> Problem:
    step = f"Ask for the export to be run again, or set limits.{key} in the configuration."
    return Problem(file, where, found, expected, step)
