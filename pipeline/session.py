"""What the commands share: where to write, whom to talk to, and the log."""

from __future__ import annotations

import logging
import sys
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING

import click

from pipeline.privacy import ReadableBy, write_for
from pipeline.progress import Progress
from pipeline.signals import stop_if_asked
from pipeline.watch.log import log_file

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from pipeline.config import Config

# What comes behind the last step that is announced.
_AFTERWARDS = "mail and the end"
LOG = logging.getLogger("csp-audit")
# Without this, Python prints what is logged before the log is open to stderr.
LOG.addHandler(logging.NullHandler())


@dataclass
class Session:
    """One call of the command line; `folder` takes the diagnostics of a fault, once it is known.

    `progress` is what they say of the steps.
    """

    folder: Path | None = None
    verbose: bool = False
    progress: Progress = field(default_factory=Progress)

    def __post_init__(self) -> None:
        """Let what is written be the owner's alone, until the configuration says otherwise."""
        write_for(ReadableBy.OWNER)


def current_progress() -> Progress:
    """Return the record of the command that runs; outside of one, a record that nobody reads."""
    context = click.get_current_context(silent=True)
    session = context.find_object(Session) if context else None
    return session.progress if session else Progress()


def settings(config_file: Path | None, state: Path | None) -> Config:
    """Read the configuration, with --state before what it says; from now on files are for whom it names."""
    from pipeline.config import load_config

    config = load_config(config_file)
    write_for(config.privacy.readable_by)
    return config.model_copy(update={"state": state}) if state else config


def today() -> date:
    """Return the day on which the run is started, in UTC: the one place that asks the clock for a date."""
    return datetime.now(UTC).date()


def open_log(path: Path, *, verbose: bool, run_id: str | None = None) -> None:
    """Send the log to a file, one JSON object a line, and to stderr as plain lines where that is asked for.

    Raises UsageError where the file cannot be written.
    """
    close_log()
    LOG.setLevel(logging.INFO)
    LOG.addHandler(log_file(path, run_id))
    if verbose:
        shown = logging.StreamHandler(sys.stderr)
        shown.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(message)s"))
        LOG.addHandler(shown)


def close_log() -> None:
    """Let go of the log's file."""
    for handler in LOG.handlers[:]:
        if not isinstance(handler, logging.NullHandler):
            LOG.removeHandler(handler)
            handler.close()


@contextmanager
def announcing() -> Iterator[Callable[[str], None]]:
    """Give a function that is told each step: it goes to the log, and on a terminal to the screen.

    A step that is over leaves a line; the one that runs has a spinner. Where a stop was asked for, none begins.
    """
    progress = current_progress()

    def begin(step: str) -> None:
        stop_if_asked()
        progress.begin(step)
        LOG.info(step)

    if not sys.stderr.isatty():
        yield begin
        progress.begin(_AFTERWARDS)
        return
    from rich.console import Console

    console = Console(stderr=True, highlight=False)
    running: list[str] = []

    def leave_line() -> None:
        while running:
            console.print(f" {running.pop()}", style="dim")

    with console.status("") as status:

        def announce(step: str) -> None:
            begin(step)
            leave_line()
            running.append(step)
            status.update(step)

        yield announce
        leave_line()
        progress.begin(_AFTERWARDS)


def say(text: str) -> None:
    """Talk to a person at a terminal; where there is none (cron), the log is enough."""
    LOG.info(text)
    if sys.stderr.isatty():
        click.echo(text, err=True)
