"""Folds what an offer is called once for each offer, so that rules can join it in portable SQL."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from pipeline.database import literal
from pipeline.expressions import padded

if TYPE_CHECKING:
    from pipeline.database import Connection

# Dashes and spaces of every width count as plain ones; what has no width (a soft hyphen) does not count at all.
_SIGNS = "\u2010\u2011\u2012\u2013\u2014\u2212\u00a0\u2002\u2003\u2007\u2009\u202f\u3000\u00ad\u200b\u2060\ufeff"
_PLAIN_SIGNS = "------       "
_GUID = "[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"


def fold_offers(connection: Connection) -> None:
    """Create `core.offers` and `core.titles`.

    `core.offers` has one row for each offer as sold or scheduled (id, name, stated segment): its price-list key, its
    kind (new commerce, legacy, azure, other), and what its name's markers say. `core.titles` has one row for each title
    of the price list: the title without its price suffix, and the government cloud that it names.
    """
    _create_markers(connection)
    _create_offers(connection)
    _create_titles(connection)
    connection.execute("drop table markers")


def _create_markers(connection: Connection) -> None:
    connection.execute(f"""
        create or replace temp table markers as
        select segment, cloud, {_words(_plain("marker"))} as words from ref.segment_markers
    """)


def _create_offers(connection: Connection) -> None:
    sku = padded("split_part(offer_id, ':', 2)")
    connection.execute(f"""
        create table core.offers as
        with sold as (
            select offer_id, offer_name, segment as stated_segment from core.subscriptions
            group by offer_id, offer_name, segment
            union
            select distinct scheduled_offer_id, null, null from core.subscriptions where scheduled_offer_id is not null
        ),
        named as (
            select
                *, {_words(_plain("offer_name"))} as words,
                case
                    when contains(offer_id, ':') then concat(split_part(offer_id, ':', 1), ':', {sku}) else offer_id
                end as offer_key,
                case
                    when contains(offer_id, ':') then 'new commerce'
                    when starts_with(offer_id, 'ms-azr') then 'azure'
                    when regexp_full_match(offer_id, {literal(_GUID)}) then 'legacy'
                    else 'other'
                end as kind
            from sold
        )
        select
            cast(row_number() over (order by n.offer_id, n.offer_name, n.stated_segment) as integer) as offer_no,
            n.offer_id, n.offer_name, n.stated_segment, n.offer_key, n.kind,
            case when min(m.segment) = max(m.segment) then min(m.segment) end as name_segment,
            coalesce(min(m.segment) <> max(m.segment), false) as name_contradicts_itself,
            min(m.cloud) as cloud
        from named as n left join markers as m on contains(n.words, m.words)
        group by n.offer_id, n.offer_name, n.stated_segment, n.offer_key, n.kind
    """)


def _create_titles(connection: Connection) -> None:
    connection.execute(f"""
        create table core.titles as
        with titled as (
            select distinct sku_title as title, {_plain("sku_title")} as plain from core.price_list
            where sku_title is not null
        )
        select
            t.title,
            trim(regexp_replace(
                regexp_replace(t.plain, {literal(_price_suffix(connection))}, ' ', 'g'), ' +', ' ', 'g'
            )) as bare_title,
            min(m.cloud) as cloud
        from titled as t left join markers as m on contains({_words("t.plain")}, m.words)
        group by t.title, t.plain
    """)


def _price_suffix(connection: Connection) -> str:
    """Compile the markers to one pattern, the longest first, with or without parentheses around them."""
    rows = connection.execute(f"select {_plain('marker')} from ref.segment_markers").fetchall()
    markers = sorted({marker.strip("()") for (marker,) in rows}, key=lambda marker: (-len(marker), marker))
    one_of_them = "|".join(re.escape(marker) for marker in markers)
    return f"\\((?:{one_of_them})\\)|\\b(?:{one_of_them})\\b"


def _plain(text: str) -> str:
    """Write a name in lower case and composed letters, with one space for any dashes and spaces between words."""
    plain = f"lower(translate(nfc_normalize({text}), {literal(_SIGNS)}, {literal(_PLAIN_SIGNS)}))"
    return f"regexp_replace({plain}, '[ -]+', ' ', 'g')"


def _words(text: str) -> str:
    """Set bars around each word, so that "for faculty" is not found in "for facultyX"."""
    return f"regexp_replace({text}, '[\\pL\\pN]+', '|\\0|', 'g')"
