"""The chart of exposure by segment: exact sums, each currency on its own scale, and always of one size."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

from hypothesis import given
from hypothesis import strategies as st

from reports.charts import WIDTH
from reports.stakes import MOST_CURRENCIES, MOST_SEGMENTS, Stakes, stakes
from reports.wording import Words
from schemas.finding import Finding, State
from tests.reports.parts import finding, price
from tests.reports.rulebook import GCC02, SEG01

if TYPE_CHECKING:
    from decimal import Decimal

WORDS = Words()


def sale(
    number: int, amount: str | None, currency: str = "PLN", segment: str | None = "Nonprofit", **changes: object
) -> Finding:
    return finding(number, segment=segment, **{**price(amount, currency), **changes})  # type: ignore[arg-type]


def drawn(*findings: Finding) -> Stakes:
    made = stakes(WORDS, findings)
    assert made is not None
    return made


def said(made: Stakes) -> list[tuple[str, str, float]]:
    return [(stake.segment, stake.amount.replace("\u00a0", " "), stake.width) for stake in made.stakes]


def test_sums_by_segment_the_highest_first() -> None:
    made = drawn(sale(1, "0.10"), sale(2, "0.20"), sale(3, "1.20", segment="GovernmentCommunityCloud"))
    assert said(made) == [("GCC", "1.20 PLN", WIDTH), ("Nonprofit", "0.30 PLN", WIDTH / 4)]
    assert (made.currencies, made.left_out, made.unpriced) == (1, 0, 0)


def test_each_currency_has_its_own_scale_that_of_most_sales_first() -> None:
    made = drawn(sale(1, "9000", "HUF"), sale(2, "5", "EUR"), sale(3, "5", "EUR", "Education"))
    assert said(made) == [
        ("Education", "5.00 EUR", WIDTH), ("Nonprofit", "5.00 EUR", WIDTH), ("Nonprofit", "9,000.00 HUF", WIDTH),
    ]  # fmt: skip


def test_each_subscription_counts_once_and_what_is_at_rest_not_at_all() -> None:
    made = drawn(
        sale(1, "7"), sale(1, "7", rule=GCC02), sale(2, "5", state=State.WAIVED), sale(3, "5", state=State.CLOSED),
        sale(4, None), sale(5, None, rule=SEG01, subscription_id=None),
    )  # fmt: skip
    assert said(made) == [("Nonprofit", "7.00 PLN", WIDTH)]
    assert made.unpriced == 1


def test_a_sale_whose_segment_nobody_knows_is_in_the_sum() -> None:
    assert said(drawn(sale(1, "7", segment=None))) == [("segment not known", "7.00 PLN", WIDTH)]


def test_without_a_price_there_is_no_chart() -> None:
    assert stakes(WORDS, []) is None
    assert stakes(WORDS, [sale(1, None)]) is None


def test_a_free_sale_is_there_without_a_bar_and_a_credit_has_none() -> None:
    assert said(drawn(sale(1, "0"))) == [("Nonprofit", "0.00 PLN", 0.0)]
    assert said(drawn(sale(1, "-5"), sale(2, "10", segment="Education"))) == [
        ("Education", "10.00 PLN", WIDTH), ("Nonprofit", "-5.00 PLN", 0.0),
    ]  # fmt: skip


@given(
    st.lists(
        st.tuples(st.decimals(0, 10**9, places=2), st.sampled_from("ABCDEF"), st.text("xyz", max_size=2)), min_size=1
    )
)
def test_the_chart_is_bounded_and_nothing_in_it_collides(sales: list[tuple[Decimal, str, str]]) -> None:
    made = drawn(*(sale(place, str(amount), code, name) for place, (amount, code, name) in enumerate(sales)))
    currencies = len({code for _, code, _ in sales})
    assert made.currencies == min(currencies, MOST_CURRENCIES)
    assert made.left_out == currencies - made.currencies
    assert len(made.stakes) <= MOST_CURRENCIES * MOST_SEGMENTS
    assert all(lower.y - upper.y >= 34 for upper, lower in pairwise(made.stakes))
    assert made.stakes[-1].y < made.height
    assert all(0 <= stake.width <= WIDTH for stake in made.stakes)
