"""The drawn tables of the cases: what they mean, and that a slip in one is no silent pass."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

import pytest

from tests.sql.case_tables import draw, parse
from tests.sql.rule_text import rule_file
from tests.sql.test_rule_cases import check_case
from tests.sql.world import world

if TYPE_CHECKING:
    from pathlib import Path

DAY = date(2026, 11, 20)


def test_an_empty_cell_is_null_and_only_plain_spaces_are_padding() -> None:
    columns, rows = parse("\n  a | b\n\n  1 |\n  \u00a0x\u00a0 | y z  \n")
    assert columns == ["a", "b"]
    assert rows == [{"a": "1", "b": None}, {"a": "\u00a0x\u00a0", "b": "y z"}]
    assert parse("\n") == ([], [])


@pytest.mark.parametrize("text", ["a | b\n1", "a\n1 | 2", "a | a\n1 | 2", "a |\n1 | 2"])
def test_a_table_that_is_not_rectangular_or_whose_columns_are_not_named_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"cells|columns"):
        parse(text)


def test_rows_are_drawn_sorted_and_each_as_often_as_it_stands() -> None:
    rows: list[dict[str, object]] = [{"n": 2, "t": True}, {"n": None, "t": DAY}, {"n": 2, "t": True}]
    assert draw(["n", "t"], rows).split("\n") == ["n | t", "  | 2026-11-20", "2 | true", "2 | true", ""]


@pytest.mark.parametrize(
    ("table", "row", "reason"),
    [
        ("qualifications", {"customer_id": "c1", "qualification": "Edukation"}, "Edukation"),
        ("qualifications", {"customer_id": "c1", "qualification": "None", "vetting_status": "approved"}, "approved"),
        ("subscriptions", {"subscription_id": "s1", "segmnt": "Education"}, "segmnt"),
    ],
)
def test_a_word_or_column_that_the_schema_does_not_have_is_refused(
    table: str, row: dict[str, str | None], reason: str
) -> None:
    with pytest.raises(ValueError, match=reason), world(DAY, {table: [row]}):
        pass


@pytest.mark.parametrize(
    "finds",
    [
        "",
        "subscription_id\ns1\ns2",
        "subscription_id\ns1\ns1",
        "subscription_id\ns2",
        "subscription_id | quantity\ns1 | 5",
    ],
    ids=["one too few", "one too many", "one twice", "another one", "another fact"],
)
def test_a_case_that_draws_anything_else_than_what_is_found_fails(tmp_path: Path, finds: str) -> None:
    file = rule_file(tmp_path)
    case = file.cases[0]
    check_case(file, case)
    with pytest.raises(AssertionError):
        check_case(file, type(case)(case.name, case.as_of, case.tables, finds))


def test_a_case_that_names_a_column_which_the_rule_does_not_have_fails(tmp_path: Path) -> None:
    file = rule_file(tmp_path)
    case = file.cases[0]
    with pytest.raises(AssertionError, match="no such columns"):
        check_case(file, type(case)(case.name, case.as_of, case.tables, "subscription_id | colour\ns1 |"))
