"""What Microsoft demands, written once more from DOMAIN and DESIGN, and not read from `sql/reference`."""

from __future__ import annotations

from datetime import date

C, N, E, S, G = "Commercial", "Nonprofit", "Education", "StateOwnedEntity", "GovernmentCommunityCloud"
SEGMENTS = (C, N, E, G)
QUALIFICATIONS = (N, E, S, G)
SPECIAL = {N, E, G}
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

NOTICE_DAYS = 90
MOST_REQUESTS = 3
# Business days within which Microsoft answers; for Education this is the auditor's reading.
ANSWER_DAYS = {G: 2, E: 3}
GCC_COUNTRIES = {"US", "AS", "GU", "MP", "PR", "VI"}
HIGH_CLOUDS = {"GCC High", "DoD"}

# Extended Service Terms: what rolls into one, and what it costs more, in percent.
EXTENDED_IF_BOUGHT_FROM = date(2025, 4, 1)
EXTENDED_IF_ENDING_FROM = date(2026, 5, 4)
SURCHARGE_WITH_MONTHLY_PLAN = 3
SURCHARGE_WITHOUT_MONTHLY_PLAN = 23
# How many months one price is for, by billing plan or cycle.
PLAN_MONTHS = {"monthly": 1, "annual": 12, "triennial": 36}


def is_listed(held: frozenset[str], as_of: date) -> bool:
    if held == {N, E}:
        return as_of >= NONPROFIT_WITH_EDUCATION_FROM
    return held in LISTED


def may_be_sold(held: frozenset[str], as_of: date) -> set[str]:
    """Return the listed segments, or of a combination that is not listed what each qualification allows alone."""
    if is_listed(held, as_of):
        return LISTED[held]
    return set(SEGMENTS).intersection(*(LISTED[frozenset({one})] for one in held))


def has_no_discount(product_type: str | None, term: str | None) -> bool:
    """Azure has none, software only where it is bought for good; of what is not known nothing is said."""
    if product_type in {"azure", "azurereservation"}:
        return True
    return product_type == "software" and term is not None and term != "onetime"
