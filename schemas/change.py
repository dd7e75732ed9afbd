"""What changed overnight beside the findings: qualifications, and customers that came and went."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class ChangeKind(StrEnum):
    """One kind of change since the last good run; good news first."""

    GAINED = "qualification gained"
    DECIDED = "vetting decided"
    LOST = "qualification lost"
    CAME = "customer came"
    WENT = "customer went"


@dataclass(frozen=True)
class Change:
    """One change of one customer since the last good run.

    `qualification`, and the vetting status `before` and `after`, are empty for customers that came and went.
    `may_now_be_sold` are the segments that the customer may be sold tonight and could not be before.
    """

    kind: ChangeKind
    customer_id: str
    company_name: str | None
    qualification: str = ""
    before: str = ""
    after: str = ""
    may_now_be_sold: tuple[str, ...] = ()
