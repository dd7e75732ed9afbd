"""An answer as csv and JSON: very many rows are written while they are read."""

from __future__ import annotations

import csv
import io
import json
from datetime import date
from decimal import Decimal
from itertools import islice
from typing import TYPE_CHECKING

import pytest

from pipeline.desk.answer import Answer, Section, csv_pieces, json_pieces
from reports.jsontext import document

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from pipeline.desk.answer import Cell

    Writer = Callable[[Answer], Iterator[str]]

COUNT = 25_000


def numbered(taken: list[int], count: int = COUNT) -> Iterator[tuple[Cell, ...]]:
    for number in range(count):
        taken.append(number)
        yield number, f"=sum({number})", date(2026, 11, 20), Decimal("3.1"), None


def answer(taken: list[int]) -> Answer:
    columns = ("number", "name", "day", "amount", "nothing")
    sections = (
        Section("many", "Many", columns, numbered(taken)),
        Section("none", "None", columns, iter(())),
        Section("few", "Few", ("day", "is_so"), ((date(2026, 11, 21), True),)),
    )
    return Answer(("Said.",), sections, {"count": COUNT})


@pytest.mark.parametrize("pieces", [csv_pieces, json_pieces])
def test_no_more_rows_are_read_than_the_next_piece_needs(pieces: Writer) -> None:
    taken: list[int] = []
    written = pieces(answer(taken))
    first = "".join(islice(written, 12))
    assert 0 < len(taken) < COUNT / 2
    assert f"sum({len(taken) - 1})" in first
    rest = "".join(written)
    assert f"sum({COUNT - 1})" in rest
    assert taken == list(range(COUNT))


def test_json_is_the_text_of_a_document_that_was_made_whole() -> None:
    rows = [
        {"number": n, "name": f"=sum({n})", "day": "2026-11-20", "amount": "3.10", "nothing": None}
        for n in range(COUNT)
    ]
    few = [{"day": "2026-11-21", "is_so": True}]
    whole = {"schema_version": 1, "count": COUNT, "lead": ["Said."], "many": rows, "none": [], "few": few}
    text = "".join(json_pieces(answer([])))
    assert text == document(whole)
    assert json.loads(text) == whole
    assert text.count("\n") == COUNT + 13


def test_csv_has_the_columns_of_all_sections() -> None:
    rows = list(csv.reader(io.StringIO("".join(csv_pieces(answer([]))))))
    assert rows[0] == ["section", "number", "name", "day", "amount", "nothing", "is_so"]
    assert rows[1] == ["many", "0", "'=sum(0)", "2026-11-20", "3.10", "", ""]
    assert rows[-1] == ["few", "", "", "2026-11-21", "", "", "yes"]
    assert len(rows) == COUNT + 2
