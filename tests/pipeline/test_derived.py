"""Columns that are computed when a row is loaded: the price per month, and the last day of a term."""

from __future__ import annotations

import pytest

from pipeline.load import Engine
from tests.pipeline.exports import guid
from tests.pipeline.loading import load_rows
from tests.sql.case_tables import draw, parse

# In both tables of prices, under the two names that they have for the plan.
PRICES = """
    unit_price | plan         | monthly_price
    86.40      | Monthly      | 86.4
    86.40      | MONTH        | 86.4
    86.40      | p1m          | 86.4
    86,40      | Annual       | 7.2
    12         | Annually     | 1.0
    12         | yearly       | 1.0
    10         | P1Y          | 0.833333
    36.00      | Triennial    | 1.0
    100        | P3Y          | 2.777778
    12         | an nu-al     | 1.0
    -12        | Annual       | -1.0
    0          | Annual       | 0.0
    0.000001   | Annual       | 0.0
    12         | None         |
    12         | OneTime      |
    12         | every summer |
    12         |              |
               | Monthly      |
               |              |
"""
LAST_DAYS = """
    offer_id             | commitment_end_date       | last_day
    CFQ7TTC0LCHC:0001:X  | 2026-11-20                | 2026-11-20
    CFQ7TTC0LCHC:0001    | 2026-11-20T23:59:59+00:00 | 2026-11-20
    CFQ7TTC0LCHC:0001:X  | 20.11.2026                | 2026-11-20
    0F8FAD5B-D9CB-469F   | 2026-11-20T00:00:00Z      | 2026-11-19
    0f8fad5b-d9cb-469f   | 2026-03-01                | 2026-02-28
    MS-AZR-0145P         | 2027-01-01                | 2026-12-31
    CFQ7TTC0LCHC:0001:X  | 9999-12-14T00:00:00Z      |
    MS-AZR-0145P         | 9999-12-31                |
    MS-AZR-0145P         | 9999-01-01                |
    MS-AZR-0145P         | 2199-12-31                | 2199-12-30
    CFQ7TTC0LCHC:0001:X  |                           |
    MS-AZR-0145P         |                           |
"""
SUBSCRIPTION = {"customer_id": guid(1), "status": "active", "creation_date": "2026-01-01"}
PRICE = {"offer_id": "x", "segment": "Education"}


def computed(table: str, drawn: str, common: dict[str, str], plan: str, engine: Engine) -> str:
    """Load the drawn cells but for the last column, and draw them with what is computed for it."""
    (*given, result), rows = parse(drawn)
    cells = [{plan if n == "plan" else n: row[n] or "" for n in given} for row in rows]
    keys = [{"subscription_id": f"s{n}"} if table == "subscriptions" else {} for n in range(len(rows))]
    loaded = load_rows(table, [common | key | row for key, row in zip(keys, cells, strict=True)], engine)
    assert len(loaded.rows) == len(rows), loaded.unread
    return draw([*given, result], [row | {result: new[result]} for row, new in zip(rows, loaded.rows, strict=True)])


@pytest.mark.parametrize("engine", Engine)
@pytest.mark.parametrize(
    ("table", "common", "plan"),
    [("price_list", PRICE, "billing_plan"), ("subscriptions", SUBSCRIPTION | {"offer_id": "x"}, "billing_cycle")],
    ids=["price_list", "subscriptions"],
)
def test_price_per_month_follows_from_the_billing_plan(
    table: str, common: dict[str, str], plan: str, engine: Engine
) -> None:
    columns, rows = parse(PRICES)
    assert computed(table, PRICES, common, plan, engine) == draw(columns, rows)


@pytest.mark.parametrize("engine", Engine)
def test_last_day_is_the_end_of_new_commerce_and_the_day_before_that_of_legacy(engine: Engine) -> None:
    columns, rows = parse(LAST_DAYS)
    assert computed("subscriptions", LAST_DAYS, SUBSCRIPTION, "", engine) == draw(columns, rows)


@pytest.mark.parametrize(
    "given",
    [{}, {"unit_price": "12"}, {"billing_cycle": "Monthly"}, {"unit_price": "", "billing_cycle": ""}],
    ids=str,
)
def test_nothing_is_computed_from_columns_that_an_export_lacks(given: dict[str, str]) -> None:
    (row,) = load_rows("subscriptions", [SUBSCRIPTION | {"subscription_id": "s", "offer_id": "a:b"} | given]).rows
    assert (row["monthly_price"], row["last_day"]) == (None, None)


def test_price_that_is_no_number_is_unread_and_stops_nothing() -> None:
    rows = [PRICE | {"unit_price": price, "billing_plan": "Annual"} for price in ("twelve", "1e400", "12")]
    loaded = load_rows("price_list", rows)
    assert (loaded.lines_unread, [row["monthly_price"] for row in loaded.rows]) == ([2, 3], [1.0])
