"""The files of `csp-audit init`, and writing them: all, or none."""

from __future__ import annotations

import os
import shlex
from pathlib import Path
from string import Template
from typing import TYPE_CHECKING

from pipeline.beside import replace_text
from pipeline.errors import UsageError
from pipeline.setup.configuration import configuration_text
from pipeline.setup.places import CONFIGURATION
from pipeline.setup.quoting import cron_command, unit_command, unit_word

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pipeline.setup.places import Places

_TEMPLATES = Path(__file__).parent / "templates"
_CRON, _SERVICE, _TIMER = "csp-audit.cron", "csp-audit.service", "csp-audit.timer"
# Debian's cron takes no longer command.
_LONGEST_COMMAND = 998
# PrivateTmp gives the service others in their place.
_TEMPORARY = (Path("/tmp"), Path("/var/tmp"))  # noqa: S108 - nothing is written there


def setup_files(places: Places) -> dict[str, str]:
    """Return the text of each file by its name. Raises UsageError where cron's line would be too long."""
    command = cron_command(places.night)
    if len(command.encode()) > _LONGEST_COMMAND:
        message = f"the crontab line would be longer than {_LONGEST_COMMAND} bytes. Use shorter paths."
        raise UsageError(message)
    return {
        CONFIGURATION: configuration_text(places.state),
        _CRON: _fill(_CRON, command=command, file=shlex.quote(str(places.folder / _CRON))),
        _SERVICE: _fill(
            _SERVICE, command=unit_command(places.night), state=unit_word(str(places.state)), user=places.user
        ),
        _TIMER: _fill(_TIMER),
    }


def next_steps(places: Places) -> str:
    """Say what to do with the files, in commands that can be copied as they are."""
    here = {name: shlex.quote(str(places.folder / name)) for name in (CONFIGURATION, _CRON, _SERVICE, _TIMER)}
    steps = _fill(
        "next.txt",
        folder=str(places.folder),
        configuration=str(places.configuration),
        quoted=here[CONFIGURATION],
        doctor=shlex.join(places.command("doctor", places.exports)),
        night=shlex.join(places.night),
        cron=here[_CRON],
        units=f"{here[_SERVICE]} {here[_TIMER]}",
        state=shlex.quote(str(places.state)),
        user=shlex.quote(places.user),
    )
    hidden = [path for path in (places.exports, places.state, places.folder) if _is_temporary(path)]
    note = "\nThe systemd service has a /tmp of its own (PrivateTmp) and would not see {}. Use another place.\n"
    return steps + note.format(hidden[0]) if hidden else steps


def write_files(folder: Path, texts: Mapping[str, str], *, force: bool) -> None:
    """Write the files into a folder, which is made where there is none.

    Raises UsageError, and leaves everything as it was, where one of them is there already and `force` is not given.
    """
    there = [name for name in texts if os.path.lexists(folder / name)]
    if there and not force:
        names = "\n".join(
            f"{folder / name}: is there already, and nothing was written. Name another folder with "
            "--dir, or overwrite it with --force."
            for name in there
        )
        raise UsageError(names)
    written: list[Path] = []
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, text in texts.items():
            replace_text(folder / name, text)
            written.append(folder / name)
    except OSError as error:
        for path in written if not there else ():
            path.unlink(missing_ok=True)
        message = f"{folder}: cannot be written: {error.strerror}. Name another folder with --dir."
        raise UsageError(message) from error


def _fill(name: str, **words: str) -> str:
    return Template((_TEMPLATES / name).read_text(encoding="utf-8")).substitute(words)


def _is_temporary(path: Path) -> bool:
    return any(path.is_relative_to(folder) for folder in _TEMPORARY)
