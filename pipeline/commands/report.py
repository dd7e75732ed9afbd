"""`csp-audit report`: the report of a night, written again."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from pipeline.commands import options


@click.command(
    "report",
    epilog=options.epilog(
        "csp-audit report --out report.html",
        "csp-audit report 2026-11-19 --language pl --out report.html",
        "csp-audit report previous > report.html",
        exit_codes="0 written, 2 wrong usage, or no warehouse",
    ),
)
@click.argument("run", default="latest")
@click.option(
    "--out", type=options.NamedPath(path_type=Path), help="The file to write (default: stdout).", metavar="FILE"
)
@options.LANGUAGE
@options.MASK
@options.STATE
@options.CONFIG
def command(  # noqa: PLR0913, PLR0917 - one parameter for each option
    run: str,
    out: Path | None,
    language: str | None,
    mask: bool,  # noqa: FBT001 - click passes flags by position
    state: Path | None,
    config_file: Path | None,
) -> None:
    """Write the report of a night again, with what has been decided about its findings since.

    RUN is a date, a run id, latest (the default) or previous.
    """
    from pipeline.commands.uncollected import uncollected
    from pipeline.desk.desk import open_desk
    from pipeline.desk.outfile import write_file
    from pipeline.desk.rerender import rerender
    from pipeline.desk.runs import find_night
    from pipeline.errors import UsageError

    if out is None and sys.stdout.isatty():
        message = "the report is a page for a browser. Name a file with --out, or send it into one with >."
        raise UsageError(message)
    with uncollected(), open_desk(config_file, state) as desk:
        html = rerender(desk, find_night(desk.connection, run), language, mask=mask)
    if out:
        write_file(out, html.encode())
        click.echo(out)
    else:
        click.echo(html, nl=False)
