"""QUAL01 to QUAL04, REL01 and REL02: what is known of the customers themselves."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from tests.sql.oracle.business_days import answered_by
from tests.sql.oracle.fleet import certain_day, counting, counts, day, held_by
from tests.sql.oracle.outcome import finding, not_judged
from tests.sql.oracle.policy import ANSWER_DAYS, MOST_REQUESTS, SPECIAL, E, G, N, S

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from tests.sql.oracle.fleet import Fleet
    from tests.sql.oracle.outcome import Outcome
    from tests.sql.oracle.sales import Sale


def judge_relationships(fleet: Fleet, sales: Iterable[Sale]) -> Iterator[Outcome]:
    """REL01, REL02 and QUAL04 matter where something is sold."""
    for sale in sales:
        (customer,) = fleet.rows_of("customers", sale.customer)
        if customer["relationship"] != "reseller":
            yield finding("REL02", {"subscription_id": sale.subscription})
        if is_unclear(fleet, sale.customer):
            yield finding("QUAL04", {"customer_id": sale.customer})
    listed = set(fleet.customers)
    for row in fleet.live:
        customer_id = str(row["customer_id"])
        if customer_id not in listed and not fleet.is_unread(customer_id, "customers"):
            yield finding("REL01", {"customer_id": customer_id})


def is_unclear(fleet: Fleet, customer: str) -> bool:
    """Whether a vetted qualification has no decision, or a row could not be read."""
    rows = fleet.rows_of("qualifications", customer)
    undecided = [row for row in rows if row["qualification"] in {E, G} and row["vetting_status"] is None]
    return bool(undecided and fleet.vetting_is_stated) or held_by(fleet, customer) is None


def judge_qualifications(fleet: Fleet) -> Iterator[Outcome]:
    for customer in fleet.customers:
        yield from judge_requests(fleet, customer)
        yield from judge_answers(fleet, customer)
        if contradicts_itself(fleet, customer):
            yield finding("QUAL03", {"customer_id": customer})


def judge_requests(fleet: Fleet, customer: str) -> Iterator[Outcome]:
    """QUAL01: three requests are all that there are."""
    held, is_unread = counting(fleet, customer), fleet.is_unread(customer, "qualifications")
    used = dict.fromkeys(sorted(SPECIAL), 0)
    for row in fleet.rows_of("qualification_requests", customer):
        if row["qualification"] in used and certain_day(row["requested_date"]) <= fleet.as_of:
            used[row["qualification"]] += 1
    for qualification, count in used.items():
        key = {"customer_id": customer, "qualification": qualification}
        if count >= MOST_REQUESTS and qualification not in held and is_unread:
            yield not_judged("QUAL01", key, "qualifications_unread")
        elif count >= MOST_REQUESTS and qualification not in held:
            yield finding("QUAL01", key, used=count, left=max(MOST_REQUESTS - count, 0))


def judge_answers(fleet: Fleet, customer: str) -> Iterator[Outcome]:
    """QUAL02: of each qualification the question that has waited longest."""
    (exported,) = fleet.rows_of("customers", customer)
    for qualification, business_days in ANSWER_DAYS.items():
        rows = [
            day(row.get("vetting_create_date"))
            for row in fleet.rows_of("qualifications", customer)
            if row["qualification"] == qualification and row["vetting_status"] == "InReview"
        ]
        country = "US" if qualification == G else exported["country"]
        due = [answered_by(asked, business_days, country) for asked in rows if asked]
        key = {"customer_id": customer, "qualification": qualification}
        if due and min(due) < fleet.as_of:
            yield finding("QUAL02", key, min(due))
        elif None in rows:
            yield not_judged("QUAL02", key, "no_date")


def contradicts_itself(fleet: Fleet, customer: str) -> bool:
    rows = fleet.rows_of("qualifications", customer)
    said, held = {row["qualification"] for row in rows}, counting(fleet, customer)
    statuses: dict[str | None, set[str | None]] = defaultdict(set)
    for row in rows:
        if row["qualification"] not in {S, "None"}:
            statuses[row["qualification"]].add(row["vetting_status"])
    return (
        ("None" in said and any(counts(fleet, row) for row in rows))
        or any(len(several) > 1 for several in statuses.values())
        or (G in held and bool(held & {E, N}))
    )
