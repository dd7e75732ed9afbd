"""What stops a removal, in plain words: what the system or the database refuses, and what ends a removal that began."""

from __future__ import annotations

import shlex
from contextlib import contextmanager
from typing import TYPE_CHECKING

from pipeline.database import MachineError, OutOfMemoryError
from pipeline.errors import CspAuditError, UsageError
from pipeline.trouble import in_plain_words

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from pipeline.config import Config


def ending_command(root: Path, config_file: Path | None, reference: str) -> str:
    """Return the command that ends a removal, from whatever folder and whoever gives it; it names nobody.

    What has begun is ended also where somebody has meanwhile named the customer in a file of theirs.
    """
    options = ["--state", str(root.absolute()), *(["--config", str(config_file.absolute())] if config_file else [])]
    return shlex.join(["csp-audit", "forget", reference, "--yes", *options])


def not_finished(ending: str) -> str:
    """Say that a removal has begun and is not done, and the command that ends it."""
    return f"the removal is not finished; {ending} ends it."


@contextmanager
def told_plainly(config: Config, ending: str = "") -> Iterator[None]:
    """Turn what the system or the database refuses into UsageError, with the next step.

    `ending` is the command that ends a removal that has begun: each error names it then.
    """
    try:
        with _in_words(config):
            yield
    except CspAuditError as error:
        if not ending or ending in str(error):
            raise
        # What has lines under a heading gets one more.
        between = "\n" if "\n" in str(error) else " "
        message = f"{error}{between}Now {not_finished(ending)}"
        raise type(error)(message) from error


@contextmanager
def _in_words(config: Config) -> Iterator[None]:
    try:
        with in_plain_words(config.state):
            yield
    except OutOfMemoryError as error:
        message = f"memory_limit = {config.memory_limit} is too little for this. Raise it, then run again."
        raise UsageError(message) from error
    except MachineError as error:
        # It names a file, and no value.
        message = f"{str(error).splitlines()[0].rstrip('.!')}. Mend that, then run again."
        raise UsageError(message) from error
