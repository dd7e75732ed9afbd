"""May a customer be sold a segment, or an offer, tonight? Yes, no, or cannot tell, with the reasons.

How the answer is made, so that it agrees with what the rules would report of such a sale (DOMAIN, sections 2 to 4):

- One reason that says no makes it a no; otherwise one that cannot be told makes it "cannot tell"; otherwise it is yes.
  What is not known is never a no.
- The matrix decides as SEG01 and SEG02 do. A combination of qualifications that it does not list is read strictly:
  outside of what each held qualification allows alone is "cannot tell" (a person must decide; the rule reports it "to
  verify"); inside is yes, with the warning that nobody documents it (the rule does not report it).
- A customer that is not in the customers export, or has a qualification row that could not be read, has no type:
  cannot tell.
- A relationship that is known and not reseller is a no: the customer must accept a reseller relationship first. One
  that is not known is "cannot tell".
- Nonprofit: while a notice runs it is yes with a warning; from the removal date on it is a no (NPO03).
- GCC: the country (GCC05), the customer's validations (GCC02) and the transacting partner (GCC01, and GCC07 for GCC
  High and DoD) must all be right. Who transacts is taken from the customer's live subscriptions; where it has none,
  from all partners that transact. A country that is not known does not stand in the way, as Microsoft has validated a
  customer that holds the qualification; a partner that is not known does.
- An offer of a special segment is a no where no discount exists for its product (SEG05). Its segment is resolved as the
  audit does; where the evidence conflicts the most trusted source is used, with a warning; where nothing says the
  segment it is "cannot tell", never Commercial.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pipeline.desk.answer import Answer, Section
from pipeline.desk.buying.government import government_reasons
from pipeline.desk.buying.matrix import FACT, matrix_reasons
from pipeline.desk.buying.nonprofit import nonprofit_reasons
from pipeline.desk.buying.products import product_reasons
from pipeline.desk.buying.reasons import Missing, Reason, Reply, reply_of
from pipeline.desk.buying.wanted import find_wanted
from pipeline.desk.dossier.reading import read_customer

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from pipeline.desk.buying.wanted import Wanted
    from pipeline.desk.desk import Desk
    from pipeline.desk.dossier.reading import Customer

_SPEAKS = {
    Reply.YES: "Yes. {who} may be sold {what}: {why}.",
    Reply.NO: "No. {who} may not be sold {what}: {why}.",
    Reply.UNKNOWN: "Cannot tell whether {who} may be sold {what}: {why}.",
}


@dataclass(frozen=True)
class Decision:
    """The reply, and the answer that tells it."""

    reply: Reply
    answer: Answer


def can_buy(desk: Desk, customer_id: str, asked: str) -> Decision:
    """Say whether a customer may be sold a segment (by any of its names) or an offer.

    Raises UsageError where what is asked for is neither.
    """
    wanted = find_wanted(desk.connection, asked)
    customer = read_customer(desk.connection, customer_id)
    reasons = [*_of_offer(wanted), _of_customer(customer)]
    if customer.row and wanted.segment:
        reasons += _of_sale(desk, customer, wanted)
    reply = reply_of(reasons)
    facts = {
        "as_of": desk.as_of,
        "customer_id": customer_id,
        "company_name": customer.row["company_name"] if customer.row else None,
        "customer_type": customer.customer_type,
        "segment": wanted.segment,
        "offer": wanted.offer_key or None,
        "answer": reply.value,
        "matrix": next((reason.reply.value for reason in reasons if reason.fact == FACT and reason.reply), None),
    }
    lead = tuple(_lead(customer.called, wanted.named, reasons, reply))
    return Decision(reply, Answer(lead, (_why(reasons), _missing(reasons)), facts))


def _of_offer(wanted: Wanted) -> Iterator[Reason]:
    if not wanted.offer_key:
        return
    fact, source = "segment of the offer", wanted.source or wanted.evidence
    if wanted.segment is None:
        step = "Look it up in Partner Center, and supply its price list; or ask for the segment instead of the offer."
        missing = Missing("the segment of the offer", step)
        told = f"nothing says for certain of which segment the offer {wanted.offer_key} is"
        yield Reason(fact, "not known", source, Reply.UNKNOWN, told, (missing,))
    else:
        yield Reason(fact, f"{wanted.segment} ({wanted.evidence})", source, None, "")
    if wanted.conflict:
        told = f"the evidence for the segment conflicts ({wanted.conflict})"
        yield Reason("evidence for the segment", f"conflicts: {wanted.conflict}", source, None, told)


def _of_customer(customer: Customer) -> Reason:
    if customer.row is not None:
        return _of_relationship(customer.row["relationship"], customer.row["source"])
    told, step = "it is not in the customers export", "Find out why the export leaves it out (REL01)."
    if "customers" in customer.unread:
        told, step = "its row of the customers export could not be read", "Have the row corrected, and run again."
    return Reason("customer", told, "customers", Reply.UNKNOWN, told, (Missing("the customer's row", step),))


def _of_relationship(relationship: str | None, source: str) -> Reason:
    fact = "relationship"
    if relationship == "reseller":
        return Reason(fact, relationship, source, Reply.YES, "")
    if relationship is None:
        missing = Missing("its relationship", "Look it up in Partner Center, and have the export corrected.")
        told = "the export does not say what its relationship is"
        return Reason(fact, "not known", source, Reply.UNKNOWN, told, (missing,))
    missing = Missing("a reseller relationship", "Request it, and have the customer accept it.")
    told = f"its relationship is {relationship}, and a customer must first accept a reseller relationship"
    return Reason(fact, relationship, source, Reply.NO, told, (missing,))


def _of_sale(desk: Desk, customer: Customer, wanted: Wanted) -> Iterator[Reason]:
    segment = str(wanted.segment)
    if customer.customer_type is None:
        told = "a row of its qualifications could not be read"
        missing = Missing("its qualifications", "Have the unread row corrected, and run again.")
        yield Reason(FACT, told, "qualifications", Reply.UNKNOWN, told, (missing,))
    else:
        yield from matrix_reasons(desk.connection, customer, customer.customer_type, segment)
    if segment == "Nonprofit":
        yield from nonprofit_reasons(desk, customer)
    if segment == "GovernmentCommunityCloud":
        yield from government_reasons(desk, customer, wanted)
    if segment != "Commercial":
        yield from product_reasons(desk.connection, wanted)


def _lead(who: str, what: str, reasons: Sequence[Reason], reply: Reply) -> Iterator[str]:
    why = "; ".join(reason.sentence for reason in reasons if reason.reply is reply and reason.sentence)
    yield _SPEAKS[reply].format(who=who, what=what, why=why)
    yield from (f"Note: {reason.sentence}." for reason in reasons if reason.reply is None and reason.sentence)


def _why(reasons: Sequence[Reason]) -> Section:
    return Section(
        "why",
        "Why",
        ("fact", "value", "says", "source"),
        tuple((r.fact, r.value, r.reply.value if r.reply else None, r.source) for r in reasons),
    )


def _missing(reasons: Sequence[Reason]) -> Section:
    return Section(
        "missing",
        "What is missing",
        ("what", "next_step"),
        tuple((one.what, one.next_step) for reason in reasons for one in reason.missing),
        nothing="Nothing.",
    )
