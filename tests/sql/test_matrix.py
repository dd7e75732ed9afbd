"""The purchase matrix: every customer type and segment, before, on and after the day that changed it."""

from __future__ import annotations

from datetime import date
from itertools import combinations

import pytest

from pipeline.rulefile import read_rules
from tests.sql.case_tables import draw, parse
from tests.sql.oracle.policy import QUALIFICATIONS, SEGMENTS, is_listed, may_be_sold
from tests.sql.world import found, judge, world

DAYS = [date(2024, 1, 31), date(2024, 2, 1), date(2026, 11, 20)]
TYPES = [frozenset(held) for size in range(5) for held in combinations(QUALIFICATIONS, size)]
MATRIX_RULES = [file for file in read_rules() if file.rule.id in {"SEG01", "SEG02"}]
# DOMAIN section 2 drawn once more: x allowed, - forbidden (SEG01), and for the combinations that are not listed
# o inside and ? outside of the strictest reading (SEG02).
DRAWN = """
held                                                               | Commercial | Nonprofit | Education | GCC
                                                                   | x          | -         | -         | -
Nonprofit                                                          | x          | x         | -         | -
Education                                                          | x          | -         | x         | -
StateOwnedEntity                                                   | x          | -         | -         | -
GovernmentCommunityCloud                                           | -          | -         | -         | x
Nonprofit Education                                                | x          | x         | x         | -
Nonprofit StateOwnedEntity                                         | o          | ?         | ?         | ?
Nonprofit GovernmentCommunityCloud                                 | ?          | ?         | ?         | ?
Education StateOwnedEntity                                         | x          | -         | x         | -
Education GovernmentCommunityCloud                                 | ?          | ?         | ?         | ?
StateOwnedEntity GovernmentCommunityCloud                          | -          | -         | -         | x
Nonprofit Education StateOwnedEntity                               | o          | ?         | ?         | ?
Nonprofit Education GovernmentCommunityCloud                       | ?          | ?         | ?         | ?
Nonprofit StateOwnedEntity GovernmentCommunityCloud                | ?          | ?         | ?         | ?
Education StateOwnedEntity GovernmentCommunityCloud                | ?          | ?         | ?         | ?
Nonprofit Education StateOwnedEntity GovernmentCommunityCloud      | ?          | ?         | ?         | ?
"""
BEFORE_FEBRUARY_2024 = "Nonprofit Education | o | ? | ? | ?"


def drawn(as_of: date) -> dict[tuple[str, str], str]:
    """Return the drawn sign of each type (its qualifications) and segment, as the matrix stood on that day."""
    columns, rows = parse(DRAWN)
    if as_of < date(2024, 2, 1):
        before = [cell.strip() for cell in BEFORE_FEBRUARY_2024.split("|")]
        rows = [dict(zip(columns, before, strict=True)) if row["held"] == before[0] else row for row in rows]
    return {
        (row["held"] or "", segment): row[column] or ""
        for row in rows
        for column, segment in zip(columns[1:], ("Commercial", "Nonprofit", "Education", "GovernmentCommunityCloud"),
                                   strict=True)
    }  # fmt: skip


@pytest.mark.parametrize("as_of", DAYS, ids=str)
def test_all_sixteen_types_and_four_segments_are_judged_as_the_matrix_says(as_of: date) -> None:
    customers = [{"customer_id": f"c{n}"} for n in range(len(TYPES))]
    qualifications = [
        {"customer_id": f"c{n}", "qualification": one, "vetting_status": "Approved"}
        for n, held in enumerate(TYPES)
        for one in held
    ]
    sales = {f"{n} {segment}": (held, segment) for n, held in enumerate(TYPES) for segment in SEGMENTS}
    subscriptions = [
        {"subscription_id": name, "customer_id": f"c{name.split()[0]}", "segment": segment}
        for name, (_, segment) in sales.items()
    ]
    tables = {"customers": customers, "qualifications": qualifications, "subscriptions": subscriptions}
    with world(as_of, tables) as connection:
        judge(connection, MATRIX_RULES)
        said = {
            str(row["subscription_id"]): {"SEG01": "-", "SEG02": "?"}[str(row["rule_id"])] for row in found(connection)
        }
    signs = drawn(as_of)
    rows = [
        {
            "held": " ".join(one for one in QUALIFICATIONS if one in held),
            "segment": segment,
            "sign": said.get(name, "x" if is_listed(held, as_of) else "o"),
        }
        for name, (held, segment) in sales.items()
    ]
    expected = [{"held": held, "segment": segment, "sign": sign} for (held, segment), sign in signs.items()]
    assert draw(["held", "segment", "sign"], rows) == draw(["held", "segment", "sign"], expected)


@pytest.mark.parametrize("as_of", DAYS, ids=str)
def test_the_oracle_reads_the_drawn_matrix_alike(as_of: date) -> None:
    signs = {(frozenset(held.split()), segment): sign for (held, segment), sign in drawn(as_of).items()}
    assert len(signs) == len(TYPES) * len(SEGMENTS)
    for (held, segment), sign in signs.items():
        assert is_listed(held, as_of) is (sign in "x-"), held
        assert (segment in may_be_sold(held, as_of)) is (sign in "xo"), (held, segment)
