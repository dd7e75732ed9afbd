"""The column docs are what the schemas say."""

from __future__ import annotations

from pathlib import Path

from schemas.catalog import TABLES
from schemas.docs import column_docs

DOCS = Path(__file__).parents[2] / "docs" / "columns.md"


def test_the_committed_column_docs_are_made_from_the_schemas() -> None:
    assert DOCS.read_text(encoding="utf-8") == column_docs(), "run python -m schemas.docs > docs/columns.md"


def test_every_column_of_every_table_has_its_row() -> None:
    docs = column_docs()
    for table in TABLES.values():
        section = docs.split(f"## {table.name} ")[1].split("\n## ")[0]
        rows = [line.split(" | ")[0].removeprefix("| ") for line in section.splitlines() if line.startswith("| ")]
        assert rows[1:] == [column.name for column in table.columns]
