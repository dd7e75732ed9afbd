"""One sale, one finding: which rules judge the same cause, so that at most one of them reports a subject."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from tests.sql.agreement import Answers

# The columns that make the subject, and rules of which only one may report it.
SAME_CAUSE = (
    (("subscription_id",), {"SEG01", "SEG02", "SEG03", "SEG04", "SEG05", "GCC02", "GCC05", "NPO03", "LEG01"}),
    (("subscription_id",), {"SEG01", "SEG05", "NPO03", "NPO04", "NPO05", "LEG01"}),
    (("subscription_id",), {"SEG01", "SEG02", "SEG06"}),
    (("subscription_id",), {"SEG01", "NPO03", "SEG06"}),
    (("subscription_id",), {"PART01", "PART02"}),
    (("customer_id", "submitted_tenant_id"), {"GCC03", "GCC04"}),
    (("customer_id", "qualification"), {"GCC06", "QUAL02"}),
)


def reported_twice(answers: Answers, keys: Mapping[str, Sequence[str]]) -> list[str]:
    """Name each subject that several rules report for the same cause."""
    twice = []
    for columns, rules in SAME_CAUSE:
        reporting = defaultdict(set)
        for rule, subject, _ in answers.findings:
            if rule in rules:
                values = dict(zip(keys[rule], subject.split("|"), strict=True))
                reporting[tuple(values[name] for name in columns)].add(rule)
        twice += [f"{who}: {sorted(several)}" for who, several in sorted(reporting.items()) if len(several) > 1]
    return twice
