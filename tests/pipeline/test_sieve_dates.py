"""The sieve reads dates in SQL; Python's calendar is held against it."""

from __future__ import annotations

import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.database import connect_in_memory
from pipeline.expressions import day, folded
from schemas.conditions import fold
from schemas.dates import DateOrder, parse_date
from tests.pipeline.fuzz import HOSTILE, STEADY, dates, nearly
from tests.schemas.test_dates import NO_DATES, TABLE

ORDERS = [DateOrder.DAY_FIRST, DateOrder.MONTH_FIRST, None]


def read_in_sql(cells: list[str], order: DateOrder | None) -> list[object]:
    query = f"select {day('cell', order)} from (select unnest($cells) as cell, generate_subscripts($cells, 1) as place)"
    with connect_in_memory(threads=1) as connection:
        return [row[0] for row in connection.execute(f"{query} order by place", {"cells": cells}).fetchall()]


@pytest.mark.parametrize("order", ORDERS)
def test_sieve_reads_every_form_as_python_does(order: DateOrder | None) -> None:
    cells = [row[0] for row in TABLE] + [cell for cell in NO_DATES if cell] + HOSTILE
    assert read_in_sql(cells, order) == [parse_date(cell, order) for cell in cells]


@STEADY
@given(st.lists(st.one_of(dates, nearly(dates)), min_size=20, max_size=60), st.sampled_from(ORDERS))
def test_sieve_reads_cells_near_dates_as_python_does(cells: list[str], order: DateOrder | None) -> None:
    assert read_in_sql(cells, order) == [parse_date(cell, order) for cell in cells]


def test_sieve_folds_every_character_as_python_does() -> None:
    """Both leave out the same separators; no other character becomes a letter, digit or nothing in one of them only."""
    characters = [chr(code) for code in range(1, sys.maxunicode + 1) if not 0xD800 <= code <= 0xDFFF]
    with connect_in_memory(threads=1) as connection:
        query = f"select {folded('c')} from (select unnest($characters) as c)"
        in_sql = [row[0] for row in connection.execute(query, {"characters": characters}).fetchall()]
    differing = [
        character
        for character, one, other in zip(characters, map(fold, characters), in_sql, strict=True)
        if one != other and (one.isascii() or other.isascii())
    ]
    assert differing == []
