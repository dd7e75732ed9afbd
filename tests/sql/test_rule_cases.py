"""Every [[case]] of every rule file: the rule finds exactly the rows that the case draws."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from pipeline.rulefile import read_rules, sharper
from schemas.finding import Judgement
from tests.sql.case_tables import draw, parse
from tests.sql.world import found, judge, world

if TYPE_CHECKING:
    from pipeline.rulecases import Case
    from pipeline.rulefile import RuleFile

RULES = read_rules()
CASES = [pytest.param(file, case, id=f"{file.rule.id}: {case.name}") for file in RULES for case in file.cases]


def run_case(file: RuleFile, case: Case) -> list[dict[str, object]]:
    """Run the rule beside those that it gives way to; return its own findings."""
    tables = {name: parse(text) for name, text in case.tables.items()}
    rows = {name: table[1] for name, table in tables.items()}
    stated = "qualifications" not in tables or "vetting_status" in tables["qualifications"][0]
    with world(case.as_of, rows, vetting_is_stated=stated) as connection:
        result, *others = judge(connection, [file, *sharper(file, RULES)])
        assert {one.reason for one in (result, *others)} == {""}
        assert result.judgement is (Judgement.PARTLY if result.gaps else Judgement.JUDGED)
        rows_found = [row for row in found(connection) if row["rule_id"] == file.rule.id]
    assert result.found == len(rows_found)
    return rows_found


def check_case(file: RuleFile, case: Case) -> None:
    columns, expected = parse(case.finds)
    rows = run_case(file, case)
    columns = columns or ["customer_id", "subscription_id"]
    assert [name for name in columns if rows and name not in rows[0]] == [], "the rule has no such columns"
    assert draw(columns, rows) == draw(columns, expected)


@pytest.mark.parametrize(("file", "case"), CASES)
def test_a_rule_finds_exactly_what_its_case_draws(file: RuleFile, case: Case) -> None:
    check_case(file, case)
