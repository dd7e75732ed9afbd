"""The floor: DuckDB reads the same files with the same types into a database on disk, and checks nothing.

Run as `python -m tests.bench.floor FOLDER WORK MEMORY THREADS`.
"""

from __future__ import annotations

import csv
import sys
from pathlib import Path

from pipeline.database import building, literal
from schemas.catalog import TABLES

# As a plain reader would have them: the schema's own types, but for days, which the files write with a time.
_TYPES = {"DATE": "TIMESTAMP"}


def main(folder: Path, work: Path, memory: str, threads: int) -> None:
    """Load every table that the folder holds."""
    (work / "spill").mkdir(parents=True, exist_ok=True)
    with building(work / "floor.duckdb", memory, threads, work / "spill") as connection:
        for name in TABLES:
            path = folder / f"{name}.csv"
            if path.exists():
                columns = ", ".join(f"{literal(header)}: '{kind}'" for header, kind in _columns(name, path))
                connection.execute(
                    f"create table {name} as select * from read_csv({literal(str(path))}, auto_detect = false, "
                    f"header = true, delim = ',', quote = '\"', escape = '\"', store_rejects = true, "
                    f"columns = {{{columns}}})"
                )
        connection.execute("checkpoint")


def _columns(name: str, path: Path) -> list[tuple[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        headers = next(csv.reader(file))
    matched = [(header, TABLES[name].match(header)) for header in headers]
    kinds = [column.kind.duckdb_type if column else "VARCHAR" for _, column in matched]
    return [(header, _TYPES.get(kind, kind)) for header, kind in zip(headers, kinds, strict=True)]


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3], int(sys.argv[4]))
