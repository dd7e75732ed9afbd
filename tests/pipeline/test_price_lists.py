"""Several price lists in one night, new commerce and legacy, become the one table of prices."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date
from typing import TYPE_CHECKING

import duckdb
import pytest

from pipeline.config import Config
from pipeline.gaps import closing_rules
from pipeline.gate import Question, admit
from pipeline.load import Engine
from pipeline.record import supplied_columns
from pipeline.rulefile import read_rules
from schemas.finding import Judgement, RuleResult
from schemas.reading import Input
from tests.pipeline.commandline import audit
from tests.pipeline.exports import AS_OF, run, write
from tests.pipeline.price_lists import LEGACY_ROWS, OFFERS, legacy, write_lists

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return write_lists(tmp_path / "exports")


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
