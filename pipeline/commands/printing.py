"""Prints an answer: tables on a terminal and in a pipe alike, or csv, or json."""

from __future__ import annotations

import sys
from shutil import get_terminal_size
from typing import TYPE_CHECKING, Literal

import click

from pipeline.desk.answer import MOST_DRAWN, as_text, csv_pieces, json_pieces

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.console import Console
    from rich.table import Table

    from pipeline.desk.answer import Answer, Cell, Section

# What a pipe's reader is taken to have room for.
_PIPE = (120, 24)
# Dates, numbers and finding ids stay on one line; what is longer may be folded.
_SHORT = 14
_GAP = 2


def print_answer(answer: Answer, form: str) -> None:
    """Print an answer in one of the three formats."""
    if form == "table":
        _draw(answer)
    else:
        for piece in csv_pieces(answer) if form == "csv" else json_pieces(answer):
            click.echo(piece, nl=False)


def _draw(answer: Answer) -> None:
    from rich.console import Console

    console = Console(
        file=sys.stdout, width=get_terminal_size(_PIPE).columns, markup=False, emoji=False, highlight=False
    )
    for line in answer.lead:
        _say(console, line)
    for section in answer.sections:
        console.print()
        _draw_section(console, section)


def _say(console: Console, sentence: str, style: str = "") -> None:
    """Print a sentence: folded on a terminal, one line for whatever reads a pipe."""
    console.print(as_text(sentence), style=style, soft_wrap=not console.is_terminal)


def _draw_section(console: Console, section: Section) -> None:
    _say(console, section.title, "bold")
    rows = [*section.rows]
    if rows:
        console.print(_table(section.columns, rows, console.width))
    else:
        _say(console, section.nothing)
    more = len(rows) - MOST_DRAWN
    if more > 0:
        _say(console, f"{more:,} more: --format csv lists all.")
    for note in section.notes:
        _say(console, note)


def _table(columns: Sequence[str], rows: Sequence[tuple[Cell, ...]], width: int) -> Table:
    from rich import box
    from rich.cells import cell_len
    from rich.table import Table

    table = Table(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False, padding=(0, 1, 0, 0))
    drawn = [[as_text(cell) for cell in row] for row in rows[:MOST_DRAWN]]
    names = [name.replace("_", " ") for name in columns]
    widths = [max(map(cell_len, column)) for column in zip(names, *drawn, strict=True)]
    # A column that may not fold is cut off where there is no room, so all may fold then.
    needed = sum(min(size, _SHORT) + _GAP for size in widths)
    for number, name in enumerate(names):
        is_number = all(type(row[number]) is int for row in rows)
        justify: Literal["left", "right"] = "right" if is_number else "left"
        # What is never folded has the width that was measured here: left to rich, each cell is measured again, twice.
        fixed = widths[number] if widths[number] <= _SHORT and needed <= width else None
        table.add_column(name, overflow="fold", justify=justify, no_wrap=fixed is not None, width=fixed)
    for row in drawn:
        table.add_row(*row)
    return table
