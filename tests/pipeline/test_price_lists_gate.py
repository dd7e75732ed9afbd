"""Each of several price lists must pass the gate: one that cannot be read refuses the night."""

from __future__ import annotations

import shutil
from datetime import date
from typing import TYPE_CHECKING

import pytest

from pipeline.config import Config, TableConfig
from pipeline.errors import NotAuditedError
from pipeline.gate import Question, admit
from schemas.dates import DateOrder
from tests.pipeline.commandline import call
from tests.pipeline.exports import AS_OF, night, run, write, write_folder
from tests.pipeline.price_lists import HEADER, OFFERS, legacy, new_commerce, write_lists

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return write_lists(tmp_path / "exports")


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
