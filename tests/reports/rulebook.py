"""Rules as their files would state them, for the example audits."""

from __future__ import annotations

from datetime import date

from schemas.finding import Level, Rule

_PURCHASE_RULES = "Sell to specialized industries, purchase rules"
_REVIEWS = "Check customer qualifications, note on reviews"
_VALIDATION = "Customer validation process"
_NOT_JUDGED = {
    "not_stated": "the sale names no partner, and partners holds more than one",
    "not_recorded": "partners does not say whether the partner is invited",
}


def _rule(
    rule_id: str, level: Level, title: str, message: str, why: str, steps: tuple[str, ...], **more: object
) -> Rule:
    source = str(more.get("source", _PURCHASE_RULES))
    tables = str(more.get("needs", "customers subscriptions qualifications"))
    return Rule(
        rule_id, 1, level, title, message, why, steps, source,
        needs=tuple(tables.split()), key=("subscription_id",), since=date(2026, 11, 20),
        not_judged=_NOT_JUDGED if "partners" in tables else {},
    )  # fmt: skip


SEG01 = _rule(
    "SEG01", Level.VIOLATION, "Segment not allowed",
    "{segment} offer sold to a customer that is {customer_type}; allowed: {allowed}",
    "A discounted segment may be sold only to a customer whose approved qualifications allow it. "
    "Microsoft can charge the discount back.",
    ("Add the qualification if the customer has it, or move the seats to the commercial offer.",
     "Open the customer in Partner Center, then Account, and read Special qualifications.",
     "Turn auto-renew off until it is settled."),
)  # fmt: skip
SEG02 = _rule(
    "SEG02", Level.VERIFY, "Combination not listed",
    "{segment} offer sold to a customer that is {customer_type}, a combination that Microsoft does not list",
    "The purchase rules do not say what this combination of qualifications may buy.",
    ("Ask Microsoft which of the qualifications stands.", "Correct the qualifications in Partner Center."),
)  # fmt: skip
SEG03 = _rule(
    "SEG03", Level.VERIFY, "Segment cannot be told",
    "No price list row, segment column or marker tells the segment of {offer_name}",
    "Without its segment a sale cannot be judged.",
    ("Add the offer to the price list export, or a segment column to the subscriptions.",),
)  # fmt: skip
SEG05 = _rule(
    "SEG05", Level.VIOLATION, "Special segment on Azure or software",
    "{segment} segment on {offer_name}",
    "No segment discount exists for Azure and software subscriptions.",
    ("Check the price list row, then correct the segment.",),
)  # fmt: skip
GCC02 = _rule(
    "GCC02", Level.VIOLATION, "GCC sold before the customer was validated",
    "GCC subscription created on {created_on}, validation {validation_status}",
    "A government customer must be validated before anything from GCC is sold to it.",
    ("Send the validation again with the transacting partner's commercial tenant id.",),
    source=_VALIDATION, needs="customers subscriptions gcc_validations",
)  # fmt: skip
GCC06 = _rule(
    "GCC06", Level.DEADLINE, "GCC validation unanswered",
    "GCC validation sent on {submitted_on} has no answer after two business days",
    "Validations are answered within two business days; orders wait until then.",
    ("Ask Microsoft for a status and look for questions in the mailbox.",
     "Send the validation again if it was lost."),
    source=_VALIDATION, needs="customers gcc_validations",
)  # fmt: skip
GCC07 = _rule(
    "GCC07", Level.VIOLATION, "GCC High sold without an invitation",
    "{offer_name} sold by a partner that is not invited to GCC High",
    "GCC High and DoD are sold by invitation only.",
    ("Cancel the order and ask the partner desk for an invitation.",),
    source=_VALIDATION, needs="subscriptions partners",
)  # fmt: skip
NPO01 = _rule(
    "NPO01", Level.DEADLINE, "Nonprofit notice running",
    "Nonprofit eligibility ends on {due_on}; subscriptions: {subscriptions}, next renewal: {next_renewal}",
    "Ninety days after Microsoft's notice the nonprofit qualification is removed and auto-renew ends.",
    ("Tell the customer the date and what will stop.",
     "Ask for renewed proof of nonprofit status, or contest the review.",
     "Prepare a commercial quote in case the qualification is lost."),
    source=_REVIEWS, needs="customers subscriptions nonprofit_notices",
)  # fmt: skip
NPO03 = _rule(
    "NPO03", Level.VIOLATION, "Nonprofit sold after the removal",
    "Nonprofit subscription created on {created_on}, after the qualification was removed on {removed_on}",
    "Once the qualification is gone no new nonprofit subscription may be created.",
    ("Cancel within the return window, or contest the review.",
     "Order the commercial equivalent."),
    source=_REVIEWS, needs="customers subscriptions qualifications nonprofit_notices",
)  # fmt: skip
QUAL01 = _rule(
    "QUAL01", Level.VERIFY, "Three requests used",
    "{qualification} was requested {used} times and is not approved",
    "A qualification may be requested three times; after that only Support can help.",
    ("Open a support request with complete evidence.",),
    source=_REVIEWS, needs="customers qualification_requests",
)  # fmt: skip
PART01 = _rule(
    "PART01", Level.VIOLATION, "An indirect reseller transacts",
    "{partner} is an indirect reseller and cannot transact",
    "An indirect reseller sells through its provider.",
    ("Correct the transacting partner in the export.",),
    source="Partner roles in the CSP programme", needs="subscriptions partners",
)  # fmt: skip
LEG01 = _rule(
    "LEG01", Level.VERIFY, "Legacy offer not migrated",
    "{offer_name} is a legacy offer; the term ends on {due_on}",
    "Legacy offers end; what follows them must fit the customer.",
    ("Plan the move to new commerce.",),
    source="Migrate to new commerce",
)  # fmt: skip

ALL = (SEG01, SEG02, SEG03, SEG05, GCC02, GCC06, GCC07, PART01, QUAL01, NPO01, NPO03, LEG01)
