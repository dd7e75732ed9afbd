"""`csp-audit evidence`: one customer's evidence in a zip file."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from pipeline.commands import options
from pipeline.errors import UsageError
from pipeline.session import say

if TYPE_CHECKING:
    from pipeline.desk.evidence.evidence import Pack


@click.command(
    "evidence",
    epilog=options.epilog(
        "csp-audit evidence lipowa.example --out lipowa.zip",
        'csp-audit evidence "Fundacja Lipowa" --out lipowa.zip --exports /mnt/archive/2026-11-20',
        exit_codes="0 packed, 2 wrong usage, or no warehouse",
    ),
)
@click.argument("customer")
@click.option(
    "--out",
    type=options.NamedPath(path_type=Path),
    required=True,
    help="The zip file to write; one that is there is replaced.",
    metavar="FILE",
)
@click.option(
    "--exports",
    type=options.NamedPath(path_type=Path),
    help="Where the night's exports lie now (default: the run's own folder).",
    metavar="FOLDER",
)
@click.option("--verify", is_flag=True, help="Compute the exports' SHA-256 again, whatever their size and time.")
@options.STATE
@options.CONFIG
def command(  # noqa: PLR0913 - one parameter for each option
    customer: str, out: Path, exports: Path | None, state: Path | None, config_file: Path | None, *, verify: bool
) -> None:
    """Pack the raw lines, the rules and the findings of one CUSTOMER (id, name or domain)."""
    from pipeline.desk.customers import find_customer
    from pipeline.desk.desk import open_desk
    from pipeline.desk.evidence.evidence import collect, packed
    from pipeline.desk.outfile import write_file

    if exports is not None and not exports.is_dir():
        message = f"{exports}: there is no such folder. Name the folder that holds the night's exports with --exports."
        raise UsageError(message)
    with open_desk(config_file, state) as desk:
        pack = collect(desk, find_customer(desk.connection, customer), exports, verify=verify)
    write_file(out, packed(pack))
    _tell_lost(pack)
    say(f"{out}: {len(pack.members)} files")


def _tell_lost(pack: Pack) -> None:
    """Say in one line which raw lines are not in the pack."""
    if pack.not_read:
        files = ", ".join(f"{name} ({standing})" for name, standing in sorted(pack.not_read.items()))
        click.echo(
            f"csp-audit: without raw lines, but with the rows as they were loaded: {files}. "
            "Name a folder that holds the same exports with --exports.",
            err=True,
        )
