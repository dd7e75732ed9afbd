"""A masked refusal keeps what was counted, and withholds what may quote a cell."""

from __future__ import annotations

from dataclasses import replace

import pytest

from reports.masking import WITHHELD, masked_refusal
from reports.quoting import quotes_nothing
from schemas.reading import Problem
from tests.reports.mail.refusals import MISSING


@pytest.mark.parametrize(
    "found",
    ["12,000 of 48,000 rows that could not be read", "7 lines after 900 on the last good night", "an empty file"],
)
def test_counts_are_kept(found: str) -> None:
    assert quotes_nothing(found)


@pytest.mark.parametrize(
    "found",
    ["a second line Reseller Lipowa", "two columns for domain: lipowa.example and b", "7 lines after Lipowa", "",
     "an empty file\nLipowa", "no file of that name (the folder holds lipowa.csv)"],
)  # fmt: skip
def test_what_may_quote_a_cell_is_withheld(found: str) -> None:
    assert not quotes_nothing(found)


def test_masked_refusal_says_how_many_and_withholds_what_a_cell_holds() -> None:
    found = ("7 lines after 900 on the last good night", "a second line Lipowa")
    problems = tuple(Problem("customers.csv", "", each, "", "") for each in found)
    masked = masked_refusal(replace(MISSING, problems=problems), b"k" * 32)
    assert [problem.found for problem in masked.problems] == [found[0], WITHHELD]
