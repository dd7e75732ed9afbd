"""Options that several commands take."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from reports.languages import LANGUAGES

if TYPE_CHECKING:
    from collections.abc import Callable

# The years of ref.calendar, in which nights, deadlines and ninety days later must lie.
_FIRST_YEAR, _LAST_YEAR = 1990, 2099
# Ten years: longer than any notice or term.
_MOST_DAYS = 3_650


def epilog(*examples: str, exit_codes: str = "") -> str:
    """Write what stands under a command's help: examples, and what its exit codes mean."""
    # The \b keeps click from joining the lines of a paragraph.
    lines = ["\b", "Examples:", *(f"  {example}" for example in examples)]
    return "\n".join([*lines, "", f"Exit codes: {exit_codes}."] if exit_codes else lines)


class NamedPath(click.Path):
    """A path that is named: an empty one, from a variable that is not set, would mean the working directory."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:  # noqa: ANN401 - as in click
        """Refuse an empty text."""
        if not str(value):
            self.fail("is empty.", param, ctx)
        return super().convert(value, param, ctx)


class Night(click.DateTime):
    """A date that the calendar of the rules holds."""

    def __init__(self) -> None:
        """Accept ISO dates only."""
        super().__init__(["%Y-%m-%d"])

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:  # noqa: ANN401 - as in click
        """Refuse a day outside the calendar."""
        day = super().convert(value, param, ctx)
        if not _FIRST_YEAR <= day.year <= _LAST_YEAR:
            self.fail(f"{value} is not between {_FIRST_YEAR} and {_LAST_YEAR}.", param, ctx)
        return day


STATE = click.option(
    "--state",
    type=NamedPath(path_type=Path),
    help="Directory of the warehouse and the reports (default: the configuration's, or csp-audit-state).",
    metavar="DIR",
)
CONFIG = click.option(
    "--config",
    "config_file",
    type=NamedPath(path_type=Path),
    envvar="CSP_AUDIT_CONFIG",
    show_envvar=True,
    help="Configuration file (TOML; default: none, every key at its default).",
    metavar="FILE",
)
AS_OF = click.option(
    "--as-of",
    type=Night(),
    help="The night to audit (default: today in UTC).",
    metavar="YYYY-MM-DD",
)
LANGUAGE = click.option(
    "--language",
    type=click.Choice(LANGUAGES),
    help="Language of the report (default: the configuration's, or en).",
)
MASK = click.option("--mask", is_flag=True, help="Write pseudonyms in place of customers' names, ids and domains.")
VERBOSE = click.option("-v", "--verbose", is_flag=True, help="Print the log as well.")
FOLDER = click.argument("folder", type=NamedPath(path_type=Path))
FORMAT = click.option(
    "--format",
    "form",
    type=click.Choice(["table", "csv", "json"]),
    default="table",
    show_default=True,
    help="How to print.",
)


def within(days: int, said: str) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Ask for how many days ahead to look, by default so many; `said` is what happens in them."""
    return click.option(
        "--within", type=click.IntRange(0, _MOST_DAYS), default=days, show_default=True, help=said, metavar="DAYS"
    )
