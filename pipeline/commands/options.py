"""Options that several commands take."""

from __future__ import annotations

from pathlib import Path

import click

STATE = click.option(
    "--state", type=click.Path(path_type=Path), help="Directory of the warehouse and the reports.", metavar="DIR"
)
CONFIG = click.option(
    "--config", "config_file", type=click.Path(path_type=Path), help="Configuration file (TOML).", metavar="FILE"
)
AS_OF = click.option(
    "--as-of",
    type=click.DateTime(["%Y-%m-%d"]),
    help="The night to audit (default: today in UTC).",
    metavar="YYYY-MM-DD",
)
VERBOSE = click.option("-v", "--verbose", is_flag=True, help="Print the log as well.")
FOLDER = click.argument("folder", type=click.Path(path_type=Path))
FORMAT = click.option(
    "--format",
    "form",
    type=click.Choice(["table", "csv", "json"]),
    default="table",
    show_default=True,
    help="How to print.",
)
