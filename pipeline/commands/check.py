"""`csp-audit check`: the gate alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from pipeline.commands import options
from pipeline.session import settings, today
from pipeline.signals import temporary_folder

if TYPE_CHECKING:
    from datetime import datetime
    from pathlib import Path


@click.command(
    "check",
    epilog=options.epilog(
        "csp-audit check exports/",
        "csp-audit check exports/ --state /var/lib/csp-audit",
        exit_codes="0 every export can be audited, 2 usage, 3 an export is refused",
    ),
)
@options.FOLDER
@options.AS_OF
@options.STATE
@options.CONFIG
def command(folder: Path, as_of: datetime | None, state: Path | None, config_file: Path | None) -> None:
    """Put a folder of exports through the gate, and change nothing."""
    from pipeline.gate import Question, admit
    from pipeline.state import State
    from pipeline.trouble import in_plain_words
    from pipeline.warehouse import last_night

    config = settings(config_file, state)
    day = as_of.date() if as_of else today()
    before = last_night(State(config.state).warehouse, day)
    with in_plain_words(config.state, folder), temporary_folder("csp-audit-check-") as work:
        exports = admit(Question(folder, day, before.lines), config, work)
    for export in exports:
        ignored = len(export.header.ignored)
        click.echo(
            f"{export.table.name:22} ok  {export.file}: {export.data_lines:,} lines, {export.text.encoding}, "
            f"{len(export.header.present)} columns" + (f", {ignored} ignored" if ignored else "")
        )
