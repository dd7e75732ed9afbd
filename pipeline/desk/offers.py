"""Finds an offer by its id as people write it, or says which offers are like it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipeline.desk.answer import as_text
from pipeline.expressions import padded

if TYPE_CHECKING:
    from pipeline.database import Connection

_MOST_SUGGESTED = 5
_LIKENESS = 0.85


def offer_key(connection: Connection, asked: str) -> str:
    """Return the key that joins an offer with the price list: product and SKU, padded, or the id of a legacy offer.

    It is asked for as ProductId:SkuId[:AvailabilityId], or by its legacy id.
    """
    sku = padded("split_part($asked, ':', 2)")
    query = f"select if(contains($asked, ':'), concat(split_part($asked, ':', 1), ':', {sku}), $asked)"
    (key,) = connection.execute(query, {"asked": "".join(asked.split()).lower()}).fetchall()[0]
    return str(key)


def near_offers(connection: Connection, asked: str) -> str:
    """Return a sentence that names the offers of the price list and of the sales most like it, or an empty text."""
    rows = connection.execute(
        """
        with named as (
            select p.offer_key, min(p.sku_title) as title from core.price_list as p group by p.offer_key
            union
            select o.offer_key, min(o.offer_name) as title from core.offers as o group by o.offer_key
        ),
        rated as (
            select
                n.offer_key, max(n.title) as title,
                max(greatest(
                    jaro_winkler_similarity(n.offer_key, $text),
                    coalesce(jaro_winkler_similarity(lower(n.title), $text), 0)
                )) as likeness,
                coalesce(bool_or(contains(lower(n.title), $text) or starts_with(n.offer_key, $text)), false) as has_it
            from named as n group by n.offer_key
        )
        select title, offer_key from rated
        where has_it or likeness >= $least
        order by has_it desc, likeness desc, offer_key limit $most
        """,
        {"text": " ".join(asked.lower().split()), "least": _LIKENESS, "most": _MOST_SUGGESTED},
    ).fetchall()
    near = "; ".join(f"{as_text(title)} ({key})" if title else key for title, key in rows)
    return f"Near it: {near}." if near else ""
