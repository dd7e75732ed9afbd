"""Brings a warehouse of an older layout up to date, one layout at a time; always a copy, never the file itself."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING, NamedTuple

from pipeline.database import building

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from pipeline.config import Config


class Step(NamedTuple):
    """What makes a warehouse of a layout one of the next layout."""

    layout: int
    statements: tuple[str, ...]


# One step for each layout that was ever released, the oldest first; a step stays as it is for good. Later steps see
# what it leaves, so columns go where warehouse.sql has them: a night is carried over by the order of its columns.
STEPS = (
    Step(
        3,
        tuple(
            f"alter table {schema}.{table} add column {column}"
            for schema in ("audit", "backfill")
            for table, columns in (
                ("runs", ("damaged_file varchar", "restored_from date")),
                ("rule_results", ("hit bigint", "customers bigint", "usual double")),
            )
            for column in columns
        ),
    ),
)
OLDEST = STEPS[0].layout


def migrated(old: Path, copy: Path, config: Config, layout: int) -> Path:
    """Copy a warehouse of an older `layout` (at least OLDEST) and bring the copy up to date; return its path.

    A log of the database beside the file is left out, as a run leaves it out of all that it reads (recovery.py).
    Raises DatabaseError where the file is not what its layout says, and OSError where there is no room for a copy.
    """
    # without its permissions: the file is read-only
    shutil.copyfile(old, copy)
    with building(copy, config.memory_limit, config.threads, copy.parent / "spill") as connection:
        for statement in _from(layout):
            connection.execute(statement)
        connection.execute("update audit.layout set version = ?", [STEPS[-1].layout + 1])
        connection.execute("checkpoint")
    return copy


def _from(layout: int) -> Iterable[str]:
    return [statement for step in STEPS if step.layout >= layout for statement in step.statements]
