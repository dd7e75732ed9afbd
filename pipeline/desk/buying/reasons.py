"""What a purchase answer is made of: reasons that speak for yes, for no or for neither, and what is missing."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Reply(StrEnum):
    """The three answers to "may it be sold"."""

    YES = "yes"
    NO = "no"
    UNKNOWN = "cannot tell"


@dataclass(frozen=True)
class Missing:
    """One thing that stands between the customer and a yes, and the next step towards it."""

    what: str
    next_step: str


@dataclass(frozen=True)
class Reason:
    """One fact with its value and source, and what it says of the question (None: nothing; it is only worth knowing).

    `sentence` tells it without a full stop, as a part of the answer's first sentences.
    """

    fact: str
    value: str
    source: str
    reply: Reply | None
    sentence: str
    missing: tuple[Missing, ...] = ()


def reply_of(reasons: list[Reason]) -> Reply:
    """Return no where any reason says so, else cannot tell where any does, else yes."""
    said = {reason.reply for reason in reasons}
    return next((reply for reply in (Reply.NO, Reply.UNKNOWN) if reply in said), Reply.YES)
