"""Reads a night with the csv module, and says of its customers, sales and partners what rules ask about them."""

import csv
import io
import re
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cached_property
from pathlib import Path

from schemas.catalog import TABLES
from schemas.conditions import fold
from schemas.dates import DateOrder, parse_date
from schemas.segments import QUALIFICATIONS, SEGMENTS
from schemas.table import Table

ROOT = Path(__file__).parents[2] / "sample_data"
GCC = "GovernmentCommunityCloud"
MARKERS = {
    "Education": (
        "(Education Faculty Pricing)",
        "(Education Student Pricing)",
        "for faculty",
        "for students",
        "Student use benefit",
    ),
    "Nonprofit": ("(Non-Profit Pricing)", "(Nonprofit Staff Pricing)", "(Charity)"),
    GCC: (
        "(Governmental Community Cloud Pricing)",
        "for GCC",
        "(Government Pricing)",
        "Government Private Cloud",
        "GCC High",
        "DoD",
    ),
}
# What each combination may be sold: the table of DOMAIN section 2, once more and in other words.
MATRIX = {"": "C", "N": "CN", "E": "CE", "EN": "CEN", "G": "G", "S": "C", "ES": "CE", "GS": "G"}
NOT_LIVE = {"none", "expired", "disabled", "deleted"}
NOTICE_DAYS = timedelta(days=90)
DAY = timedelta(days=1)
VETERANS_DAY = date(2026, 11, 11)

Row = dict[str, str]


def text_of(path: Path) -> str:
    content = path.read_bytes()
    if content.startswith(b"\xff\xfe"):
        return content.decode("utf-16")
    return content.decode("utf-8-sig" if content.startswith(b"\xef\xbb\xbf") else "cp1250")


def table_of(path: Path) -> Table:
    return next(table for name, table in TABLES.items() if path.name.startswith(name))


def cells_of(path: Path) -> list[list[str]]:
    """Return the header's cells and those of the rows behind it."""
    lines = text_of(path).splitlines(keepends=True)
    before = ("#TYPE", "Doc currency")
    while lines[0].startswith(before) or not lines[0].strip(",;\t\r\n"):
        del lines[0]
    delimiter = max(",;\t", key=lines[0].count)
    return list(csv.reader(io.StringIO("".join(lines), newline=""), delimiter=delimiter))


def read(path: Path) -> list[Row]:
    """Return the whole rows of an export under the canonical names of their columns."""
    header, *rows = cells_of(path)
    names = [column.name if (column := table_of(path).match(cell)) else cell for cell in header]
    return [dict(zip(names, row, strict=True)) for row in rows if len(row) == len(header)]


def read_table(night: str, table: str) -> list[Row]:
    """Return the rows of all files of a table, with ids in lower case."""
    paths = sorted((ROOT / "nights" / night).glob(f"{table}*.csv"))
    return [{name: _id(name, cell) for name, cell in row.items()} for path in paths for row in read(path)]


def _id(name: str, cell: str) -> str:
    return cell.lower() if name.endswith("_id") else cell


def day(cell: str | None) -> date | None:
    return parse_date(cell, DateOrder.MONTH_FIRST) if cell else None


def sure(cell: str) -> date:
    read = day(cell)
    assert read
    return read


def truth(row: Row, name: str) -> bool | None:
    cell = row.get(name, "")
    return fold(cell) in {"true", "yes"} if cell else None


def canonical(word: str, spellings: dict[str, tuple[str, ...]]) -> str:
    return next(name for name, others in spellings.items() if fold(word) in {fold(s) for s in (name, *others)})


def sellable(kind: str) -> str:
    """Return the segments that a combination may be sold; of one that is not listed, the strictest reading."""
    return MATRIX.get(kind) or "".join(set.intersection(*(set(MATRIX[one]) for one in kind)))


def answer_due(asked: date, days: int, *, in_america: bool) -> date:
    """Count business days from the day after the question on."""
    while days:
        asked += DAY
        days -= asked.weekday() < 5 and not (in_america and asked == VETERANS_DAY)
    return asked


@dataclass(frozen=True)
class Sale:
    """One live subscription of a customer in the export, and the segment that each source names."""

    row: Row
    listed: frozenset[str]
    titles: frozenset[str]

    @property
    def id(self) -> str:
        return self.row["subscription_id"]

    @property
    def customer(self) -> str:
        return self.row["customer_id"]

    @property
    def stated(self) -> str:
        return canonical(self.row["segment"], SEGMENTS) if self.row["segment"] else ""

    @property
    def marked(self) -> str:
        named = [name for name, marks in MARKERS.items() if any(mark in self.row["offer_name"] for mark in marks)]
        return named[0] if named else ""

    @property
    def told(self) -> set[str]:
        return {*self.listed, self.stated, self.marked} - {""}

    @property
    def segment(self) -> str:
        return (min(self.listed) if len(self.listed) == 1 else "") or self.stated or self.marked

    @property
    def cloud(self) -> str:
        found = re.search("GCC High|DoD", " ".join((self.row["offer_name"], *self.titles)))
        return found.group() if found else ""

    @property
    def is_legacy(self) -> bool:
        return re.fullmatch("[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", self.row["offer_id"]) is not None

    @property
    def created(self) -> date:
        return sure(self.row["creation_date"])

    @property
    def last_day(self) -> date | None:
        end = day(self.row["commitment_end_date"])
        if end is None or end.year == 9999:
            return None
        return end if ":" in self.row["offer_id"] else end - DAY

    @property
    def rolls_on(self) -> bool:
        """Whether it ends into a paid extension, if it ends at all."""
        bought = day(self.row["effective_start_date"]) or self.created
        ends = truth(self.row, "auto_renew_enabled") is False and fold(self.row["scheduled_action"]) != "cancel"
        is_late = self.last_day is not None and self.last_day >= date(2026, 5, 4)
        return ends and ":" in self.row["offer_id"] and bought >= date(2025, 4, 1) and is_late


@dataclass(frozen=True)
class Notice:
    """The end of a customer's nonprofit qualification."""

    customer: str
    removal: date
    due: str


class Night:
    """One night's exports; `before` is the night before it, whose qualifications are remembered."""

    def __init__(self, as_of: str, before: "Night | None" = None) -> None:
        self.as_of = date.fromisoformat(as_of)
        self.before = before
        self.customers = {row["customer_id"]: row for row in read_table(as_of, "customers")}
        self.partners = {row["tenant_id"]: row for row in read_table(as_of, "partners")}
        self.validations = read_table(as_of, "gcc_validations")
        self.requests = read_table(as_of, "qualification_requests")
        self.notice_rows = read_table(as_of, "nonprofit_notices")
        self.live = [row for row in read_table(as_of, "subscriptions") if self._is_read(row) and self._is_live(row)]
        self.qualifications: dict[str, list[tuple[str, Row]]] = defaultdict(list)
        for row in read_table(as_of, "qualifications"):
            self.qualifications[row["customer_id"]].append((canonical(row["qualification"], QUALIFICATIONS), row))
        self.listed: dict[str, set[str]] = defaultdict(set)
        self.titles: dict[str, set[str]] = defaultdict(set)
        for row in read_table(as_of, "price_list"):
            key = row.get("offer_id") or f"{row['product_id']}:{row['sku_id'].zfill(4)}"
            self.listed[key].add(canonical(row["segment"], SEGMENTS))
            self.titles[key].add(row["sku_title"])

    @staticmethod
    def _is_read(row: Row) -> bool:
        dates = ("creation_date", "commitment_end_date")
        return len(row["customer_id"]) == 36 and row["quantity"].isdecimal() and all(day(row[d]) for d in dates)

    @staticmethod
    def _is_live(row: Row) -> bool:
        return row["status"].lower() not in NOT_LIVE

    @cached_property
    def sales(self) -> list[Sale]:
        known = [row for row in self.live if row["customer_id"] in self.customers]
        return [Sale(row, self.segments_of(row["offer_id"]), self._titles_of(row["offer_id"])) for row in known]

    def segments_of(self, offer: str) -> frozenset[str]:
        return frozenset(self.listed.get(":".join(offer.split(":")[:2]), ()))

    def _titles_of(self, offer: str) -> frozenset[str]:
        return frozenset(self.titles.get(":".join(offer.split(":")[:2]), ()))

    def held(self, customer: str) -> set[str]:
        return {name for name, row in self.qualifications[customer] if self.counts(name, row)}

    @staticmethod
    def counts(name: str, row: Row) -> bool:
        if name == "None":
            return False
        status = row["vetting_status"]
        return status == "Approved" or name == "StateOwnedEntity" or (not status and name == "Nonprofit")

    def kind(self, customer: str) -> str:
        return "".join(sorted(name[0] for name in self.held(customer)))

    def is_nonprofit(self, customer: str) -> bool:
        return "Nonprofit" in self.held(customer)

    def lost_on(self, customer: str) -> date | None:
        """Return the first night on which a customer was no longer nonprofit, having been so."""
        if self.before is None or self.is_nonprofit(customer):
            return None
        return self.as_of if self.before.is_nonprofit(customer) else self.before.lost_on(customer)

    @cached_property
    def notices(self) -> dict[str, Notice]:
        return {notice.customer: notice for notice in self._notices()}

    def _notices(self) -> Iterator[Notice]:
        for row in self.notice_rows:
            removal = day(row["removal_date"]) or sure(row["notice_date"]) + NOTICE_DAYS
            yield Notice(row["customer_id"], removal, str(removal))

    def transacting(self, row: Row) -> str:
        """Return the tenant of the partner that transacts, or "" where nobody can tell."""
        booked = row["partner_tenant_id"]
        partner = self.partners.get(booked, {})
        if partner.get("role") != "indirect_reseller":
            return booked
        providers = [tenant for tenant, one in self.partners.items() if one["role"] == "indirect_provider"]
        return partner["provider_tenant_id"] or (providers[0] if len(providers) == 1 else "")

    def country(self, customer: str) -> str:
        return self.customers[customer].get("country", "")
