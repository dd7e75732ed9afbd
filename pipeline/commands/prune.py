"""`csp-audit prune`: takes away what is kept no longer."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import click

from pipeline.commands import options
from pipeline.session import Session, settings

if TYPE_CHECKING:
    from pathlib import Path

    from pipeline.config import Config
    from pipeline.retention.pruning import Doomed


@click.command(
    "prune",
    epilog=options.epilog(
        "csp-audit prune --dry-run",
        "csp-audit prune --keep 1",
        exit_codes="0 done, 2 wrong usage, 4 a run or a sender is at work",
    ),
)
@click.option("--keep", type=click.IntRange(0), help="Earlier warehouses to keep (default: as configured).")
@click.option("--damaged", is_flag=True, help="Remove damaged warehouses that were kept aside, too.")
@click.option("--dry-run", is_flag=True, help="List what would go, and change nothing.")
@options.STATE
@options.CONFIG
@click.pass_obj
def command(  # noqa: PLR0913, PLR0917 - one parameter for each option
    session: Session,
    keep: int | None,
    damaged: bool,  # noqa: FBT001 - click passes flags by position
    dry_run: bool,  # noqa: FBT001
    state: Path | None,
    config_file: Path | None,
) -> None:
    """Remove nights and earlier warehouses that are no longer kept.

    The section [retention] of the configuration and the key keep say how much is kept. The newest night always stays.
    Mail that has waited for too long is moved to outbox/expired.
    """
    from pipeline.trouble import in_plain_words

    config = settings(config_file, state)
    session.folder = config.state
    with in_plain_words(config.state):
        gone = _gone(config, config.keep if keep is None else keep, damaged=damaged, dry_run=dry_run)
    _tell(config.state, gone, dry_run=dry_run)


def _gone(config: Config, kept: int, *, damaged: bool, dry_run: bool) -> list[Doomed]:
    """Take away what is kept no longer, or only look at it; return it. Raises UsageError, LockedError or OSError."""
    from pipeline.errors import UsageError
    from pipeline.retention.pruning import doomed, prune
    from pipeline.state import State

    places, now = State(config.state), datetime.now(UTC)
    if not places.root.is_dir():
        message = f"{places.root}: there is no such directory. Name the one of the runs with --state."
        raise UsageError(message)
    if dry_run:
        return doomed(places, config.retention, kept, now, damaged=damaged)
    with places.locked():
        return prune(places, config.retention, kept, now, damaged=damaged)


def _tell(root: Path, gone: list[Doomed], *, dry_run: bool) -> None:
    from reports.text import visible

    for each in gone:
        aside = "  (to outbox/expired)" if each.moved else ""
        click.echo(visible(f"{each.size:>15,}  {each.path.relative_to(root)}{aside}"))
    if not gone:
        click.echo("Nothing to remove.")
        return
    freed = sum(each.size for each in gone if not each.moved)
    click.echo(f"{freed:>15,}  bytes {'would be freed' if dry_run else 'freed'}")
