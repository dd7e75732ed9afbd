"""The paths that the files of `csp-audit init` hold: absolute, and with no sign that a reader takes for another."""

from __future__ import annotations

import os
import sys
import sysconfig
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from pipeline.errors import UsageError
from pipeline.users import user_name
from reports.text import REPLACEMENT

if TYPE_CHECKING:
    from collections.abc import Mapping

CONFIGURATION = "csp-audit.toml"


@dataclass(frozen=True)
class Places:
    """Where everything is, in absolute paths; `program` are the words that start csp-audit, `user` runs it."""

    folder: Path
    exports: Path
    state: Path
    program: tuple[str, ...]
    user: str

    @property
    def configuration(self) -> Path:
        """The configuration file."""
        return self.folder / CONFIGURATION

    def command(self, *words: str | Path) -> tuple[str, ...]:
        """Return a call of csp-audit with this configuration, word by word."""
        return (*self.program, *map(str, words), "--config", str(self.configuration))

    @property
    def night(self) -> tuple[str, ...]:
        """The night's call, word by word."""
        return self.command("run", self.exports)


def find_places(folder: Path, exports: Path | None, state: Path | None) -> Places:
    """Return the places; the exports and the state are in the folder where they are not named.

    Raises UsageError for each path that cannot be written safely, and where exports and state are one folder.
    """
    folder = _absolute(folder)
    places = Places(
        folder=folder,
        exports=_absolute(exports or folder / "exports"),
        state=_absolute(state or folder / "state"),
        program=installed_program(),
        user=user_name(os.geteuid()),
    )
    _check({"--dir": places.folder, "--exports": places.exports, "--state": places.state})
    # systemd takes quotes in arguments, but in no program's name.
    _check({"the program": Path(places.program[0])}, also="$'\"")
    if os.path.realpath(places.exports) == os.path.realpath(places.state):
        message = f"--exports and --state are one folder, {places.state}: name two, since a run writes into the state."
        raise UsageError(message)
    return places


def installed_program() -> tuple[str, ...]:
    """Return the words that start this installation from anywhere, without a PATH."""
    script = Path(sysconfig.get_path("scripts"), "csp-audit")
    # -P: the directory in which cron starts it must not be searched for modules.
    return (str(script),) if os.access(script, os.X_OK) else (sys.executable, "-P", "-m", "pipeline.cli")


def _absolute(path: Path) -> Path:
    """Make a path absolute, and keep the links in it: they may lead elsewhere tomorrow on purpose."""
    return Path(os.path.abspath(path))  # noqa: PTH100 - Path.absolute keeps "..", Path.resolve follows links


def _check(paths: Mapping[str, Path], also: str = "") -> None:
    """Refuse what not every reader takes literally: TOML is UTF-8, a crontab has lines, cron unescapes backslashes."""
    problems = []
    for name, path in paths.items():
        text = str(path)
        if not text.isprintable() or any(sign in text for sign in "\\" + also):
            shown = "".join(sign if sign.isprintable() else REPLACEMENT for sign in text)
            signs = f"a backslash, one of {also}" if also else "a backslash"
            problems.append(
                f"{name}: {shown}: cron, systemd or the configuration could misread this path: it has a line break, "
                f"{signs}, or a sign that cannot be printed. Use another path, or a link with a plain name."
            )
    if problems:
        raise UsageError("\n".join(problems))
