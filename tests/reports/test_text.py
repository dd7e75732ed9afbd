"""Text from the exports is made harmless, whatever it holds."""

from __future__ import annotations

import csv
import io
import unicodedata

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from reports.text import clip, csv_cell, encodable, visible

ANY_TEXT = st.text(st.characters(), max_size=40)  # with controls and surrogates
TRICKY = st.text(st.sampled_from("=+-@\t\r\n \x00\ufeff\u200b\u202e\uff1da1'\""), max_size=8)


@pytest.mark.parametrize(
    ("text", "cell"),
    [
        ("Lipowa", "Lipowa"),
        ("", ""),
        ("=1+1", "'=1+1"),
        ("+48 12", "'+48 12"),
        ("-4", "'-4"),
        ("@SUM(A1)", "'@SUM(A1)"),
        ("   =1+1", "'   =1+1"),
        ("\t=1", "' =1"),
        ("\rx", "' x"),
        ("  \tx", "'   x"),
        ("\x00=1", "'=1"),
        ("\ufeff=1", "'\ufeff=1"),
        ("\uff1d1", "'\uff1d1"),
        ("a\x00b\x1bc", "abc"),
        ("two\r\nlines", "two lines"),
        ("a-b=c", "a-b=c"),
        ("Firma;=1+1; -2;x", "Firma;'=1+1; '-2;x"),
        ("half \ud800", "half \ufffd"),
    ],
)
def test_a_csv_cell_is_one_harmless_line(text: str, cell: str) -> None:
    assert csv_cell(text) == cell


@given(ANY_TEXT | TRICKY)
@example("\u2028=1")
@example("\u00a0@x")
def test_no_cell_starts_a_formula_or_keeps_a_control_character(text: str) -> None:
    cell = csv_cell(text)
    first = cell.lstrip(" \u00a0\ufeff\u200b\u202e\u2060")[:1]
    assert first not in set("=+-@\uff0b\uff0d\uff1d\uff20\t\r") - {""}
    assert not any(unicodedata.category(character) in {"Cc", "Cs"} for character in cell)
    cell.encode()


@given(st.lists(ANY_TEXT | TRICKY, min_size=1, max_size=5))
def test_cells_come_back_from_a_csv_file_as_they_went_in(texts: list[str]) -> None:
    cells = [csv_cell(text) for text in texts]
    out = io.StringIO()
    csv.writer(out, lineterminator="\n").writerow(cells)
    assert next(csv.reader(io.StringIO(out.getvalue()))) == cells
    assert out.getvalue().count("\n") == 1


@given(ANY_TEXT)
def test_what_works_unseen_becomes_visible(text: str) -> None:
    shown = visible(text)
    assert len(shown) == len(text)
    assert not set(shown) & set("\x00\x1b\r\x7f\x85\u2028\u202a\u202e\u2066\u2069\ud800")


def test_direction_marks_of_honest_names_stay() -> None:
    assert visible("\u05e9\u05dc\u05d5\u05dd\u200f 12") == "\u05e9\u05dc\u05d5\u05dd\u200f 12"


def test_lines_and_tabs_stay_visible_as_they_are() -> None:
    assert visible("one\n\ttwo") == "one\n\ttwo"


@given(ANY_TEXT)
def test_everything_can_be_written_as_utf_8(text: str) -> None:
    encodable(text).encode()


@given(st.text(max_size=60), st.integers(min_value=1, max_value=50))
def test_clipped_text_is_never_longer_and_says_that_it_was_cut(text: str, length: int) -> None:
    clipped = clip(text, length)
    assert len(clipped) <= length or clipped == text
    assert clipped == text or clipped.endswith("\u2026")
