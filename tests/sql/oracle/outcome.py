"""What a rule says of one subject."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from tests.sql.case_tables import as_text

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date


@dataclass(frozen=True)
class Outcome:
    """A finding, or with a `code` the reason why there is no telling.

    `key` gives the values of the rule's key columns; `facts` those facts that are worth comparing.
    """

    rule: str
    key: tuple[tuple[str, str | None], ...]
    due_on: date | None = None
    code: str | None = None
    facts: tuple[tuple[str, str], ...] = ()

    @property
    def subject(self) -> str:
        return "|".join(value or "" for _, value in self.key)


def finding(rule: str, key: Mapping[str, str | None], due_on: date | None = None, **facts: object) -> Outcome:
    said = tuple((name, as_text(value)) for name, value in facts.items())
    return Outcome(rule, tuple(key.items()), due_on, facts=said)


def not_judged(rule: str, key: Mapping[str, str | None], code: str) -> Outcome:
    return Outcome(rule, tuple(key.items()), code=code)
