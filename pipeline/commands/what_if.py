"""`csp-audit what-if`: which findings would appear or vanish."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from pipeline.commands import options

if TYPE_CHECKING:
    from datetime import datetime
    from pathlib import Path


@click.command(
    "what-if",
    epilog=options.epilog(
        'csp-audit what-if --grant "Fundacja Czysta Rzeka=Education"',
        "csp-audit what-if --segment CFQ7TTC0LF8R:0002=Education --format json",
        "csp-audit what-if --policy-as-of 2024-01-31 --without-waivers",
        exit_codes="0 answered, 2 wrong usage",
    ),
)
@click.option(
    "--grant",
    "grants",
    multiple=True,
    metavar="CUSTOMER=QUALIFICATION",
    help="Suppose that a customer's qualification is approved (repeatable).",
)
@click.option(
    "--segment",
    "segments",
    multiple=True,
    metavar="OFFER|SUBSCRIPTION=SEGMENT",
    help="Suppose that an offer, or one subscription, is of a segment (repeatable).",
)
@click.option(
    "--policy-as-of",
    type=options.Night(),
    metavar="YYYY-MM-DD",
    help="Suppose the policy that is in force on another date; the night stays the same.",
)
@click.option("--without-waivers", is_flag=True, help="Suppose that no waiver is in force.")
@options.STATE
@options.CONFIG
@options.FORMAT
def command(  # noqa: PLR0913, PLR0917 - one parameter an option
    grants: tuple[str, ...],
    segments: tuple[str, ...],
    policy_as_of: datetime | None,
    without_waivers: bool,  # noqa: FBT001 - click passes a flag by its name
    state: Path | None,
    config_file: Path | None,
    form: str,
) -> None:
    """Say which findings would appear, vanish or change under a supposition.

    Nothing is stored. Several suppositions hold at the same time.
    """
    from pipeline.commands.printing import print_answer
    from pipeline.desk.supposing.whatif import Wanted, night_beside, what_if
    from pipeline.rulefile import read_rules
    from pipeline.session import settings
    from pipeline.state import State

    config = settings(config_file, state)
    warehouse = State(config.state).warehouse
    day = policy_as_of.date() if policy_as_of else None
    wanted = Wanted(grants, segments, day, without_waivers, all_rows=form != "table")
    with night_beside(warehouse, config) as connection:
        answer = what_if(connection, config, read_rules(), wanted)
    print_answer(answer, form)
