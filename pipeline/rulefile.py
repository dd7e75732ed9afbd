"""Reads a rule file: a leading block comment that holds TOML, then one plain SELECT."""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from string import Formatter
from typing import TYPE_CHECKING, Any

import sql
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
_LAYOUT = re.compile(r"\A/\*\n(?P<header>.*?)\n\*/\n\s*(?P<select>\S.*)\Z", re.DOTALL)
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
    "case": list,
}
# Keys that a rule may leave out.
_OPTIONAL_KEYS: dict[str, type[Any]] = {"uses": list, "gives_way_to": list, "not_judged": dict}
# Tables that a case may draw beside the exports: customers with an unread row, and the nights before.
_CASE_KEYS = {"name", "as_of", "finds", "unread_customers", "unread_tables", "history", *TABLES}


class RuleFileError(ValueError):
    """A rule file that does not say what a rule file must say."""


@dataclass(frozen=True)
class Case:
    """One example in a rule file: small tables drawn as text, by table, and the rows that the rule finds."""

    name: str
    as_of: date
    tables: dict[str, str]
    finds: str


@dataclass(frozen=True)
class RuleFile:
    """One rule with its SELECT and its cases."""

    rule: Rule
    select: str
    cases: tuple[Case, ...]


def read_rules(folder: Path = RULES_FOLDER) -> list[RuleFile]:
    """Read every rule of a folder, by id. Raises RuleFileError for a file that is wrong, or an id used twice."""
    files = [read_rule(path) for path in sorted(folder.glob("*.sql"))]
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
    """Read one rule file. Raises RuleFileError, which names the file and the key."""
    try:
        layout = _LAYOUT.match(path.read_text(encoding="utf-8"))
        header = tomllib.loads(layout["header"]) if layout else {}
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        message = f"{path.name}: {error}"
        raise RuleFileError(message) from error
    if layout is None:
        message = f"{path.name}: a rule file is a block comment of TOML, then one SELECT"
        raise RuleFileError(message)
    problem = _header_problem(path, header)
    if problem:
        message = f"{path.name}: {problem}"
        raise RuleFileError(message)
    return RuleFile(_rule(header), layout["select"].strip(), tuple(_case(case) for case in header["case"]))


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
    return _message_problem(header["message"]) or _needs_problem(inputs) or _cases_problem(header["case"])


def _kind_problem(header: dict[str, Any]) -> str | None:
    optional = {key: kind for key, kind in _OPTIONAL_KEYS.items() if key in header}
    for key, kind in (_KEYS | optional).items():
        value = header[key]
        if not isinstance(value, kind) or not value:
            return f"{key} must be a {kind.__name__} that is not empty"
        if kind is list and not all(isinstance(item, dict if key == "case" else str) for item in value):
            return f"{key} must be a list of {'tables' if key == 'case' else 'texts'}"
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


def _cases_problem(cases: list[dict[str, Any]]) -> str | None:
    for case in cases:
        unknown = sorted(case.keys() - _CASE_KEYS)
        if unknown or not {"name", "as_of", "finds"} <= case.keys():
            return f"case {case.get('name', '?')!r}: unknown keys {unknown}, or no name, as_of or finds"
        wrong = sorted(key for key in case if not isinstance(case[key], date if key == "as_of" else str))
        if wrong:
            return f"case {case['name']!r}: {', '.join(wrong)} must be texts, and as_of a date"
    if not any(case["finds"].strip() for case in cases) or all(case["finds"].strip() for case in cases):
        return "at least one case must find something, and one nothing"
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


def _case(case: dict[str, Any]) -> Case:
    tables = {name: text for name, text in case.items() if name not in {"name", "as_of", "finds"}}
    return Case(case["name"], case["as_of"], tables, case["finds"])


def message_fields(rule: Rule) -> set[str]:
    """Return the facts that a rule's message names."""
    return {name for _, name, _, _ in Formatter().parse(rule.message) if name}
