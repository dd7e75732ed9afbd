"""Terms: the many spellings of segments, qualifications and truths, and what is none of them."""

from __future__ import annotations

import pandas as pd
import pytest

from schemas.column import BOOLEAN, COUNT, GUID, MONEY, Kind
from schemas.conditions import OneOf, fold
from schemas.segments import QUALIFICATION, SEGMENT

SEGMENTS = {
    "Commercial": "commercial, Corporate, CORPORATE",
    "Education": "education, edu, Academic, faculty, Student, EDUCATION",
    "Nonprofit": "nonprofit, non-profit, Charity, NonProfit, npo, Non Profit, non\u2011profit, non\u2013profit",
    "GovernmentCommunityCloud": "governmentcommunitycloud, government_community_cloud, Government Community Cloud, "
    "government-community-cloud, GCC, gcc, government",
}
QUALIFICATIONS = {name: words for name, words in SEGMENTS.items() if name != "Commercial"} | {
    "StateOwnedEntity": "soe, SOE, state owned entity, state-owned entity, stateOwnedEntity",
    "None": "None, none, NONE",
}
TRUTHS = {
    "true": "true, True, TRUE, yes, Yes, y, Y, 1",
    "false": "false, False, FALSE, no, No, n, N, 0",
}
# Machine translations, and what only looks like a term.
NO_SEGMENT = ["Reklama", "Microsoft Community Cloud", "gov", "None", "Education!", "StateOwnedEntity", "\u0435du", "1"]


def holds(kind: Kind, cell: str) -> bool:
    cells = pd.Series([cell], dtype="str")
    return all(bool(condition.holds(cells).iloc[0]) for condition in kind.conditions)


def canonical(kind: Kind, cell: str) -> str | None:
    (closed,) = (condition for condition in kind.conditions if isinstance(condition, OneOf))
    return dict(closed.spellings).get(fold(cell))


@pytest.mark.parametrize(
    ("kind", "words"),
    [(SEGMENT, SEGMENTS), (QUALIFICATION, QUALIFICATIONS), (BOOLEAN, TRUTHS)],
    ids=["segment", "qualification", "boolean"],
)
def test_every_spelling_leads_to_its_canonical_value(kind: Kind, words: dict[str, str]) -> None:
    for name, spellings in words.items():
        for spelling in spellings.split(", "):
            assert (holds(kind, spelling), canonical(kind, spelling)) == (True, name), spelling


@pytest.mark.parametrize("word", NO_SEGMENT)
def test_mistaken_words_are_no_segment(word: str) -> None:
    assert not holds(SEGMENT, word)


@pytest.mark.parametrize("word", ["Commercial", "Corporate", "Reklama", "NA", "null"])
def test_mistaken_words_are_no_qualification(word: str) -> None:
    assert not holds(QUALIFICATION, word)


@pytest.mark.parametrize("cell", ["0", "+5", "007", "1000000000", "-0"])
def test_whole_numbers_are_counts(cell: str) -> None:
    assert holds(COUNT, cell)


@pytest.mark.parametrize(
    "cell", ["-1", "1000000001", " 5", "5 ", "5.0", "1e5", "0x1A", "\u0665", "\uff15", "5\n", "NaN", "inf", "1_000"]
)
def test_anything_else_is_no_count(cell: str) -> None:
    assert not holds(COUNT, cell)


@pytest.mark.parametrize("cell", ["12.50", "12,50", "-3", "0.123456", "12,5", "999999999999"])
def test_decimal_point_and_comma_make_prices(cell: str) -> None:
    assert holds(MONEY, cell)


@pytest.mark.parametrize("cell", ["1,234", "1,234.50", "1.2345678", "1e3", "NaN", "12.", ".5", "12 ", "€5", "+5"])
def test_thousands_and_notations_make_no_price(cell: str) -> None:
    assert not holds(MONEY, cell)


@pytest.mark.parametrize(
    ("cell", "is_guid"),
    [
        ("0f8fad5b-d9cb-469f-a165-70867728950e", True),
        ("0F8FAD5B-D9CB-469F-A165-70867728950E", True),
        ("{0f8fad5b-d9cb-469f-a165-70867728950e}", False),
        ("0f8fad5bd9cb469fa16570867728950e", False),
        ("0f8fad5b-d9cb-469f-a165-70867728950g", False),
        ("0f8fad5b-d9cb-469f-a165-70867728950e\n", False),
    ],
)
def test_guids_have_one_shape_in_either_case(cell: str, is_guid: bool) -> None:  # noqa: FBT001 - a column of the table
    assert holds(GUID, cell) is is_guid
