"""The dossier of one customer: everything that the newest night knows of it, with where each thing stands."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from pipeline.desk.answer import Answer, Section
from pipeline.desk.dossier.findings import findings_of
from pipeline.desk.dossier.qualifications import (
    history_section,
    may_be_sold_section,
    qualifications_section,
    requests_section,
    validation_sections,
)
from pipeline.desk.dossier.reading import NO_QUALIFICATION, read_customer
from pipeline.desk.dossier.sales import sale_sections, sales_of
from pipeline.desk.dossier.timeline import timeline_section
from schemas.finding import Level, State

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from pipeline.database import Record
    from pipeline.desk.desk import Desk
    from pipeline.desk.dossier.findings import Told
    from pipeline.desk.dossier.reading import Customer

_WHO = {
    "name": "company_name",
    "domain": "domain",
    "country": "country",
    "relationship": "relationship",
    "tags": "tags",
}
_WAIVED = "waived"
_LEVELS = {
    Level.VIOLATION: ("violation", "violations"),
    Level.DEADLINE: ("deadline", "deadlines"),
    Level.VERIFY: ("to verify", "to verify"),
    _WAIVED: (_WAIVED, _WAIVED),
}


def dossier(desk: Desk, customer_id: str) -> Answer:
    """Return the dossier of a customer, which may be known from other tables than the customers export."""
    connection = desk.connection
    customer = read_customer(connection, customer_id)
    sales, findings = sales_of(connection, customer_id), findings_of(desk, customer_id)
    return Answer(
        (*_who_it_is(customer), _what_it_has(sales, findings, desk)),
        (
            _who(customer),
            may_be_sold_section(connection, customer),
            qualifications_section(connection, customer),
            history_section(connection, customer),
            requests_section(connection, customer),
            timeline_section(desk, customer, sales, findings),
            *sale_sections(sales, findings),
            _findings(findings),
            _decisions(findings),
            _next_steps(findings),
            *validation_sections(connection, customer),
        ),
        {
            "as_of": desk.as_of,
            "customer_id": customer_id,
            "company_name": customer.row["company_name"] if customer.row else None,
            "customer_type": customer.customer_type,
            "live_subscriptions": sum(sale["is_live"] for sale in sales),
            "current_findings": sum(told.finding.state.is_current for told in findings),
        },
    )


def _who_it_is(customer: Customer) -> Iterator[str]:
    name, its_type = customer.called, customer.customer_type
    if customer.row is None:
        why = "its row could not be read" if "customers" in customer.unread else "it is not in the customers export"
        yield f"{name[:1].upper()}{name[1:]}: {why}, so nobody can tell what it may be sold."
        return
    if its_type is None:
        yield f"{name}: a row of its qualifications could not be read, so nobody can tell what it may be sold."
    else:
        yield f"{name} {'holds no qualification that counts' if its_type == NO_QUALIFICATION else f'is {its_type}'}."
    if customer.row["relationship"] not in {None, "reseller"}:
        yield f"Its relationship is {customer.row['relationship']}: it must accept a reseller relationship first."


def _what_it_has(sales: Iterable[Record], findings: Iterable[Told], desk: Desk) -> str:
    live = [sale for sale in sales if sale["is_live"]]
    seats = sum(sale["seats"] or 0 for sale in live)
    current = [told.finding for told in findings if told.finding.state.is_current]
    counts = Counter(_WAIVED if finding.state is State.WAIVED else finding.level for finding in current)
    found = ", ".join(_counted(counts[level], *names) for level, names in _LEVELS.items() if counts[level])
    sold = f"{_counted(len(live), 'live subscription', 'live subscriptions')}, {_counted(seats, 'seat', 'seats')}"
    return f"As of {desk.as_of}: {sold}; findings: {found or 'none'}."


def _counted(count: int, one: str, many: str) -> str:
    return f"{count:,} {one if count == 1 else many}"


def _who(customer: Customer) -> Section:
    row, unread = customer.row, customer.unread
    facts: list[tuple[str, str | None]] = [("id", customer.customer_id)]
    if row:
        reseller = ", ".join(filter(None, (row["reseller_id"], row["reseller_name"])))
        facts += [(name, row[column]) for name, column in _WHO.items()]
        facts += [("reseller", reseller), ("row", row["source"])]
    else:
        facts.append(("row", "could not be read" if "customers" in unread else "not in the customers export"))
    return Section(
        "who",
        "Who it is",
        ("fact", "value"),
        tuple((fact, value or "not known") for fact, value in facts),
        notes=(f"Rows of the customer that could not be read: {', '.join(sorted(unread))}.",) if unread else (),
    )


def _findings(findings: Sequence[Told]) -> Section:
    return Section(
        "findings",
        "Findings",
        ("finding_id", "rule", "level", "state", "due_on", "first_seen", "waived_until", "message"),
        tuple(
            (
                *(told.finding.finding_id, told.finding.rule.id, told.finding.level.value, told.finding.state.value),
                *(told.finding.due_on, told.finding.first_seen, told.waived_until, told.message),
            )
            for told in findings
        ),
        notes=("csp-audit explain FINDING shows the evidence of one.",) if findings else (),
    )


def _decisions(findings: Iterable[Told]) -> Section:
    return Section(
        "decisions",
        "How long they are known, and what is decided",
        ("finding_id", "age", "decided"),
        tuple((told.finding.finding_id, told.age, told.decided or None) for told in findings),
    )


def _next_steps(findings: Iterable[Told]) -> Section:
    """Return the first step of each rule that finds something: it is the same for all findings of the rule."""
    current = [told for told in findings if told.finding.state.is_current]
    counts = Counter(told.finding.rule.id for told in current)
    steps = {told.finding.rule.id: told.next_step for told in current}
    return Section(
        "next_steps",
        "Next steps",
        ("rule", "findings", "next_step"),
        tuple((rule, counts[rule], step) for rule, step in steps.items()),
    )
