"""Tables drawn as text: one line a row, cells between pipes, an empty cell is null."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

Cells = dict[str, str | None]


def parse(text: str) -> tuple[list[str], list[Cells]]:
    """Return the columns and the rows of a drawn table; only plain spaces around a cell are padding."""
    lines = [_cells(line) for line in text.split("\n") if line.strip(" ")]
    if not lines:
        return [], []
    columns, *rows = lines
    if len(set(columns)) < len(columns) or "" in columns:
        message = f"columns without a name, or named twice: {columns}"
        raise ValueError(message)
    if any(len(row) != len(columns) for row in rows):
        message = f"a row has another number of cells than its header: {text}"
        raise ValueError(message)
    return columns, [{name: cell or None for name, cell in zip(columns, row, strict=True)} for row in rows]


def _cells(line: str) -> list[str]:
    return [cell.strip(" ") for cell in line.split("|")]


def draw(columns: Sequence[str], rows: Iterable[Mapping[str, object]]) -> str:
    """Draw the rows as such a table, sorted, so that two tables of the same rows are the same text."""
    cells = sorted([as_text(row[name]) for name in columns] for row in rows)
    widths = [max(len(cell) for cell in column) for column in zip(columns, *cells, strict=True)]
    lines = [" | ".join(c.ljust(w) for c, w in zip(row, widths, strict=True)).rstrip() for row in (columns, *cells)]
    return "\n".join(lines) + "\n"


def as_text(value: object) -> str:
    """Write a value as a case writes it: null is empty, truth is true or false, days are ISO."""
    if value is None:
        return ""
    return str(value).lower() if isinstance(value, bool) else str(value)
