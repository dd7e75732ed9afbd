"""What the lines of a price list say: the currency before the header, and the key of each row."""

from __future__ import annotations

import pytest

from pipeline.errors import NotAuditedError
from pipeline.load import Engine
from tests.pipeline.exports import PLAIN, Style, night, records
from tests.pipeline.loading import load_content
from tests.pipeline.price_lists import OFFERS, legacy

PREAMBLES = {
    "Doc currency,USD\n\n": ["USD"] * 3,
    '"doc_currency","eur"\n': ["EUR"] * 3,
    "\n\nDoc currency\tpln\n": ["PLN"] * 3,
    "#TYPE x\nDOC CURRENCY , USD ,,,,,,\n,,,\n": ["USD"] * 3,
    "Doc currency,\n\n": [None] * 3,
    "Doc currency\n": [None] * 3,
    "": [None] * 3,
}


@pytest.mark.parametrize("engine", Engine)
@pytest.mark.parametrize("preamble", PREAMBLES)
def test_currency_before_the_header_is_that_of_every_row(preamble: str, engine: Engine) -> None:
    loaded = load_content("price_list", legacy(preamble), engine)
    assert [row["currency"] for row in loaded.rows] == PREAMBLES[preamble]
    assert loaded.lines_loaded == [preamble.count("\n") + line for line in (2, 3, 4)]
    assert ("currency" in loaded.input.columns) == any(PREAMBLES[preamble])


def test_lines_before_the_header_may_be_quoted_and_parted_as_the_rows_are() -> None:
    rows = [["Offer ID", "Segment"], [OFFERS[1], "Academic"], [OFFERS[2], "Charity"]]
    style = Style(delimiter=";", quote_all=True, preamble='"Doc currency";"USD"')
    loaded = load_content("price_list", style.content(rows))
    assert [(row["line"], row["currency"]) for row in loaded.rows] == [(3, "USD"), (4, "USD")]


@pytest.mark.parametrize("engine", Engine)
def test_currency_of_a_row_wins_over_that_before_the_header(engine: Engine) -> None:
    rows = f"{OFFERS[1]},Academic,chf\n{OFFERS[2]},Charity,\n{OFFERS[3]},Corporate,Franken\n"
    content = f"Doc currency,USD\n\nOffer ID,License Agreement Type,Currency\n{rows}"
    loaded = load_content("price_list", content, engine)
    assert [row["currency"] for row in loaded.rows] == ["CHF", "USD"]
    assert loaded.unread == ((6, "currency", "Franken", "expected a three-letter currency code"),)


@pytest.mark.parametrize(
    ("preamble", "message"),
    [
        ("Doc currency,US Dollar\n", "line 1: found Doc currency US Dollar; expected a three-letter currency code"),
        ("\nDoc currency,$\n", r"line 2: found Doc currency \$; expected a three-letter"),
        ("Doc currency,USD\nDoc currency,EUR\n", "line 2: found a second line Doc currency; expected one"),
        ("Doc currency,USD,EUR\n", "line 1: found 3 column.s., none with a header that belongs to price_list"),
        (f"Doc currency,{'X' * 5_000}\n", "line 1: found Doc currency X{40}; expected"),
        ("Document currency,USD\n", "a header line such as product_id, sku_id, segment, split by a comma"),
    ],
)
def test_lines_before_the_header_that_cannot_be_are_refused(preamble: str, message: str) -> None:
    with pytest.raises(NotAuditedError, match=rf"price_list\.csv, {message}" if "line " in message[:5] else message):
        load_content("price_list", legacy(preamble))


def test_no_other_table_has_such_lines() -> None:
    with pytest.raises(NotAuditedError, match=r"customers\.csv, line 1: found 2 column"):
        load_content("customers", "Doc currency,USD\n\n" + PLAIN.text(records(night()["customers"])))


KEYS = """\
Product ID,Sku ID,Offer ID,Segment
CFQ7TTC0LCHC,1,,Commercial
,,{offer},Education
,,,Nonprofit
CFQ7TTC0LCHC,,,Nonprofit
,0001,,Nonprofit
CFQ7TTC0LCHC,,{offer},Commercial
"""


@pytest.mark.parametrize("engine", Engine)
def test_row_without_a_key_cannot_be_joined_and_goes_to_quarantine(engine: Engine) -> None:
    loaded = load_content("price_list", KEYS.format(offer=OFFERS[1]), engine)
    keys = [(row["line"], row["offer_key"]) for row in loaded.rows]
    assert keys == [(2, "cfq7ttc0lchc:0001"), (3, OFFERS[1]), (7, OFFERS[1])]
    reason = "expected product_id and sku_id, or offer_id"
    assert loaded.unread == (
        (4, "product_id", "", reason),
        (5, "product_id", "CFQ7TTC0LCHC", reason),
        (6, "product_id", "", reason),
    )
    assert loaded.input.unread == 3


@pytest.mark.parametrize("engine", Engine)
@pytest.mark.parametrize(
    ("content", "unread"),
    [
        (f"Offer ID,Segment\n{OFFERS[1]},Education\n,Education\n", (3, "offer_id")),
        ("Sku ID,Segment,Product ID\n1,Education,A\n,Education,B\n", (3, "product_id")),
        (f"Product ID,Segment,Offer ID\n,Education,{OFFERS[1]}\nB,Education,\n", (3, "product_id")),
    ],
)
def test_only_key_that_a_list_has_must_be_there(content: str, unread: tuple[int, str], engine: Engine) -> None:
    loaded = load_content("price_list", content, engine)
    assert loaded.lines_loaded == [2]
    assert [row[:2] for row in loaded.unread] == [unread]
