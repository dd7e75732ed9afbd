"""Every [[case]] of every rule file: the rule finds exactly the rows that the case draws."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from pipeline.rulefile import read_rules
from schemas.finding import Judgement
from tests.sql.case_tables import draw, parse
from tests.sql.world import found, judge, world

if TYPE_CHECKING:
    from pipeline.rulefile import Case, RuleFile

CASES = [pytest.param(file, case, id=f"{file.rule.id}: {case.name}") for file in read_rules() for case in file.cases]


def run_case(file: RuleFile, case: Case) -> list[dict[str, object]]:
    tables = {name: parse(text) for name, text in case.tables.items()}
    rows = {name: table[1] for name, table in tables.items()}
    stated = "qualifications" not in tables or "vetting_status" in tables["qualifications"][0]
    with world(case.as_of, rows, vetting_is_stated=stated) as connection:
        (result,) = judge(connection, [file])
        assert (result.judgement, result.reason) == (Judgement.JUDGED, "")
        rows_found = found(connection)
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
