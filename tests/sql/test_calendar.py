"""Business days, holidays and policy rows: what the rules add and compare dates with."""

from __future__ import annotations

import csv
from datetime import date, timedelta
from itertools import combinations, groupby
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import sql
from pipeline.config import Config
from pipeline.database import connect_in_memory
from pipeline.policy import apply_answer_times
from pipeline.warehouse import POLICIES, create_fixed_tables
from tests.sql.case_tables import parse

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pipeline.database import Connection

FOLDER = Path(sql.__file__).parent / "reference"
FILES = sorted(path.stem for path in FOLDER.glob("*.csv"))
DAY = timedelta(days=1)
MONDAY, THURSDAY = 0, 3
NO_HOLIDAYS = "''"
# What a policy row is about: two rows of one thing may not be in force on the same day.
ABOUT = {
    "purchase_matrix": ("customer_type", "segment"),
    "answer_times": ("qualification",),
    "notice_periods": ("qualification",),
    "request_limits": (),
    "extended_service_terms": ("monthly_plan",),
    "discountable_products": ("product_type", "term_duration"),
    "gcc_countries": ("country",),
}
# The join that CONTRIBUTING gives to writers of rules.
DUE = """
    select due.day
    from ref.calendar as start
    inner join ref.calendar as due
        on due.country = start.country
        and due.business_day_number = start.business_day_number + ?
        and due.is_business_day = 1
    where start.country = ? and start.day = ?
"""
CONVENTION = """
country | submitted  | business_days | due        | because
US      | 2026-11-20 | 2             | 2026-11-24 | Friday: Monday, Tuesday
US      | 2026-11-24 | 2             | 2026-11-27 | Tuesday: Wednesday, Friday after Thanksgiving
''      | 2026-11-24 | 2             | 2026-11-26 | the same without holidays
US      | 2026-11-21 | 2             | 2026-11-24 | Saturday counts like Friday
US      | 2026-11-22 | 2             | 2026-11-24 | Sunday too
US      | 2026-11-23 | 2             | 2026-11-25 | Monday does not
US      | 2026-11-26 | 2             | 2026-11-30 | Thanksgiving counts like the day before
US      | 2026-11-25 | 2             | 2026-11-30 | the day before
US      | 2027-12-23 | 1             | 2027-12-27 | Christmas on Saturday is kept on Friday
''      | 2027-12-23 | 1             | 2027-12-24 | the same without holidays
US      | 2022-12-23 | 1             | 2022-12-26 | a year without holidays: Christmas on Sunday is not kept on Monday
US      | 2027-12-30 | 1             | 2028-01-03 | New Year's Day 2028, a Saturday, is kept on 2027-12-31
''      | 2027-12-30 | 1             | 2027-12-31 | the same without holidays
US      | 2026-12-31 | 1             | 2027-01-04 | New Year's Day on Friday, then the week-end
''      | 2026-12-31 | 1             | 2027-01-01 | the same without holidays
US      | 2023-12-29 | 1             | 2024-01-02 | from a year without holidays into the first with them
US      | 2030-12-31 | 1             | 2031-01-01 | from the last year with holidays into one without
US      | 2026-07-02 | 1             | 2026-07-06 | Independence Day on Saturday is kept on Friday
US      | 2027-07-02 | 1             | 2027-07-06 | Independence Day on Sunday is kept on Monday
"""
PROMISES = parse(CONVENTION)[1]


@pytest.fixture(scope="module")
def reference() -> Iterator[Connection]:
    """Open a warehouse with nothing but its fixed tables."""
    connection = connect_in_memory()
    create_fixed_tables(connection)
    yield connection
    connection.close()


def cells(name: str) -> list[dict[str, str]]:
    with (FOLDER / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def due_by_sql(connection: Connection, country: str, submitted: date, business_days: int) -> date:
    (row,) = connection.execute(DUE, [business_days, country, submitted]).fetchall()
    due: date = row[0]
    return due


def due_by_hand(country: str, submitted: date, business_days: int) -> date:
    off = {date.fromisoformat(row["day"]) for row in cells("holidays") if row["country"] == country}
    day, left = submitted, business_days
    while left:
        day += DAY
        if day.weekday() not in {5, 6} and day not in off:
            left -= 1
    return day


@settings(deadline=None, max_examples=300)
@given(
    country=st.sampled_from(["", "US"]),
    submitted=st.dates(date(2023, 1, 1), date(2032, 12, 31)),
    business_days=st.integers(1, 12),
)
def test_business_days_are_those_that_one_counts_by_hand(
    reference: Connection, country: str, submitted: date, business_days: int
) -> None:
    assert due_by_sql(reference, country, submitted, business_days) == due_by_hand(country, submitted, business_days)


@pytest.mark.parametrize("promise", PROMISES, ids=[str(row["because"]) for row in PROMISES])
def test_business_days_keep_to_the_convention(reference: Connection, promise: dict[str, str]) -> None:
    country = "" if promise["country"] == NO_HOLIDAYS else promise["country"]
    submitted, days = date.fromisoformat(promise["submitted"]), int(promise["business_days"])
    assert due_by_sql(reference, country, submitted, days) == date.fromisoformat(promise["due"])
    assert due_by_hand(country, submitted, days) == date.fromisoformat(promise["due"])


def test_calendar_has_each_day_of_each_country_once(reference: Connection) -> None:
    days = (date(2101, 1, 1) - date(1990, 1, 1)).days
    found = reference.execute("""
        select country, count(*), count(distinct day), min(day), max(day), max(day_number) - min(day_number) + 1
        from ref.calendar group by country order by country
    """).fetchall()
    assert found == [(country, days, days, date(1990, 1, 1), date(2100, 12, 31), days) for country in ("", "US")]


def nth(year: int, month: int, weekday: int, number: int) -> date:
    first = date(year, month, 1)
    return first + DAY * ((weekday - first.weekday()) % 7 + 7 * (number - 1))


def last_monday_of_may(year: int) -> date:
    return nth(year, 6, MONDAY, 1) - 7 * DAY


def kept(day: date) -> date:
    """Return the day on which a holiday is kept (5 U.S.C. 6103 (b), Executive Order 11582)."""
    return day + {5: -DAY, 6: DAY}.get(day.weekday(), timedelta())


def federal_holidays(year: int) -> dict[str, date]:
    return {
        "New Year's Day": kept(date(year, 1, 1)),
        "Birthday of Martin Luther King, Jr.": nth(year, 1, MONDAY, 3),
        "Washington's Birthday": nth(year, 2, MONDAY, 3),
        "Memorial Day": last_monday_of_may(year),
        "Juneteenth National Independence Day": kept(date(year, 6, 19)),
        "Independence Day": kept(date(year, 7, 4)),
        "Labor Day": nth(year, 9, MONDAY, 1),
        "Columbus Day": nth(year, 10, MONDAY, 2),
        "Veterans Day": kept(date(year, 11, 11)),
        "Thanksgiving Day": nth(year, 11, THURSDAY, 4),
        "Christmas Day": kept(date(year, 12, 25)),
    }


def test_holidays_are_those_that_the_law_gives() -> None:
    expected = {("US", day, name) for year in range(2024, 2031) for name, day in federal_holidays(year).items()}
    rows = cells("holidays")
    assert {(row["country"], date.fromisoformat(row["day"]), row["name"]) for row in rows} == expected
    assert len(rows) == len(expected)
    assert all(row["source"] for row in rows)


def test_holidays_of_two_years_are_those_that_were_published() -> None:
    """Two lists of the Office of Personnel Management, written out."""
    days = {row["day"] for row in cells("holidays")}
    published = {
        "2026": "01-01 01-19 02-16 05-25 06-19 07-03 09-07 10-12 11-11 11-26 12-25",
        "2027": "01-01 01-18 02-15 05-31 06-18 07-05 09-06 10-11 11-11 11-25 12-24 12-31",
    }
    for year, rest in published.items():
        assert {day for day in days if day.startswith(year)} == {f"{year}-{day}" for day in rest.split()}


def test_every_dated_file_is_a_policy_and_says_what_its_rows_are_about() -> None:
    dated = {name for name in FILES if "valid_from" in cells(name)[0]}
    assert dated == set(POLICIES) == set(ABOUT)


@pytest.mark.parametrize("name", POLICIES)
def test_every_policy_row_has_a_source_and_two_of_one_thing_are_never_in_force_together(name: str) -> None:
    rows = [row | {"valid_to": row["valid_to"] or "9999-12-31"} for row in cells(name)]
    assert [row for row in rows if not row["source"] or row["valid_from"] > row["valid_to"]] == []

    def thing(row: dict[str, str]) -> list[str]:
        return [row[column] for column in ABOUT[name]]

    for _, same in groupby(sorted(rows, key=thing), key=thing):
        for one, other in combinations(same, 2):
            assert one["valid_to"] < other["valid_from"] or other["valid_to"] < one["valid_from"], (one, other)


def test_products_with_and_without_a_term_are_not_both_listed() -> None:
    """An empty term stands for every term: a row with one beside it would say something twice."""
    whole = {row["product_type"] for row in cells("discountable_products") if not row["term_duration"]}
    single = {row["product_type"] for row in cells("discountable_products") if row["term_duration"]}
    assert whole & single == set()


def test_every_reference_file_has_its_table(reference: Connection) -> None:
    rows = reference.execute("select table_name from duckdb_tables() where schema_name = 'ref'").fetchall()
    assert sorted(name for (name,) in rows) == sorted([*FILES, "calendar"])


@pytest.mark.parametrize("name", FILES)
def test_every_reference_file_loads_whole_with_the_types_of_its_table(reference: Connection, name: str) -> None:
    types = {row[0]: row[1] for row in reference.execute(f"describe ref.{name}").fetchall()}
    assert list(cells(name)[0]) == list(types)
    loaded = reference.execute(f"select * from ref.{name}").fetchall()
    expected = [tuple(typed(row[column], types[column]) for column in types) for row in cells(name)]
    assert sorted(map(repr, loaded)) == sorted(map(repr, expected))


def typed(text: str, kind: str) -> object:
    if not text:
        return None
    if kind == "BOOLEAN":
        return {"yes": True, "no": False}[text]
    if kind == "DATE":
        return date.fromisoformat(text)
    return int(text) if kind in {"BIGINT", "INTEGER"} else text


def test_answer_times_of_the_configuration_go_before_those_of_the_file() -> None:
    connection = connect_in_memory()
    create_fixed_tables(connection)
    before = answer_times(connection)
    apply_answer_times(connection, Config().answer_times)
    assert answer_times(connection) == before
    apply_answer_times(connection, Config(answer_times={"Education": 5}).answer_times)
    after = answer_times(connection)
    connection.close()
    assert before["Education"][0] == 3
    assert after == before | {"Education": (5, "The configuration: answer_times.Education")}


def answer_times(connection: Connection) -> dict[str, tuple[int, str]]:
    rows = connection.execute("select qualification, business_days, source from ref.answer_times").fetchall()
    return {qualification: (days, source) for qualification, days, source in rows}
