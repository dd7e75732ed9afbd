"""Several price lists in one night, new commerce and legacy, become the one table of prices."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from datetime import date
from typing import TYPE_CHECKING

import duckdb
import pytest

from pipeline.config import Config, TableConfig
from pipeline.errors import NotAuditedError
from pipeline.gate import Question, admit
from pipeline.lifecycle import closing_rules
from pipeline.load import Engine
from pipeline.record import supplied_columns
from pipeline.rulefile import read_rules
from schemas.dates import DateOrder
from schemas.finding import Input, Judgement, RuleResult
from tests.pipeline.commandline import audit, call
from tests.pipeline.exports import AS_OF, PLAIN, Style, night, records, run, write, write_folder
from tests.pipeline.loading import load_content

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

OFFERS = {number: f"{number:08x}-1111-4222-8333-444455556666" for number in range(1, 6)}
HEADER = (
    "A/C/D/U,Valid-From Date,Valid To Date,Offer Display Name,Offer ID,License Agreement Type,Purchase Unit,"
    "Secondary License Type,End Customer Type,List Price,ERP Price"
)
LEGACY_ROWS = f"""\
ADD,7/1/2023 0:00,12/31/9999 0:00,Office 365 A1 for faculty,{OFFERS[1]},Academic,1 Year,Add-on,Corporate,2.50,3.10
CHG,7/15/2023 0:00,12/31/9999 0:00,"Office 365 E1 (Charity), monthly",{OFFERS[2].upper()},Charity,1 Month,,Charity,4,5
UNC,7/1/2023 0:00,12/31/9999 0:00,Office 365 E3,{OFFERS[3]},Corporate,1 Month,,Corporate,"12,50",15.00
"""
NEW_COMMERCE = Style("utf-16", delimiter="\t", newlines=("\r\n",))
MONEY = {"currency": "EUR"}


def legacy(preamble: str = "Doc currency,USD\n\n", rows: str = LEGACY_ROWS, header: str = HEADER) -> str:
    return f"{preamble}{header}\n{rows}"


def new_commerce() -> bytes:
    return NEW_COMMERCE.content(records([row | MONEY for row in night()["price_list"]]))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return a night with both lists."""
    folder = write_folder(tmp_path / "exports", {n: rows for n, rows in night().items() if n != "price_list"})
    write(folder / "price_list_nce.csv", new_commerce())
    write(folder / "Price List legacy.csv", legacy())
    return folder


def prices(state: Path, columns: str) -> list[tuple[object, ...]]:
    with duckdb.connect(str(state / "warehouse.duckdb"), read_only=True) as connection:
        return connection.execute(f"select {columns} from core.price_list order by file, line").fetchall()


def inputs(state: Path) -> list[dict[str, object]]:
    record = json.loads((state / "latest" / "run.json").read_text(encoding="utf-8"))
    return [item for item in record["inputs"] if item["table"] == "price_list"]


@pytest.mark.parametrize("engine", Engine)
def test_lists_of_both_kinds_are_read_into_one_table(folder: Path, tmp_path: Path, engine: Engine) -> None:
    assert run(folder, tmp_path / "state", "--engine", engine).code == 1
    legacy_file, new_file = "Price List legacy.csv", "price_list_nce.csv"
    assert prices(tmp_path / "state", "file, line, offer_key, segment, currency, unit_price::varchar") == [
        (legacy_file, 4, OFFERS[1], "Education", "USD", "2.500000"),
        (legacy_file, 5, OFFERS[2], "Nonprofit", "USD", "4.000000"),
        (legacy_file, 6, OFFERS[3], "Commercial", "USD", "12.500000"),
        (new_file, 2, "cfq7ttc0lchc:0001", "Commercial", "EUR", "36.000000"),
        (new_file, 3, "cfq7ttc0lchc:0002", "Education", "EUR", "3.250000"),
        (new_file, 4, "cfq7ttc0lchc:0003", "Nonprofit", "EUR", "3.100000"),
        (new_file, 5, "cfq7ttc0lchc:0004", "GovernmentCommunityCloud", "EUR", "4.000000"),
    ]
    first, second = inputs(tmp_path / "state")
    assert [(item["file"], item["rows"], item["loaded"]) for item in (first, second)] == [
        (legacy_file, 3, 3),
        (new_file, 4, 4),
    ]
    ignored, currency, *dates = first["notes"]
    assert "A/C/D/U, Purchase Unit, Secondary License Type, End Customer Type" in ignored
    assert currency == "Rows without a currency of their own have USD, as the lines before the header say."
    assert dates == [
        f"Slashed dates in {name} were read month first." for name in ("effective_start_date", "effective_end_date")
    ]


def test_legacy_columns_become_title_dates_and_prices(folder: Path, tmp_path: Path) -> None:
    assert run(folder, tmp_path / "state").code == 1
    columns = "sku_title, effective_start_date::varchar, effective_end_date::varchar, erp_price::varchar, product_id"
    assert prices(tmp_path / "state", columns)[:2] == [
        ("Office 365 A1 for faculty", "2023-07-01", "9999-12-31", "3.100000", None),
        ("Office 365 E1 (Charity), monthly", "2023-07-15", "9999-12-31", "5.000000", None),
    ]


def test_check_names_every_list(folder: Path, tmp_path: Path) -> None:
    ended = call("check", folder, "--as-of", AS_OF, "--state", tmp_path / "state")
    assert ended.code == 0
    assert "ok  Price List legacy.csv: 3 lines, utf-8, 8 columns, 4 ignored" in ended.out
    assert "ok  price_list_nce.csv: 4 lines, utf-16-le, 8 columns" in ended.out


def test_one_list_under_two_names_is_refused(folder: Path, tmp_path: Path) -> None:
    shutil.copy(folder / "price_list_nce.csv", folder / "price_list_nce (1).csv")
    ended = run(folder, tmp_path / "state")
    assert ended.code == 3
    assert (
        "price_list_nce.csv: found the same content as price_list_nce (1).csv; expected each export once" in ended.err
    )


def unknown_currency(folder: Path) -> None:
    write(folder / "Price List legacy.csv", legacy("Doc currency,Dollars\n\n"))


def cut_off(folder: Path) -> None:
    write(folder / "Price List legacy.csv", legacy().rstrip("\n") + '\nADD,7/1/2023 0:00,"')


def no_offer(folder: Path) -> None:
    write(folder / "Price List legacy.csv", legacy(header=HEADER.replace("Offer ID", "Offer Number")))


def a_folder(folder: Path) -> None:
    (folder / "Price List legacy.csv").unlink()
    (folder / "Price List legacy.csv").mkdir()


def gone(folder: Path) -> None:
    (folder / "Price List legacy.csv").unlink()
    (folder / "Price List legacy.csv").symlink_to(folder / "gone.csv")


REFUSED: dict[str, tuple[Callable[[Path], object], str]] = {
    "currency": (
        unknown_currency,
        "line 1: found Doc currency Dollars; expected a three-letter currency code. Correct that line, or remove it",
    ),
    "cut off": (cut_off, "line 7: found the file ends in the middle of a row"),
    "no key": (
        no_offer,
        "line 3: found neither product_id and sku_id nor offer_id among 11 columns; expected headers product_id and",
    ),
    "folder": (a_folder, "found a folder; expected a CSV file"),
    "gone": (gone, "found no such file or directory"),
}


@pytest.mark.parametrize(("spoil", "message"), REFUSED.values(), ids=REFUSED)
def test_one_bad_list_beside_a_good_one_refuses_the_night(
    spoil: Callable[[Path], object], message: str, folder: Path, tmp_path: Path
) -> None:
    spoil(folder)
    ended = run(folder, tmp_path / "state")
    assert (ended.code, ended.out, ended.err.count("\n")) == (3, "", 1)
    assert ended.err.startswith("csp-audit: Price List legacy.csv")
    assert message in ended.err
    assert "price_list_nce.csv" not in ended.err


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


def test_second_file_is_named_in_the_quarantine_with_its_own_lines(folder: Path, tmp_path: Path) -> None:
    bad = legacy(rows=LEGACY_ROWS + f"ADD,7/1/2023 0:00,,Office,{OFFERS[4]},Reklama,1 Year,,,1,1\n")
    write(folder / "price_list_old.csv", bad.replace("USD", "GBP"))
    assert run(folder, tmp_path / "state").code == 1
    quarantine = (tmp_path / "state" / "latest" / "quarantine.csv").read_text(encoding="utf-8").splitlines()
    (line,) = [line for line in quarantine if "Reklama" in line]
    assert "price_list" in line
    assert "price_list_old.csv,7,segment,Reklama" in line
    counts = {item["file"]: (item["loaded"], item["unread"]) for item in inputs(tmp_path / "state")}
    assert counts == {"Price List legacy.csv": (3, 0), "price_list_nce.csv": (4, 0), "price_list_old.csv": (3, 1)}


def test_list_counts_as_shrunken_when_all_lists_together_lost_rows(folder: Path, tmp_path: Path) -> None:
    state = tmp_path / "state"
    rows = "".join(f"ADD,7/15/2023,,Office {n},offer-{n},Academic,1 Year,,,1,1\n" for n in range(40))
    write(folder / "Price List legacy.csv", legacy(rows=rows))
    assert audit(folder, "2026-11-19", state).code == 1
    halves = rows.splitlines(keepends=True)
    write(folder / "Price List legacy.csv", legacy(rows="".join(halves[:20])))
    write(folder / "price_list_more.csv", legacy(rows="".join(halves[20:])))
    assert run(folder, state).code == 1
    (folder / "price_list_more.csv").unlink()
    ended = run(folder, state)
    assert ended.code == 3
    assert "Price List legacy.csv and price_list_nce.csv: found 24 lines after 44 on the last good night" in ended.err


def test_columns_of_a_table_are_those_of_all_its_files(folder: Path, tmp_path: Path) -> None:
    """The billing plan is in one list only, and neither a rule that needs it nor one that uses it misses it."""
    assert audit(folder, "2026-11-19", tmp_path / "state").code == 1
    (tmp_path / "work").mkdir()
    exports = admit(Question(folder, date.fromisoformat(AS_OF), {}), Config(), tmp_path / "work")
    supplied = supplied_columns(exports)
    assert {"billing_plan", "offer_id", "currency"} <= supplied["price_list"]
    tonight = [Input(e.table.name, e.file, columns=tuple(e.header.present)) for e in exports]
    rule = replace(read_rules()[0].rule, uses=("price_list.billing_plan", "price_list.offer_id"))
    with duckdb.connect(str(tmp_path / "state" / "warehouse.duckdb"), read_only=True) as connection:
        judged, day = [RuleResult(rule, Judgement.JUDGED)], date.fromisoformat(AS_OF)
        for inputs in (tonight, tonight[::-1]):
            assert closing_rules(connection, day, judged, inputs) == [rule.id]
        alone = [item for item in tonight if item.file != "price_list_nce.csv"]
        assert closing_rules(connection, day, judged, alone) == []


def lists(tmp_path: Path, config: Config, **files: bytes | str) -> dict[str, str]:
    """Put these lists through the gate; return how each one's text and dates are read."""
    folder = write_folder(tmp_path / "exports", {n: rows for n, rows in night().items() if n != "price_list"})
    for name, content in files.items():
        write(folder / f"price_list_{name}.csv", content)
    work = tmp_path / "work"
    work.mkdir()
    exports = admit(Question(folder, date.fromisoformat(AS_OF), {}), config, work)
    return {
        export.file[
            11:-4
        ]: f"{export.text.encoding} {export.header.delimiter!r} {export.orders.get('effective_start_date')}"
        for export in exports
        if export.table.name == "price_list"
    }


def test_settings_of_the_table_decide_only_for_lists_that_do_not_say_themselves(tmp_path: Path) -> None:
    """A setting for the old list would make the new one unreadable if it were taken for both."""
    settings = TableConfig(encoding="cp1250", delimiter="|", date_order={"effective_start_date": DateOrder.MONTH_FIRST})
    undecided = "Offer ID|Segment|Valid-From Date|SkuTitle\nx|Academic|7/1/2023|Uczeń\n".encode("cp1250")
    decided = "Offer ID\tSegment\tValid-From Date\nx\tAcademic\t25/1/2023\n".encode("utf-16")
    read = lists(tmp_path, Config(tables={"price_list": settings}), new=decided, old=undecided)
    assert read == {"new": "utf-16-le '\\t' day first", "old": "cp1250 '|' month first"}


def test_undecided_date_of_one_list_is_refused_with_the_name_of_the_setting(tmp_path: Path) -> None:
    undecided = f"Offer ID,Segment,Valid-From Date\n{OFFERS[1]},Academic,7/1/2023 0:00\n"
    with pytest.raises(
        NotAuditedError, match=r"price_list_b\.csv, column effective_start_date: .*price_list\.date_order"
    ):
        lists(tmp_path, Config(), a=new_commerce(), b=undecided)
