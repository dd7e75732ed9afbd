"""Rows that no rule saw: counted exactly, listed up to a cap, and too many of them stop the night."""

from __future__ import annotations

import csv
import io
import json
from itertools import permutations
from typing import TYPE_CHECKING

import pytest

from pipeline.config import Config, UnreadConfig
from pipeline.load import Engine
from tests.pipeline.exports import (
    AS_OF,
    PLAIN,
    Row,
    contents,
    guid,
    many_customers,
    night,
    records,
    run,
    write,
    write_folder,
)
from tests.pipeline.loading import load_content, load_rows

if TYPE_CHECKING:
    from pathlib import Path

PRIVATE = "Reklama Tajna"


def customers_with(bad: int, rows: int) -> list[Row]:
    customers = many_customers(rows)
    for row in customers[:bad]:
        row["country"] = PRIVATE
    return customers


def audit(tmp_path: Path, customers: list[Row], *lines: str) -> tuple[int, str]:
    """Audit a night with these customers and this configuration; return the exit code and stderr."""
    folder = write_folder(tmp_path / "exports", night() | {"customers": customers})
    config = write(tmp_path / "csp-audit.toml", "\n".join(lines))
    ended = run(folder, tmp_path / "state", "--config", config)
    return ended.code, ended.err


@pytest.mark.parametrize(
    ("bad", "rows", "settings", "is_audited"),
    [
        (10, 60, [], True),
        (11, 60, [], False),
        (20, 2_000, [], True),
        (21, 2_000, [], False),
        (11, 60, ["[unread]", "max_rows = 11"], True),
        (6, 60, ["[unread]", "max_rows = 5"], False),
        (11, 60, ["[unread]", "max_share = 0.2"], True),
        (1, 60, ["[unread]", "max_rows = 0", "max_share = 0"], False),
    ],
    ids=str,
)
def test_more_unread_rows_than_both_bounds_are_not_audited(
    bad: int,
    rows: int,
    settings: list[str],
    is_audited: bool,  # noqa: FBT001 - a column of the table
    tmp_path: Path,
) -> None:
    code, err = audit(tmp_path, customers_with(bad, rows), *settings)
    assert (code in {0, 1}) == is_audited
    if not is_audited:
        assert code == 3
        assert f"customers.csv: found {bad:,} of {rows:,} rows that could not be read" in err
        assert "See quarantine.csv" in err


def test_refused_night_lists_its_unread_rows_and_leaves_last_night(tmp_path: Path) -> None:
    state = tmp_path / "state"
    assert audit(tmp_path, many_customers(60))[0] in {0, 1}
    before = contents(state)
    code, err = audit(tmp_path, customers_with(11, 60))
    assert code == 3
    refused = state / "refused" / AS_OF
    listed = list(csv.DictReader(io.StringIO((refused / "quarantine.csv").read_text(encoding="utf-8"), newline="")))
    assert [int(row["line"]) for row in listed] == list(range(2, 13))
    assert {row["value"] for row in listed} == {PRIVATE}
    assert json.loads((refused / "run.json").read_text(encoding="utf-8"))["exit_code"] == 3
    assert {name: content for name, content in contents(state).items() if not name.startswith("refused")} == before
    # Values stand in the quarantine alone.
    assert PRIVATE not in err + (state / "csp-audit.log").read_text(encoding="utf-8")


@pytest.mark.parametrize("engine", Engine)
def test_each_reason_of_a_row_is_listed_with_line_column_and_value(engine: Engine) -> None:
    content = f"customer_id,company_name,country\n{guid(1)},A,PL\nnobody,,Poland\n{guid(2)},B\n{guid(3)},C,PL\n"
    loaded = load_content("customers", content, engine)
    assert loaded.lines_loaded == [2, 5]
    assert loaded.unread == (
        (3, "company_name", "", "expected a value (the column is required)"),
        (3, "country", "Poland", "expected a two-letter country code"),
        (3, "customer_id", "nobody", "expected a GUID"),
        (4, "", f"{guid(2)},B", "too few columns in the row; expected 3 columns"),
    )
    assert (loaded.input.rows, loaded.input.loaded, loaded.input.unread) == (4, 2, 2)


def test_cap_bounds_what_is_listed_and_counts_stay_exact() -> None:
    rows = many_customers(100)
    for row in rows[:30]:
        row["country"] = "Poland"
    text = PLAIN.text(records(rows + rows[50:80])).replace(",PL\n", ",PL,x\n", 20)
    loaded = load_content("customers", text, config=Config(unread=UnreadConfig(kept_rows=5)))
    assert (loaded.input.unread, loaded.input.duplicates, loaded.input.loaded) == (50, 30, 50)
    columns = [column for _, column, *_ in loaded.unread]
    assert {column: columns.count(column) for column in columns} == {"": 5, "country": 5, "customer_id": 5}
    assert [line for line, column, *_ in loaded.unread if column == "country"] == [2, 3, 4, 5, 6]


def test_long_values_are_cut_in_the_quarantine() -> None:
    rows = [{"customer_id": guid(n), "company_name": "x", "country": "PL"} for n in range(1, 4)]
    rows[0]["country"] = "P" * 100_000
    ((_, _, value, _),) = load_rows("customers", rows).unread
    assert value == "P" * 500


def test_rows_that_repeat_another_are_duplicates_and_not_unread() -> None:
    rows = many_customers(3)
    loaded = load_rows("customers", [*rows, rows[0], rows[0]])
    assert (loaded.input.rows, loaded.input.loaded, loaded.input.duplicates, loaded.input.unread) == (5, 3, 2, 0)
    assert loaded.unread == tuple(
        (line, "customer_id", guid(1), "expected one row for each customer_id; line 2 says the same") for line in (5, 6)
    )


def test_rows_that_contradict_another_are_unread_and_say_which_was_used() -> None:
    first, second = many_customers(2)
    loaded = load_rows("customers", [first, first | {"company_name": "Another"}, second])
    assert (loaded.input.loaded, loaded.input.duplicates, loaded.input.unread) == (2, 0, 1)
    ((line, column, value, reason),) = loaded.unread
    assert (column, value) == ("customer_id", guid(1))
    assert {line, *loaded.lines_loaded} == {2, 3, 4}
    used = next(row["line"] for row in loaded.rows if row["customer_id"] == guid(1))
    assert reason == f"expected one row for each customer_id; line {used} says otherwise and was used"


def test_guids_of_two_cases_are_duplicates() -> None:
    (row,) = many_customers(1)
    loaded = load_rows("customers", [row, row | {"customer_id": row["customer_id"].upper()}])
    assert (loaded.input.loaded, loaded.input.duplicates) == (1, 1)


def test_table_without_a_key_keeps_rows_that_repeat() -> None:
    row = {"customer_id": guid(1), "qualification": "Education"}
    assert len(load_rows("qualifications", [row, row]).rows) == 2


@pytest.mark.parametrize(
    "names",
    [
        ("A", "B", "a"),
        ("NULL", "x", "None"),
        ("NULL", "''", "'NULL'"),
        ("a, b", "'a, b'", "a', 'b"),
        ("1", "1.0", "01"),
    ],
    ids=str,
)
def test_which_of_several_rows_is_kept_depends_on_their_content_alone(names: tuple[str, ...]) -> None:
    """Every order of three rows that contradict each other keeps the same one, an empty cell among them."""
    kept = set()
    variants = [{"customer_id": guid(1), "company_name": "x", "domain": name, "tags": ""} for name in names]
    variants += [{"customer_id": guid(1), "company_name": "x", "domain": "", "tags": ""}]
    for rows in permutations(variants):
        loaded = load_rows("customers", list(rows))
        assert (loaded.input.loaded, loaded.input.unread) == (1, len(variants) - 1)
        kept.add(loaded.rows[0]["domain"])
    assert len(kept) == 1
