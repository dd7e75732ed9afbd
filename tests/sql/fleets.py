"""Random fleets: small ones for Hypothesis, which takes them apart, and large ones from a seed."""

from __future__ import annotations

from dataclasses import replace
from itertools import product
from random import Random
from typing import TYPE_CHECKING, Any

from hypothesis import strategies as st

from tests.sql.menus import LEGACY, NIGHTS, PRICE_COLUMNS, TENANTS, TYPES, USUAL_TYPES, Menus, as_loaded
from tests.sql.oracle import SEGMENTS, Fleet

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from tests.sql.case_tables import Cells

    Choose = Callable[[Sequence[Any]], Any]

# Rows of each table in a small fleet, at most; at least half of that.
SMALL = {
    "qualifications": 4,
    "subscriptions": 60,
    "price_list": 5,
    "partners": 5,
    "gcc_validations": 5,
    "nonprofit_notices": 4,
    "qualification_requests": 30,
    "unread_customers": 1,
    "unread_tables": 1,
    "history": 4,
}
LARGE = {
    "qualifications": 900,
    "subscriptions": 8000,
    "price_list": 60,
    "gcc_validations": 1200,
    "nonprofit_notices": 900,
    "qualification_requests": 1500,
    "unread_customers": 240,
    "history": 900,
}
CUSTOMERS = 2000


@st.composite
def small_fleets(draw: st.DrawFn) -> Fleet:
    """Draw a seed and how many rows each table has: with fewer rows those that are left stay as they are."""
    seed = draw(st.integers(0, 2**32 - 1))
    random = Random(seed)
    menus = Menus(
        as_of=random.choice([*NIGHTS, *NIGHTS[2:]]),
        vetting_is_stated=random.random() < 0.85,
        customers=("c0", "c1", "c2"),
        others=("c9",),
        products=("p1", "p2"),
        subscriptions=SMALL["subscriptions"],
    )
    # Hypothesis copies a drawn value over others of the same kind: with bare numbers most fleets would have one seed.
    counts = dict(
        draw(st.sampled_from([(name, count) for count in range(most // 2, most + 1)])) for name, most in SMALL.items()
    )
    tables = {name: drawn(Random(f"{seed} {name}"), menus, name, count) for name, count in counts.items()}
    return assembled(menus, tables, random.choice)


def large_fleet(seed: int) -> Fleet:
    """Return the fleet of a seed: 2,000 customers with about four subscriptions each."""
    random = Random(seed)
    menus = Menus(
        as_of=NIGHTS[seed % len(NIGHTS)],
        vetting_is_stated=random.random() < 0.85,
        customers=[f"c{n}" for n in range(CUSTOMERS)],
        others=[f"x{n}" for n in range(50)],
        products=[f"p{n}" for n in range(25)],
        subscriptions=LARGE["subscriptions"],
        tenants=[*TENANTS, *(f"t{n}" for n in range(6))],
    )
    # Three requests of one customer for one qualification would otherwise hardly ever meet.
    asking = replace(menus, customers=menus.customers[:200])
    # By turns, so that a few seeds have them all: few partners and many, each with rows that were lost and without.
    counts = LARGE | {"partners": (12, 1, 6, 2)[seed % 4], "unread_tables": (0, 0, 3)[seed % 3]}
    tables = {
        name: drawn(random, asking if name == "qualification_requests" else menus, name, count)
        for name, count in counts.items()
    }
    return assembled(menus, tables, random.choice)


def drawn(random: Random, menus: Menus, table: str, count: int) -> list[Cells]:
    columns = list(menus.tables[table].items())
    return [{name: random.choice(values) for name, values in columns} for _ in range(count)]


def assembled(menus: Menus, tables: dict[str, list[Cells]], choose: Choose) -> Fleet:
    """Add what keeps a fleet from being all exceptions: usual types, running notices, and offers of one segment."""
    customers = [
        {"customer_id": name} | {column: choose(values) for column, values in menus.customer.items()}
        for name in menus.customers
    ]
    prices = [base_price(choose, product_id=item, sku_id=sku) for item, sku in product(menus.products, menus.skus[:3])]
    prices += [base_price(choose, offer_id=offer_id) for offer_id in LEGACY]
    held = list(base_qualifications(menus, choose))
    rows = tables | {
        "customers": customers,
        "qualifications": [*held, *tables["qualifications"]],
        "nonprofit_notices": [*base_notices(menus, held, choose), *tables["nonprofit_notices"]],
        "price_list": [*prices, *tables["price_list"]],
    }
    return Fleet(menus.as_of, menus.vetting_is_stated, {name: as_loaded(name, table) for name, table in rows.items()})


def base_qualifications(menus: Menus, choose: Choose) -> Iterator[Cells]:
    status = "Approved" if menus.vetting_is_stated else None
    for customer in menus.customers:
        for one in sorted(choose([*USUAL_TYPES, *USUAL_TYPES, *TYPES])):
            yield {
                "customer_id": customer, "qualification": one, "vetting_status": status, "vetting_create_date": None,
            }  # fmt: skip


def base_notices(menus: Menus, held: Iterable[Cells], choose: Choose) -> Iterator[Cells]:
    """Give some of those that hold Nonprofit a running notice: by chance alone the two would hardly ever meet."""
    (given,) = menus.days(-30)
    for row in held:
        if row["qualification"] == "Nonprofit" and choose([True, True, False]):
            yield {
                "customer_id": row["customer_id"], "notice_date": given, "removal_date": None, "contested": None,
            }  # fmt: skip


def base_price(choose: Choose, **key: str) -> Cells:
    return {
        **dict.fromkeys(PRICE_COLUMNS),
        **key,
        "segment": choose([*SEGMENTS, "Nonprofit", "GovernmentCommunityCloud"]),
        "sku_title": choose(["Teams", "Teams (Charity)", "Teams Premium", None]),
        "billing_plan": choose(["Monthly", "Annual", None]),
        "currency": "EUR",
        "unit_price": choose(["6.00", "12.00"]),
    }
