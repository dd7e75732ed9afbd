"""Writes price lists of both kinds, new commerce and legacy."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.pipeline.exports import Style, night, records, write, write_folder

if TYPE_CHECKING:
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


def write_lists(folder: Path) -> Path:
    """Write a night with both lists; return its folder."""
    write_folder(folder, {n: rows for n, rows in night().items() if n != "price_list"})
    write(folder / "price_list_nce.csv", new_commerce())
    write(folder / "Price List legacy.csv", legacy())
    return folder
