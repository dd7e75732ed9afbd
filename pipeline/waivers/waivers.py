"""Reads the waivers file: TOML that people write, every entry a finding, customer or subscription that is let be.

```
[[waiver]]
customer = "08c5e47f-3c1c-4cd2-9b2d-9f5c1a8f4f10"
rule = "SEG01"
reason = "Microsoft is vetting the customer; ticket 2611200040"
approved_by = "Anna Nowak"
created = 2026-11-20
expires = 2027-02-28
```
"""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pipeline.errors import UsageError
from pipeline.regular import read_bytes
from pipeline.waivers.check import EntryCheck, key_name, near_matches, shown
from pipeline.waivers.lines import entry_lines, key_line
from schemas.reading import Problem

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator
    from pathlib import Path

    from pipeline.config import Config
    from schemas.waiver import Waiver

ENTRY = "waiver"
_PLACE = re.compile(r" \(at (?:line (\d+), column (\d+)|end of document)\)$")
_KEEP_ONE = "Remove one of them, or let one begin after the other ends."


@dataclass(frozen=True)
class Reading:
    """What a text came to: the waivers that are in order, and what is wrong with the others."""

    waivers: tuple[Waiver, ...]
    problems: tuple[Problem, ...]


def configured_waivers(config: Config, rule_ids: Collection[str]) -> tuple[Waiver, ...]:
    """Return the waivers of a state directory. Raises UsageError, also where the configuration names a missing file."""
    from pipeline.config import waivers_file

    return read_waivers(waivers_file(config), rule_ids, must_exist=config.waivers is not None)


def read_waivers(path: Path, rule_ids: Collection[str], *, must_exist: bool = False) -> tuple[Waiver, ...]:
    """Return the waivers of a file, in its order; without a file there are none, unless it `must_exist`.

    Raises UsageError with one line for each thing that is wrong: file, line and key, what was found and expected.
    """
    text = read_text(path, must_exist=must_exist)
    reading = parse_waivers(text, rule_ids, str(path))
    if reading.problems:
        raise UsageError("\n".join(map(str, reading.problems)))
    return reading.waivers


def read_text(path: Path, *, must_exist: bool = False) -> str:
    """Return the file's text, "" where there is none. Raises UsageError where it cannot be read."""
    try:
        return read_bytes(path).decode("utf-8")
    except FileNotFoundError:
        if not must_exist:
            return ""
        message = f"{path}: there is no such file. Correct its name in the configuration, or create it."
        raise UsageError(message) from None
    except UnicodeDecodeError as error:
        line = error.object.count(b"\n", 0, error.start) + 1
        found = f"byte {error.start + 1} of the file, which is not UTF-8"
        step = "Save it as UTF-8 in your editor."
        raise UsageError(str(Problem(str(path), f"line {line}", found, "text in UTF-8", step))) from None
    except OSError as error:
        message = f"{path}: cannot be read: {error.strerror}. Check the file and its permissions."
        raise UsageError(message) from error


def parse_waivers(text: str, rule_ids: Collection[str], file: str) -> Reading:
    """Read and check a text; `file` is what problems call it."""
    # Editors on Windows begin a file with a byte order mark.
    text = text.removeprefix("\ufeff")
    try:
        content = tomllib.loads(text)
    except (ValueError, RecursionError) as error:
        return Reading((), (_broken(text, str(error), file),))
    problems = list(_unknown_tables(text, content, file))
    entries, lines = content.get(ENTRY, []), entry_lines(text)
    if not isinstance(entries, list) or len(lines) != len(entries) or (ENTRY in content and not lines):
        return Reading((), (*problems, _no_list(text, file)))
    waivers: list[Waiver] = []
    for entry, line in zip(entries, lines, strict=True):
        check = EntryCheck(entry, rule_ids, file, _place(text, line))
        wrong = check.problems()
        problems += wrong
        waivers += [] if wrong else [check.waiver(line)]
    return Reading(tuple(waivers), (*problems, *_repeated(waivers, file)))


def _broken(text: str, error: str, file: str) -> Problem:
    """Say where the text stops being TOML."""
    place = _PLACE.search(error)
    line, column = (place[1], place[2]) if place else (None, None)
    where = f"line {line}, column {column}" if line else f"line {text.count(chr(10)) + 1}, the end of the file"
    said = _PLACE.sub("", error)
    found = f"text that is not TOML ({said[:1].lower()}{said[1:]})"
    return Problem(file, where, found, "key = value", "Correct the line.")


def _unknown_tables(text: str, content: Iterable[str], file: str) -> Iterator[Problem]:
    for key in content:
        if key != ENTRY:
            line = key_line(text, key)
            where = f"line {line}, {key_name(key)}" if line else key_name(key)
            step = f"Write [[{ENTRY}]]." if near_matches(key.lower(), [ENTRY]) else "Remove it."
            yield Problem(file, where, "a key that is not known", f"entries under [[{ENTRY}]] only", step)


def _no_list(text: str, file: str) -> Problem:
    line = key_line(text, ENTRY)
    where = f"line {line}, {ENTRY}" if line else ENTRY
    found = "waivers written in another way"
    return Problem(file, where, found, f"a line [[{ENTRY}]] before each", f"Write each as an entry under [[{ENTRY}]].")


def _place(text: str, entry: int) -> Callable[[str], str]:
    """Return what names the place of a key of the entry that begins on a line."""

    def where(key: str) -> str:
        line = (key_line(text, key, entry) if key else None) or entry
        return f"line {line}, {key_name(key) if key else ENTRY}"

    return where


def _repeated(waivers: Iterable[Waiver], file: str) -> Iterator[Problem]:
    """Find waivers of one scope that are in force on the same day."""
    last: dict[str, Waiver] = {}
    for waiver in sorted(waivers, key=lambda item: (item.created, item.line)):
        before = last.get(waiver.scope)
        if before and waiver.created <= before.expires:
            yield overlap(before, waiver, file, f"line {waiver.line}, {ENTRY}")
        if before is None or before.expires < waiver.expires:
            last[waiver.scope] = waiver


def overlap(before: Waiver, waiver: Waiver, file: str, where: str) -> Problem:
    """Say that a waiver repeats another one."""
    days = f"{max(before.created, waiver.created)} to {min(before.expires, waiver.expires)}"
    found = f"a second waiver of {shown(waiver.scope)} from {days} (the other is in line {before.line})"
    return Problem(file, where, found, "one at a time", _KEEP_ONE)
