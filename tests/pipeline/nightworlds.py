"""Random partners of two nights, the second of which has lost a part of what the first one knew."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.pipeline.exports import guid, night

if TYPE_CHECKING:
    import random
    from collections.abc import Sequence
    from pathlib import Path

    from tests.pipeline.exports import Night, Row

CUSTOMERS, SUBSCRIPTIONS = 25, 70
OFFERS = [f"CFQ7TTC0LCHC:000{sku}:CFQ7TTC0TEST" for sku in (1, 2, 3, 4)]
LEGACY = "91fd106f-4b2c-4938-95ac-f54f74e9a23"
QUALIFICATIONS = ("Education", "Nonprofit", "GovernmentCommunityCloud", "StateOwnedEntity")
# What a night may come without: then rules are not judged, and what they found before stays open.
COLUMNS = (
    ("subscriptions", "segment"),
    ("subscriptions", "product_type"),
    ("subscriptions", "scheduled_action"),
    ("subscriptions", "commitment_end_date"),
    ("customers", "country"),
    ("qualifications", "vetting_status"),
)
TABLES = ("nonprofit_notices", "gcc_validations", "price_list")


def random_night(dice: random.Random) -> Night:
    """Return customers that have mostly what they may have, some of it under notice, with a change or from the past."""
    held = {number: dice.sample(QUALIFICATIONS, dice.choice((0, 1, 1, 2, 2))) for number in range(1, CUSTOMERS + 1)}
    tables = night()
    return {
        "customers": [
            {
                "customer_id": guid(number),
                "company_name": f"Company {number}",
                "country": dice.choice(("US", "US", "PL")),
            }
            for number in held
        ],
        "subscriptions": [
            tables["subscriptions"][0] | {"subscription_id": f"s-{number:02}"} | _sale(dice, held, number)
            for number in range(SUBSCRIPTIONS)
        ],
        "qualifications": [
            {"customer_id": guid(number), "qualification": name, "vetting_status": _one(dice, "Approved", "InReview")}
            for number, names in held.items()
            for name in names
        ],
        "price_list": tables["price_list"],
        "nonprofit_notices": [
            {"customer_id": guid(number), "notice_date": dice.choice(("2026-08-01", "2026-11-01")), "removal_date": ""}
            for number in dice.sample(range(1, CUSTOMERS + 1), 8)
        ],
        "gcc_validations": [
            {
                "customer_id": guid(number),
                "submitted_date": "2026-09-20",
                "submitted_tenant_id": guid(777),
                "status": "Approved",
                "decided_date": "2026-10-01",
            }
            for number in dice.sample(range(1, CUSTOMERS + 1), 12)
        ],
    }


def spoilt(dice: random.Random, tables: Night) -> Night:
    """Return another night of the same partner: without a column or a table, or with a row that cannot be read."""
    after: Night = {name: [dict(row) for row in rows] for name, rows in tables.items()}
    if dice.random() < 0.6:
        table, column = dice.choice(COLUMNS)
        for row in after[table]:
            del row[column]
    if dice.random() < 0.3:
        del after[dice.choice(TABLES)]
    if dice.random() < 0.4:
        dice.choice(after["subscriptions"])["quantity"] = "many"
    return after


def waive(dice: random.Random, file: Path) -> None:
    """Write a waiver for each of some customers."""
    file.parent.mkdir(parents=True, exist_ok=True)
    waivers = (
        f'[[waiver]]\ncustomer = "{guid(number)}"\nreason = "asked"\napproved_by = "Anna"\n'
        "created = 2026-11-01\nexpires = 2027-02-28\n"
        for number in dice.sample(range(1, CUSTOMERS + 1), 6)
    )
    file.write_text("".join(waivers), encoding="utf-8")


def random_policy(dice: random.Random, table: str, rows: Sequence[Row]) -> list[Row]:
    """Return what a policy table may have said before: of the matrix some cells otherwise or not at all."""
    if table != "purchase_matrix":
        return [dict(row) for row in rows[: len(rows) // 2]]
    kept = [row for row in rows if dice.random() < 0.9]
    other = {"yes": "no", "no": "yes"}
    return [row | ({"allowed": other[row["allowed"]]} if dice.random() < 0.2 else {}) for row in kept]


def _sale(dice: random.Random, held: dict[int, list[str]], number: int) -> Row:
    customer = dice.randint(1, CUSTOMERS)
    skus = [
        sku
        for sku, name in zip(OFFERS[1:], ("Education", "Nonprofit", "GovernmentCommunityCloud"), strict=True)
        if name in held[customer]
    ]
    may_have = [OFFERS[0], *skus]
    sale = {
        "customer_id": guid(customer),
        "offer_id": dice.choice(may_have if dice.random() < 0.85 else OFFERS),
        "offer_name": "",
        "segment": _one(dice, "", "Education"),
        "quantity": dice.choice(("1", "5", "80")),
        "auto_renew_enabled": dice.choice(("true", "false")),
        "creation_date": dice.choice(("2024-01-01", "2026-01-01", "2026-11-15")),
        "commitment_end_date": dice.choice(("", "2026-12-01", "2027-03-01")),
        "cancellation_allowed_until_date": dice.choice(("", "2026-11-24", "9999-12-31")),
        "scheduled_offer_id": dice.choice(("", "", dice.choice(may_have))),
        "scheduled_action": "",
        "product_type": _one(dice, "", "perpetual"),
        "term_duration": dice.choice(("", "P1Y", "P1M")),
    }
    return sale | ({"offer_id": f"{LEGACY}{number % 10}", "segment": "Education"} if dice.random() < 0.08 else {})


def _one(dice: random.Random, usual: str, other: str) -> str:
    return usual if dice.random() < 0.85 else other
