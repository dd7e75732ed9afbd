"""Words as the tools of the night read them: a shell, cron in front of it, systemd."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable


def cron_command(words: Iterable[str]) -> str:
    """Quote a command for a crontab: for the shell, and then for cron, to which a bare % is a line break."""
    return shlex.join(words).replace("%", r"\%")


def unit_word(word: str) -> str:
    """Quote a path for a systemd unit, in which % begins a specifier."""
    return '"' + word.replace('"', r"\"").replace("%", "%%") + '"'


def unit_command(words: Iterable[str]) -> str:
    """Quote a command for ExecStart, in which $ begins a variable everywhere but in the program's own path."""
    program, *rest = words
    return " ".join([unit_word(program), *(unit_word(word).replace("$", "$$") for word in rest)])
