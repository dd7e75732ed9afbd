"""Whether a nonprofit sale is in the way of a notice, or of a qualification that was lost."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipeline.desk.buying.reasons import Missing, Reason, Reply
from pipeline.desk.dossier import reading

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pipeline.database import Record
    from pipeline.desk.desk import Desk
    from pipeline.desk.dossier.reading import Customer

_AFTER = (
    "after that no new nonprofit subscription may be sold, and its seat-based nonprofit subscriptions no longer renew "
    "by themselves"
)


def nonprofit_reasons(desk: Desk, customer: Customer) -> Iterator[Reason]:
    """Yield what is known of a notice and of a loss: a removal date that has come is a no, as in NPO03."""
    connection = desk.connection
    notice = reading.notice_of(connection, customer.customer_id)
    if notice:
        yield _of_notice(desk, notice)
    elif "nonprofit_notices" in customer.unread:
        yield Reason(
            "nonprofit notice", "a row of the customer's could not be read", "nonprofit_notices", Reply.UNKNOWN,
            "a row of its nonprofit notices could not be read",
            (Missing("its nonprofit notice", "Have the row in the file of notices corrected, and run again."),),
        )  # fmt: skip
    elif "nonprofit_notices" not in reading.supplied(connection):
        yield Reason("nonprofit notice", "not known: no nonprofit_notices file was supplied", "", None, "")
    lost_on = reading.lost_nonprofit_on(connection, customer.customer_id)
    if lost_on:
        yield Reason(
            "nonprofit qualification", f"first missing on {lost_on}", desk.rules["NPO03"].source, None,
            f"its nonprofit qualification was first missing on {lost_on}",
        )  # fmt: skip


def _of_notice(desk: Desk, notice: Record) -> Reason:
    removal, contested = notice["removal_date"], ", contested" if notice["contested"] else ""
    value = f"given on {notice['notice_date']}, removal on {removal}{contested}"
    if removal > desk.as_of:
        days = (removal - desk.as_of).days
        left = "1 day" if days == 1 else f"{days} days"
        told = f"a nonprofit notice is running: the qualification is removed on {removal}, in {left}; {_AFTER}"
        return Reason("nonprofit notice", value, notice["source"], None, told)
    return Reason(
        "nonprofit notice", value, notice["source"], Reply.NO,
        f"its nonprofit qualification was to be removed on {removal}, and nothing nonprofit may be sold since",
        (Missing(
            "an eligibility review that was won",
            "Contest the review with Support, and take the notice out of the file once it is won; "
            "or sell the commercial equivalent.",
        ),),
    )  # fmt: skip
