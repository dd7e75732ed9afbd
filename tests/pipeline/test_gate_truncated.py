"""A file cut off at any byte is refused, but for the few cuts that leave what nothing tells from a whole file."""

from __future__ import annotations

from contextlib import suppress

import pytest

from pipeline.errors import NotAuditedError
from tests.pipeline.exports import PLAIN, Style, guid, records
from tests.pipeline.loading import load_content

ROWS = [
    {"customer_id": guid(1), "company_name": "Łódź", "domain": "a.example"},
    {"customer_id": guid(2), "company_name": "two\nlines, quoted", "domain": "b.example"},
    {"customer_id": guid(3), "company_name": 'The "Élan"', "domain": "c.example"},
]


def cuts(style: Style) -> tuple[bytes, set[int]]:
    """Return the file, and the offsets at which it can be cut without being refused."""
    content = style.content(records(ROWS))
    accepted = set()
    for offset in range(len(content)):
        with suppress(NotAuditedError):
            load_content("customers", content[:offset])
            accepted.add(offset)
    return content, accepted


def test_cut_that_is_not_refused_leaves_whole_rows_or_shortens_a_last_cell_without_quotes() -> None:
    """What remains is a header with whole rows; only the last cell of the last one may have lost its end."""
    content, accepted = cuts(PLAIN)
    row_ends = {len(PLAIN.content(records(ROWS[:n]))) for n in (1, 2)}
    # From the last delimiter of each row on: an empty last cell, a part of it, all of it without the newline.
    tails = {offset for end in [*row_ends, len(content)] for offset in range(end - len("a.example\n"), end)}
    assert accepted == row_ends | tails


def test_file_with_everything_quoted_cannot_be_cut_inside_a_row() -> None:
    style = Style(quote_all=True)
    content, accepted = cuts(style)
    row_ends = {len(style.content(records(ROWS[:n]))) for n in (1, 2)}
    # An empty last cell and a whole one without the newline are all that is left of the doubt.
    tails = {offset for end in [*row_ends, len(content)] for offset in (end - len('"a.example"\n'), end - 1)}
    assert accepted == row_ends | tails


@pytest.mark.parametrize("style", [Style("utf-16", newlines=("\r\n",))], ids=["UTF-16"])
def test_wide_letters_cut_in_half_are_refused(style: Style) -> None:
    _, accepted = cuts(style)
    assert accepted
    assert all(offset % 2 == 0 for offset in accepted)
