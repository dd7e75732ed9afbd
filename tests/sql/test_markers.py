"""Which segment an offer's name tells: the markers of real price lists, and what only looks like one."""

from __future__ import annotations

from datetime import date

import pytest

from pipeline.rulefile import read_rules
from tests.sql.world import found, judge, world

C, E, N, G = "Commercial", "Education", "Nonprofit", "GovernmentCommunityCloud"
UNMARKED, CONFLICT = "unmarked", "conflict"
NAMES = {
    # DOMAIN section 6, word for word
    "Microsoft 365 A3 (Education Faculty Pricing)": E,
    "Microsoft 365 A3 (Education Student Pricing)": E,
    "Office 365 A1 for faculty": E,
    "Office 365 A1 for students": E,
    "Office 365 A3 Student use benefit": E,
    "Exchange Online Plan 1 (Non-Profit Pricing)": N,
    "Microsoft 365 Business Premium (Nonprofit Staff Pricing)": N,
    "Project Plan 3 (Charity)": N,
    "Power BI Pro (Governmental Community Cloud Pricing)": G,
    "Visio Plan 2 for GCC": G,
    "Intune (Government Pricing)": G,
    "Office 365 G3 Government Private Cloud": G,
    # as exports and people spell them
    "MICROSOFT 365 A3 (EDUCATION FACULTY PRICING)": E,
    "OFFICE 365 A1 FOR STUDENTS": E,
    "office 365 a1 For Faculty": E,
    "for faculty": E,
    "Office 365 A1 for faculty, annual": E,
    "Office 365 A1 for students (trial)": E,
    "Exchange Online (Non\u2010Profit Pricing)": N,
    "Exchange Online (Non\u2011Profit Pricing)": N,
    "Exchange Online (Non\u2013Profit Pricing)": N,
    "Exchange Online (Non\u2014Profit Pricing)": N,
    "Exchange Online (Non-Profit\u00a0Pricing)": N,
    "Office 365 A1 for\u202ffaculty": E,
    "Exchange Online(Charity)": N,
    "Exchange Online (Charity)_v2": N,
    "Visio Plan 2 for GCC High": G,
    "Visio Plan 2 GCCHIGH": G,
    "Visio Plan 2 (GCC-High)": G,
    "Exchange Online (Non Profit Pricing)": N,
    "Exchange Online (Non\u00adProfit Pricing)": N,
    "Visio Plan 2 DoD": G,
    "Office 365 A1 dla wyk\u0142adowc\u00f3w": E,
    "OFFICE 365 A1 DLA WYK\u0141ADOWC\u00d3W": E,
    "Office 365 A1 dla wyk\u0142adowco\u0301w": E,
    "Office 365 A1 dla student\u00f3w": E,
    "Office 365 A1 per docenti": E,
    "Office 365 A1 per studenti": E,
    "Exchange Online dla organizacji non\u2011profit": N,
    "Exchange Online per enti non profit": N,
    "Exchange Online (Non\u00ad-Profit Pricing)": N,
    "Office 365 A1 for\u200b faculty": E,
    # what only looks like a marker
    "Entra ID Governance P2": UNMARKED,
    "Identity Governance": UNMARKED,
    "Government Relations Tracker": UNMARKED,
    "Teams for Government": UNMARKED,
    "gov": UNMARKED,
    "Faculty Manager": UNMARKED,
    "Student Insights": UNMARKED,
    "Education Insights Premium": UNMARKED,
    "Charity Donations Add-on": UNMARKED,
    "Nonprofit Accelerator": UNMARKED,
    "Community Cloud Backup": UNMARKED,
    "Office 365 A1 for facultyX": UNMARKED,
    "Office 365 A1 for students2go": UNMARKED,
    "Tailor for gccx": UNMARKED,
    "Tools therefor students": UNMARKED,
    "Exchange Online": UNMARKED,
    "   ": UNMARKED,
    # more than one
    "Office 365 A1 for faculty and for students": E,
    "Office 365 A1 for faculty (Charity)": CONFLICT,
    "Visio for GCC (Non-Profit Pricing)": CONFLICT,
}
RULES = [file for file in read_rules() if file.rule.id in {"SEG01", "SEG03", "SEG04"}]


@pytest.fixture(scope="module")
def told() -> dict[str, str]:
    """Sell each name to a customer that may buy nothing special, and see what the rules make of it."""
    subscriptions = [
        {"subscription_id": str(n), "customer_id": "c1", "offer_name": name} for n, name in enumerate(NAMES)
    ]
    with world(
        date(2026, 11, 20), {"customers": [{"customer_id": "c1"}], "subscriptions": subscriptions}
    ) as connection:
        judge(connection, RULES)
        rows = found(connection)
    said = {str(row["subscription_id"]): row for row in rows}
    assert len(said) == len(rows) == len(NAMES), "every name is sold as special, or cannot be told"
    words = {"SEG03": UNMARKED, "SEG04": CONFLICT}
    return {
        name: words.get(str(row["rule_id"])) or str(row["name_segment"])
        for name, row in ((name, said[str(n)]) for n, name in enumerate(NAMES))
    }


@pytest.mark.parametrize(("name", "segment"), NAMES.items(), ids=map(ascii, NAMES))
def test_a_name_tells_the_segment_that_its_marker_names(told: dict[str, str], name: str, segment: str) -> None:
    assert told[name] == segment


TRUST = """
price list | column | name        | segment | rule
C          | C      |             | C       |
C          |        |             | C       |
           | C      |             | C       |
           | C      | for faculty | C       | SEG04
C          |        | for faculty | C       | SEG04
C          | E      |             | C       | SEG04
C          | E      | for faculty | C       | SEG04
E          | C      |             | E       | SEG01
E          |        | (Charity)   | E       | SEG01
           | E      | (Charity)   | E       | SEG01
           |        | (Charity)   | N       | SEG01
N          | N      | (Charity)   | N       | SEG01
C E        |        |             |         | SEG04
C E        | C      |             | C       | SEG04
C E        | E      |             | E       | SEG01
C E        |        | (Charity)   | N       | SEG01
           |        |             |         | SEG03
"""
ROWS = [tuple(cell.strip() for cell in line.split("|")) for line in TRUST.strip().split("\n")[1:]]
LETTERS = {"C": C, "E": E, "N": N, "": None}


@pytest.mark.parametrize(("listed", "column", "name", "segment", "rule"), ROWS)
def test_the_price_list_is_trusted_before_the_column_and_the_column_before_the_name(
    listed: str, column: str, name: str, segment: str, rule: str
) -> None:
    sale = {
        "subscription_id": "s1", "customer_id": "c1", "offer_id": "p1:0001:x",
        "offer_name": f"Teams {name}", "segment": LETTERS[column],
    }  # fmt: skip
    prices = [{"product_id": "p1", "sku_id": "1", "segment": LETTERS[letter]} for letter in listed.split()]
    tables = {"customers": [{"customer_id": "c1"}], "subscriptions": [sale], "price_list": prices}
    with world(date(2026, 11, 20), tables) as connection:
        judge(connection, RULES)
        rows = found(connection)
    assert [row["rule_id"] for row in rows] == ([rule] if rule else [])
    assert [row["segment"] for row in rows] == ([LETTERS[segment]] if rule else [])
