"""`csp-audit calendar`: the deadlines as a file that every calendar imports."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from pipeline.commands import options
from pipeline.session import say

if TYPE_CHECKING:
    from schemas.finding import Level

_STDOUT = Path("-")


@click.command(
    "calendar",
    epilog=options.epilog(
        "csp-audit calendar --out deadlines.ics",
        "csp-audit calendar --level deadline --customer lipowa.example --out -",
        exit_codes="0 written, 2 wrong usage, or no warehouse",
    ),
)
@click.option(
    "--out",
    type=options.NamedPath(path_type=Path),
    required=True,
    help="The file to write, or - for stdout; one that is there is replaced.",
    metavar="FILE",
)
@click.option(
    "--level",
    type=click.Choice(["deadline", "violation"]),
    help="Only deadlines, or only violations whose return window closes (default: both).",
)
@click.option("--customer", help="Only this customer's (id, name or domain).", metavar="CUSTOMER")
@options.STATE
@options.CONFIG
def command(out: Path, level: str | None, customer: str | None, state: Path | None, config_file: Path | None) -> None:
    """Write an all-day event for each deadline; importing the file again brings a calendar up to date."""
    from pipeline.desk.calendar import LEVELS, deadlines
    from pipeline.desk.customers import find_customer
    from pipeline.desk.desk import open_desk
    from pipeline.desk.outfile import write_file
    from schemas.finding import Level

    levels: tuple[Level, ...] = (Level(level),) if level else LEVELS
    with open_desk(config_file, state) as desk:
        made = deadlines(desk, levels, find_customer(desk.connection, customer) if customer is not None else None)
    if out == _STDOUT:
        click.echo(made.content.decode(), nl=False)
    else:
        write_file(out, made.content)
    say(f"{out}: {made.events} events, {made.cancelled} cancelled")
