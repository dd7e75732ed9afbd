"""What every answer begins with: the warehouse, opened for reading, and the rules."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from pipeline.database import OutOfMemoryError
from pipeline.errors import UsageError
from pipeline.session import settings
from pipeline.state import State
from pipeline.warehouse import open_warehouse

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from datetime import date
    from pathlib import Path

    from pipeline.config import Config
    from pipeline.database import Connection
    from schemas.finding import Rule


@dataclass(frozen=True)
class Desk:
    """An open warehouse, and the newest night that was audited in its turn (`as_of`)."""

    connection: Connection
    config: Config
    state: State
    as_of: date

    @cached_property
    def rules(self) -> Mapping[str, Rule]:
        """Today's rules by id, read when they are first asked for: most lists need none. Raises RuleFileError."""
        from pipeline.rulefile import read_rules

        return {file.rule.id: file.rule for file in read_rules()}

    @cached_property
    def known_rules(self) -> Mapping[str, Rule]:
        """Today's rules by id and, without their texts, those that are retired. Raises RuleFileError."""
        from pipeline.retired import with_retired

        return with_retired(self.connection, self.rules)


@contextmanager
def open_desk(config_file: Path | None, state: Path | None) -> Iterator[Desk]:
    """Open the warehouse of a state directory, read-only. Raises UsageError for none, and for too little memory."""
    config = settings(config_file, state)
    places = State(config.state)
    try:
        with open_warehouse(places.warehouse, config) as connection:
            (as_of,) = connection.execute("select as_of from core.run").fetchone() or (None,)
            assert as_of is not None  # noqa: S101 - every warehouse is of one night
            yield Desk(connection, config, places, as_of)
    except OutOfMemoryError as error:
        message = (
            f"memory_limit = {config.memory_limit} is too little for this question. Raise it in the configuration."
        )
        raise UsageError(message) from error
