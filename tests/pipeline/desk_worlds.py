"""A desk over a small world drawn as text: what the purchase answer reads, without files and gate."""

from __future__ import annotations

from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from pipeline.config import load_config
from pipeline.desk.desk import Desk
from pipeline.rulefile import read_rules
from pipeline.state import State
from tests.sql.world import EVERYTHING, world

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence
    from datetime import date

    from pipeline.database import Connection
    from tests.sql.case_tables import Cells

FILES = read_rules()
RULES = {file.rule.id: file.rule for file in FILES}


@contextmanager
def desk_world(
    as_of: date,
    tables: Mapping[str, Sequence[Cells]],
    *,
    without: Collection[str] = (),
    vetting_is_stated: bool = True,
) -> Iterator[Desk]:
    """Open a desk over drawn rows; `without` names tables, or `table.column`, that were not supplied."""
    with world(as_of, tables, vetting_is_stated=vetting_is_stated) as connection:
        for name, columns in EVERYTHING.items():
            if name not in without:
                supply(connection, as_of, name, sorted(c for c in columns if f"{name}.{c}" not in without))
        yield Desk(connection, load_config(None), State(Path()), as_of)


def supply(connection: Connection, as_of: date, table: str, columns: Sequence[str]) -> None:
    """Write down that a table was supplied with some columns."""
    connection.execute(
        """
        insert into audit.inputs by name
        select
            ? as as_of, ? as table_name, ? as file, 1 as bytes, '' as sha256, 'utf-8' as encoding, 1 as lines,
            1 as rows, 1 as loaded, 0 as unread, 0 as duplicates, []::varchar[] as notes, ?::varchar[] as columns
        """,
        [as_of, table, f"{table}.csv", list(columns)],
    )
