"""Finds the lines of a waivers file: TOML's reader says what a file holds, and not where.

A line that looks like the head of an entry may as well stand inside a text of several lines. It is a head if what
comes before it is whole TOML by itself.
"""

from __future__ import annotations

import re
import tomllib

_HEAD = re.compile(r"""[ \t]*\[\[[ \t]*["']?waiver["']?[ \t]*\]\][ \t]*(?:#.*)?\r?""")


def entry_lines(text: str) -> list[int]:
    """Return the line of each `[[waiver]]`, from 1 on. The text must be TOML that can be read."""
    lines = text.split("\n")
    found: list[int] = []
    start = 0
    for number, line in enumerate(lines):
        if _HEAD.fullmatch(line) and _is_whole(lines[start:number]):
            found.append(number + 1)
            start = number
    return found


def key_line(text: str, key: str, entry: int | None = None) -> int | None:
    """Return the line on which a key stands: in the entry that begins on a line, or at the top level of the file.

    None where it is written in an unusual way, for example with an escape in its name.
    """
    lines = text.split("\n")
    first = 0 if entry is None else entry - 1
    name = re.compile(rf"""[ \t]*(?:\[{{1,2}}[ \t]*(?:waiver[ \t]*\.[ \t]*)?)?["']?{re.escape(key)}["']?[ \t]*[=.\]]""")
    for number in range(first + (entry is not None), len(lines)):
        if name.match(lines[number]) and _is_whole(lines[first:number]):
            return number + 1
    return None


def _is_whole(lines: list[str]) -> bool:
    try:
        tomllib.loads("\n".join(lines) + "\n")
    except (ValueError, RecursionError):
        return False
    return True
