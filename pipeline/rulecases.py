"""Reads the cases of a rule file: examples drawn as small tables, from which tests and the rules' pages are made."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from datetime import date
from typing import Any

from schemas.catalog import TABLES

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


def read_cases(text: str) -> tuple[Case, ...]:
    """Read the `[[case]]` tables at the end of a rule's header. Raises RuleFileError."""
    try:
        cases = tomllib.loads(text).get("case", [])
    except (ValueError, RecursionError) as error:  # Beside its own, the parser raises those of a number or a list.
        message = f"in the cases: {error}"
        raise RuleFileError(message) from error
    problem = _cases_problem(cases)
    if problem:
        raise RuleFileError(problem)
    return tuple(_case(case) for case in cases)


def _cases_problem(cases: object) -> str | None:
    if not isinstance(cases, list) or not cases or not all(isinstance(case, dict) for case in cases):
        return "case must be a list of tables that is not empty"
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


def _case(case: dict[str, Any]) -> Case:
    tables = {name: text for name, text in case.items() if name not in {"name", "as_of", "finds"}}
    return Case(case["name"], case["as_of"], tables, case["finds"])
