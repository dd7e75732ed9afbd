"""The subscriptions of one customer: what was sold, how its segment is known, and whether it may be sold tonight."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from pipeline.database import records
from pipeline.desk.answer import Section

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from pipeline.database import Connection, Record
    from pipeline.desk.answer import Cell
    from pipeline.desk.dossier.findings import Told

_NOT_LIVE = "not live"
_UNKNOWN = "cannot tell"


def sales_of(connection: Connection, customer_id: str) -> list[Record]:
    """Return a customer's subscriptions with the evidence for their segment; `allowed` is null where nobody can tell.

    Live ones come first, the one that ends next before the others.
    """
    return records(
        connection,
        """
        with own as (
            select
                b.line, b.file, b.subscription_id, b.offer_id, b.offer_name, b.segment, b.quantity, b.status,
                b.last_day, b.auto_renew_enabled, b.scheduled_action, b.scheduled_offer_id
            from core.subscriptions as b
            where b.customer_id = $customer
        ),
        rated as (
            select s.line, s.sale_no from core.recorded_sale as s where s.line in (select o.line from own as o)
        )
        select
            b.subscription_id, b.offer_id, b.offer_name, o.segment, o.segment_source, o.conflict, b.quantity as seats,
            b.status, b.last_day as term_ends_on, b.auto_renew_enabled as auto_renew, b.scheduled_action,
            b.scheduled_offer_id, s.line is not null as is_live, r.outcome, concat(b.file, ':', b.line) as source
        from own as b
        inner join core.offer_segment as o
            on
                b.offer_id = o.offer_id
                and b.offer_name is not distinct from o.offer_name
                and b.segment is not distinct from o.stated_segment
        left join rated as s on b.line = s.line
        left join core.rated_sale as r on s.sale_no = r.sale_no
        order by is_live desc, b.last_day nulls last, b.subscription_id
        """,
        {"customer": customer_id},
    )


def sale_sections(sales: Sequence[Record], findings: Iterable[Told]) -> tuple[Section, ...]:
    """Return what was sold and what is found of it, how its segment is known, and how the terms of what is live end."""
    rules: dict[str, list[str]] = defaultdict(list)
    for told in findings:
        if told.finding.subscription_id and told.finding.state.is_current:
            rules[told.finding.subscription_id].append(told.finding.rule.id)
    return _sold(sales, rules), _evidence(sales), _terms([sale for sale in sales if sale["is_live"]])


def _sold(sales: Iterable[Record], rules: Mapping[str, Sequence[str]]) -> Section:
    return Section(
        "subscriptions",
        "Subscriptions",
        ("subscription_id", "offer_name", "segment", "seats", "status", "allowed", "findings", "source"),
        tuple(
            (
                *_cells(sale, "subscription_id offer_name segment seats status"),
                _allowed(sale),
                ", ".join(rules.get(sale["subscription_id"], ())) or None,
                sale["source"],
            )
            for sale in sales
        ),
    )


def _evidence(sales: Iterable[Record]) -> Section:
    return Section(
        "segment_evidence",
        "How the segments are known",
        ("subscription_id", "offer_id", "segment", "segment_source", "conflict"),
        tuple(_cells(sale, "subscription_id offer_id segment segment_source conflict") for sale in sales),
        notes=("A segment without a source, or whose sources conflict, is to be verified.",)
        if any(sale["conflict"] or not sale["segment"] for sale in sales)
        else (),
    )


def _terms(live: Iterable[Record]) -> Section:
    return Section(
        "terms",
        "Terms of the live subscriptions",
        ("term_ends_on", "subscription_id", "auto_renew", "scheduled_action", "scheduled_offer_id"),
        tuple(
            _cells(sale, "term_ends_on subscription_id auto_renew scheduled_action scheduled_offer_id") for sale in live
        ),
    )


def _cells(sale: Record, names: str) -> tuple[Cell, ...]:
    return tuple(sale[name] for name in names.split())


def _allowed(sale: Record) -> str:
    return str(sale["outcome"] or _UNKNOWN) if sale["is_live"] else _NOT_LIVE
