"""The purchase matrix as a table."""

from __future__ import annotations

import pytest

from reports.matrix import Cell, Look, found_places, matrix_table, waived_places
from reports.wording import Words
from schemas.finding import Finding, MatrixCell, Purchase, State
from tests.reports import examples
from tests.reports.parts import finding
from tests.reports.rulebook import GCC02, SEG01

WORDS = Words()
RULES = frozenset({"SEG01", "SEG02"})


def cell(outcome: Purchase, sold: int, reported: int, rule_id: str | None = "SEG01") -> Cell:
    """Return the one cell of a matrix of one row."""
    source = MatrixCell("(none)", "Commercial", outcome, sold, reported, rule_id)
    return matrix_table(WORDS, [source], RULES).rows[0].cells[0]


@pytest.mark.parametrize(
    ("shown", "wanted"),
    [
        (cell(Purchase.ALLOWED, 4716, 0, None), Cell(Look.ALLOWED, "4,716")),
        (cell(Purchase.ALLOWED, 0, 0, None), Cell(Look.ALLOWED, "0")),
        (cell(Purchase.UNLISTED_INSIDE, 7, 0, None), Cell(Look.ALLOWED, "7")),
        (cell(Purchase.FORBIDDEN, 0, 0), Cell(Look.FORBIDDEN, "not allowed")),
        (cell(Purchase.UNLISTED_OUTSIDE, 0, 0), Cell(Look.OUTSIDE, "not listed")),
        (cell(Purchase.FORBIDDEN, 1, 1), Cell(Look.FORBIDDEN_SOLD, "1 violation", "", "#rule-SEG01")),
        (
            cell(Purchase.FORBIDDEN, 4, 3),
            Cell(Look.FORBIDDEN_SOLD, "3 violations", "of 4 sold", "#rule-SEG01"),
        ),
        (cell(Purchase.FORBIDDEN, 4, 0), Cell(Look.FORBIDDEN_SOLD, "4 sold", "not allowed", "#rule-SEG01")),
        (cell(Purchase.UNLISTED_OUTSIDE, 2, 2), Cell(Look.OUTSIDE_SOLD, "2 to verify", "", "#rule-SEG01")),
        (
            cell(Purchase.UNLISTED_OUTSIDE, 2, 0),
            Cell(Look.OUTSIDE_SOLD, "2 sold", "not listed", "#rule-SEG01"),
        ),
        (cell(Purchase.FORBIDDEN, 1, 1, "GONE99"), Cell(Look.FORBIDDEN_SOLD, "1 violation")),
    ],
)
def test_a_cell_says_in_words_what_it_shows(shown: Cell, wanted: Cell) -> None:
    assert shown == wanted


def test_listed_types_come_first_in_the_published_order() -> None:
    cells = examples.busy().matrix
    table = matrix_table(WORDS, reversed(cells), RULES)
    assert [(row.name, row.listed) for row in table.rows] == [
        ("Commercial", True),
        ("Nonprofit", True),
        ("Education", True),
        ("Nonprofit + Education", True),
        ("GCC", True),
        ("State-owned entity", True),
        ("Education + State-owned entity", True),
        ("State-owned entity + GCC", True),
        ("Nonprofit + State-owned entity", False),
    ]
    assert table.segments == ("Commercial", "Nonprofit", "Education", "GCC")
    assert table.has_unlisted


def test_a_listed_type_before_it_was_in_force_is_marked_as_unlisted() -> None:
    source = MatrixCell("Education + Nonprofit", "Education", Purchase.UNLISTED_OUTSIDE, 0, 0)
    table = matrix_table(WORDS, [source], RULES)
    assert not table.rows[0].listed
    assert table.rows[0].cells[0] == Cell(Look.MISSING, "no data")


def test_a_segment_of_its_own_gets_a_column() -> None:
    source = MatrixCell("(none)", "Healthcare", Purchase.FORBIDDEN, 0, 0)
    assert matrix_table(WORDS, [source], RULES).segments[-1] == "Healthcare"


def test_nothing_makes_an_empty_table() -> None:
    table = matrix_table(WORDS, [], RULES)
    assert table.rows == ()
    assert not table.has_unlisted


@pytest.mark.parametrize(
    ("outcome", "sold", "reported", "accepted", "wanted"),
    [
        (Purchase.FORBIDDEN, 9, 9, 2, ("7 violations", "of 9 sold, 2 waived")),
        (Purchase.FORBIDDEN, 9, 8, 2, ("6 violations", "of 9 sold, 2 waived")),
        (Purchase.FORBIDDEN, 9, 9, 9, ("9 sold", "9 waived")),
        (Purchase.UNLISTED_OUTSIDE, 2, 2, 1, ("1 to verify", "of 2 sold, 1 waived")),
        (Purchase.UNLISTED_OUTSIDE, 2, 2, 2, ("2 sold", "2 waived")),
    ],
)
def test_what_is_waived_is_not_among_those_reported(
    outcome: Purchase, sold: int, reported: int, accepted: int, wanted: tuple[str, str]
) -> None:
    source = MatrixCell("(none)", "Nonprofit", outcome, sold, reported, "SEG01")
    places = waived_places(finding(number, state=State.WAIVED) for number in range(accepted))
    shown = matrix_table(WORDS, [source], RULES, places).rows[0].cells[1]
    assert (shown.text, shown.note) == wanted


WHERE = "type=%28none%29&segment=Nonprofit"


@pytest.mark.parametrize(
    ("findings", "href"),
    [
        ([], "#rule-SEG01"),
        ([finding(1)], f"#findings?{WHERE}&rule=SEG01"),
        ([finding(1), finding(2, state=State.WAIVED)], f"#findings?{WHERE}&rule=SEG01"),
        ([finding(1, state=State.WAIVED)], f"#findings?{WHERE}&rule=SEG01&state=waived"),
        ([finding(1, state=State.CLOSED)], "#rule-SEG01"),
        ([finding(1, GCC02)], f"#findings?{WHERE}"),
        ([finding(1, SEG01, segment="Education")], "#rule-SEG01"),
    ],
    ids=["none", "its own", "some waived", "all waived", "closed", "of a sharper rule", "elsewhere"],
)
def test_a_cell_leads_to_the_findings_it_counts(findings: list[Finding], href: str) -> None:
    source = MatrixCell("(none)", "Nonprofit", Purchase.FORBIDDEN, 2, 1, "SEG01")
    table = matrix_table(WORDS, [source], RULES, waived_places(findings), found_places(findings))
    assert table.rows[0].cells[1].href == href


def test_only_what_was_seen_tonight_and_is_waived_is_taken_off() -> None:
    kept = finding(1, state=State.WAIVED, confirmed=False)
    assert waived_places([kept, finding(2), finding(3, state=State.CLOSED)]) == {}
