"""Writes a warehouse again without one customer: a new file beside the old one, then swapped.

Rows about the customer are left out. Where a row about somebody else has the customer in a text, "(forgotten)" takes
its place. Counts of earlier nights (how many findings a rule had) stay: they say nothing of anybody. The file is new,
since pages that a deleted row has left would still hold it.
"""

from __future__ import annotations

import errno
import os
import shutil
import stat
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from pipeline.beside import give_away
from pipeline.database import building, identifier, literal, log_of
from pipeline.retention.subject import tables_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from pipeline.config import Config
    from pipeline.database import Connection
    from pipeline.retention.subject import Subject

# How the name of a warehouse ends that is being copied to another disk.
HALF = ".rewritten"
_BLOCK = 1 << 20  # bytes
# Policy and the layout come with the program.
_OF_THE_PROGRAM = ("ref.", "audit.layout")
_TEXTS = ("VARCHAR", "VARCHAR[]")
# An id as it should be, for LIKE.
_GUID = f"{'_' * 8}-{'_' * 4}-{'_' * 4}-{'_' * 4}-{'_' * 12}"
# Tables of unread rows have these, and a raw line is known by the others.
_UNREAD = {"table_name", "file", "line", "value", "column_name"}
_LINE = ("as_of", "table_name", "file", "line")


@dataclass(frozen=True)
class Removed:
    """How many rows went, and how many rows of somebody else's were changed."""

    rows: int = 0
    changed: int = 0

    def __add__(self, other: Removed) -> Removed:
        """Return both together."""
        return Removed(self.rows + other.rows, self.changed + other.changed)


def rewrite(path: Path, work: Path, config: Config, subject: Subject) -> Removed:
    """Write a warehouse again without the customer; its owner, its permissions and its time stay, and a link stays one.

    Raises DatabaseError or OSError; the old file is then as it was.
    """
    path = Path(os.path.realpath(path))
    new = work / "rewritten.duckdb"
    new.unlink(missing_ok=True)
    with building(new, config.memory_limit, config.threads, work / "spill") as connection:
        connection.execute(f"attach {literal(str(path))} as old (read_only)")
        connection.execute("copy from database old to rewritten (schema)")
        removed = Removed()
        for name, columns in tables_of(connection, "old").items():
            table = _Table(connection, "old", name, columns, subject)
            removed += table.look_through()
            table.copy()
        connection.execute("detach old")
        connection.execute("checkpoint")
    # Its log fits no other file. A warehouse is closed without one, and what a session left in it is in the new file.
    log_of(path).unlink(missing_ok=True)
    _put(new, path)
    return removed


def _put(new: Path, path: Path) -> None:
    """Put a file in the place of another in one step, also where that is on another disk."""
    beside = path.with_name(f".{path.name}{HALF}")
    try:
        if new.stat().st_dev != path.stat().st_dev:
            new = _copied(new, beside)
        _dress(new, path.stat())
        new.replace(path)
    finally:
        beside.unlink(missing_ok=True)


def _dress(new: Path, before: os.stat_result) -> None:
    """Give a file the owner, the permissions and the time of another."""
    # Never through a link or to a second name that somebody has put in its place: root may be who removes.
    descriptor = os.open(new, os.O_RDONLY | os.O_NOFOLLOW)
    try:
        if os.fstat(descriptor).st_nlink != 1:
            raise OSError(errno.EMLINK, "was exchanged while it was written", str(new))
        # Else no night of the user whose files these are could read it.
        give_away(descriptor, before)
        os.fchmod(descriptor, stat.S_IMODE(before.st_mode))
        os.utime(descriptor, ns=(before.st_atime_ns, before.st_mtime_ns))
    finally:
        os.close(descriptor)


def _copied(file: Path, new: Path) -> Path:
    new.unlink(missing_ok=True)
    with file.open("rb") as content, new.open("xb") as copy:
        shutil.copyfileobj(content, copy, _BLOCK)
        os.fsync(copy.fileno())
    return new


def counted(connection: Connection, database: str, subject: Subject) -> Removed:
    """Count what would go from a warehouse, which is open; nothing is written to it."""
    removed = Removed()
    for name, columns in tables_of(connection, database).items():
        removed += _Table(connection, database, name, columns, subject).look_through()
    return removed


@dataclass
class _Table:
    """One table on its way from the old warehouse into the new one."""

    connection: Connection
    database: str
    name: str
    columns: Mapping[str, str]
    subject: Subject
    _changed: set[str] = field(default_factory=set)

    @property
    def _place(self) -> str:
        return ".".join(map(identifier, self.name.split(".")))

    @property
    def _source(self) -> str:
        return f"{identifier(self.database)}.{self._place} as t"

    def look_through(self) -> Removed:
        """Find the rows that go and the texts that change; count the rows of both."""
        if self.name.startswith(_OF_THE_PROGRAM):
            return Removed()
        if self.columns.keys() >= _UNREAD:
            self._find_lines()
        (rows,) = self._execute(f"select count(*) from {self._source} where {self._goes()}").fetchone() or (0,)
        texts = [column for column, kind in self.columns.items() if kind in _TEXTS]
        return Removed(rows, sum(map(self._find_texts, texts)))

    def copy(self) -> None:
        """Write what stays into the new warehouse."""
        picked = ", ".join(map(self._picked, self.columns))
        stays = "true" if self.name.startswith(_OF_THE_PROGRAM) else f"not {self._goes()}"
        self._execute(f"insert into rewritten.{self._place} select {picked} from {self._source} where {stays}")

    def _execute(self, query: str, **told: object) -> Connection:
        known = {
            "id": self.subject.customer_id,
            "digits": self.subject.digits,
            "sales": sorted(self.subject.sales),
            "findings": sorted(self.subject.findings),
            **told,
        }
        return self.connection.execute(query, {name: value for name, value in known.items() if f"${name}" in query})

    def _goes(self) -> str:
        """Write the condition that a row goes; it is never null."""
        return f"coalesce({' or '.join([*self._conditions(), 'false'])}, false)"

    def _conditions(self) -> Iterator[str]:
        if "customer_id" in self.columns:
            # Of a line that could not be read the id is as the export has it, perhaps without its hyphens.
            digits = "regexp_replace(lower(t.customer_id), '[^0-9a-f]', '', 'g') = $digits"
            yield (
                f"coalesce(case when t.customer_id like '{_GUID}' then lower(t.customer_id) = $id "
                f"else lower(t.customer_id) = $id or {digits} end, false)"
            )
        if "subscription_id" in self.columns:
            # Where a row says whose it is, that counts.
            of_nobody = "t.customer_id is null and " if "customer_id" in self.columns else ""
            yield f"coalesce({of_nobody}t.subscription_id in (select unnest($sales::varchar[])), false)"
        if "finding_id" in self.columns:
            yield "coalesce(t.finding_id in (select unnest($findings::varchar[])), false)"
        if self.columns.keys() >= _UNREAD:
            yield f"{self._line()} in (select line from temp.gone_lines)"

    def _line(self) -> str:
        return f"concat_ws(chr(31), {', '.join(f't.{name}' for name in _LINE if name in self.columns)})"

    def _find_lines(self) -> None:
        """Remember the unread lines that name the customer: each goes whole, with every reason that it has."""
        finder = self.subject.finder
        rows = self._execute(
            f"select distinct {self._line()}, value, value in (select unnest($sales::varchar[])) and "
            f"column_name like '%subscription_id%' from {self._source} "
            "where regexp_matches(value, $rough, 'i') or value in (select unnest($sales::varchar[]))",
            rough=finder.rough,
        ).fetchall()
        lines = [[line] for line, value, is_sale in rows if is_sale or finder.holds(value)]
        self.connection.execute("create or replace temp table gone_lines (line varchar)")
        if lines:
            self.connection.executemany("insert into temp.gone_lines values (?)", lines)

    def _find_texts(self, column: str) -> int:
        """Remember the texts of one column that change, beside what they become; count the rows."""
        name, kind = f"t.{identifier(column)}", self.columns[column]
        text = name if kind == "VARCHAR" else f"array_to_string({name}, chr(31))"
        finder = self.subject.finder
        values = self._execute(
            f"select {name}, count(*) from {self._source} "
            f"where regexp_matches({text}, $rough, 'i') and not {self._goes()} group by {name}",
            rough=finder.rough,
        ).fetchall()
        changed = [(value, self._without(value), rows) for value, rows in values]
        changed = [(value, new, rows) for value, new, rows in changed if new != value]
        if changed:
            self._changed.add(column)
            table = self._texts(column)
            self.connection.execute(f"create or replace temp table {table} (before {kind}, after {kind})")
            self.connection.executemany(f"insert into temp.{table} values (?, ?)", [row[:2] for row in changed])
        return sum(rows for *_, rows in changed)

    def _without(self, value: str | list[str]) -> str | list[str]:
        finder = self.subject.finder
        return finder.without(value) if isinstance(value, str) else [finder.without(each) for each in value]

    @staticmethod
    def _texts(column: str) -> str:
        return identifier(f"texts_of_{column}")

    def _picked(self, column: str) -> str:
        name = f"t.{identifier(column)}"
        if column not in self._changed:
            return name
        return f"coalesce((select c.after from temp.{self._texts(column)} as c where c.before = {name}), {name})"
