"""Options that several commands take."""

from __future__ import annotations

from pathlib import Path

import click


def epilog(*examples: str, exit_codes: str = "") -> str:
    """Write what stands under a command's help: examples, and what its exit codes mean."""
    # The \b keeps click from joining the lines of a paragraph.
    lines = ["\b", "Examples:", *(f"  {example}" for example in examples)]
    return "\n".join([*lines, "", f"Exit codes: {exit_codes}."] if exit_codes else lines)


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
