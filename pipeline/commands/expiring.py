"""`csp-audit expiring`: nonprofit eligibility that ends soon, should have ended, or is lost."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from pipeline.commands import options

if TYPE_CHECKING:
    from pathlib import Path


@click.command(
    "expiring",
    epilog=options.epilog(
        "csp-audit expiring",
        "csp-audit expiring --within 30 --format csv > expiring.csv",
        exit_codes="0 answered, 2 wrong usage, or no warehouse",
    ),
)
@options.within(90, "Removal dates at most so many days after the night.")
@options.STATE
@options.CONFIG
@options.FORMAT
def command(within: int, state: Path | None, config_file: Path | None, form: str) -> None:
    """List nonprofit customers under notice, and those that have lost the qualification."""
    from pipeline.commands.printing import print_answer
    from pipeline.desk.desk import open_desk
    from pipeline.desk.expiring import expiring

    with open_desk(config_file, state) as desk:
        print_answer(expiring(desk, within, drawn=form == "table"), form)
