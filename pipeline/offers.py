"""Folds the offers that were sold once each, so that rules can join them in portable SQL."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipeline.expressions import padded

if TYPE_CHECKING:
    from pipeline.database import Connection


def fold_offers(connection: Connection) -> None:
    """Create `core.offers`: one row for each offer as sold, with its price-list key and its name's marker.

    Dashes of every kind and no-break spaces count as plain ones in a name; a marker is found in whole words only.
    """
    plain_name = "lower(translate(offer_name, '\u2010\u2011\u2012\u2013\u2014\u00a0\u202f', '-----  '))"
    sku = padded("split_part(offer_id, ':', 2)")
    connection.execute(f"""
        create table core.offers as
        with sold as (
            select offer_id, offer_name, segment as stated_segment from core.subscriptions
            group by offer_id, offer_name, segment
        ),
        named as (
            select
                *, {_words(plain_name)} as words,
                case
                    when contains(offer_id, ':') then concat(split_part(offer_id, ':', 1), ':', {sku}) else offer_id
                end as offer_key
            from sold
        ),
        markers as (select segment, {_words("marker")} as words from ref.segment_markers)
        select
            row_number() over (order by n.offer_id, n.offer_name, n.stated_segment) as offer_no,
            n.offer_id, n.offer_name, n.stated_segment, n.offer_key,
            case when min(m.segment) = max(m.segment) then min(m.segment) end as name_segment,
            coalesce(min(m.segment) <> max(m.segment), false) as name_contradicts_itself
        from named as n left join markers as m on contains(n.words, m.words)
        group by n.offer_id, n.offer_name, n.stated_segment, n.offer_key
    """)


def _words(text: str) -> str:
    """Set bars around each word, so that "for faculty" is not found in "for facultyX"."""
    return f"regexp_replace({text}, '[\\pL\\pN]+', '|\\0|', 'g')"
