"""One export that passed the gate: where its text lies, how to read it, and what its columns are."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from pipeline.database import file_literal, literal
from pipeline.expressions import raw

if TYPE_CHECKING:
    from datetime import datetime
    from pathlib import Path

    from pipeline.encoding import Encoding
    from pipeline.steady import Stamp
    from schemas.dates import DateOrder
    from schemas.table import Table

# A longer record is refused by DuckDB; it is nearly always a quote that is never closed.
MAX_RECORD_BYTES = 2_000_000
# Storing a structural fault costs far more than reading a row; beyond this many the export is refused.
MAX_REJECTS = 200_000


@dataclass(frozen=True)
class Found:
    """A file in the folder, taken for a table by its name."""

    table: Table
    path: Path
    modified_at: datetime
    stamp: Stamp
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Text:
    """A file's text as UTF-8 with LF, in place or transcoded; `lines` counts all of them.

    `is_slashed` is false where nothing in it can be a slashed date; `marks` are those of the survey.
    """

    path: Path
    size: int
    sha256: str
    encoding: Encoding
    lines: int
    is_slashed: bool = True
    marks: tuple[int, ...] = ()

    @property
    def size_on_disk(self) -> int:
        """Bytes of the text that DuckDB reads, which differ from the export's where it was transcoded."""
        return self.path.stat().st_size


@dataclass(frozen=True)
class Header:
    """The header line: `columns` in file order (None: not known, ignored), after `skip` lines, itself included.

    `stated` are columns, each with the value that a line before the header gives to its empty cells.
    """

    skip: int
    delimiter: str
    columns: tuple[str | None, ...]
    ignored: tuple[str, ...]
    stated: tuple[tuple[str, str], ...] = ()

    @property
    def present(self) -> frozenset[str]:
        """The schema's columns that the export has, in its rows or stated before them."""
        return frozenset((*(name for name in self.columns if name is not None), *(name for name, _ in self.stated)))


@dataclass(frozen=True)
class Export:
    """One export that passed the gate."""

    found: Found
    text: Text
    header: Header
    orders: dict[str, DateOrder] = field(default_factory=dict)

    @property
    def table(self) -> Table:
        """The table that it fills."""
        return self.found.table

    @property
    def file(self) -> str:
        """The file's name, as users know it."""
        return self.found.path.name

    @property
    def data_lines(self) -> int:
        """Lines after the header."""
        return self.text.lines - self.header.skip


def scan(text: Text, header: Header) -> str:
    """Return the SQL that reads every record as raw text; what cannot be split goes to `reject_errors`.

    Nothing is taken from the file's name or its folders', which would otherwise add columns or unpack it.
    """
    names = [raw(name) if name else f'"ignored_{n}"' for n, name in enumerate(header.columns)]
    columns = ", ".join(f"{literal(name.strip(chr(34)))}: 'VARCHAR'" for name in names)
    return (
        f"read_csv({file_literal(text.path)}, auto_detect = false, header = false, skip = {header.skip}, "
        f"delim = {literal(header.delimiter)}, quote = '\"', escape = '\"', new_line = '\\n', strict_mode = true, "
        "compression = 'none', hive_partitioning = false, "
        f"store_rejects = true, rejects_limit = {MAX_REJECTS}, rejects_line_size_limit = {MAX_RECORD_BYTES}, "
        f"max_line_size = {MAX_RECORD_BYTES}, columns = {{{columns}}})"
    )
