"""`csp-audit findings`: what the latest night found."""

from __future__ import annotations

from itertools import groupby
from shutil import get_terminal_size
from textwrap import wrap
from typing import TYPE_CHECKING

import click

from pipeline.commands import options
from pipeline.commands.run import summary
from pipeline.session import settings

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from schemas.finding import Audit, Finding

# How wide each column of the table is, but for the customer's: finding, rule, state, seats, by.
_WIDTHS = (14, 6, 8, 6, 10)
_GAP = "  "
_NARROWEST = 64


@click.command(
    "findings",
    epilog=options.epilog(
        "csp-audit findings",
        "csp-audit findings --format csv > findings.csv",
        "csp-audit findings --format json --state /var/lib/csp-audit",
    ),
)
@options.STATE
@options.CONFIG
@options.FORMAT
def command(state: Path | None, config_file: Path | None, form: str) -> None:
    """List the findings of the latest night, most pressing first."""
    from pipeline.audit import read_audit
    from pipeline.rulefile import read_rules
    from pipeline.state import State
    from pipeline.warehouse import open_warehouse
    from reports import render

    config = settings(config_file, state)
    with open_warehouse(State(config.state).warehouse) as connection:
        audit = read_audit(connection, [file.rule for file in read_rules()])
    if form == "table":
        _print_table(audit, max(get_terminal_size().columns, _NARROWEST))
    else:
        click.echo(render.findings_csv(audit) if form == "csv" else render.findings_json(audit), nl=False)


def _print_table(audit: Audit, width: int) -> None:
    """Print two lines for each finding: what tells it apart, then what is wrong and since when."""
    for line in summary(audit).splitlines():
        click.echo("\n".join(wrap(line, width)))
    if audit.findings:
        click.echo("\n" + _row(("finding", "rule", "state", "customer", "seats", "by"), width))
    for level, findings in groupby(audit.findings, key=lambda item: item.level):
        listed = list(findings)
        current = sum(item.state.is_current for item in listed)
        closed = f", {len(listed) - current} closed" if current < len(listed) else ""
        click.echo(f"\n{click.style(level, bold=True)}: {current}{closed}")
        for line in _exposure(listed, width):
            click.echo(line)
        for item in listed:
            click.echo("\n".join(_lines(item, width)))


def _exposure(findings: Sequence[Finding], width: int) -> list[str]:
    """Say what a level's subscriptions cost a month, where it has any."""
    from reports.exposure import exposure, exposure_texts
    from reports.render import ENGLISH

    return wrap(_plain("; ".join(exposure_texts(ENGLISH, exposure(findings)))), width)


def _lines(item: Finding, width: int) -> list[str]:
    from reports import exposure, messages, rows
    from reports.render import ENGLISH

    seats, due_on = str(item.seats or ""), str(item.due_on or "")
    customer = rows.customer(ENGLISH, item)
    cost = exposure.monthly(ENGLISH, item)
    told = f"{messages.message(ENGLISH, item)} (since {item.first_seen})" + (f", {cost}" if cost else "")
    indent = "  "
    return [
        _row((item.finding_id, item.rule.id, item.state, customer, seats, due_on), width),
        *wrap(_plain(told), width, initial_indent=indent, subsequent_indent=indent, break_on_hyphens=False),
    ]


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
    from reports.text import visible

    return visible(" ".join(text.split()))
