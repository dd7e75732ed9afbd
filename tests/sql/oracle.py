"""The rules once more, as obvious loops written from DOMAIN and DESIGN and not from the SQL: slow, and second.

A fleet is a night's exports as rows of text, a dict of tables. `NAMES` are the offer names that it may use, each
with the segments that a person who has read DOMAIN section 6 sees in it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.sql.case_tables import Cells

N, E, S, G = "Nonprofit", "Education", "StateOwnedEntity", "GovernmentCommunityCloud"
C = "Commercial"
SEGMENTS = (C, N, E, G)
QUALIFICATIONS = (N, E, S, G)
# Customers that hold exactly these may be sold exactly those.
LISTED = {
    frozenset(): {C},
    frozenset({N}): {C, N},
    frozenset({E}): {C, E},
    frozenset({N, E}): {C, N, E},
    frozenset({G}): {G},
    frozenset({S}): {C},
    frozenset({E, S}): {C, E},
    frozenset({S, G}): {G},
}
NONPROFIT_WITH_EDUCATION_FROM = date(2024, 2, 1)
ENDED = {"none", "expired", "disabled", "deleted"}
NAMES: dict[str | None, set[str]] = {
    None: set(),
    "Teams": set(),
    "Entra ID Governance": set(),
    "Teams for faculty": {E},
    "Teams (Non\u2011Profit Pricing)": {N},
    "TEAMS (GOVERNMENT PRICING)": {G},
    "Teams for students (Charity)": {E, N},
}
# A finding: rule, subject (a customer or a subscription), due date.
Found = tuple[str, str, date | None]


@dataclass(frozen=True)
class Fleet:
    """One night: the day, whether the qualifications export has the column of vetting statuses, and the rows."""

    as_of: date
    vetting_is_stated: bool
    tables: dict[str, list[Cells]]

    def rows(self, table: str, **where: str | None) -> list[Cells]:
        return [row for row in self.tables[table] if all(row[name] == value for name, value in where.items())]


def is_listed(held: frozenset[str], as_of: date) -> bool:
    if held == {N, E}:
        return as_of >= NONPROFIT_WITH_EDUCATION_FROM
    return held in LISTED


def may_be_sold(held: frozenset[str], as_of: date) -> set[str]:
    """Return the listed segments, or of a combination that is not listed what each qualification allows alone."""
    if is_listed(held, as_of):
        return LISTED[held]
    return set(SEGMENTS).intersection(*(LISTED[frozenset({one})] for one in held))


def counts(fleet: Fleet, row: Cells) -> bool:
    if not fleet.vetting_is_stated or row["vetting_status"] == "Approved" or row["qualification"] == S:
        return True
    return row["qualification"] == N and row["vetting_status"] is None


def held_by(fleet: Fleet, customer: str) -> frozenset[str] | None:
    """Return the qualifications that count, or None where a row of them could not be read."""
    if fleet.rows("unread_customers", table_name="qualifications", customer_id=customer):
        return None
    rows = [row for row in fleet.rows("qualifications", customer_id=customer) if counts(fleet, row)]
    return frozenset(str(row["qualification"]) for row in rows) - {"None"}


def evidence(fleet: Fleet, sale: Cells) -> list[set[str]]:
    """Return what price list, segment column and name say of the sale's segment, most trusted first."""
    product, sku, *_ = *str(sale["offer_id"]).split(":"), ""
    listed = {
        str(row["segment"])
        for row in fleet.rows("price_list")
        if (row["product_id"] == product and str(row["sku_id"]).zfill(4) == sku.zfill(4))
        or (row["product_id"] is None and row["offer_id"] == sale["offer_id"])
    }
    column = {sale["segment"]} if sale["segment"] else set()
    return [listed, column, NAMES[sale["offer_name"]]]


def segment_of(fleet: Fleet, sale: Cells) -> str | None:
    """Return what the most trusted source says that does not contradict itself."""
    certain = [said for said in evidence(fleet, sale) if len(said) == 1]
    return next(iter(certain[0])) if certain else None


def findings(fleet: Fleet) -> set[Found]:
    live = [row for row in fleet.rows("subscriptions") if row["status"] not in ENDED]
    listed = {str(row["customer_id"]): row for row in fleet.rows("customers")}
    found: set[Found] = set()
    for sale in live:
        customer, subscription = str(sale["customer_id"]), str(sale["subscription_id"])
        if customer in listed:
            found |= set(judge_sale(fleet, sale))
            if listed[customer]["relationship"] != "reseller":
                found.add(("REL02", subscription, None))
            if is_unclear(fleet, customer):
                found.add(("QUAL04", customer, None))
        elif not fleet.rows("unread_customers", table_name="customers", customer_id=customer):
            found.add(("REL01", customer, None))
    return found | {one for customer in listed for one in judge_notices(fleet, customer)}


def judge_sale(fleet: Fleet, sale: Cells) -> Iterator[Found]:
    """Say the one thing that is wrong with the sale's segment, if anything is."""
    subscription, segment = str(sale["subscription_id"]), segment_of(fleet, sale)
    held = held_by(fleet, str(sale["customer_id"]))
    if segment and held is not None and segment not in may_be_sold(held, fleet.as_of):
        if is_listed(held, fleet.as_of):
            until = sale["cancellation_allowed_until_date"]
            ahead = until is not None and date.fromisoformat(until) >= fleet.as_of
            yield "SEG01", subscription, date.fromisoformat(until) if until and ahead else None
        else:
            yield "SEG02", subscription, None
    elif len(set().union(*evidence(fleet, sale))) > 1:
        yield "SEG04", subscription, None
    elif segment is None:
        yield "SEG03", subscription, None


def is_unclear(fleet: Fleet, customer: str) -> bool:
    """Whether a vetted qualification has no decision, or a row could not be read."""
    rows = fleet.rows("qualifications", customer_id=customer, vetting_status=None)
    undecided = fleet.vetting_is_stated and any(row["qualification"] in {E, G} for row in rows)
    return undecided or held_by(fleet, customer) is None


def judge_notices(fleet: Fleet, customer: str) -> Iterator[Found]:
    """The newest notice that has been given counts, up to and with the day of the removal."""
    notices = [(date.fromisoformat(str(row["notice_date"])), row) for row in fleet.rows("nonprofit_notices")
               if row["customer_id"] == customer]  # fmt: skip
    given = [(day, row) for day, row in notices if day <= fleet.as_of]
    if not given or N not in (held_by(fleet, customer) or ()):
        return
    day, row = max(given, key=lambda notice: notice[0])
    removal = date.fromisoformat(row["removal_date"]) if row["removal_date"] else day + timedelta(days=90)
    if removal >= fleet.as_of:
        yield "NPO01", customer, removal
