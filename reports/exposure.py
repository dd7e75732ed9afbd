"""What the subscriptions of findings cost a month, summed for each currency and never across currencies."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING

from reports.order import is_counted

if TYPE_CHECKING:
    from collections.abc import Iterable

    from reports.wording import Words
    from schemas.finding import Finding


@dataclass(frozen=True)
class Exposure:
    """Amounts a month by currency, in the order of the currencies; `unpriced` counts subscriptions without one."""

    amounts: tuple[tuple[str, Decimal], ...] = ()
    unpriced: int = 0


def exposure(findings: Iterable[Finding]) -> Exposure:
    """Sum what tonight's findings concern, each subscription once; what is closed, waived or suspect does not count."""
    amounts: defaultdict[str, Decimal] = defaultdict(Decimal)
    unpriced = 0
    for finding in one_each(findings):
        if finding.monthly_amount is None or not finding.currency:
            unpriced += 1
        else:
            amounts[finding.currency] += finding.monthly_amount
    return Exposure(tuple(sorted(amounts.items())), unpriced)


def one_each(findings: Iterable[Finding]) -> Iterable[Finding]:
    """Return one finding for each subscription: one seen tonight, whose amount is tonight's, before one kept."""
    chosen: dict[str, Finding] = {}
    for finding in findings:
        subject = finding.subscription_id
        if subject is None or not is_counted(finding):
            continue
        if subject not in chosen or (finding.confirmed and not chosen[subject].confirmed):
            chosen[subject] = finding
    return chosen.values()


def monthly(words: Words, finding: Finding) -> str:
    """Return what a finding's subscription costs a month, or nothing where that is not known."""
    if finding.monthly_amount is None or not finding.currency:
        return ""
    return words.gettext("%(money)s a month", money=words.money(finding.monthly_amount, finding.currency))


def exposure_texts(words: Words, found: Exposure) -> tuple[str, ...]:
    """Return what to say of a sum, one short text each; nothing where no finding is about a subscription."""
    if not found.amounts:
        return (words.gettext("Exposure a month: not known"),) if found.unpriced else ()
    amounts = ", ".join(words.money(amount, currency) for currency, amount in found.amounts)
    known = words.gettext("Exposure a month: %(amounts)s", amounts=amounts)
    unpriced = words.ngettext(
        "%(n)s subscription without a known price", "%(n)s subscriptions without a known price", found.unpriced
    )
    return (known, unpriced) if found.unpriced else (known,)
