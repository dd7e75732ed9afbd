"""Warehouses as released versions wrote them, one file for each layout, and what builds one again."""

from __future__ import annotations

import gzip
from pathlib import Path

import duckdb

_FOLDER = Path(__file__).parent


def released_layouts() -> list[int]:
    """Return the layouts of which there is a file."""
    return sorted(int(path.name.split(".")[0].removeprefix("layout_")) for path in _FOLDER.glob("layout_*.sql.gz"))


def write_warehouse(layout: int, path: Path) -> Path:
    """Write the warehouse of a layout, read-only as a run leaves it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with duckdb.connect(str(path)) as connection:
        connection.execute(gzip.decompress((_FOLDER / f"layout_{layout}.sql.gz").read_bytes()).decode())
    path.chmod(0o400)
    return path
