"""The findings of one customer, as values with their messages."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pipeline.database import records
from pipeline.desk.listing.words import age, decided
from pipeline.findings import finding_of
from pipeline.triage.triage import read_triage
from reports.messages import message, next_step
from reports.order import by_pressure
from reports.wording import Words

if TYPE_CHECKING:
    from datetime import date

    from pipeline.desk.desk import Desk
    from schemas.finding import Finding

_WORDS = Words()


@dataclass(frozen=True)
class Told:
    """A finding, what it says, the first thing to do, since when it is known, and what people decided about it."""

    finding: Finding
    message: str
    next_step: str
    age: str
    decided: str

    @property
    def waived_until(self) -> date | None:
        """The last day on which it is waived, if it is."""
        return self.finding.waiver.expires if self.finding.waiver else None


def findings_of(desk: Desk, customer_id: str) -> list[Told]:
    """Return tonight's findings of a customer and those closed since the last night, most pressing first."""
    query = "select * from core.states where customer_id = $customer"
    rows = records(desk.connection, query, {"customer": customer_id})
    triage = read_triage(desk.state.triage)
    # A rule that has been retired since has no words of its own.
    found = (finding_of(row, desk.known_rules[row["rule_id"]], triage.get(row["finding_id"])) for row in rows)
    return [_told(finding, desk.as_of) for finding in by_pressure(found)]


def _told(finding: Finding, as_of: date) -> Told:
    known, said = "; ".join(age(finding, as_of)), "; ".join(decided(finding, as_of))
    return Told(finding, message(_WORDS, finding), next_step(_WORDS, finding), known, said)
