"""Every line of a file is accounted for: in a row, in the quarantine, blank, or the file is refused."""

from __future__ import annotations

import csv
import io
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.config import Config, LimitsConfig, UnreadConfig
from pipeline.errors import NotAuditedError
from tests.pipeline.exports import guid
from tests.pipeline.fuzz import STEADY
from tests.pipeline.loading import Loaded, load_content
from tests.pipeline.stray_quotes import read_by_the_rule

ANY_UNREAD = Config(threads=1, unread=UnreadConfig(max_share=1))
HEADER = "customer_id,qualification,vetting_reason"
# Enough good rows behind the others for the gate to know the file's shape.
LAST = [f"{guid(9)},None,last"] * 20
# What csv reads without an error; a quote inside a cell that does not start with one is a plain letter.
CELLS = ["", "a", "a b", '"q"', '"x,y"', '"l\nm"', '"\n\n"', 'a"b', '"d""e"', '""', "'", '"",""', ",", "None", guid(7)]
# Quotes that no reader can make sense of, and spaces around quotes, which DuckDB leaves out and csv takes for text.
STRAY = ['"v"w', '"u', '"', '"t" ', ' "s"', ' "r', '"a"b"', '""x', '"\n"z']

good_rows = st.integers(1, 8).map(lambda n: f"{guid(n)},Education,good")


def raw_rows(cells: list[str]) -> st.SearchStrategy[str]:
    return st.lists(st.sampled_from(cells), min_size=1, max_size=4).map(",".join)


def text_of(lines: list[str]) -> str:
    return "\n".join([HEADER, *lines, *LAST]) + "\n"


def load(lines: list[str]) -> Loaded:
    return load_content("qualifications", text_of(lines), config=ANY_UNREAD)


def read_with_csv(text: str) -> list[tuple[int, list[str]]]:
    """Return each record of the csv module with the line on which it starts."""
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    records, start = [], 1
    for record in reader:
        records.append((start, record))
        start = reader.line_num + 1
    return records[1:]


def is_good(record: list[str]) -> bool:
    return record[0].endswith("abcd") and record[1] in {"Education", "None"}


@STEADY
@given(st.lists(st.one_of(good_rows, raw_rows(CELLS), st.just("")), max_size=15))
def test_every_record_that_csv_reads_is_loaded_or_in_quarantine_for_its_reason(lines: list[str]) -> None:
    """Where csv reads without an error, its records are the rows: of the right width, loaded or breaking the schema.

    Records of another width break the structure; but empty cells behind the last column are left out, as they are
    in DuckDB (nothing is lost with them).
    """
    loaded = load(lines)
    expected_loaded, values, structure = [], [], []
    for line, record in read_with_csv(text_of(lines)):
        while len(record) > 3 and not record[-1]:
            record.pop()
        if len(record) not in {0, 3}:
            structure.append(line)
        elif len(record) == 3:
            (expected_loaded if is_good(record) else values).append(line)
    assert loaded.lines_loaded == expected_loaded
    assert sorted({line for line, column, *_ in loaded.unread if column}) == values
    assert [line for line, column, *_ in loaded.unread if not column] == structure


@STEADY
@given(st.lists(st.one_of(good_rows, good_rows, raw_rows(CELLS + STRAY), st.just("")), max_size=15))
def test_no_line_is_lost_whatever_a_stray_quote_swallows(lines: list[str]) -> None:
    """Every line is in the row or the broken record that the rule of `stray_quotes` puts it in, or the file is refused.

    A broken record counts as an unread row for each line that it takes.
    """
    expected = list(read_by_the_rule(text_of(lines)))
    whole = [record for record in expected if not record.is_broken]
    broken = [record for record in expected if record.is_broken]
    if any(record.is_open for record in broken) or any(record.strays > 1 and record.lines > 1 for record in broken):
        # The file ends inside a quote; or DuckDB makes a row too many of a record with two stray quotes on two lines.
        with suppress(NotAuditedError):
            assert load(lines).lines_loaded == [record.line for record in whole if is_good(record.cells)]
        return
    loaded = load(lines)
    values = [record for record in whole if not is_good(record.cells)]
    assert loaded.lines_loaded == [record.line for record in whole if is_good(record.cells)]
    assert sorted({line for line, column, *_ in loaded.unread if column}) == [record.line for record in values]
    assert [line for line, column, *_ in loaded.unread if not column] == [record.line for record in broken]
    assert loaded.input.unread == len(values) + sum(record.lines for record in broken)


def test_open_quote_that_swallows_rows_counts_every_one_of_them() -> None:
    lines = [f"{guid(n)},Education,good" for n in range(1, 101)]
    lines[9] = lines[9].replace(",good", ',"good')
    loaded = load(lines)
    assert (loaded.input.loaded, loaded.input.unread, loaded.input.rows) == (9, 111, 120)
    assert [row[0] for row in loaded.unread] == [11]
    assert "it takes 111 lines" in loaded.unread[0][3]


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("a", "too few columns"),
        ("a,b,c,d", "too many columns"),
        ('"a"b,Education,x', "text behind a closing quote"),
    ],
)
def test_broken_record_stands_in_quarantine_with_its_line_and_reason(line: str, reason: str) -> None:
    good = f"{guid(1)},Education,good"
    loaded = load([good, line, good, good])
    assert loaded.lines_loaded == [2, *range(4, 26)]
    ((number, column, value, told),) = loaded.unread
    assert (number, column, value) == (3, "", line)
    assert reason in told
    assert "expected 3 columns" in told


def test_record_broken_in_several_places_is_not_taken_for_a_blank_line() -> None:
    good = f"{guid(1)},Education,good"
    loaded = load([good, '"a"b",a b,"u,"l', "", good])
    assert loaded.lines_loaded == [2, *range(5, 26)]
    assert (loaded.lines_unread, loaded.input.unread) == ([3], 1)


def test_row_of_over_two_million_bytes_is_unread_and_the_others_are_read() -> None:
    good = f"{guid(1)},Education,good"
    config = ANY_UNREAD.model_copy(update={"limits": LimitsConfig(max_line_bytes=4_000_000)})
    lines = [good, f"{guid(2)},Education,{'x' * 2_100_000}", *[good] * 5]
    loaded = load_content("qualifications", text_of(lines), config=config)
    assert loaded.lines_loaded == [2, *range(4, 29)]
    assert "longer than two million bytes" in loaded.unread[0][3]


def test_open_quote_that_swallows_over_two_million_bytes_is_refused() -> None:
    good = f"{guid(1)},Education,{'x' * 1_000}"
    with pytest.raises(NotAuditedError) as refusal:
        load([good, good.replace("Education,", 'Education,"'), *[good] * 2_500])
    assert "a quote that is never closed hides the rows behind it" in str(refusal.value)
    assert "xxx" not in str(refusal.value)
