"""`csp-audit findings`: what a night found, or what is asked for of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypedDict

import click

from pipeline.commands import options
from schemas.finding import Level, State

if TYPE_CHECKING:
    from datetime import datetime
    from pathlib import Path
    from typing import Unpack

    from pipeline.desk.desk import Desk
    from pipeline.desk.listing.filters import Filters

# A longer table is read in a spreadsheet; drawing it would take longer than finding it.
_MOST_DRAWN = 200


class _Asked(TypedDict):
    """The filters as the command line has them."""

    levels: tuple[str, ...]
    states: tuple[str, ...]
    rules: tuple[str, ...]
    customer: str | None
    reseller: str | None
    due_by: datetime | None
    due_after: datetime | None
    text: str
    new: bool
    overdue: bool


@click.command(
    "findings",
    epilog=options.epilog(
        "csp-audit findings --new",
        "csp-audit findings --level violation --level deadline --due-by 2026-12-31",
        "csp-audit findings --rule SEG01 --text 'faculty' --all",
        "csp-audit findings --run previous --overdue",
        "csp-audit findings --format csv > findings.csv",
        exit_codes="0 answered, 2 wrong usage, or no warehouse",
    ),
)
@click.option(
    "--level",
    "levels",
    multiple=True,
    type=click.Choice([level.value for level in Level]),
    help="Only findings of a level (repeatable).",
)
@click.option(
    "--in-state",
    "states",
    multiple=True,
    type=click.Choice([state.value for state in State]),
    help="Only those in a state (repeatable).",
)
@click.option("--rule", "rules", multiple=True, help="Only those of a rule (repeatable).", metavar="ID")
@click.option("--customer", help="Only those of a customer.", metavar="ID|NAME|DOMAIN")
@click.option("--reseller", help="Only those sold through a reseller of record.", metavar="ID|NAME")
@click.option("--due-by", type=options.Night(), help="Only those due until that day.", metavar="YYYY-MM-DD")
@click.option("--due-after", type=options.Night(), help="Only those due after that day.", metavar="YYYY-MM-DD")
@click.option("--text", default="", help="Only those that have all of these words.", metavar="WORDS")
@click.option("--new", is_flag=True, help="Only those that are new or reopened.")
@click.option("--overdue", is_flag=True, help="Only those whose due date, or promised date, has passed.")
@click.option(
    "--run", "run_name", default="latest", help="Of which night: a date, a run id, latest or previous.", metavar="RUN"
)
@click.option("--all", "draws_all", is_flag=True, help=f"Draw more than {_MOST_DRAWN} findings in the table.")
@options.STATE
@options.CONFIG
@options.FORMAT
def command(
    *,
    run_name: str,
    draws_all: bool,
    state: Path | None,
    config_file: Path | None,
    form: str,
    **asked: Unpack[_Asked],
) -> None:
    """List the findings of a night, most pressing first: all, or those that pass every filter."""
    from pipeline.commands.findings_table import print_table
    from pipeline.commands.uncollected import uncollected
    from pipeline.desk.desk import open_desk
    from pipeline.desk.listing.listing import listing
    from pipeline.desk.runs import find_night
    from pipeline.desk.written import as_written
    from reports import tabular
    from reports.wording import Words

    with uncollected(), open_desk(config_file, state) as desk:
        night = find_night(desk.connection, run_name)
        filters = _filters(desk, asked)
        written = as_written(desk, night, f"findings.{form}") if filters.is_empty and form != "table" else None
        if written is not None:
            click.echo(written, nl=False)
            return
        most = _MOST_DRAWN if form == "table" and not draws_all else None
        found = listing(desk, night, filters, most)
        if form == "table":
            print_table(found, is_filtered=not filters.is_empty)
        else:
            write = tabular.findings_csv if form == "csv" else tabular.findings_json
            click.echo(write(Words(), found.audit), nl=False)


def _filters(desk: Desk, asked: _Asked) -> Filters:
    """Find what the filters name. Raises UsageError where there is no such rule, customer or reseller."""
    from pipeline.desk.customers import find_customer
    from pipeline.desk.listing.filters import Filters
    from pipeline.desk.listing.resellers import find_reseller
    from pipeline.desk.rules import find_rule

    return Filters(
        levels=tuple(map(Level, asked["levels"])),
        states=tuple(map(State, asked["states"])),
        rules=tuple(find_rule(desk.known_rules, name) for name in asked["rules"]),
        customer=find_customer(desk.connection, asked["customer"]) if asked["customer"] is not None else None,
        reseller=find_reseller(desk.connection, asked["reseller"]) if asked["reseller"] is not None else None,
        due_by=asked["due_by"].date() if asked["due_by"] else None,
        due_after=asked["due_after"].date() if asked["due_after"] else None,
        text=asked["text"],
        is_new=asked["new"],
        is_overdue=asked["overdue"],
    )
