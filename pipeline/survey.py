"""One pass over the bytes of an export: its hash, its lines, and how its text is written."""

from __future__ import annotations

import codecs
import hashlib
import re
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pipeline.encoding import Encoding
from pipeline.steady import open_bytes

if TYPE_CHECKING:
    from pathlib import Path

CHUNK = 1024 * 1024
MARK_CHUNKS = 4
# One or two digits between slashes, in any of the encodings.
_SLASHED = re.compile(rb"/\0?[0-9]\0?(?:[0-9]\0?)?/")
_ASCII = bytes(range(128))
# Twice as fast as looking for the two bytes with `in`.
_BLANK_LINE = re.compile(rb"\n\n")
_UTF16 = {codecs.BOM_UTF16_LE: "utf-16-le", codecs.BOM_UTF16_BE: "utf-16-be"}
# Bytes that are a letter of Polish in Windows-1250 but a sign in Windows-1252, and bytes that are common
# letters of Italian, French or Portuguese in Windows-1252 but none of Polish in Windows-1250. Bytes that
# mean the same in both pages (ó, é, ü, ...) need no decision; the other ones (ę or ê?) cannot make it.
_ONLY_1250 = frozenset("ąłżĄŁŻśŚźŹ".encode("cp1250"))
_ONLY_1252 = frozenset("àèìòùÀÈÌÒÙõÕûÛïÏ".encode("cp1252"))
_POLISH_1250 = frozenset("ąćęłńóśźżĄĆĘŁŃÓŚŹŻ".encode("cp1250"))
# In UTF-8 with some damage, letters of Latin scripts that decode outnumber what does not; other scripts must far more.
_LATIN = re.compile("[\u0080-\u024f\u2010-\u20ac]")
_FAR_MORE = 10
_EITHER = frozenset(
    byte
    for byte in range(128, 256)
    if bytes([byte]).decode("cp1250", "replace") != bytes([byte]).decode("cp1252", "replace")
)


class LongLineError(Exception):
    """A line that passes its bound; the file behind it was not read."""

    def __init__(self, line: int, most: int) -> None:
        """Keep the line, counted from one, and the most bytes that it may have."""
        super().__init__(line, most)
        self.line = line
        self.most = most


@dataclass(frozen=True)
class Survey:
    """What the bytes of a file say. `lines` counts newlines, and a last line without one.

    `encoding` is None where it cannot be told; `nul_line` is the line of the first NUL byte in a file that is
    not UTF-16; `is_plain` means UTF-8 with LF and no blank line, which DuckDB can read as it stands;
    `is_slashed` means that something between two slashes could be a day or a month. `marks` are the lines that end
    before each multiple of MARK_CHUNKS chunks, by which a line is found again; none where a line can end otherwise.
    """

    size: int
    sha256: str
    encoding: Encoding | None
    lines: int
    nul_line: int | None
    is_plain: bool
    is_slashed: bool
    marks: tuple[int, ...]


class _Surveyor:
    def __init__(self, max_line: int | None) -> None:
        self.max_line = max_line
        self.open_line = 0  # bytes since the last end of a line
        self.hash = hashlib.sha256()
        self.decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self.size = self.newlines = self.nul_line = 0
        self.wide_signs = self.latin_signs = self.broken_signs = 0
        self.has_return = self.has_blank = self.is_slashed = False
        self.high_bytes: Counter[int] = Counter()
        self.last = self.tail = b""
        self.marks: list[int] = []

    def feed(self, chunk: bytes) -> None:
        self.hash.update(chunk)
        if self.size and not self.size % (MARK_CHUNKS * CHUNK):
            self.marks.append(self.newlines)
        self.size += len(chunk)
        self.has_return |= b"\r" in chunk
        self.has_blank |= bool(_BLANK_LINE.search(chunk)) or (self.last == b"\n" and chunk.startswith(b"\n"))
        if not self.nul_line and b"\0" in chunk:
            self.nul_line = self.newlines + chunk.count(b"\n", 0, chunk.find(b"\0")) + 1
        if self.max_line is not None:
            self._measure_lines(chunk, self.max_line)
        self.newlines += chunk.count(b"\n")
        if not self.is_slashed and (b"/" in chunk or b"/" in self.tail):
            self.is_slashed = _SLASHED.search(self.tail + chunk) is not None
        self.last, self.tail = chunk[-1:], chunk[-8:]
        if self.high_bytes or not chunk.isascii():
            self._look_at_text(chunk)

    def _measure_lines(self, chunk: bytes, most: int) -> None:
        """Look at both ends of pieces that are no longer than a line may be: inside them no line can be too long."""
        ends = (b"\n", b"\r") if self.has_return else (b"\n",)
        for start in range(0, len(chunk), most):
            piece = chunk[start : start + most] if len(chunk) > most else chunk
            first = min((place for end in ends if (place := piece.find(end)) >= 0), default=len(piece))
            if self.open_line + first > most:
                raise LongLineError(self.newlines + chunk.count(b"\n", 0, start) + 1, most)
            last = max(piece.rfind(end) for end in ends)
            self.open_line = len(piece) - last - 1 if last >= 0 else self.open_line + len(piece)

    def _look_at_text(self, chunk: bytes, *, is_last: bool = False) -> None:
        """Count the signs that decode as UTF-8, and those that do not."""
        self.high_bytes.update(chunk.translate(None, _ASCII))
        text = self.decoder.decode(chunk, final=is_last)
        broken = text.count("\ufffd")
        self.broken_signs += broken
        self.wide_signs += len(text) - len(text.encode("ascii", "ignore")) - broken
        self.latin_signs += len(_LATIN.findall(text))

    def finish(self) -> None:
        """Count a sign that the end of the file cuts."""
        self._look_at_text(b"", is_last=True)


def survey(path: Path, max_line: int | None = None) -> Survey:
    """Read the file once, in chunks, with lines of at most `max_line` bytes.

    Raises OSError where it cannot be read, and LongLineError as soon as a line passes the bound.
    """
    surveyor = _Surveyor(max_line)
    with open_bytes(path) as file:
        start = file.read(4)
        file.seek(0)
        while chunk := file.read(CHUNK):
            surveyor.feed(chunk)
    surveyor.finish()
    encoding = _encoding(start, surveyor)
    wide = encoding in {Encoding.UTF_16_LE, Encoding.UTF_16_BE}
    return Survey(
        size=surveyor.size,
        sha256=surveyor.hash.hexdigest(),
        encoding=encoding,
        lines=surveyor.newlines + (surveyor.last not in {b"\n", b""}),
        nul_line=None if wide or not surveyor.nul_line else surveyor.nul_line,
        is_slashed=surveyor.is_slashed,
        marks=() if wide or surveyor.has_return else tuple(surveyor.marks),
        is_plain=encoding is Encoding.UTF_8 and not surveyor.has_return and not surveyor.has_blank,
    )


def _encoding(start: bytes, seen: _Surveyor) -> Encoding | None:
    if start[:2] in _UTF16:
        return Encoding(_UTF16[start[:2]])
    # Damaged UTF-8 is still UTF-8: its broken rows go to the quarantine, the others are read. But Polish letters of
    # Windows-1250 that stand together, as in SPÓŁKA, look like signs of UTF-8 that nobody there writes.
    is_utf8 = seen.latin_signs >= seen.broken_signs or seen.wide_signs >= _FAR_MORE * seen.broken_signs
    if start.startswith(codecs.BOM_UTF8) or not seen.high_bytes:
        return Encoding.UTF_8
    if is_utf8:
        return None if seen.high_bytes.keys() <= _POLISH_1250 else Encoding.UTF_8
    polish = sum(seen.high_bytes[byte] for byte in _ONLY_1250)
    western = sum(seen.high_bytes[byte] for byte in _ONLY_1252)
    if bool(polish) == bool(western) and seen.high_bytes.keys() & _EITHER:
        return None
    return Encoding.WINDOWS_1250 if polish else Encoding.WINDOWS_1252
