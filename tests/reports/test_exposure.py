"""What findings cost a month: exact, for each currency apart, each subscription once."""

from __future__ import annotations

from decimal import Decimal

import pytest

from reports.exposure import Exposure, exposure, exposure_texts, monthly
from reports.wording import Words
from schemas.finding import Finding, State
from tests.reports.parts import finding, price
from tests.reports.rulebook import GCC02, GCC07, SEG01

WORDS = Words()


def sale(number: int, amount: str | None, currency: str | None = "PLN", **changes: object) -> Finding:
    return finding(number, **{**price(amount, currency), **changes})  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("findings", "amounts", "unpriced"),
    [
        ([], {}, 0),
        ([sale(1, "0.10"), sale(2, "0.20")], {"PLN": "0.30"}, 0),
        ([sale(1, "5", "USD"), sale(2, "7", "PLN"), sale(3, "1", "USD")], {"PLN": "7", "USD": "6"}, 0),
        ([sale(1, "0.00")], {"PLN": "0"}, 0),
        ([sale(1, None), sale(2, "7"), sale(3, "7", None), sale(4, "7", "")], {"PLN": "7"}, 3),
        ([sale(1, "7"), sale(2, "7", state=State.CLOSED)], {"PLN": "7"}, 0),
        ([sale(1, "7", state=State.WAIVED), sale(2, "7", state=State.REOPENED)], {"PLN": "7"}, 0),
        ([sale(1, "7", state=State.NEW_RULE)], {"PLN": "7"}, 0),
        ([sale(1, "7"), sale(2, None, subscription_id=None)], {"PLN": "7"}, 0),
    ],
)
def test_sums(findings: list[Finding], amounts: dict[str, str], unpriced: int) -> None:
    expected = Exposure(tuple((currency, Decimal(amount)) for currency, amount in amounts.items()), unpriced)
    assert exposure(findings) == expected


def test_a_subscription_with_findings_of_several_rules_counts_once() -> None:
    several = [sale(1, "7", rule=rule) for rule in (SEG01, GCC02, GCC07)]
    assert exposure(several) == Exposure((("PLN", Decimal(7)),))
    unpriced = [sale(1, None, rule=rule) for rule in (SEG01, GCC02)]
    assert exposure(unpriced) == Exposure((), 1)


@pytest.mark.parametrize("kept_amount", ["9", None])
def test_tonights_amount_counts_before_one_that_was_kept(kept_amount: str | None) -> None:
    kept, seen = sale(1, kept_amount, confirmed=False), sale(1, "7", rule=GCC02)
    assert exposure([kept, seen]) == exposure([seen, kept]) == Exposure((("PLN", Decimal(7)),))


@pytest.mark.parametrize(
    ("item", "text"),
    [
        (sale(1, "21600"), "21,600.00\u00a0PLN a month"),
        (sale(1, "0"), "0.00\u00a0PLN a month"),
        (sale(1, None), ""),
        (sale(1, "21600", None), ""),
    ],
)
def test_what_one_subscription_costs(item: Finding, text: str) -> None:
    assert monthly(WORDS, item) == text


@pytest.mark.parametrize(
    ("found", "texts"),
    [
        (Exposure(), ()),
        (Exposure((), 3), ("Exposure a month: not known",)),
        (Exposure((("PLN", Decimal("0.5")),)), ("Exposure a month: 0.50\u00a0PLN",)),
        (
            Exposure((("PLN", Decimal(12400)), ("USD", Decimal(310))), 1),
            ("Exposure a month: 12,400.00\u00a0PLN, 310.00\u00a0USD", "1 subscription without a known price"),
        ),
        (
            Exposure((("USD", Decimal(310)),), 1200),
            ("Exposure a month: 310.00\u00a0USD", "1,200 subscriptions without a known price"),
        ),
    ],
)
def test_what_is_said_of_a_sum(found: Exposure, texts: tuple[str, ...]) -> None:
    assert exposure_texts(WORDS, found) == texts
