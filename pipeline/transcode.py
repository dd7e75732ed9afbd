"""Gives an export's text to DuckDB as UTF-8 with LF, rewriting it only where it is anything else."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from pipeline.export import Text
from pipeline.survey import CHUNK, Encoding

if TYPE_CHECKING:
    from pathlib import Path

    from pipeline.survey import Survey

# DuckDB skips a blank line without a trace, and line numbers behind it would be wrong. With a space in it the
# line is a record of its own that the reconciliation can see. Inside a quoted value the space does no harm.
_BLANK_LINE = re.compile("\n(?=\n)")
# The codecs that read a byte order mark and leave it out of the text.
_WITHOUT_MARK = {Encoding.UTF_8: "utf-8-sig", Encoding.UTF_16_LE: "utf-16", Encoding.UTF_16_BE: "utf-16"}


def plain_text(path: Path, seen: Survey, encoding: Encoding, folder: Path) -> Text:
    """Return the text in place where it is plain, else a transcoded copy in `folder`.

    Raises UnicodeDecodeError where the bytes are not text of that encoding.
    """
    if seen.is_plain and encoding is Encoding.UTF_8:
        return Text(path, seen.size, seen.sha256, encoding, seen.lines, seen.is_slashed, seen.marks)
    target = folder / f"{path.name}.utf-8"
    lines = _transcode(path, encoding, target)
    return Text(target, seen.size, seen.sha256, encoding, lines, seen.is_slashed, seen.marks)


def _transcode(source: Path, encoding: Encoding, target: Path) -> int:
    """Write the copy and count its lines; a byte that is no UTF-8 stays as it is, for the quarantine."""
    errors = "surrogateescape" if encoding is Encoding.UTF_8 else "strict"
    lines, last = 0, "\n"
    with (
        source.open(encoding=_WITHOUT_MARK.get(encoding, encoding), errors=errors, newline=None) as read,
        target.open("w", encoding="utf-8", errors=errors, newline="\n") as write,
    ):
        while chunk := read.read(CHUNK):
            overlap = "\n" if lines and last == "\n" else ""
            write.write(_BLANK_LINE.sub("\n ", overlap + chunk)[len(overlap) :])
            lines += chunk.count("\n")
            last = chunk[-1]
    return lines + (last != "\n")
