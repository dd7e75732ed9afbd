"""Reads a rule file: a leading block comment that holds TOML, then one plain SELECT."""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from pathlib import Path
from string import Formatter
from typing import TYPE_CHECKING, Any

import sql
from pipeline.rulecases import Case, RuleFileError, read_cases
from schemas.catalog import TABLES
from schemas.finding import Level, Rule

if TYPE_CHECKING:
    from collections.abc import Iterable

RULES_FOLDER = Path(sql.__file__).parent / "rules"
TITLE_LENGTH = 60
# What a message may name besides the rule's own columns: the finding's subject, filled in by the runner.
SUBJECT_FIELDS = frozenset(
    {"customer_id", "company_name", "customer_type", "subscription_id", "offer_name", "segment", "seats", "due_on"}
)
_LAYOUT = re.compile(r"\A/\*\n(?P<header>.*?)(?P<cases>\n\[\[case\]\]\n.*?)?\n\*/\n\s*(?P<select>\S.*)\Z", re.DOTALL)
_KEYS: dict[str, type[Any]] = {
    "id": str,
    "version": int,
    "level": str,
    "title": str,
    "message": str,
    "why": str,
    "steps": list,
    "source": str,
    "needs": list,
    "key": list,
    "since": date,
}
# Keys that a rule may leave out.
_OPTIONAL_KEYS: dict[str, type[Any]] = {"uses": list, "gives_way_to": list, "not_judged": dict}


@dataclass(frozen=True)
class RuleFile:
    """One rule with its SELECT, and the text of its cases, which only tests and the rules' pages read."""

    rule: Rule
    select: str
    drawn: str

    @cached_property
    def cases(self) -> tuple[Case, ...]:
        """The examples, read when they are first asked for. Raises RuleFileError."""
        return read_cases(self.drawn)


def read_rules(folder: Path = RULES_FOLDER) -> list[RuleFile]:
    """Read every rule of a folder, by id, but not yet its cases, which take twice as long to parse as all else.

    Raises RuleFileError for a file that is wrong, or an id used twice.
    """
    files = [_read_header(path) for path in sorted(folder.glob("*.sql"))]
    ids = [file.rule.id for file in files]
    if len(set(ids)) < len(ids):
        message = f"{folder}: an id is used twice among {', '.join(ids)}"
        raise RuleFileError(message)
    for file in files:
        others = {one.rule.id for one in sharper(file, files)}
        if file.rule.id in others or not set(file.rule.gives_way_to) <= set(ids):
            message = f"{folder}: {file.rule.id} gives way to itself in the end, or to a rule that there is not"
            raise RuleFileError(message)
    return files


def sharper(file: RuleFile, files: Iterable[RuleFile]) -> list[RuleFile]:
    """Return the rules that a rule gives way to, and those that they give way to in turn."""
    by_id = {one.rule.id: one for one in files}
    found: dict[str, RuleFile] = {}
    waiting = list(file.rule.gives_way_to)
    while waiting:
        name = waiting.pop()
        if name in by_id and name not in found:
            found[name] = by_id[name]
            waiting += by_id[name].rule.gives_way_to
    return list(found.values())


def read_rule(path: Path) -> RuleFile:
    """Read one rule file with its cases. Raises RuleFileError, which names the file and the key."""
    file = _read_header(path)
    try:
        read_cases(file.drawn)
    except RuleFileError as error:
        message = f"{path.name}: {error}"
        raise RuleFileError(message) from error
    return file


def _read_header(path: Path) -> RuleFile:
    try:
        layout = _LAYOUT.match(path.read_text(encoding="utf-8"))
        header = tomllib.loads("\n" + layout["header"]) if layout else {}
    except (ValueError, RecursionError) as error:  # Beside its own, the parser raises those of a number or a list.
        message = f"{path.name}: {error}"
        raise RuleFileError(message) from error
    if layout is None:
        message = f"{path.name}: a rule file is a block comment of TOML, then one SELECT"
        raise RuleFileError(message)
    problem = _header_problem(path, header)
    if problem:
        message = f"{path.name}: {problem}"
        raise RuleFileError(message)
    # As many lines as stand before them, so that what is wrong in a case is named by the file's own line.
    drawn = "\n" * (layout["header"].count("\n") + 1) + (layout["cases"] or "")
    return RuleFile(_rule(header), layout["select"].strip(), drawn)


def _header_problem(path: Path, header: dict[str, Any]) -> str | None:
    unknown = sorted(header.keys() - _KEYS.keys() - _OPTIONAL_KEYS.keys())
    missing = sorted(_KEYS.keys() - header.keys())
    if unknown or missing:
        return f"unknown keys {unknown}, missing keys {missing}"
    problem = _kind_problem(header)
    if problem:
        return problem
    if not path.name.startswith(f"{header['id']}_"):
        return f"the file's name must start with the id {header['id']}"
    if header["level"] not in set(Level):
        return f"level {header['level']!r} is not one of {', '.join(Level)}"
    if len(header["title"]) > TITLE_LENGTH:
        return f"the title is longer than {TITLE_LENGTH} characters"
    inputs = [*header["needs"], *header.get("uses", [])]
    return _message_problem(header["message"]) or _needs_problem(inputs)


def _kind_problem(header: dict[str, Any]) -> str | None:
    optional = {key: kind for key, kind in _OPTIONAL_KEYS.items() if key in header}
    for key, kind in (_KEYS | optional).items():
        value = header[key]
        if not isinstance(value, kind) or not value:
            return f"{key} must be a {kind.__name__} that is not empty"
        if kind is list and not all(isinstance(item, str) for item in value):
            return f"{key} must be a list of texts"
        if kind is dict and not all(isinstance(text, str) and text for text in value.values()):
            return f"{key} must explain each code with a text"
    return None


def _message_problem(message: str) -> str | None:
    try:
        list(Formatter().parse(message))
    except ValueError as error:
        return f"message: {error}"
    return None


def _needs_problem(needs: list[str]) -> str | None:
    for need in needs:
        table, _, column = need.partition(".")
        known = {c.name for c in TABLES[table].columns} if table in TABLES else None
        if known is None or (column and column not in known):
            return f"needs or uses {need!r}, which no schema has"
    return None


def _rule(header: dict[str, Any]) -> Rule:
    return Rule(
        id=header["id"],
        version=header["version"],
        level=Level(header["level"]),
        title=header["title"],
        message=header["message"],
        why=" ".join(header["why"].split()),
        steps=tuple(header["steps"]),
        source=header["source"],
        needs=tuple(header["needs"]),
        key=tuple(header["key"]),
        since=header["since"],
        uses=tuple(header.get("uses", ())),
        gives_way_to=tuple(header.get("gives_way_to", ())),
        not_judged=header.get("not_judged", {}),
    )


def message_fields(rule: Rule) -> set[str]:
    """Return the facts that a rule's message names."""
    return {name for _, name, _, _ in Formatter().parse(rule.message) if name}
