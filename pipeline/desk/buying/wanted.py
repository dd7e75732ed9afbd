"""What somebody wants to buy: a segment by any of its names, or an offer and what is known of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pipeline.database import records
from pipeline.desk.answer import as_text
from pipeline.desk.offers import near_offers, offer_key
from pipeline.errors import UsageError
from schemas.conditions import OneOf, fold
from schemas.segments import SEGMENT

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pipeline.database import Connection, Record

SoldAs = tuple[str | None, str | None]


@dataclass(frozen=True)
class Wanted:
    """A segment, or an offer with its segment (None: nobody can tell it) and how that is known.

    `sold_as` has the pairs of product type and term under which the offer is listed or sold; both may be unknown.
    """

    segment: str | None
    evidence: str = ""
    source: str = ""
    offer_key: str = ""
    title: str = ""
    conflict: str = ""
    cloud: str | None = None
    is_azure: bool = False
    sold_as: tuple[SoldAs, ...] = ()

    @property
    def named(self) -> str:
        """What it is called in a sentence."""
        if not self.offer_key:
            return self.segment or ""
        segment = f"{self.segment} offer" if self.segment else "offer"
        return f"the {segment} {self.title or 'without a name'} ({self.offer_key})"


def find_wanted(connection: Connection, asked: str) -> Wanted:
    """Return the segment or the offer that is asked for. Raises UsageError where it is neither, with near matches."""
    segment = _segments().get(fold(asked))
    if segment:
        return Wanted(segment)
    key = offer_key(connection, asked)
    sold, listed = _sold(connection, key), _listed(connection, key)
    if not sold and not listed:
        raise UsageError(_unknown(connection, asked))
    return _offer(key, sold, listed, _sold_as(connection, key, [row["term_duration"] for row in listed]))


def _segments() -> dict[str, str]:
    (closed,) = (condition for condition in SEGMENT.conditions if isinstance(condition, OneOf))
    return dict(closed.spellings)


def _sold(connection: Connection, key: str) -> list[Record]:
    """Return what the offer was sold or scheduled as; one row for each name and stated segment."""
    return records(
        connection,
        """
        select o.offer_name, o.stated_segment, o.segment, o.segment_source, o.conflict, o.cloud, o.kind
        from core.offer_segment as o where o.offer_key = $key order by o.offer_no
        """,
        {"key": key},
    )


def _listed(connection: Connection, key: str) -> list[Record]:
    """Return the rows of the price list that are in force; where none is, all of them."""
    return records(
        connection,
        """
        with dated as (
            select
                p.sku_title, p.segment, p.term_duration, t.cloud, p.file, p.line,
                coalesce(p.effective_start_date <= r.as_of, true)
                and coalesce(p.effective_end_date >= r.as_of, true) as is_in_force
            from core.price_list as p
            cross join core.run as r
            left join core.titles as t on p.sku_title = t.title
            where p.offer_key = $key
        )
        select d.sku_title, d.segment, d.term_duration, d.cloud, d.is_in_force, concat(d.file, ':', d.line) as source
        from dated as d
        qualify d.is_in_force = bool_or(d.is_in_force) over ()
        order by d.file, d.line
        """,
        {"key": key},
    )


def _sold_as(connection: Connection, key: str, terms: Sequence[str | None]) -> tuple[SoldAs, ...]:
    """Return the product types under which the offer was sold, with the terms of the list, or else of the sales."""
    sold = connection.execute(
        """
        select distinct b.product_type, b.term_duration from core.subscriptions as b
        where b.offer_id in (select o.offer_id from core.offers as o where o.offer_key = $key)
        order by all
        """,
        {"key": key},
    ).fetchall()
    known = sorted({term for term in terms if term})
    if not known:
        return tuple(sold)
    return tuple((kind, term) for kind in dict.fromkeys(kind for kind, _ in sold) for term in known)


def _offer(key: str, sold: Sequence[Record], listed: Sequence[Record], sold_as: tuple[SoldAs, ...]) -> Wanted:
    """Put together what is known; the segment as the audit resolves it, or none where the sales are of several."""
    in_list = {row["segment"] for row in listed}
    segments = {row["segment"] for row in sold if row["segment"]} or (in_list if len(in_list) == 1 else set())
    segment = next(iter(segments)) if len(segments) == 1 else None
    first = listed[0] if listed else None
    conflict = "; ".join(sorted({row["conflict"] for row in sold if row["conflict"]}))
    if len(in_list) > 1:
        conflict = conflict or "price list rows contradict each other"
    return Wanted(
        segment=segment,
        evidence=_evidence(sold, in_list, segment),
        source=first["source"] if first else "",
        offer_key=key,
        title=as_text(next((name for name in _names(sold, listed) if name), "")),
        conflict=conflict or (f"sold as {' and as '.join(sorted(segments))}" if len(segments) > 1 else ""),
        cloud=min((row["cloud"] for row in (*sold, *listed) if row["cloud"]), default=None),
        is_azure=any(row["kind"] == "azure" for row in sold),
        sold_as=sold_as,
    )


def _names(sold: Sequence[Record], listed: Sequence[Record]) -> list[str | None]:
    return [*(row["sku_title"] for row in listed), *(row["offer_name"] for row in sold)]


def _evidence(sold: Sequence[Record], in_list: set[str], segment: str | None) -> str:
    if segment is None:
        return ""
    if in_list == {segment}:
        return "price list"
    return ", ".join(dict.fromkeys(row["segment_source"] for row in sold if row["segment_source"]))


def _unknown(connection: Connection, asked: str) -> str:
    said = (
        f"{as_text(asked)!r} is no segment, and no offer of the price list or of a subscription.",
        near_offers(connection, asked),
        f"Name one of {', '.join(dict.fromkeys(_segments().values()))}, or an offer id (ProductId:SkuId).",
    )
    return " ".join(filter(None, said))
