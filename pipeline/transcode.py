"""Gives an export's text to DuckDB as UTF-8 with LF, rewriting it only where it is anything else."""

from __future__ import annotations

import codecs
import io
import re
from typing import TYPE_CHECKING

from pipeline.encoding import Encoding
from pipeline.export import Text
from pipeline.steady import open_bytes, open_text
from pipeline.survey import CHUNK

if TYPE_CHECKING:
    from pathlib import Path

    from pipeline.survey import Survey

# DuckDB skips a blank line without a trace, and line numbers behind it would be wrong. With a space in it the
# line is a record of its own that the reconciliation can see. Inside a quoted value the space does no harm.
_BLANK_LINE = re.compile("\n(?=\n)")
# The codecs that read a byte order mark and leave it out of the text.
_WITHOUT_MARK = {Encoding.UTF_8: "utf-8-sig", Encoding.UTF_16_LE: "utf-16", Encoding.UTF_16_BE: "utf-16"}


class BrokenTextError(Exception):
    """Bytes that are not text of the encoding that they should have."""

    def __init__(self, encoding: Encoding, line: int, *, is_cut: bool) -> None:
        """Keep the line, counted from one, and whether the file ends in the middle of a character."""
        super().__init__(encoding, line)
        self.encoding = encoding
        self.line = line
        self.is_cut = is_cut


def plain_text(path: Path, seen: Survey, encoding: Encoding, folder: Path) -> Text:
    """Return the text in place where it is plain, else a transcoded copy in `folder`.

    Raises BrokenTextError where the bytes are not text of that encoding, and UnicodeError where a mark is missing.
    """
    if seen.is_plain and encoding is Encoding.UTF_8:
        return Text(path, seen.size, seen.sha256, encoding, seen.lines, seen.is_slashed, seen.marks)
    # The file's own name may be as long as a name can be.
    target = folder / f"{seen.sha256}.utf-8"
    try:
        lines = _transcode(path, encoding, target)
    except UnicodeDecodeError as error:
        if broken := _broken(path, encoding):
            raise broken from error
        raise
    return Text(target, seen.size, seen.sha256, encoding, lines, seen.is_slashed, seen.marks)


def _transcode(source: Path, encoding: Encoding, target: Path) -> int:
    """Write the copy and count its lines; a byte that is no UTF-8 stays as it is, for the quarantine."""
    errors = "surrogateescape" if encoding is Encoding.UTF_8 else "strict"
    lines, last = 0, "\n"
    with (
        open_text(source, _WITHOUT_MARK.get(encoding, encoding), errors, None) as read,
        target.open("w", encoding="utf-8", errors=errors, newline="\n") as write,
    ):
        while chunk := read.read(CHUNK):
            overlap = "\n" if lines and last == "\n" else ""
            write.write(_BLANK_LINE.sub("\n ", overlap + chunk)[len(overlap) :])
            lines += chunk.count("\n")
            last = chunk[-1]
    return lines + (last != "\n")


def _broken(source: Path, encoding: Encoding) -> BrokenTextError | None:
    """Find the first bytes that are no text, in a file whose text could not be read; None where it can by now."""
    decoder = codecs.getincrementaldecoder(_WITHOUT_MARK.get(encoding, encoding))()
    newlines = io.IncrementalNewlineDecoder(None, translate=True)
    line = 1
    with open_bytes(source) as file:
        while True:
            chunk = file.read(CHUNK)
            held = len(decoder.getstate()[0])
            try:
                line += newlines.decode(decoder.decode(chunk, final=not chunk)).count("\n")
            except UnicodeDecodeError as error:
                sound = decoder.decode(chunk[: max(error.start - held, 0)])
                line += newlines.decode(sound, final=True).count("\n")
                return BrokenTextError(encoding, line, is_cut=not chunk)
            if not chunk:
                return None
