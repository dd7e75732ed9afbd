"""The obvious second implementation of what-if: audit the exports as supposed, and compare the two nights."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from pipeline.database import building, reading
from pipeline.warehouse import POLICIES
from tests.pipeline.commandline import call

if TYPE_CHECKING:
    from pathlib import Path

    from tests.pipeline.exports import Row

SECTIONS = ("would_appear", "would_vanish", "would_change")
Found = dict[str, tuple[str, object]]
Difference = dict[str, set[str]]


def found(state: Path) -> Found:
    """Return tonight's findings: what each says, and its due date."""
    with reading(state / "warehouse.duckdb") as connection:
        rows = connection.execute("select finding_id, facts, due_on from core.found").fetchall()
    return {finding: (facts, due_on) for finding, facts, due_on in rows}


def difference(before: Found, after: Found) -> Difference:
    both = before.keys() & after.keys()
    return {
        "would_appear": after.keys() - before.keys(),
        "would_vanish": before.keys() - after.keys(),
        "would_change": {finding for finding in both if before[finding] != after[finding]},
    }


def ask(state: Path, *words: str | Path) -> dict[str, Any]:
    """Return the answer of what-if as a program reads it."""
    ended = call("what-if", *words, "--state", state, "--format", "json")
    assert (ended.code, ended.err) == (0, "")
    answer: dict[str, Any] = json.loads(ended.out)
    return answer


def answered(answer: dict[str, Any]) -> Difference:
    listed = {name: {item["finding_id"] for item in answer[name]} for name in SECTIONS}
    assert {name: len(ids) for name, ids in listed.items()} == {name: answer[name[6:]] for name in SECTIONS}
    return listed


def add_older(state: Path, table: str, older: list[Row]) -> None:
    """Put rows that were in force until 2019 into a warehouse; those of the other tables are in force at all dates."""
    warehouse = state / "warehouse.duckdb"
    warehouse.chmod(0o644)
    with building(warehouse, "1GB", 2, state / "spill") as connection:
        for name in POLICIES:
            connection.execute(f"update ref.{name} set valid_from = date '0001-01-01'")
        connection.execute(f"update ref.{table} set valid_from = date '2020-01-01'")
        for row in older:
            marks = ", ".join("?" * len(row))
            values = list((row | {"valid_to": "2019-12-31"}).values())
            connection.execute(f"insert into ref.{table} values ({marks})", [value or None for value in values])
