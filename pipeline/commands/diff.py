"""`csp-audit diff`: what is different between two nights."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from pipeline.commands import options

if TYPE_CHECKING:
    from pathlib import Path


@click.command(
    "diff",
    epilog=options.epilog(
        "csp-audit diff previous latest",
        "csp-audit diff 2026-11-18 2026-11-20 --format csv > diff.csv",
        exit_codes="0 answered, 2 wrong usage, or no warehouse",
    ),
)
@click.argument("one", metavar="RUN")
@click.argument("other", metavar="RUN")
@options.STATE
@options.CONFIG
@options.FORMAT
def command(one: str, other: str, state: Path | None, config_file: Path | None, form: str) -> None:
    """Compare two nights, the earlier with the later: findings, customers and qualifications.

    RUN is a date, a run id, latest or previous.
    """
    from pipeline.commands.printing import print_answer
    from pipeline.desk.comparing.comparing import difference
    from pipeline.desk.desk import open_desk
    from pipeline.desk.runs import find_night

    with open_desk(config_file, state) as desk:
        nights = find_night(desk.connection, one), find_night(desk.connection, other)
        print_answer(difference(desk, *nights, drawn=form == "table"), form)
