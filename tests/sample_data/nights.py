"""Reads a night with the csv module and judges it with the obvious loops: a second opinion."""

import csv
import io
from collections import defaultdict
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

from schemas.catalog import TABLES
from schemas.conditions import fold
from schemas.dates import DateOrder, parse_date
from schemas.segments import QUALIFICATIONS, SEGMENTS

ROOT = Path(__file__).parents[2] / "sample_data"
MARKERS = {
    "Education": (
        "(Education Faculty Pricing)",
        "(Education Student Pricing)",
        "for faculty",
        "for students",
        "Student use benefit",
    ),
    "Nonprofit": ("(Non-Profit Pricing)", "(Nonprofit Staff Pricing)", "(Charity)"),
    "GovernmentCommunityCloud": (
        "(Governmental Community Cloud Pricing)",
        "for GCC",
        "(Government Pricing)",
        "Government Private Cloud",
    ),
}
# What each combination may be sold: the table of DOMAIN section 2, once more and in other words.
MATRIX = {"": "C", "N": "CN", "E": "CE", "EN": "CEN", "G": "G", "S": "C", "ES": "CE", "GS": "G"}
NOT_LIVE = {"none", "expired", "disabled", "deleted"}


def text_of(path: Path) -> str:
    content = path.read_bytes()
    if content.startswith(b"\xff\xfe"):
        return content.decode("utf-16")
    return content.decode("utf-8-sig" if content.startswith(b"\xef\xbb\xbf") else "cp1250")


def read(path: Path) -> list[dict[str, str]]:
    """Return the whole rows of an export under the canonical names of their columns."""
    text = text_of(path)
    if text.startswith("#TYPE"):
        text = text.split("\n", 1)[1]
    delimiter = max(",;\t", key=text.split("\n", 1)[0].count)
    header, *rows = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    table = next(table for name, table in TABLES.items() if path.name.startswith(name))
    names = [column.name if (column := table.match(cell)) else cell for cell in header]
    return [dict(zip(names, row, strict=True)) for row in rows if len(row) == len(header)]


def read_table(night: str, table: str) -> list[dict[str, str]]:
    paths = list((ROOT / "nights" / night).glob(f"{table}*.csv"))
    return read(paths[0]) if paths else []


def day(cell: str) -> date | None:
    return parse_date(cell, DateOrder.MONTH_FIRST)


def canonical(word: str, spellings: dict[str, tuple[str, ...]]) -> str:
    return next(name for name, others in spellings.items() if fold(word) in {fold(s) for s in (name, *others)})


def sellable(kind: str) -> str:
    """Return the segments that a combination may be sold; of one that is not listed, the strictest reading."""
    return MATRIX.get(kind) or "".join(set.intersection(*(set(MATRIX[one]) for one in kind)))


@dataclass(frozen=True)
class Found:
    rule: str
    customer_id: str
    subscription_id: str = ""
    due_on: str = ""


class Night:
    """One night's exports, and what the rules find in them."""

    def __init__(self, as_of: str) -> None:
        self.as_of = date.fromisoformat(as_of)
        self.customers = {row["customer_id"].lower(): row for row in read_table(as_of, "customers")}
        self.sales = [row for row in read_table(as_of, "subscriptions") if self._readable(row)]
        self.notices = read_table(as_of, "nonprofit_notices")
        self.held: dict[str, set[str]] = defaultdict(set)
        self.undecided: set[str] = set()
        for row in read_table(as_of, "qualifications"):
            customer, name = row["customer_id"].lower(), canonical(row["qualification"], QUALIFICATIONS)
            if self._counts(row["vetting_status"], name):
                self.held[customer].add(name)
            elif not row["vetting_status"] and name != "None":
                self.undecided.add(customer)
        self.listed: dict[str, set[str]] = defaultdict(set)
        for row in read_table(as_of, "price_list"):
            key = f"{row['product_id']}:{row['sku_id'].zfill(4)}"
            self.listed[key].add(canonical(row["segment"], SEGMENTS))

    @staticmethod
    def _readable(row: dict[str, str]) -> bool:
        dates = ("creation_date", "commitment_end_date")
        return len(row["customer_id"]) == 36 and row["quantity"].isdecimal() and all(day(row[d]) for d in dates)

    @staticmethod
    def _counts(status: str, name: str) -> bool:
        return status == "Approved" or (not status and name in {"StateOwnedEntity", "Nonprofit"})

    def findings(self) -> set[Found]:
        live = [row for row in self.sales if row["status"].lower() not in NOT_LIVE]
        sales = {found for row in live for found in self._sale(row)}
        undecided = self.undecided & {row["customer_id"].lower() for row in live}
        unclear = {Found("QUAL04", customer) for customer in undecided}
        return sales | unclear | {found for row in self.notices for found in self._notice(row)}

    def _sale(self, row: dict[str, str]) -> list[Found]:
        customer, subscription = row["customer_id"].lower(), row["subscription_id"].lower()
        if customer not in self.customers:
            return [Found("REL01", customer)]
        if self.customers[customer]["relationship"] != "Reseller":
            return [Found("REL02", customer, subscription)]
        told = [*self._evidence(row)]
        if not told:
            return [Found("SEG03", customer, subscription)]
        kind = "".join(sorted(name[0] for name in self.held[customer]))
        if told[0][0] not in sellable(kind):
            listed = kind in MATRIX
            return [self._forbidden(row) if listed else Found("SEG02", customer, subscription)]
        return [Found("SEG04", customer, subscription)] if len(set(told)) > 1 else []

    def _evidence(self, row: dict[str, str]) -> list[str]:
        """Return what the price list, the column and the name say, in this order."""
        listed = sorted(self.listed.get(":".join(row["offer_id"].split(":")[:2]), ()), reverse=True)
        column = [canonical(row["segment"], SEGMENTS)] if row["segment"] else []
        marked = [name for name, marks in MARKERS.items() if any(mark in row["offer_name"] for mark in marks)]
        return [*listed, *column, *marked]

    def _forbidden(self, row: dict[str, str]) -> Found:
        until = day(row["cancellation_allowed_until_date"])
        due_on = str(until) if until and until >= self.as_of else ""
        return Found("SEG01", row["customer_id"].lower(), row["subscription_id"].lower(), due_on)

    def _notice(self, row: dict[str, str]) -> list[Found]:
        customer, noticed = row["customer_id"].lower(), day(row["notice_date"])
        assert noticed
        removed = day(row["removal_date"]) or noticed + timedelta(days=90)
        running = removed >= self.as_of and "Nonprofit" in self.held[customer]
        return [Found("NPO01", customer, "", str(removed))] if running else []
