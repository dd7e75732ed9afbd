"""Draws findings for a terminal: two lines or more for each, at any width."""

from __future__ import annotations

from itertools import groupby
from shutil import get_terminal_size
from textwrap import wrap
from typing import TYPE_CHECKING

import click

from pipeline.commands.run import summary
from pipeline.desk.listing.words import age, decided
from pipeline.suspects import why_suspect
from reports import exposure, messages, rows
from reports.text import visible
from reports.wording import Words

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date

    from pipeline.desk.listing.listing import Listing, OfLevel
    from schemas.finding import Finding

# How wide each column of the table is, but for the customer's: finding, rule, state, seats, by.
_WIDTHS = (14, 6, 8, 6, 10)
_GAP = "  "
_NARROWEST = 64
_INDENT = "  "
_WORDS = Words()


def print_table(listing: Listing, *, is_filtered: bool) -> None:
    """Print what the night came to, then each finding: what tells it apart, what is wrong, and since when."""
    width = max(get_terminal_size().columns, _NARROWEST)
    suspects = [f"{why_suspect(result)}." for result in listing.audit.suspects]
    for line in (*summary(listing.audit).splitlines(), *suspects):
        click.echo("\n".join(wrap(line, width)))
    if is_filtered:
        click.echo(_listed(listing.found))
    if listing.findings:
        click.echo("\n" + _row(("finding", "rule", "state", "customer", "seats", "by"), width))
    levels = {(one.suspect, one.level): one for one in listing.levels}
    for kind, findings in groupby(listing.findings, key=lambda item: (item.suspect, item.level)):
        click.echo("\n" + "\n".join(_level_lines(levels[kind], width)))
        for item in findings:
            click.echo("\n".join(_lines(item, listing.audit.as_of, width)))
    more = listing.found - len(listing.findings)
    if more:
        click.echo(f"\n{more:,} more: choose with a filter, list them with --format csv, or draw them with --all.")


def _listed(found: int) -> str:
    return {0: "No finding is as asked for.", 1: "1 finding is as asked for."}.get(
        found, f"{found:,} findings are as asked for."
    )


def _level_lines(one: OfLevel, width: int) -> list[str]:
    """Say how many findings a level has, and what its subscriptions cost a month, where it has any."""
    closed = f", {one.closed} closed" if one.closed else ""
    costs = "; ".join(exposure.exposure_texts(_WORDS, one.exposure))
    kind = f"{one.level}, suspect" if one.suspect else one.level
    return [f"{click.style(kind, bold=True)}: {one.current}{closed}", *wrap(_plain(costs), width)]


def _lines(item: Finding, as_of: date, width: int) -> list[str]:
    seats, due_on = str(item.seats or ""), str(item.due_on or "")
    cost = exposure.monthly(_WORDS, item)
    told = f"{messages.message(_WORDS, item)} ({'; '.join(age(item, as_of))})" + (f", {cost}" if cost else "")
    return [
        _row((item.finding_id, item.rule.id, item.state, rows.customer(_WORDS, item), seats, due_on), width),
        *_indented(told, width),
        *(line for text in decided(item, as_of) for line in _indented(text, width)),
    ]


def _indented(text: str, width: int) -> list[str]:
    return wrap(_plain(text), width, initial_indent=_INDENT, subsequent_indent=_INDENT, break_on_hyphens=False)


def _row(cells: Sequence[str], width: int) -> str:
    """Put cells under each other; the customer's name takes the room that the others leave."""
    room = width - sum(_WIDTHS) - len(_GAP) * len(_WIDTHS)
    finding, rule, state, customer, seats, due_on = cells
    first = [_cell(text, size) for text, size in zip((finding, rule, state), _WIDTHS, strict=False)]
    return _GAP.join([*first, _cell(_plain(customer), room), seats.rjust(_WIDTHS[3]), due_on]).rstrip()


def _cell(text: str, width: int) -> str:
    """Fit a text into so many columns of the terminal; a Chinese letter takes two."""
    from rich.cells import cell_len, set_cell_size

    return set_cell_size(text, width) if cell_len(text) <= width else set_cell_size(text, width - 1) + "\u2026"


def _plain(text: str) -> str:
    """Return an export's text as one line in which nothing works unseen on the terminal."""
    return visible(" ".join(text.split()))
