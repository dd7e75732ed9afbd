"""Puts a night that was audited after a newer one beside the others; it changes nothing that they say."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

from pipeline.database import building, literal
from pipeline.nights import STATE_COLUMNS
from pipeline.warehouse import OF_A_NIGHT

if TYPE_CHECKING:
    from datetime import date
    from pathlib import Path

    from pipeline.config import Config
    from pipeline.database import Connection


def add_backfill(work: Path, config: Config, warehouse: Path, as_of: date) -> Path:
    """Copy the warehouse and add the night that was built in the folder `work`; return the path of the copy.

    An earlier backfill of the same date is replaced.
    """
    copy = work / "backfilled.duckdb"
    shutil.copyfile(warehouse, copy)
    with building(copy, config.memory_limit, config.threads, work / "spill") as connection:
        connection.execute(f"attach {literal(str(work / 'warehouse.duckdb'))} as night (read_only)")
        keep_night(connection, as_of)
        connection.execute("detach night")
        connection.execute("checkpoint")
    return copy


def keep_night(connection: Connection, as_of: date) -> None:
    """Take what a night shows from the warehouse that was built for it, which is attached as `night`."""
    for name in OF_A_NIGHT:
        connection.execute(f"delete from backfill.{name} where as_of = ?", [as_of])
        connection.execute(
            f"insert into backfill.{name} by name select * from night.audit.{name} where as_of = ?", [as_of]
        )
    columns = ", ".join(STATE_COLUMNS)
    connection.execute("delete from backfill.states where as_of = ?", [as_of])
    connection.execute(
        f"insert into backfill.states (as_of, {columns}) select ?, {columns} from night.core.states", [as_of]
    )
