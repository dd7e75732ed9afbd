"""The chart of exposure by segment: what is sold in each and has a finding, a month, each currency on its own scale.

Lengths are units of the SVG's own coordinates, one decimal, with y growing downwards; the SVG is templates/stakes.svg.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING

from reports.charts import WIDTH
from reports.exposure import one_each
from reports.terms import term
from reports.text import clip

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from reports.wording import Words
    from schemas.finding import Finding

MOST_CURRENCIES = 3
MOST_SEGMENTS = 6
_ROW = 34.0
_BETWEEN = 12.0  # between two currencies
_LONGEST_SEGMENT = 24  # characters; with an amount beside it, as many as fit
_LONGEST_AMOUNT = 34


@dataclass(frozen=True)
class Stake:
    """One segment in one currency: its texts stand at `y`, its bar of so much width below them."""

    segment: str
    amount: str
    y: float
    width: float


@dataclass(frozen=True)
class Stakes:
    """The stakes, the highest of each currency first; `unpriced` counts subscriptions without a price.

    `currencies` counts those that are drawn, `left_out` those that are not.
    """

    stakes: tuple[Stake, ...]
    currencies: int
    left_out: int
    unpriced: int
    height: float
    width: float = WIDTH


def stakes(words: Words, findings: Iterable[Finding]) -> Stakes | None:
    """Draw what tonight's findings concern, each subscription once; nothing where none has a price.

    The currencies of most subscriptions are drawn, and in each the segments with most at stake.
    """
    sums: defaultdict[str, defaultdict[str, Decimal]] = defaultdict(lambda: defaultdict(Decimal))
    sold: Counter[str] = Counter()
    unpriced = 0
    for finding in one_each(findings):
        if finding.monthly_amount is None or not finding.currency:
            unpriced += 1
            continue
        sold[finding.currency] += 1
        sums[finding.currency][finding.segment or ""] += finding.monthly_amount
    drawn = sorted(sold, key=lambda currency: (-sold[currency], currency))[:MOST_CURRENCIES]
    if not drawn:
        return None
    placed, height = _place(words, [(currency, sums[currency]) for currency in drawn])
    return Stakes(placed, len(drawn), len(sold) - len(drawn), unpriced, height)


def _place(words: Words, sums: Sequence[tuple[str, Mapping[str, Decimal]]]) -> tuple[tuple[Stake, ...], float]:
    placed: list[Stake] = []
    top = 0.0
    for currency, amounts in sums:
        most = max(*amounts.values(), Decimal(0))
        for segment, amount in sorted(amounts.items(), key=lambda item: (-item[1], item[0]))[:MOST_SEGMENTS]:
            share = max(float(amount / most), 0.0) if most else 0.0
            placed.append(_stake(words, segment, words.money(amount, currency), top + 14, share))
            top += _ROW
        top += _BETWEEN
    return tuple(placed), round(top - _BETWEEN, 1)


def _stake(words: Words, segment: str, amount: str, y: float, share: float) -> Stake:
    name = term(words, segment) if segment else words.gettext("segment not known")
    return Stake(clip(name, _LONGEST_SEGMENT), clip(amount, _LONGEST_AMOUNT), y, round(WIDTH * share, 1))
