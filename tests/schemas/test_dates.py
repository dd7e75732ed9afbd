"""Dates: every form that exports use means one UTC day, and nothing else means any."""

from __future__ import annotations

from datetime import date

import pytest

from schemas.dates import DateOrder, parse_date

DAY, MONTH = DateOrder.DAY_FIRST, DateOrder.MONTH_FIRST
# cell | day first | month first; one dash: no day in either.
FORMS = """
    2026-11-20                          | 2026-11-20 | 2026-11-20
    2020-12-04T20:54:24Z                | 2020-12-04 | 2020-12-04
    2020-12-03T10:37:38.885Z            | 2020-12-03 | 2020-12-03
    2021-05-06T19:59:56.6832021+00:00   | 2021-05-06 | 2021-05-06
    2021-05-06 23:59:59                 | 2021-05-06 | 2021-05-06
    2021-05-06T23:59                    | 2021-05-06 | 2021-05-06
    9999-12-14T00:00:00Z                | 9999-12-14 | 9999-12-14
    9999-12-31T23:59:59-14:00           | 9999-12-31 | 9999-12-31
    7/1/2023 0:00                       | 2023-01-07 | 2023-07-01
    2/1/2019 12:00:00 AM                | 2019-01-02 | 2019-02-01
    2/1/2019 11:59:59 PM                | 2019-01-02 | 2019-02-01
    5/13/2026                           | -          | 2026-05-13
    13/5/2026                           | 2026-05-13 | -
    20.11.2026                          | 2026-11-20 | 2026-11-20
    1.2.2026 7:05                       | 2026-02-01 | 2026-02-01
    20/11/2026                          | 2026-11-20 | -
    2026-11-20T23:30:00-05:00           | 2026-11-21 | 2026-11-21
    2026-11-20T00:30:00+02:00           | 2026-11-19 | 2026-11-19
    2026-11-20T02:00:00+02:00           | 2026-11-20 | 2026-11-20
    2027-01-01T00:00:00+00:30           | 2026-12-31 | 2026-12-31
    2024-02-29                          | 2024-02-29 | 2024-02-29
    29.02.2024                          | 2024-02-29 | 2024-02-29
    2/29/2024                           | -          | 2024-02-29
    2025-02-29                          | -          | -
    2100-02-29                          | -          | -
    2000-02-29                          | 2000-02-29 | 2000-02-29
    29.02.2025                          | -          | -
    2026-02-30                          | -          | -
    2026-02-30T00:00:00+02:00           | -          | -
    2026-13-01                          | -          | -
    2026-00-10                          | -          | -
    2026-11-00                          | -          | -
    31.04.2026                          | -          | -
    0.1.2026                            | -          | -
    13.13.2026                          | -          | -
    20261120                            | -          | -
    2026-1-5                            | -          | -
    26-11-20                            | -          | -
    1899-12-31                          | -          | -
    2200-01-01                          | -          | -
    1900-01-01                          | 1900-01-01 | 1900-01-01
    2199-12-31                          | 2199-12-31 | 2199-12-31
    9998-12-31                          | -          | -
    2026-11-20T24:00:00Z                | -          | -
    2026-11-20T23:60:00Z                | -          | -
    2026-11-20T23:59:60Z                | -          | -
    2026-11-20t10:00:00z                | -          | -
    2026-11-20T10:00:00+15:00           | -          | -
    2026-11-20T10:00:00 Z               | -          | -
    infinity                            | -          | -
    epoch                               | -          | -
    today                               | -          | -
    None                                | -          | -
    NA                                  | -          | -
    November 20, 2026                   | -          | -
    45981                               | -          | -
    1/2/26                              | -          | -
    1-2-2026                            | -          | -
    2026/11/20                          | -          | -
"""  # fmt: skip
# What a drawn table cannot hold, or what looks like it: spaces, other digits, other dashes.
NO_DATES = [
    "",
    " 2026-01-01",
    "2026-01-01 ",
    "2026-01-01\n",
    "\u00a02026-01-01",
    "\u0662\u0660\u0662\u0666-01-01",
    "\uff12\uff10\uff12\uff16-01-01",
    "2026\u201101\u201101",
    "20\u00b711\u00b72026",
]
TABLE = [[cell.strip() for cell in line.split("|")] for line in FORMS.strip().splitlines()]


def read(text: str) -> date | None:
    return None if text == "-" else date.fromisoformat(text)


@pytest.mark.parametrize(("cell", "day_first", "month_first"), TABLE, ids=[row[0] for row in TABLE])
def test_cell_means_the_drawn_day(cell: str, day_first: str, month_first: str) -> None:
    assert parse_date(cell, DAY) == read(day_first)
    assert parse_date(cell, MONTH) == read(month_first)


@pytest.mark.parametrize("cell", NO_DATES)
@pytest.mark.parametrize("order", [DAY, MONTH, None])
def test_other_text_means_no_day(cell: str, order: DateOrder | None) -> None:
    assert parse_date(cell, order) is None


@pytest.mark.parametrize(("cell", "day_first"), [row[:2] for row in TABLE], ids=[row[0] for row in TABLE])
def test_slashed_cell_means_nothing_until_its_order_is_known(cell: str, day_first: str) -> None:
    assert parse_date(cell, None) == (None if "/" in cell else read(day_first))
