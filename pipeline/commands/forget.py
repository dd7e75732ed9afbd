"""`csp-audit forget`: removes one customer's data for good."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from pipeline.commands import options
from pipeline.session import Session, settings

if TYPE_CHECKING:
    from pathlib import Path

    from pipeline.retention.forgetting import Forgotten


_NOT_YET = {False: "Nothing is removed yet.", True: "Nothing more is removed yet."}


@click.command(
    "forget",
    epilog=options.epilog(
        "csp-audit forget lipowa.example --dry-run",
        "csp-audit forget 1cb0f4c7-e08a-4f69-9f5c-f43056e5c00a",
        exit_codes="0 done, 2 wrong usage, or files are to be edited by hand, 4 a run or a sender is at work",
    ),
)
@click.argument("customer")
@click.option("--dry-run", is_flag=True, help="Say what would go, and change nothing.")
@click.option("--yes", is_flag=True, help="Go on where files that are yours to edit name the customer.")
@options.STATE
@options.CONFIG
@click.pass_obj
def command(  # noqa: PLR0913, PLR0917 - one parameter for each option
    session: Session,
    customer: str,
    dry_run: bool,  # noqa: FBT001 - click passes flags by position
    yes: bool,  # noqa: FBT001
    state: Path | None,
    config_file: Path | None,
) -> None:
    """Remove one customer's data for good.

    CUSTOMER is an id, a domain or a whole name. Its rows go from every warehouse, its findings and decisions with
    them; files of nights that name it go, and mail that waits. What is left is a line in forgotten.csv that names
    nobody. The exports are not touched.
    """
    from pipeline.errors import UsageError
    from pipeline.retention.forgetting import forget, preview
    from pipeline.trouble import in_plain_words

    config = settings(config_file, state)
    session.folder = config.state
    with in_plain_words(config.state):
        if not config.state.is_dir():
            message = f"{config.state}: there is no such directory. Name the one of the runs with --state."
            raise UsageError(message)
        if dry_run:
            found = preview(config, customer, config_file=config_file)
        else:
            found = forget(config, customer, go_on=yes, config_file=config_file)
    for line in _told(config.state, found):
        click.echo(line)


def _told(root: Path, found: Forgotten) -> list[str]:
    from pipeline.retention.forgetting import by_hand_lines
    from reports.text import visible

    removed, files = found.removed, found.files
    lines = [
        f"{removed.rows:,} rows of {len(found.warehouses)} warehouses; {removed.changed:,} rows of others, in a text",
        f"{len(files.removed)} files of nights; {len(files.changed)} records, in a text",
        f"{files.parcels} mails that wait; {files.decisions} lines of triage.csv",
        *(f"damaged, so removed whole: {path.relative_to(root)}" for path in found.damaged),
        *(f"  {path.relative_to(root)}" for path in (*files.removed, *files.mails)),
        *(f"not looked for in texts, since others have it too: {name}" for name in found.ambiguous),
    ]
    if files.by_hand:
        lines += ["To be edited by hand:", *by_hand_lines(files.by_hand)]
    lines += [f"left by a program that was killed, and would be cleared away first: {path}" for path in found.left]
    lines += [f"Now {found.unfinished}"] if found.unfinished else []
    lines += ["A run or a removal is under way: look again when it has ended."] if found.is_busy else []
    end = f"Removed. Reference: {found.reference}." if found.reference else _NOT_YET[bool(found.unfinished)]
    lines += [end, "The exports still hold the customer: have it removed there, or the next run loads it again."]
    return [visible(line) for line in lines]
