"""What has a day for one customer: its notice, the removal, the ends of terms and what its findings are due by."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipeline.desk.answer import Section
from pipeline.desk.dossier.reading import lost_nonprofit_on, notice_of, supplied

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from datetime import date

    from pipeline.database import Record
    from pipeline.desk.desk import Desk
    from pipeline.desk.dossier.findings import Told
    from pipeline.desk.dossier.reading import Customer

    Event = tuple[date, str, str, str]


def timeline_section(desk: Desk, customer: Customer, sales: Iterable[Record], findings: Iterable[Told]) -> Section:
    """Return the events in the order of their days; `days_left` is below zero for those that are past."""
    notice = notice_of(desk.connection, customer.customer_id)
    lost_on = lost_nonprofit_on(desk.connection, customer.customer_id)
    events = sorted({*_of_notice(notice, lost_on), *_of_terms(sales), *_of_findings(findings)})
    is_known = "nonprofit_notices" in supplied(desk.connection)
    return Section(
        "timeline",
        "Timeline",
        ("day", "days_left", "event", "about", "source"),
        tuple((day, (day - desk.as_of).days, event, about, source) for day, event, about, source in events),
        notes=() if is_known else ("No nonprofit_notices file was supplied, so a notice would not be known.",),
        nothing="Nothing has a day: no notice, no end of a term, no finding with a due date.",
    )


def _of_notice(notice: Record | None, lost_on: date | None) -> Iterator[Event]:
    if notice:
        told = {True: "contested", False: "not contested"}.get(notice["contested"], "")
        yield notice["notice_date"], "nonprofit notice", told, notice["source"]
        yield notice["removal_date"], "nonprofit qualification is removed", told, notice["source"]
    if lost_on:
        yield lost_on, "nonprofit qualification was first missing", "", ""


def _of_terms(sales: Iterable[Record]) -> Iterator[Event]:
    for sale in sales:
        if sale["is_live"] and sale["term_ends_on"]:
            about = f"{sale['offer_name'] or sale['offer_id']}, {sale['subscription_id']}"
            yield sale["term_ends_on"], "term ends", about, sale["source"]


def _of_findings(findings: Iterable[Told]) -> Iterator[Event]:
    for told in findings:
        finding = told.finding
        if finding.due_on and finding.state.is_current:
            yield (
                finding.due_on,
                f"{finding.rule.id} is due",
                f"{finding.rule.title}, {finding.finding_id}",
                finding.source,
            )
