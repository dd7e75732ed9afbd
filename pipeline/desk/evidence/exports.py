"""The raw lines behind loaded rows: read from the exports again, where these are still what the run read."""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from pipeline.desk.evidence.rawlines import RawFile, Record
from pipeline.encoding import Encoding
from schemas.catalog import TABLES

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence
    from io import FileIO
    from pathlib import Path

    from pipeline.config import Config
    from pipeline.desk.evidence.rows import LoadedRow


# Hashing so many bytes takes a tenth of a second; of a larger export it is left to whoever asks for it.
_HASHED_ANYWAY = 200_000_000


class Standing(StrEnum):
    """What has become of an export since the run."""

    SAME_HASH = "the recorded SHA-256"
    SAME_TIME = "the recorded size and time; its SHA-256 was not computed again"
    CHANGED = "changed since the run"
    GONE = "gone"
    NOT_READ = "not read again: no row of the customer is in it"


@dataclass(frozen=True)
class ReadBack:
    """What was read of one export again: the bytes before its first record, and the records by line."""

    standing: Standing
    head: bytes = b""
    records: Mapping[int, Record] = field(default_factory=dict)


@dataclass(frozen=True)
class Shelf:
    """Where the exports lie now, whether only their hash will do, and by file the marks that lines are found by."""

    folder: Path
    config: Config
    by_hash: bool
    marks: Mapping[str, Sequence[tuple[int, int]]] = field(default_factory=dict)

    def read(self, recorded: Mapping[str, Any], rows: Collection[LoadedRow]) -> ReadBack:
        """Read the lines of rows of one export; `recorded` is its row of audit.inputs."""
        if not rows:
            return ReadBack(Standing.NOT_READ)
        try:
            # Unbuffered: large pieces are read, and a buffer would copy each of them.
            with (self.folder / recorded["file"]).open("rb", buffering=0) as file:
                standing = self._standing(file, recorded)
                return (
                    ReadBack(standing)
                    if standing is Standing.CHANGED
                    else self._records(standing, file, recorded, rows)
                )
        except OSError:
            return ReadBack(Standing.GONE)

    def _standing(self, file: FileIO, recorded: Mapping[str, Any]) -> Standing:
        seen = os.fstat(file.fileno())
        written = datetime.fromtimestamp(seen.st_mtime, UTC).replace(microsecond=0, tzinfo=None)
        if seen.st_size != recorded["bytes"] or not (self.by_hash or written == recorded["modified_at"]):
            return Standing.CHANGED
        if not self.by_hash and seen.st_size > _HASHED_ANYWAY:
            return Standing.SAME_TIME
        is_same = hashlib.file_digest(file, "sha256").hexdigest() == recorded["sha256"]
        return Standing.SAME_HASH if is_same else Standing.CHANGED

    def _records(
        self, standing: Standing, file: FileIO, recorded: Mapping[str, Any], rows: Collection[LoadedRow]
    ) -> ReadBack:
        name = recorded["table_name"]
        settings = self.config.tables.get(name)
        delimiter = settings.delimiter if settings else None
        marks = self.marks.get(recorded["file"], ())
        raw = RawFile(file, Encoding(recorded["encoding"]), TABLES[name], delimiter, marks)
        records = raw.records([row.line for row in rows])
        if not all(row.line in records and _is_of(row, records[row.line]) for row in rows):
            return ReadBack(Standing.CHANGED)
        return ReadBack(standing, raw.head(), records)


def _is_of(row: LoadedRow, record: Record) -> bool:
    """Whether a line names the customer that the row does: times and sizes can be the same by chance."""
    return str(row.columns.get("customer_id", "")) in record.text.lower()
