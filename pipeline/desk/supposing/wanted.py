"""Reads what somebody supposes, as written on the command line: CUSTOMER=QUALIFICATION, OFFER=SEGMENT."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipeline.desk.customers import find_customer
from pipeline.desk.offers import near_offers, offer_key
from pipeline.desk.supposing.changes import Grant, Sold
from pipeline.errors import UsageError
from schemas.conditions import OneOf, fold
from schemas.segments import QUALIFICATION, SEGMENT

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pipeline.database import Connection
    from schemas.column import Kind


def read_grants(connection: Connection, texts: Sequence[str]) -> tuple[Grant, ...]:
    """Return the grants. Raises UsageError for an unknown customer or qualification."""
    grants = []
    for text in texts:
        asked, name = _parts(text, "--grant", "CUSTOMER=QUALIFICATION")
        qualification = _word(name, QUALIFICATION)
        if qualification == "None":
            message = f"--grant {text}: None is the lack of a qualification. Name the one that is to be approved."
            raise UsageError(message)
        grants.append(Grant(find_customer(connection, asked), qualification))
    return tuple(dict.fromkeys(grants))


def read_sold(connection: Connection, texts: Sequence[str]) -> tuple[Sold, ...]:
    """Return the offers and subscriptions with the segments supposed for them; one subscription goes before its offer.

    Raises UsageError for an unknown offer, subscription or segment, and where two segments are supposed for one.
    """
    found: dict[tuple[str, str | None], Sold] = {}
    for text in texts:
        asked, name = _parts(text, "--segment", "OFFER=SEGMENT or SUBSCRIPTION=SEGMENT")
        sold = _sold(connection, asked, _word(name, SEGMENT))
        other = found.setdefault((sold.offer_key, sold.subscription_id), sold)
        if other != sold:
            message = f"--segment {text}: {other.segment} is supposed for {asked} too. Leave one of them out."
            raise UsageError(message)
    return tuple(sorted(found.values(), key=lambda sold: sold.subscription_id is None))


def _parts(text: str, option: str, shape: str) -> tuple[str, str]:
    asked, mark, name = text.rpartition("=")
    if not mark or not asked.strip() or not name.strip():
        message = f"{option} {text}: write {shape}."
        raise UsageError(message)
    return asked.strip(), name.strip()


def _word(text: str, kind: Kind) -> str:
    """Return the canonical word of a closed list for any of its spellings."""
    spellings = next(dict(condition.spellings) for condition in kind.conditions if isinstance(condition, OneOf))
    if fold(text) not in spellings:
        message = f"{text} is no {kind.name}. Name one of {', '.join(dict.fromkeys(spellings.values()))}."
        raise UsageError(message)
    return spellings[fold(text)]


def _sold(connection: Connection, asked: str, segment: str) -> Sold:
    key = _known_key(connection, asked)
    if key:
        return Sold(segment, key)
    rows = connection.execute(
        """
        select o.offer_key
        from core.subscriptions as s join core.offers as o on s.offer_id = o.offer_id
        where s.subscription_id = ? limit 1
        """,
        [asked.lower()],
    ).fetchall()
    if not rows:
        raise UsageError(_unknown(connection, asked))
    return Sold(segment, rows[0][0], asked.lower())


def _known_key(connection: Connection, asked: str) -> str | None:
    key = offer_key(connection, asked)
    is_known = connection.execute(
        """
        select exists (select 1 from core.offers where offer_key = $key)
            or exists (select 1 from core.price_list where offer_key = $key)
        """,
        {"key": key},
    ).fetchone()
    return key if is_known == (True,) else None


def _unknown(connection: Connection, asked: str) -> str:
    near = near_offers(connection, asked) or "Offers are named ProductId:SkuId, or by their legacy id."
    return f"no subscription and no offer is {asked}. {near} Name it by its id."
