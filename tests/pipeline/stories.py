"""Stories of nights drawn as text: what was there to find each night, and what every finding then is."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING

from schemas.waiver import Waiver
from tests.pipeline.replay import Night, Shown, subscription_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

FIRST = date(2026, 11, 1)
CAUSES = {None: "", "changed": "the rule has changed", "retired": "the rule is retired"}
_CELL = re.compile(
    r"(?P<state>[a-z ]+) (?P<first>\d+)(@(?P<opened>\d+))?(#(?P<count>\d+))?(?P<doubt>\?)?"
    r"( by (?P<waiver>\w+)| (?P<cause>changed|retired))?"
)


@dataclass(frozen=True)
class Line:
    """One night of a story; one that was not audited has no `night`."""

    night: Night | None
    shown: Mapping[str, Shown]


def day(number: str | int) -> date:
    return FIRST + timedelta(days=int(number) - 1)


def tell(story: str, waivers: str = "") -> Iterator[Line]:
    """Read a story line by line. Its columns are `night`, then what the night had (see `_night`), then the findings.

    `open 1@4#2?` is open, first seen on night 1, opened on night 4, reopened twice, and not confirmed. A closed one
    is never confirmed. `by w` names the waiver that holds, `changed` and `retired` are causes. Empty: not shown.
    """
    drawn = dict(map(_waiver, waivers.strip().splitlines()))
    header, *lines = [[cell.strip() for cell in line.split("|")] for line in story.strip().splitlines()]
    names = [name for name in header if re.fullmatch(r"[A-Z]\d", name)]
    for line in lines:
        cells = dict(zip(header, line, strict=len(line) > 2))
        if cells["rules"] == "not audited":
            yield Line(None, {})
        else:
            shown = {name: _shown(cells[name], drawn) for name in names if cells[name]}
            yield Line(_night(cells, drawn), shown)


def _night(cells: Mapping[str, str], waivers: Mapping[str, Waiver]) -> Night:
    """Read what a night had: `P Q.2 (R)` are rules, of Q the second version; R is not judged. `P1` in the column
    `gap` has a row that could not be read, and `P1?` is a subject that the rule could not judge.
    """
    rules = [re.fullmatch(r"\(?([A-Z])(?:\.(\d))?\)?", word) for word in cells["rules"].split()]
    gap = cells.get("gap", "").split()
    return Night(
        day(cells["night"]),
        dict.fromkeys(cells["found"].split()),
        {rule[1]: int(rule[2] or 1) for rule in rules if rule},
        frozenset(rule[1] for rule in rules if rule and not rule[0].startswith("(")),
        frozenset(name for name in gap if not name.endswith("?")),
        frozenset(name.rstrip("?") for name in gap if name.endswith("?")),
        tuple(waivers[name] for name in cells.get("waivers", "").split()),
    )


def _shown(cell: str, waivers: Mapping[str, Waiver]) -> Shown:
    told = _CELL.fullmatch(cell)
    assert told, cell
    return Shown(
        told["state"],
        day(told["first"]),
        day(told["opened"] or told["first"]),
        int(told["count"] or 0),
        CAUSES[told["cause"]],
        not told["doubt"] and told["state"] != "closed",
        waivers[told["waiver"]].reason if told["waiver"] else None,
    )


def _waiver(line: str) -> tuple[str, Waiver]:
    """Read `name | scope | from | to`; the scope is a finding, a customer's number or a finding's subscription."""
    name, scope, created, expires = (cell.strip() for cell in line.split("|"))
    kind, subject, rule = re.fullmatch(r"(finding|customer|subscription) (\w+)(?: rule (\w))?", scope).groups()  # type: ignore[union-attr]
    subjects = {"finding": subject, "customer": f"customer {subject}", "subscription": subscription_of(subject)}
    return name, Waiver(
        f"accepted: {name}", "Ada", day(created), day(expires), rule, **{kind: subjects[kind]}, line=len(name)
    )
