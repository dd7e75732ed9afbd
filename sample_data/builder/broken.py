"""Ten rows of each required table, broken in one way for each thing that the gate must refuse."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from sample_data.builder.customers import customers, qualifications
from sample_data.builder.data import dice
from sample_data.builder.layouts import LAYOUTS
from sample_data.builder.sales import subscriptions

if TYPE_CHECKING:
    from collections.abc import Callable

    from sample_data.builder.data import Record
    from sample_data.builder.formats import Layout

_ROWS = 10


@dataclass(frozen=True)
class Export:
    """One file before it is broken."""

    layout: Layout
    records: list[Record]

    def write(self) -> bytes:
        """Write the file as it should be."""
        return self.layout.write(self.records)


def broken() -> dict[str, dict[str, bytes]]:
    """Return the files of each case."""
    exports = _exports()
    good = {export.layout.file: export.write() for export in exports.values()}
    return {case.__name__[1:]: _present(good | case(exports)) for case in _CASES}


def _present(files: dict[str, bytes]) -> dict[str, bytes]:
    return {name: content for name, content in files.items() if content}


def _exports() -> dict[str, Export]:
    buyers = customers(1)[:_ROWS][::-1]
    tenants = {buyer["customer_id"] for buyer in buyers}
    records = {"customers": buyers, "subscriptions": subscriptions(1), "qualifications": qualifications(1)}
    return {
        name: Export(LAYOUTS[1][name], [row for row in rows if row["customer_id"] in tenants][:_ROWS])
        for name, rows in records.items()
    }


def _header_only(exports: dict[str, Export]) -> dict[str, bytes]:
    return {"subscriptions.csv": exports["subscriptions"].layout.write([])}


def _missing_file(_: dict[str, Export]) -> dict[str, bytes]:
    return {"qualifications.csv": b""}


def _truncated(exports: dict[str, Export]) -> dict[str, bytes]:
    whole = exports["customers"].write()
    return {"customers.csv": whole[: whole.index(b", Rogowo") + len(b", Rog")]}


def _duplicate_headers(exports: dict[str, Export]) -> dict[str, bytes]:
    layout = exports["subscriptions"].layout
    return _subscriptions(exports, replace(layout, columns={**layout.columns, "SeatCount": "quantity"}))


def _missing_column(exports: dict[str, Export]) -> dict[str, bytes]:
    layout = exports["subscriptions"].layout
    columns = {header: field for header, field in layout.columns.items() if header != "OfferId"}
    return _subscriptions(exports, replace(layout, columns=columns))


def _subscriptions(exports: dict[str, Export], layout: Layout) -> dict[str, bytes]:
    return {"subscriptions.csv": layout.write(exports["subscriptions"].records)}


def _undecidable_dates(exports: dict[str, Export]) -> dict[str, bytes]:
    export = exports["subscriptions"]
    dates = [f"{row % 12 + 1:02}/{12 - row:02}/2025" for row in range(len(export.records))]
    slashed = [record | {"creation_date": day} for record, day in zip(export.records, dates, strict=True)]
    return {"subscriptions.csv": export.layout.write(slashed)}


def _binary(_: dict[str, Export]) -> dict[str, bytes]:
    # The first bytes of a spreadsheet's own format, which somebody renamed.
    return {"customers.csv": b"PK\x03\x04\x14\x00\x06\x00\x08\x00\x00\x00" + dice("binary").randbytes(500)}


def _utf16_without_bom(exports: dict[str, Export]) -> dict[str, bytes]:
    return {"customers.csv": exports["customers"].write().decode("utf-8-sig").encode("utf-16-le")}


def _no_delimiter(exports: dict[str, Export]) -> dict[str, bytes]:
    export = exports["qualifications"]
    layout = replace(export.layout, dialect=replace(export.layout.dialect, delimiter="|"))
    return {"qualifications.csv": layout.write(export.records)}


_CASES: tuple[Callable[[dict[str, Export]], dict[str, bytes]], ...] = (
    _header_only,
    _missing_file,
    _truncated,
    _duplicate_headers,
    _missing_column,
    _undecidable_dates,
    _binary,
    _utf16_without_bom,
    _no_delimiter,
)
