"""The rules once more, as obvious loops written from DOMAIN and DESIGN and not from the SQL: slow, and second.

A fleet is a night's exports as rows of text. `judge` says what the rules find in it, after the giving way, and which
subjects they cannot judge.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from tests.sql.oracle.fleet import Fleet
from tests.sql.oracle.gcc import judge_gcc
from tests.sql.oracle.giving_way import give_way
from tests.sql.oracle.nonprofit import judge_nonprofit
from tests.sql.oracle.partners import judge_partners
from tests.sql.oracle.policy import QUALIFICATIONS, SEGMENTS, is_listed, may_be_sold
from tests.sql.oracle.qualifications import judge_qualifications, judge_relationships
from tests.sql.oracle.sales import sales_of
from tests.sql.oracle.segments import judge_segments

if TYPE_CHECKING:
    from tests.sql.oracle.outcome import Outcome

__all__ = ["QUALIFICATIONS", "RULES", "SEGMENTS", "Fleet", "Said", "is_listed", "judge", "may_be_sold"]

RULES = {
    *("SEG01", "SEG02", "SEG03", "SEG04", "SEG05", "SEG06", "LEG01"),
    *("GCC01", "GCC02", "GCC03", "GCC04", "GCC05", "GCC06", "GCC07"),
    *("PART01", "PART02", "REL01", "REL02"),
    *("QUAL01", "QUAL02", "QUAL03", "QUAL04"),
    *("NPO01", "NPO02", "NPO03", "NPO04", "NPO05"),
}


@dataclass(frozen=True)
class Said:
    """What the rules come to: findings, and subjects that nobody can judge."""

    findings: frozenset[Outcome]
    not_judged: frozenset[Outcome]


def judge(fleet: Fleet) -> Said:
    sales = sales_of(fleet)
    outcomes = {
        *judge_segments(fleet, sales),
        *judge_gcc(fleet, sales),
        *judge_partners(fleet),
        *judge_relationships(fleet, sales),
        *judge_qualifications(fleet),
        *judge_nonprofit(fleet, sales),
    }
    not_judged = frozenset(outcome for outcome in outcomes if outcome.code)
    return Said(frozenset(give_way(outcomes - not_judged)), not_judged)
