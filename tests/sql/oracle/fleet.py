"""A fleet: one night's exports as rows of text, and what everybody asks of them."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import cache
from typing import TYPE_CHECKING

from tests.sql.oracle.policy import ENDED, N, S

if TYPE_CHECKING:
    from tests.sql.case_tables import Cells

Index = dict[str | None, list["Cells"]]


@dataclass(frozen=True)
class Fleet:
    """One night: the day, whether the qualifications export has the column of vetting statuses, and the rows.

    Beside the exports there may be `unread_customers`, `unread_tables` (the tables with any unread row), and `history`,
    the spans of the customers' qualifications.
    """

    as_of: date
    vetting_is_stated: bool
    tables: dict[str, list[Cells]]
    _indexes: dict[tuple[str, str], Index] = field(default_factory=dict, init=False, repr=False, compare=False)

    def rows(self, table: str) -> list[Cells]:
        return self.tables.get(table, [])

    def rows_of(self, table: str, value: str | None, column: str = "customer_id") -> list[Cells]:
        """Return the rows with that value, which is a customer if no other column is named."""
        if (table, column) not in self._indexes:
            index: Index = defaultdict(list)
            for row in self.rows(table):
                index[row[column]].append(row)
            self._indexes[table, column] = index
        return self._indexes[table, column].get(value, [])

    def is_unread(self, customer: str, table: str) -> bool:
        return any(row["table_name"] == table for row in self.rows_of("unread_customers", customer))

    def has_unread_row(self, table: str) -> bool:
        return any(row["table_name"] == table for row in self.rows("unread_tables"))

    @property
    def live(self) -> list[Cells]:
        """Every subscription that has not ended; of an unknown status nobody can say that it has."""
        return [row for row in self.rows("subscriptions") if row["status"] not in ENDED]

    @property
    def customers(self) -> list[str]:
        return [str(row["customer_id"]) for row in self.rows("customers")]


@cache
def day(text: str | None) -> date | None:
    return date.fromisoformat(text) if text else None


def certain_day(text: str | None) -> date:
    return date.fromisoformat(str(text))


def if_ahead(fleet: Fleet, due: date | None) -> date | None:
    return due if due is not None and due >= fleet.as_of else None


def last_day(sale: Cells) -> date | None:
    """The end dates of legacy offers are the day after; the year 9999 is no end."""
    end = day(sale.get("commitment_end_date"))
    if end is None or end.year == 9999:
        return None
    return end if ":" in str(sale["offer_id"]) else end - timedelta(days=1)


def counts(fleet: Fleet, row: Cells) -> bool:
    """Whether a row of the qualifications is in effect."""
    if row["qualification"] == "None":
        return False
    if not fleet.vetting_is_stated or row["vetting_status"] == "Approved" or row["qualification"] == S:
        return True
    return row["qualification"] == N and row["vetting_status"] is None


def counting(fleet: Fleet, customer: str) -> frozenset[str]:
    rows = fleet.rows_of("qualifications", customer)
    return frozenset(str(row["qualification"]) for row in rows if counts(fleet, row))


def held_by(fleet: Fleet, customer: str) -> frozenset[str] | None:
    """Return the qualifications that count, or None where a row of them could not be read."""
    return None if fleet.is_unread(customer, "qualifications") else counting(fleet, customer)
