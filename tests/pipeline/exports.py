"""Writes a small valid folder of exports in any style, and puts it through the program."""

from __future__ import annotations

import codecs
import json
import os
import random
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from tests.pipeline.commandline import audit

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from tests.pipeline.commandline import Ended

Row = dict[str, str]
Night = dict[str, list[Row]]
AS_OF = "2026-11-20"
WRITTEN_AT = datetime(2026, 11, 20, 3, tzinfo=UTC).timestamp()
# What every run that is not dry leaves, also one that was refused.
ALWAYS_WRITTEN = re.compile(r"csp-audit\.log(\.[0-9]+)?|lock|status\.json|\.status\.json\.lock")


def guid(number: int) -> str:
    return f"{number:08x}-0000-4000-8000-00000000abcd"


CUSTOMERS = """
    customer_id | company_name             | domain          | relationship | country | tags
    1           | Lipowa, Brzoza & Syn     | lipowa.example  | Reseller     | PL      | firm
    2           | Hospicjum "Wólka"        | wolka.example   | Reseller     | PL      | ngo
    3           | Scuola Media~Élan, Udine | elan.example    | reseller     | IT      | school
    4           | County of Pine Hollow    | pine.example    | Reseller     | US      | town hall
    5           | Zürich Advisory          | zuerich.example | Advisor      | NA      | None
    6           | Nonprofit and State      | state.example   | Reseller     | IT      |
"""
SUBSCRIPTIONS = """
    no | customer_id | sku  | offer_name                   | segment   | seats | status    | bought     | ends
    1  | 1           | 0002 | Microsoft 365 A3 for faculty | Education | 12    | active    | 2026-01-05 | 2027-01-04
    2  | 1           | 0001 | Microsoft 365 E3             |           | 30    | active    | 2026-01-05 | 2027-01-04
    3  | 2           | 0003 | Office 365 E1 (Charity)      |           | 40    | active    | 2025-03-05 | 9999-12-14
    4  | 3           | 0004 | Teams for GCC                |           | 7     | suspended | 2026-02-01 | 2027-01-31
    5  | 4           | 0001 | Microsoft 365 E3             |           | 9     | active    | 2026-02-01 | 2027-01-31
    6  | 5           | 0001 | Microsoft 365 E3             |           | 1     | active    | 2026-02-01 | 2027-01-31
    7  | 6           | 0003 | Office 365 E1 (Charity)      |           | 5     | pending   | 2026-02-01 |
    8  | 99          | 0001 | Microsoft 365 E3             |           | 5     | active    | 2026-02-01 |
    9  | 2           | 0009 | Something unlisted           |           | 5     | active    | 2026-02-01 |
    10 | 3           | 0002 | Microsoft 365 A3 (Charity)   | Nonprofit | 6     | active    | 2026-02-01 |
"""
QUALIFICATIONS = """
    customer_id | qualification            | vetting_status | vetting_reason            | vetting_create_date
    1           | Education                | Denied         | Not an Education Customer | 2026-10-01
    2           | Nonprofit                |                |                           | 2024-10-01
    3           | Education                | Approved       |                           | 2024-10-01
    4           | GovernmentCommunityCloud | Approved       |                           | 2024-10-01
    5           | None                     |                |                           |
    6           | Nonprofit                |                |                           | 2024-10-01
    6           | StateOwnedEntity         |                |                           |
"""
PRICES = """
    product_id   | sku_id | sku_title                    | segment    | billing_plan | market | unit_price
    CFQ7TTC0LCHC | 0001   | Microsoft 365 E3             | Commercial | None         | NA     | 36.00
    CFQ7TTC0LCHC | 0002   | Microsoft 365 A3 for faculty | Education  | Annual       | NA     | 3.25
    CFQ7TTC0LCHC | 0003   | Office 365 E1 (Charity)      | Charity    | Monthly      | NA     | 3.10
    CFQ7TTC0LCHC | 0004   | Teams for GCC                | Government | Monthly      | NA     | 4.00
"""
NOTICES = """
    customer_id | notice_date | removal_date | contested
    2           | 2026-09-15  | 2026-12-14   | False
    6           | 2026-11-01  |              | False
"""


def _rows(drawn: str) -> list[Row]:
    """Read a drawn table; `~` is a line break inside a cell, and customers have numbers."""
    header, *lines = ([cell.strip() for cell in line.split("|")] for line in drawn.strip().splitlines())
    rows = [dict(zip(header, (cell.replace("~", "\n") for cell in line), strict=True)) for line in lines]
    return [row | ({"customer_id": guid(int(row["customer_id"]))} if "customer_id" in row else {}) for row in rows]


def _subscription(drawn: Row) -> Row:
    return {
        "subscription_id": f"s-{int(drawn['no']):02}",
        "customer_id": drawn["customer_id"],
        "offer_id": f"CFQ7TTC0LCHC:{drawn['sku']}:CFQ7TTC0TEST",
        "offer_name": drawn["offer_name"],
        "segment": drawn["segment"],
        "quantity": drawn["seats"],
        "status": drawn["status"],
        "auto_renew_enabled": "True",
        "creation_date": f"{drawn['bought']}T07:43:19.885Z",
        "commitment_end_date": drawn["ends"] and f"{drawn['ends']}T23:59:59+00:00",
        "unit_price": "86.40",
    }


def night() -> Night:
    """Return exports in which every segment rule and every relationship rule finds something."""
    return {
        "customers": _rows(CUSTOMERS),
        "subscriptions": [_subscription(row) for row in _rows(SUBSCRIPTIONS)],
        "qualifications": _rows(QUALIFICATIONS),
        "price_list": _rows(PRICES),
        "nonprofit_notices": _rows(NOTICES),
    }


@dataclass(frozen=True)
class Style:
    """How a tool writes its files; `newlines` are taken in turn."""

    encoding: str = "utf-8"
    bom: bytes = b""
    delimiter: str = ","
    newlines: tuple[str, ...] = ("\n",)
    quote_all: bool = False
    preamble: str = ""

    def text(self, rows: Sequence[Sequence[str]]) -> str:
        lines = [self.preamble] if self.preamble else []
        lines += [self.delimiter.join(map(self._cell, row)) for row in rows]
        return "".join(line + self.newlines[n % len(self.newlines)] for n, line in enumerate(lines))

    def content(self, rows: Sequence[Sequence[str]]) -> bytes:
        return self.bom + self.text(rows).encode(self.encoding)

    def _cell(self, cell: str) -> str:
        special = self.quote_all or any(mark in cell for mark in (self.delimiter, '"', "\n", "\r"))
        return '"' + cell.replace('"', '""') + '"' if special else cell


PLAIN = Style()
UTF_8_MARK, UTF_16_LE_MARK, UTF_16_BE_MARK = codecs.BOM_UTF8, codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE


def records(rows: Sequence[Row]) -> list[list[str]]:
    """Return the header and the cells of rows that all have the same columns."""
    header = list(rows[0])
    return [header, *([row[name] for name in header] for row in rows)]


def write(path: Path, content: bytes | str) -> Path:
    """Write one file as old as the sample night's exports are."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    os.utime(path, (WRITTEN_AT, WRITTEN_AT))
    return path


def write_folder(folder: Path, tables: Mapping[str, list[Row]] | None = None, style: Style = PLAIN) -> Path:
    """Write one file for each table."""
    for name, rows in (night() if tables is None else tables).items():
        write(folder / f"{name}.csv", style.content(records(rows)))
    return folder


def shuffled(tables: Night, seed: int) -> Night:
    """Return the tables with rows and columns in another order."""
    dice = random.Random(seed)
    mixed: Night = {}
    for name, rows in tables.items():
        columns = dice.sample(list(rows[0]), len(rows[0]))
        mixed[name] = [{column: row[column] for column in columns} for row in dice.sample(rows, len(rows))]
    return mixed


def many_customers(count: int) -> list[Row]:
    return [{"customer_id": guid(n), "company_name": f"Company {n}", "country": "PL"} for n in range(1, count + 1)]


def write_wrong_sales(folder: Path, wrong: int) -> Path:
    """Write a night of forty customers: the first `wrong` are sold an Education offer, the others a commercial one."""
    tables = night()
    education, commercial, *_ = tables["subscriptions"]
    numbers = range(1, 41)
    return write_folder(
        folder,
        {
            "customers": [row | {"reseller_id": f"{n % 2}"} for n, row in enumerate(many_customers(40), start=1)],
            "subscriptions": [
                (education if n <= wrong else commercial)
                | {"subscription_id": f"s-{n:02}", "customer_id": guid(n), "reseller_id": f"{n % 2}"}
                for n in numbers
            ],
            "qualifications": [tables["qualifications"][4] | {"customer_id": guid(n)} for n in numbers],
            "price_list": tables["price_list"],
        },
    )


def run(folder: Path, state: Path, *options: str | Path) -> Ended:
    """Audit a folder as of the sample night."""
    return audit(folder, AS_OF, state, *options)


def contents(folder: Path) -> dict[str, bytes]:
    """Return the bytes of every file below a folder, without the logs, the status and the locks."""
    files = [path for path in folder.rglob("*") if path.is_file() and not ALWAYS_WRITTEN.fullmatch(path.name)]
    return {str(path.relative_to(folder)): path.read_bytes() for path in files}


def logged(state: Path) -> list[str]:
    """Return each line of the newest log: its level and its message."""
    lines = (state / "csp-audit.log").read_text(encoding="ascii").splitlines()
    return [f"{line['level']} {line['message']}" for line in map(json.loads, lines)]
