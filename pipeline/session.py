"""What the commands share: where to write, whom to talk to, and the log."""

from __future__ import annotations

import logging
import sys
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING

import click

from pipeline.privacy import ReadableBy, write_for

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from pipeline.config import Config

LOG = logging.getLogger("csp-audit")
# Without this, Python prints what is logged before the log is open to stderr.
LOG.addHandler(logging.NullHandler())


@dataclass
class Session:
    """One call of the command line; `folder` takes the diagnostics of a fault, once it is known."""

    folder: Path | None = None
    verbose: bool = False

    def __post_init__(self) -> None:
        """Let what is written be the owner's alone, until the configuration says otherwise."""
        write_for(ReadableBy.OWNER)


def settings(config_file: Path | None, state: Path | None) -> Config:
    """Read the configuration, with --state before what it says; from now on files are for whom it names."""
    from pipeline.config import load_config

    config = load_config(config_file)
    write_for(config.privacy.readable_by)
    return config.model_copy(update={"state": state}) if state else config


def today() -> date:
    """Return the day on which the run is started, in UTC: the one place that asks the clock for a date."""
    return datetime.now(UTC).date()


def open_log(path: Path, *, verbose: bool) -> None:
    """Send the log to a file, and to stderr as well where that is asked for."""
    close_log()
    LOG.setLevel(logging.INFO)
    handlers: list[logging.Handler] = [logging.FileHandler(path, encoding="utf-8")]
    handlers += [logging.StreamHandler(sys.stderr)] if verbose else []
    for handler in handlers:
        handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(message)s"))
        LOG.addHandler(handler)


def close_log() -> None:
    """Let go of the log's file."""
    for handler in LOG.handlers[:]:
        if not isinstance(handler, logging.NullHandler):
            LOG.removeHandler(handler)
            handler.close()


@contextmanager
def announcing() -> Iterator[Callable[[str], None]]:
    """Give a function that is told each step: it goes to the log, and on a terminal to the screen.

    A step that is over leaves a line; the one that runs has a spinner.
    """
    if not sys.stderr.isatty():
        yield LOG.info
        return
    from rich.console import Console

    console = Console(stderr=True, highlight=False)
    running: list[str] = []

    def leave_line() -> None:
        while running:
            console.print(f" {running.pop()}", style="dim")

    with console.status("") as status:

        def announce(step: str) -> None:
            LOG.info(step)
            leave_line()
            running.append(step)
            status.update(step)

        yield announce
        leave_line()


def say(text: str) -> None:
    """Talk to a person at a terminal; where there is none (cron), the log is enough."""
    LOG.info(text)
    if sys.stderr.isatty():
        click.echo(text, err=True)
