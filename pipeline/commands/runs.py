"""`csp-audit runs`: the nights that were audited, and those that were refused."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from pipeline.commands import options

if TYPE_CHECKING:
    from pathlib import Path


@click.command(
    "runs",
    epilog=options.epilog(
        "csp-audit runs",
        "csp-audit runs --format csv > runs.csv",
        exit_codes="0 answered, 2 wrong usage, or no warehouse",
    ),
)
@options.STATE
@options.CONFIG
@options.FORMAT
def command(state: Path | None, config_file: Path | None, form: str) -> None:
    """List the nights that were audited, the newest first, and the runs that were refused."""
    from pipeline.commands.printing import print_answer
    from pipeline.desk.desk import open_desk
    from pipeline.desk.runs import runs_answer

    with open_desk(config_file, state) as desk:
        print_answer(runs_answer(desk, drawn=form == "table"), form)
