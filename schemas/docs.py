"""The column docs, made from the schemas: `python -m schemas.docs` prints docs/columns.md."""

from __future__ import annotations

from typing import TYPE_CHECKING

from schemas.catalog import TABLES

if TYPE_CHECKING:
    from schemas.table import Table

_HEAD = """# Columns of the exports

Made from the schemas by `python -m schemas.docs`. Headers match without case, spaces, underscores and hyphens; a
column that is not listed here is ignored, and the run says so. An empty cell is a missing value; the words None and NA
are values.
"""


def column_docs() -> str:
    """Return the docs of all tables as Markdown."""
    return "\n".join([_HEAD, *(_table(table) for table in TABLES.values())])


def _table(table: Table) -> str:
    need = "required" if table.required else "optional"
    rows = [f"| {' | '.join(column.documentation)} |" for column in table.columns]
    head = f"## {table.name} ({need})\n\n{' '.join(_sentences(table))}\n"
    return "\n".join([head, "| column | kind | | also accepted | meaning |", "|-|-|-|-|-|", *rows, ""])


def _sentences(table: Table) -> list[str]:
    """Return what holds of the whole table, beginning with what it is about."""
    sentences = [f"{table.purpose[:1].upper()}{table.purpose[1:]}."]
    if table.many:
        sentences.append("Of several files all are read.")
    sentences += [f"Every row needs {either.expected}." for either in table.either]
    sentences += [
        f"A line `{key},...` before the header gives the {column} of every row without one of its own."
        for key, column in table.preamble
    ]
    return sentences


if __name__ == "__main__":
    print(column_docs(), end="")  # noqa: T201 - the module's one purpose
