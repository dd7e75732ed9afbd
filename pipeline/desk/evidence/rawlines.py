"""Finds records of an export by the line on which they begin, and returns their bytes as they stand there.

Lines are counted as the loader counts them: LF, CR LF and a lone CR each end one, also inside a quoted value, and the
lines before the header count (pipeline.transcode, pipeline.reconcile).
"""

from __future__ import annotations

import csv
import hashlib
from bisect import bisect_left
from dataclasses import dataclass
from functools import cached_property
from operator import itemgetter
from typing import TYPE_CHECKING, Any

from pipeline.encoding import Encoding
from pipeline.export import MAX_RECORD_BYTES
from pipeline.preamble import DELIMITERS, read_preamble, split

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence
    from io import FileIO

    import numpy as np
    from numpy.typing import NDArray

    from schemas.table import Table

# Larger pieces leave the processor's cache, and their memory is asked of the system anew for each: half as fast.
_CHUNK = 1 << 16
_WINDOW = 1 << 16
_HEADER_LINES = 20
_WIDE = {Encoding.UTF_16_LE: "<u2", Encoding.UTF_16_BE: ">u2"}
_CR, _LF = 13, 10
# As the gate's reader: Python's own limit is lower than DuckDB's.
csv.field_size_limit(MAX_RECORD_BYTES)


@dataclass(frozen=True)
class Record:
    """One record of an export: `content` are its bytes from `offset` on, with the line break at its end."""

    line: int
    lines: int
    offset: int
    content: bytes
    text: str

    @property
    def sha256(self) -> str:
        """The hash of the record's bytes, in hex."""
        return hashlib.sha256(self.content).hexdigest()


@dataclass(frozen=True)
class RawFile:
    """An export open for reading, and how its text is written; `delimiter` is None where the header is to tell.

    `marks` are places in its bytes, each with the number of lines that end before it; without them, all is read.
    """

    file: FileIO
    encoding: Encoding
    table: Table
    delimiter: str | None = None
    marks: Sequence[tuple[int, int]] = ()

    @cached_property
    def unit(self) -> np.dtype[Any]:
        """One unit of the text: a byte, or two of UTF-16."""
        import numpy as np

        return np.dtype(_WIDE.get(self.encoding, "u1"))

    def head(self) -> bytes:
        """Return the bytes before the first record: the header, and what stands above it."""
        return b"".join(self._first_lines[: self._header_place() + 1])

    def records(self, lines: Collection[int]) -> dict[int, Record]:
        """Return the records that begin on these lines (counted from 1), by line; a line behind the end has none."""
        delimiter = self._split_by()
        return {
            line: self._record(line, offset, delimiter) for line, offset in self._offsets(sorted(set(lines))).items()
        }

    @cached_property
    def _first_lines(self) -> list[bytes]:
        return next(list(lines) for lines, is_all in self._windows(0) if is_all or len(lines) > _HEADER_LINES)

    def _header_place(self) -> int:
        lines = [self._decoded(line) for line in self._first_lines[:_HEADER_LINES]]
        return len(read_preamble(self.table, lines))

    def _split_by(self) -> str:
        """Choose the delimiter as the gate does: the one that gives most headers of the table."""
        if self.delimiter is not None and not self.table.many:
            return self.delimiter
        header = self._decoded(self._first_lines[self._header_place()])
        marks = (self.delimiter, *DELIMITERS) if self.delimiter else DELIMITERS
        return max(marks, key=lambda mark: sum(self.table.match(cell) is not None for cell in split(header, mark)))

    def _decoded(self, line: bytes) -> str:
        return line.decode(self.encoding, "replace").lstrip("\ufeff").rstrip("\r\n")

    def _offsets(self, lines: Sequence[int]) -> dict[int, int]:
        """Return the offset in bytes of each line; `lines` in rising order."""
        import numpy as np

        waiting = list(reversed(lines))
        found: dict[int, int] = {}
        passed = position = 0
        self.file.seek(0)
        while waiting:
            mark = self._mark_before(waiting[-1])
            if mark[0] > position:
                position, passed = mark
                self.file.seek(position)
            chunk = self._chunk(_CHUNK)
            if not chunk:
                break
            is_end = self._line_ends(chunk)
            count = int(np.count_nonzero(is_end))
            ends = np.flatnonzero(is_end) if waiting[-1] - 1 <= passed + count else None
            while ends is not None and waiting and waiting[-1] - 1 <= passed + count:
                line = waiting.pop()
                found[line] = position + (int(ends[line - passed - 2]) + 1) * self.unit.itemsize
            passed += count
            position += len(chunk)
        return {line: offset for line, offset in found.items() if offset < self._size()}

    def _mark_before(self, line: int) -> tuple[int, int]:
        """Return the last mark that the end of the line before this one lies behind."""
        place = bisect_left(self.marks, line - 1, key=itemgetter(1))
        return self.marks[place - 1] if place else (0, 0)

    def _size(self) -> int:
        return self.file.seek(0, 2)

    def _chunk(self, size: int) -> bytes:
        """Read on; a chunk never ends between the CR and the LF of one line break."""
        width = self.unit.itemsize
        chunk = self.file.read(size)
        while chunk[-width:].strip(b"\0") == b"\r" and (more := self.file.read(width)):
            chunk += more
        return chunk

    def _line_ends(self, chunk: bytes) -> NDArray[np.bool_]:
        """Mark the last unit of each line break."""
        import numpy as np

        units = np.frombuffer(chunk, self.unit, len(chunk) // self.unit.itemsize)
        is_end: NDArray[np.bool_] = units == _LF
        # Looking for the byte is far quicker than comparing each with it, and nearly always finds none.
        if b"\r" in chunk:
            is_return = units == _CR
            is_return[:-1] &= ~is_end[1:]
            is_end |= is_return
        return is_end

    def _windows(self, offset: int) -> Iterator[tuple[list[bytes], bool]]:
        """Give the whole lines of ever larger pieces from an offset on, and whether the file ends there."""
        import numpy as np

        size, is_all = _WINDOW, False
        while not is_all and size <= 4 * MAX_RECORD_BYTES:
            self.file.seek(offset)
            window = self._chunk(size)
            is_all = len(window) < size
            ends = [(int(end) + 1) * self.unit.itemsize for end in np.flatnonzero(self._line_ends(window))]
            ends += [len(window)] if is_all and ends[-1:] != [len(window)] else []
            yield [window[start:end] for start, end in zip([0, *ends], ends, strict=False)], is_all
            size *= 8

    def _record(self, line: int, offset: int, delimiter: str) -> Record:
        """Read one record: as many lines as its quotes keep together."""
        taken: list[bytes] = []
        for lines, is_all in self._windows(offset):
            texts = (self._decoded(one) + "\n" for one in lines)
            reader = csv.reader(texts, delimiter=delimiter, skipinitialspace=True)
            next(reader, None)
            taken = lines[: reader.line_num]
            if is_all or reader.line_num < len(lines):
                break
        content = b"".join(taken)
        return Record(line, len(taken), offset, content, self._decoded(content))
