"""Whether an offer has a special segment at all: none exists for Azure and for software subscriptions (as in SEG05)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipeline.database import records
from pipeline.desk.buying.reasons import Missing, Reason, Reply

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from pipeline.database import Connection, Record
    from pipeline.desk.buying.wanted import Wanted

_AZURE = {"azure", "azurereservation"}
_FACT = "discountable products"


def product_reasons(connection: Connection, wanted: Wanted) -> Iterator[Reason]:
    """Yield what the kind of the product says: a no only where no term of it has the discount."""
    rows = records(
        connection,
        """
        select d.product_type, d.term_duration, d.discounted, d.source from ref.discountable_products as d
        cross join core.run as r
        where d.valid_from <= r.as_of and (d.valid_to is null or d.valid_to >= r.as_of)
        """,
    )
    sold_as = [(kind or ("azure" if wanted.is_azure else None), term) for kind, term in wanted.sold_as]
    # Azure Government is a cloud of its own, and no discount.
    judged = [
        (kind, term, answer)
        for kind, term in sold_as
        if kind and not (kind in _AZURE and wanted.cloud) and (answer := _is_discounted(rows, kind, term)) is not None
    ]
    without = [_named(kind, term) for kind, term, answer in judged if not answer]
    if not without:
        return
    source = next(row["source"] for row in rows if not row["discounted"])
    told = f"no {wanted.segment} discount exists for {', '.join(without)}"
    if len(without) == len(sold_as):
        step = "Sell the commercial offer of the product; or have the source that states the segment corrected."
        yield Reason(_FACT, told, source, Reply.NO, told, (Missing("an offer that may carry a special segment", step),))
    else:
        step = "Say which term is to be sold: perpetual software has the discount, a subscription has not."
        yield Reason(_FACT, told, source, Reply.UNKNOWN, told, (Missing("the term", step),))


def _is_discounted(rows: Sequence[Record], kind: str, term: str | None) -> bool | None:
    """Say whether a kind of product has discounts for a term; None where nobody can tell."""
    own = [row for row in rows if row["product_type"] == kind]
    if not own or (term is None and any(row["term_duration"] for row in own)):
        return None
    return any(row["discounted"] and row["term_duration"] in {None, term} for row in own)


def _named(kind: str, term: str | None) -> str:
    return f"{kind} with the term {term}" if term and kind not in _AZURE else kind
