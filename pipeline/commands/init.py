"""`csp-audit init`: a configuration to begin with, and what cron or systemd needs."""

from __future__ import annotations

from pathlib import Path

import click

from pipeline.commands.options import NamedPath, epilog


@click.command(
    "init",
    epilog=epilog(
        "csp-audit init",
        "csp-audit init --dir /etc/csp-audit --exports /srv/exports --state /var/lib/csp-audit",
        exit_codes="0 written, 2 a file is there already, or a path cannot be used",
    ),
)
@click.option(
    "--dir",
    "folder",
    type=NamedPath(path_type=Path, file_okay=False),
    default=Path(),
    help="Where to write (default: the working directory).",
    metavar="DIR",
)
@click.option(
    "--exports",
    type=NamedPath(path_type=Path),
    help="Folder of the exports of every night (default: exports in DIR).",
    metavar="FOLDER",
)
@click.option(
    "--state",
    type=NamedPath(path_type=Path),
    help="Directory of the warehouse and the reports (default: state in DIR).",
    metavar="DIR",
)
@click.option("--force", is_flag=True, help="Overwrite files that are there, the configuration as well.")
def command(
    folder: Path,
    exports: Path | None,
    state: Path | None,
    force: bool,  # noqa: FBT001 - click passes flags by position
) -> None:
    """Write a configuration, and what cron or systemd needs.

    These are csp-audit.toml (every setting, with its default), csp-audit.cron, csp-audit.service and csp-audit.timer.
    Nothing is installed: what is printed says how.
    """
    from pipeline.setup.files import next_steps, setup_files, write_files
    from pipeline.setup.places import find_places

    places = find_places(folder, exports, state)
    write_files(places.folder, setup_files(places), force=force)
    click.echo(next_steps(places), nl=False)
