"""The tables that the invented world is written down in, and the ids that are drawn for its inhabitants."""

from __future__ import annotations

import csv
import random
from datetime import UTC, date, datetime
from decimal import Decimal
from functools import cache
from pathlib import Path
from uuid import UUID

Cell = str | int | bool | Decimal | datetime | None
Record = dict[str, Cell]

NIGHTS = (date(2026, 11, 18), date(2026, 11, 19), date(2026, 11, 20))
LAST_NIGHT = len(NIGHTS)
PARTNER = "Lipowa Cloud Services sp. z o.o."
NO_END = datetime(9999, 12, 14, tzinfo=UTC)

_SEED = "Lipowa"
_DATA = Path(__file__).parent / "data"


@cache
def table(name: str) -> tuple[dict[str, str], ...]:
    """Read one of the tables."""
    with (_DATA / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        return tuple(csv.DictReader(file))


def dice(*parts: object) -> random.Random:
    """Return dice of their own for one thing, so that adding another thing changes none of its throws."""
    return random.Random(":".join(map(str, (_SEED, *parts))))


def guid(*parts: object) -> str:
    """Draw the id of one thing."""
    return str(UUID(int=dice("guid", *parts).getrandbits(128), version=4))


def moment(day: str) -> datetime | None:
    """Read a day; an empty cell is no day."""
    return datetime.fromisoformat(day).replace(tzinfo=UTC) if day else None


def tonight(row: dict[str, str], night: int) -> str:
    """Return what a row says of one night (1, 2 or 3)."""
    return row[f"night_{night}"]
