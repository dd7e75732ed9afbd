"""The rules find in any small fleet exactly what the obvious second implementation finds."""

from __future__ import annotations

from collections import Counter
from datetime import date, timedelta
from itertools import combinations
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.rulefile import read_rules
from schemas.finding import Judgement
from tests.sql.oracle import NAMES, QUALIFICATIONS, SEGMENTS, Fleet, findings
from tests.sql.world import found, judge, world

if TYPE_CHECKING:
    from tests.sql.case_tables import Cells
    from tests.sql.oracle import Found

RULES = read_rules()
EXPORTED, OTHERS = ("c0", "c1", "c2"), ("c8", "c9")
OFFERS = ("p1:0001:x", "p1:0002:x", "p1:5", "p2:0001:y", "195416c1-3447-423a-b37b-ee59a99a19c4")
STATUSES = ("active", "suspended", "pending", "paused", "none", "expired", "disabled", "deleted")
DAYS = st.sampled_from([date(2024, 1, 31), date(2024, 2, 1), date(2026, 11, 20)])
SOMEBODY = st.sampled_from(EXPORTED + EXPORTED + OTHERS)
TYPES = [frozenset(held) for size in range(5) for held in combinations(QUALIFICATIONS, size)]


def pick(*values: str | None) -> st.SearchStrategy[str | None]:
    return st.sampled_from(values)


def around(as_of: date, *offsets: int) -> list[str]:
    return [str(as_of + timedelta(days=days)) for days in offsets]


def once(rows: list[Cells], *key: str) -> list[Cells]:
    return list({tuple(row[name] for name in key): row for row in rows}.values())


def table(least: int, most: int, **columns: st.SearchStrategy[str | None]) -> st.SearchStrategy[list[Cells]]:
    return st.lists(st.fixed_dictionaries(columns), min_size=least, max_size=most)


@st.composite
def fleets(draw: st.DrawFn) -> Fleet:
    as_of, stated = draw(DAYS), draw(st.integers(0, 4)) > 0
    relationships = pick("reseller", "reseller", "reseller", "none", "advisor", None)
    approved = "Approved" if stated else None
    held = [(name, one) for name in EXPORTED for one in sorted(draw(st.sampled_from(TYPES)))]
    vetting = pick("Approved", "InReview", "Denied", None) if stated else st.none()
    others = table(0, 3, customer_id=SOMEBODY, qualification=pick(*QUALIFICATIONS, "None"), vetting_status=vetting)
    sales = table(
        5,
        10,
        customer_id=SOMEBODY,
        offer_id=pick(*OFFERS),
        offer_name=pick(*NAMES),
        status=pick(*STATUSES, "active", "active"),
        segment=pick(None, None, *SEGMENTS),
        cancellation_allowed_until_date=pick(None, *around(as_of, -1, 0, 1)),
    )
    prices = table(0, 3, product_id=pick("p1", "p2"), sku_id=pick("0001", "2", "5"), segment=pick(*SEGMENTS))
    legacy = table(0, 1, product_id=st.none(), sku_id=st.none(), segment=pick(*SEGMENTS))
    notices = table(
        1,
        3,
        customer_id=SOMEBODY,
        notice_date=pick(*around(as_of, -91, -90, -89, -1, 0, 1)),
        removal_date=pick(None, None, *around(as_of, -1, 0, 1)),
    )
    unread = table(0, 2, table_name=pick("customers", "qualifications", "subscriptions"), customer_id=SOMEBODY)
    tables = {
        "customers": [{"customer_id": name, "relationship": draw(relationships)} for name in EXPORTED],
        "qualifications": [
            *({"customer_id": name, "qualification": one, "vetting_status": approved} for name, one in held),
            *draw(others),
        ],
        "subscriptions": [{"subscription_id": f"s{n}", **sale} for n, sale in enumerate(draw(sales))],
        "price_list": [
            *({"offer_id": None, **row} for row in draw(prices)),
            *({"offer_id": OFFERS[-1], **row} for row in draw(legacy)),
        ],
        # the loader keeps one notice of a customer and day, and names an unread customer once
        "nonprofit_notices": once(draw(notices), "customer_id", "notice_date"),
        "unread_customers": once(draw(unread), "table_name", "customer_id"),
    }
    return Fleet(as_of, stated, tables)


def judged(fleet: Fleet) -> set[Found]:
    with world(fleet.as_of, fleet.tables, vetting_is_stated=fleet.vetting_is_stated) as connection:
        results = judge(connection, RULES)
        assert {result.judgement for result in results} == {Judgement.JUDGED}, results
        rows = found(connection)
    assert sum(result.found for result in results) == len(rows)
    return {(row["rule_id"], row["subscription_id"] or row["customer_id"], row["due_on"]) for row in rows}


@settings(max_examples=70, deadline=None, derandomize=True, database=None)
@given(fleets())
def test_rules_find_what_obvious_loops_find(fleet: Fleet) -> None:
    assert judged(fleet) == findings(fleet)


@pytest.fixture(scope="module")
def tripped() -> Counter[str]:
    """Count what the oracle finds in such fleets, by rule."""
    counts: Counter[str] = Counter()

    @settings(max_examples=70, deadline=None, derandomize=True, database=None)
    @given(fleets())
    def collect(fleet: Fleet) -> None:
        counts.update(rule for rule, _, _ in findings(fleet))

    collect()
    return counts


@pytest.mark.parametrize("rule", [file.rule.id for file in RULES])
def test_the_random_fleets_trip_every_rule(rule: str, tripped: Counter[str]) -> None:
    assert tripped[rule] >= 5
