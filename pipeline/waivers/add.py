"""Adds an entry to the waivers file and leaves everything that people wrote there as it is."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING

from pipeline.beside import alone, replace_text
from pipeline.errors import FaultError, UsageError
from pipeline.waivers.check import KEYS, EntryCheck
from pipeline.waivers.waivers import overlap, parse_waivers, read_text
from reports.text import encodable, visible

if TYPE_CHECKING:
    from collections.abc import Collection
    from datetime import date
    from pathlib import Path

    from schemas.waiver import Waiver

_NEW = "the new waiver"


def checked_entry(entry: dict[str, str | date], rule_ids: Collection[str]) -> Waiver:
    """Return the waiver that an entry makes. Raises UsageError with everything that is wrong with it."""
    # A word of the command line may hold bytes that are no text, which no file can.
    texts = {key: encodable(value) if isinstance(value, str) else value for key, value in entry.items()}
    check = EntryCheck(texts, rule_ids, _NEW, lambda key: key)
    problems = check.problems()
    if problems:
        raise UsageError("\n".join(map(str, problems)))
    return check.waiver(0)


def add_waiver(path: Path, waiver: Waiver, rule_ids: Collection[str], comment: str = "") -> Waiver:
    """Append a waiver to the file and return it with its line; the comment stands behind its customer.

    Raises UsageError, and leaves the file alone, where the file has problems or a waiver of the same scope then.
    """
    with alone(path):
        text = read_text(path)
        before = parse_waivers(text, rule_ids, str(path))
        problems = before.problems or [
            overlap(other, waiver, _NEW, "")
            for other in before.waivers
            if other.scope == waiver.scope and other.created <= waiver.expires and waiver.created <= other.expires
        ]
        if problems:
            raise UsageError("\n".join(map(str, problems)))
        text = _appended(text, _entry_text(waiver, comment))
        reading = parse_waivers(text, rule_ids, str(path))
        if [replace(item, line=0) for item in reading.waivers[len(before.waivers) :]] != [waiver]:
            message = f"{path}: the new entry would not be read as it is meant; the file is as it was"
            raise FaultError(message)
        replace_text(path, text)
    return reading.waivers[-1]


def _entry_text(waiver: Waiver, comment: str) -> str:
    lines = ["[[waiver]]"]
    for key in KEYS:
        value = getattr(waiver, key)
        if isinstance(value, str):
            behind = f"  # {visible(' '.join(comment.split()))}" if comment and key == "customer" else ""
            lines.append(f"{key} = {_quoted(value)}{behind}")
        elif value is not None:
            lines.append(f"{key} = {value}")
    return "\n".join(lines) + "\n"


def _quoted(text: str) -> str:
    """Quote a text for TOML, whose basic strings are those of JSON but for one sign."""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")


def _appended(text: str, entry: str) -> str:
    """Put the entry behind a blank line, with the line ends that the file has."""
    newline = "\r\n" if "\r\n" in text else "\n"
    body = text if not text.strip("\ufeff") or text.endswith("\n") else text + newline
    gap = newline if body.strip("\ufeff \t\r\n") and not body.endswith(newline * 2) else ""
    return body + gap + entry.replace("\n", newline)
