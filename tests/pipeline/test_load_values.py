"""Values that real files spring on a reader: each is kept as it was meant, or goes to the quarantine."""

from __future__ import annotations

import pytest

from pipeline.config import Config, TableConfig
from pipeline.errors import NotAuditedError
from pipeline.load import Engine
from schemas.dates import DateOrder
from tests.pipeline.exports import Row, Style, guid, night, records
from tests.pipeline.loading import Loaded, load_content, load_rows


def with_cells(table: str, column: str, cells: list[str]) -> list[Row]:
    """Return a row for each cell, whatever else the table needs taken from its first row."""
    first = night()[table][0]
    rows = [first | {column: cell} for cell in cells]
    if "subscription_id" in first:
        rows = [row | {"subscription_id": f"s{n}"} for n, row in enumerate(rows)]
    return rows


def load_cells(table: str, column: str, cells: list[str], config: Config | None = None) -> list[object]:
    """Return the value of each cell; a cell in quarantine is an ellipsis."""
    loaded = load_rows(table, with_cells(table, column, cells), config=config)
    by_line = {row["line"]: row[column] for row in loaded.rows}
    return [by_line.get(line, ...) for line in range(2, len(cells) + 2)]


SKUS = {"0005": "0005", "5": "0005", "10": "0010", "12345": "12345", "0A1": "00a1"}


@pytest.mark.parametrize(("sku", "padded"), SKUS.items())
def test_sku_gets_back_the_zeros_that_a_spreadsheet_took(sku: str, padded: str) -> None:
    (row,) = load_rows("price_list", with_cells("price_list", "sku_id", [sku])).rows
    assert (row["sku_id"], row["offer_key"]) == (sku.lower(), f"cfq7ttc0lchc:{padded}")


def test_guids_of_either_case_are_the_same_customer() -> None:
    assert load_cells("subscriptions", "customer_id", [guid(10).upper(), guid(10)]) == [guid(10)] * 2


def test_words_none_and_na_are_values_and_only_the_empty_cell_is_missing() -> None:
    words = ["None", "NA", "N/A", "null", "NULL", "nan", "", " "]
    assert load_cells("price_list", "billing_plan", words) == [*words[:6], None, " "]
    assert load_cells("price_list", "market", ["NA", "na", ""]) == ["NA", "NA", None]
    assert load_cells("qualifications", "qualification", ["None", "none"]) == ["None", "None"]
    assert load_cells("customers", "company_name", ["None"]) == ["None"]


def test_quoted_empty_cell_is_missing_too() -> None:
    rows = with_cells("qualifications", "vetting_status", ["", "Approved"])
    quoted = load_content("qualifications", Style(quote_all=True).content(records(rows)))
    assert [row["vetting_status"] for row in quoted.rows] == [None, "Approved"]


def test_required_cell_that_is_empty_goes_to_quarantine() -> None:
    rows = with_cells("customers", "company_name", ["Lipowa", ""])
    rows[1]["customer_id"] = guid(2)
    loaded = load_rows("customers", rows)
    assert loaded.lines_loaded == [2]
    assert loaded.unread == ((3, "company_name", "", "expected a value (the column is required)"),)


def test_dates_of_the_far_future_stay_dates() -> None:
    dates = ["9999-12-14T00:00:00Z", "9999-12-31", "31.12.9999", "9999-12-31T23:00:00-02:00"]
    assert load_cells("subscriptions", "commitment_end_date", dates) == ["9999-12-14", *["9999-12-31"] * 3]


def test_decimal_comma_and_point_are_the_same_price() -> None:
    prices = ["86.40", "86,40", "86,4", "1,234", "1.234,50", "86.40 zł"]
    assert load_cells("subscriptions", "unit_price", prices) == [86.4, 86.4, 86.4, ..., ..., ...]


def test_booleans_are_read_in_all_spellings() -> None:
    spellings = ["True", "FALSE", "yes", "No", "y", "N", "1", "0", "", "maybe", "2"]
    truths = [True, False] * 4 + [None, ..., ...]
    assert load_cells("subscriptions", "auto_renew_enabled", spellings) == truths


def test_whole_numbers_are_read_and_nothing_is_rounded() -> None:
    numbers = ["12", "+5", "007", "0", "12.7", "1e5", "1e12", "0x1A", " 5", "-1", "1000000001", "99999999999999999", ""]
    assert load_cells("subscriptions", "quantity", numbers) == [12, 5, 7, 0, *[...] * 8, None]


SEGMENTS = {
    "Commercial": ["commercial", "corporate", "Corporate"],
    "Education": ["education", "edu", "academic", "faculty", "student", "EDUCATION"],
    "Nonprofit": ["nonprofit", "non-profit", "charity", "NonProfit", "npo", "Non Profit"],
    "GovernmentCommunityCloud": [
        *("governmentcommunitycloud", "government_community_cloud", "government community cloud"),
        *("gcc", "government", "GCC"),
    ],
}


@pytest.mark.parametrize("segment", SEGMENTS)
def test_segment_is_stored_by_its_canonical_name(segment: str) -> None:
    spellings = SEGMENTS[segment]
    assert load_cells("price_list", "segment", [*spellings, segment]) == [segment] * (len(spellings) + 1)


def test_machine_translated_segments_are_not_accepted() -> None:
    assert load_cells("price_list", "segment", ["Reklama", "Microsoft Community Cloud", "Charity"]) == [
        ...,
        ...,
        "Nonprofit",
    ]


def test_unknown_status_is_loaded_and_reported() -> None:
    loaded = load_rows("subscriptions", with_cells("subscriptions", "status", ["Active", "on hold", "on hold"]))
    assert [row["status"] for row in loaded.rows] == ["active", "on hold", "on hold"]
    assert any("on hold (2)" in note for note in loaded.input.notes)


@pytest.mark.parametrize("engine", Engine)
def test_absent_optional_columns_are_empty_and_absent_relationship_means_reseller(engine: Engine) -> None:
    loaded = load_rows("customers", [{"customer_id": guid(1), "company_name": "Lipowa"}], engine)
    stated = {"customer_id": guid(1), "company_name": "Lipowa", "relationship": "reseller", "line": 2}
    assert loaded.rows == (dict.fromkeys(("domain", "country", "reseller_id", "tags")) | stated,)


def test_empty_relationship_is_not_taken_for_reseller() -> None:
    assert load_cells("customers", "relationship", [""]) == [None]


def test_removal_before_its_notice_is_unread() -> None:
    rows = [
        {"customer_id": guid(1), "notice_date": "2026-09-01", "removal_date": ""},
        {"customer_id": guid(2), "notice_date": "2026-09-01", "removal_date": "2026-12-24"},
        {"customer_id": guid(3), "notice_date": "2026-09-01", "removal_date": "2026-08-31"},
    ]
    loaded = load_rows("nonprofit_notices", rows)
    assert [row["removal_date"] for row in loaded.rows] == [None, "2026-12-24"]
    assert loaded.unread == ((4, "removal_date", "2026-08-31", "expected a date on or after notice_date"),)


def slashed(cells: list[str], **orders: DateOrder) -> Loaded:
    config = Config(tables={"subscriptions": TableConfig(date_order=orders)})
    return load_rows("subscriptions", with_cells("subscriptions", "creation_date", cells), config=config)


@pytest.mark.parametrize(
    ("cells", "days"),
    [
        (["1/2/2026", "13/2/2026"], ["2026-02-01", "2026-02-13"]),
        (["1/2/2026", "2/13/2026 12:00:00 AM"], ["2026-01-02", "2026-02-13"]),
        (["2026-11-20", "20.11.2026"], ["2026-11-20", "2026-11-20"]),
    ],
)
def test_values_of_a_column_decide_what_its_slashed_dates_mean(cells: list[str], days: list[str]) -> None:
    assert [row["creation_date"] for row in slashed(cells).rows] == days


@pytest.mark.parametrize(("order", "day"), [("day first", "2026-02-01"), ("month first", "2026-01-02")])
def test_setting_decides_where_the_values_do_not(order: str, day: str) -> None:
    with pytest.raises(NotAuditedError, match="could be day/month or month/day"):
        slashed(["1/2/2026"])
    loaded = slashed(["1/2/2026"], creation_date=DateOrder(order))
    assert [row["creation_date"] for row in loaded.rows] == [day]


@pytest.mark.parametrize(("late", "day"), [("1/25/2027", "2027-01-25"), ("25/1/2027", "2027-01-25")])
def test_slashed_dates_far_down_a_column_are_read_too(late: str, day: str) -> None:
    cells = [""] * 3_000 + [late]
    loaded = load_rows("subscriptions", with_cells("subscriptions", "commitment_end_date", cells))
    assert (loaded.input.unread, loaded.rows[-1]["commitment_end_date"]) == (0, day)


def test_undecidable_date_far_down_a_column_is_refused_by_name() -> None:
    rows = with_cells("subscriptions", "commitment_end_date", [""] * 3_000 + ["1/2/2027"])
    with pytest.raises(NotAuditedError, match=r"subscriptions\.csv, column commitment_end_date: found slashed dates"):
        load_rows("subscriptions", rows)


def test_each_column_has_an_order_of_its_own() -> None:
    rows = [
        row | {"commitment_end_date": "25/12/2026"}
        for row in with_cells("subscriptions", "creation_date", ["1/25/2026"])
    ]
    (row,) = load_rows("subscriptions", rows).rows
    assert (row["creation_date"], row["commitment_end_date"]) == ("2026-01-25", "2026-12-25")


def test_cells_of_a_hundred_thousand_characters_are_read() -> None:
    long = "x" * 200_000
    assert load_cells("customers", "company_name", [long]) == [long]
