"""`csp-audit renewals`: what comes of special-segment subscriptions whose term ends soon."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from pipeline.commands import options

if TYPE_CHECKING:
    from pathlib import Path


@click.command(
    "renewals",
    epilog=options.epilog(
        "csp-audit renewals",
        "csp-audit renewals --within 90 --format csv > renewals.csv",
        exit_codes="0 answered, 2 wrong usage, or no warehouse",
    ),
)
@options.within(30, "Terms that end at most so many days after the night.")
@options.STATE
@options.CONFIG
@options.FORMAT
def command(within: int, state: Path | None, config_file: Path | None, form: str) -> None:
    """List special-segment subscriptions that renew, end, or roll into an extended term."""
    from pipeline.commands.printing import print_answer
    from pipeline.desk.desk import open_desk
    from pipeline.desk.renewals import renewals, spilling

    with open_desk(config_file, state) as desk:
        if form == "table":
            print_answer(renewals(desk, within, drawn=True), form)
            return
    with spilling(desk) as roomy:
        print_answer(renewals(roomy, within, drawn=False), form)
