"""What fuzzed exports are made of: good cells, nearly good ones and hostile ones, the same on every run."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st

from schemas.column import Column, Stored
from schemas.conditions import OneOf

if TYPE_CHECKING:
    from schemas.conditions import Either
    from schemas.table import Table

# Every run tries the same examples: a suite that fails now and then is soon ignored.
STEADY = settings(
    derandomize=True,
    deadline=None,
    database=None,
    max_examples=25,
    # An example is small as it is drawn; making it smaller would take minutes of loads.
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)

# Digits, letters and spaces of other scripts, and what lower case or a look-up could take for something else.
LOOKALIKES = "\u0661\uff11\u0131\u0130\u212a\u017f\u00df\u0301\u200b\u00a0\u2007\u2011\u2013\u00ad\u0435\u1e9e\ufeff"
CONTROLS = "\x01\x07\x0b\x0c\x1b\x1c\x1f\x7f\x85\u2028"
# A long cell is long enough for a buffer's edge and short enough for a quick test.
HOSTILE = [
    " ", "0x1A", "1e5", "1e12", "-1e12", "+5", "5.", "12,5", "12,50", "1,234", "99999999999999999", "NaN", "None", "NA",
    "null", "NULL", "inf", "infinity", "True ", "tr ue", "T\u0130CAR\u0130", "\u0661\u0662", "\uff15", "x" * 5_000,
    "'; drop table core.customers; --", '"', '""', "a\nb", "a\n", "\n", "=1+1", "\\", "\\N", "%s{0}", "#TYPE x",
    "Nonprof\u0130t", "EDUCAT\u0130ON", "\u0435du", "2026-02-30", "9999-12-31T23:59:59-14:00", "13/13/2026",
]  # fmt: skip
GOOD = {
    "whole number": ["0", "12", "+5", "007", "1000000000"],
    "number": ["86.40", "3,10", "-5", "0.000001"],
    "country code": ["PL", "na"],
    "currency code": ["EUR", "usd"],
    "identifier": ["CFQ7TTC0LCHC", "0001", "5", "00012", "0F8FAD5B-D9CB-469F-A165-70867728950E"],
    "word": ["active", "Suspended", "none", "on hold"],
    "text": ["Łódź, Nowa", 'The "Élan"', "None", "P1Y"],
}

_parts = st.integers(0, 35).map(str)
_years = st.sampled_from(["2024", "2026", "1999", "9999", "2100", "1899", "9998"])
_clocks = st.sampled_from(
    ["", "T00:00:00Z", " 12:00:00 AM", " 7:05", "T23:59:59.9999999+00:00", "T23:59:59.9999999-00:01", "T00:00+02:00"]
    + [f"T{hour}:{minute}:00{sign}{offset}" for hour in ("00", "23") for minute in ("00", "59")
       for sign in "+-" for offset in ("00:00", "00:30", "14:59", "15:00")]
)  # fmt: skip
dates = st.one_of(
    st.builds(lambda y, m, d, c: f"{y}-{m:02d}-{d:02d}{c}", _years, st.integers(0, 13), st.integers(0, 32), _clocks),
    st.builds("{}.{}.{}{}".format, _parts, _parts, _years, _clocks),
    st.builds("{}/{}/{}{}".format, _parts, _parts, _years, _clocks),
    st.dates().map(str),
)
good_dates = st.builds(
    lambda day, form: day.strftime(form),
    st.dates(date(2000, 1, 1), date(2100, 1, 1)),
    st.sampled_from(["%Y-%m-%d", "%Y-%m-%dT10:37:38.885Z", "%d.%m.%Y", "%Y-%m-%d 00:00:00+02:00"]),
)
text = st.text(
    st.one_of(
        st.sampled_from(LOOKALIKES + CONTROLS + " \n\"',;\t"),
        st.characters(exclude_categories=["Cs"], exclude_characters="\0\r"),
    ),
    max_size=8,
)


@st.composite
def nearly(draw: st.DrawFn, cells: st.SearchStrategy[str]) -> str:
    """Draw a cell with something put in at one place, and perhaps a character taken out."""
    cell = draw(cells)
    place = draw(st.integers(0, len(cell)))
    put = draw(st.one_of(st.just(""), st.sampled_from(LOOKALIKES + CONTROLS + " 0-\n"), text))
    return cell[:place] + put + cell[place + draw(st.integers(0, 1)) :]


def good(column: Column) -> st.SearchStrategy[str]:
    """Return a strategy for cells that satisfy their column."""
    closed = [condition for condition in column.conditions if isinstance(condition, OneOf)]
    if column.kind.name == "GUID":
        return st.uuids(version=4).map(str) | st.uuids(version=4).map(lambda guid: str(guid).upper())
    if column.kind.stored is Stored.DAY:
        return good_dates
    if closed:
        return st.sampled_from([name for pair in closed[0].spellings for name in pair])
    return st.sampled_from(GOOD[column.kind.name])


def doubtful(column: Column) -> st.SearchStrategy[str]:
    """Return a strategy for cells that may or may not satisfy their column."""
    near = [dates, nearly(dates)] if column.kind.stored is Stored.DAY else []
    return st.one_of(nearly(good(column)), nearly(good(column)), *near, st.just(""), st.sampled_from(HOSTILE), text)


@st.composite
def rows_of(draw: st.DrawFn, table: Table, most: int = 25) -> list[dict[str, str]]:
    """Draw rows of a table with all required columns and some of the others, in any order."""
    keys = {name for either in table.either for name in draw(_groups(either))}
    chosen = [column for column in table.columns if column.required or column.name in keys]
    optional = [column for column in table.columns if column not in chosen]
    chosen += draw(st.lists(st.sampled_from(optional), unique_by=lambda column: column.name))
    columns = draw(st.permutations(chosen))
    # Most rows have a doubtful cell or two among good ones: a trap hides best in a row that would load.
    rows = []
    for _ in range(draw(st.integers(1, most))):
        traps = draw(st.sets(st.sampled_from(columns), max_size=3))
        row = {c.name: draw(doubtful(c) if c in traps else good(c)) for c in columns}
        missing = draw(st.sets(st.sampled_from(sorted(keys)), max_size=2)) if keys else ()
        rows.append(row | dict.fromkeys(missing, ""))
    return rows


def _groups(either: Either) -> st.SearchStrategy[list[str]]:
    """Return a strategy for columns of which an export needs some: at least one whole group."""
    groups = st.lists(st.sampled_from(either.groups), min_size=1, unique=True)
    return groups.map(lambda chosen: [name for group in chosen for name in group])
