"""GCC01 to GCC07: who may sell, and who may buy, the government clouds."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from tests.sql.oracle.business_days import answered_by
from tests.sql.oracle.fleet import certain_day, day
from tests.sql.oracle.outcome import finding, not_judged
from tests.sql.oracle.partners import RESELLER, has_unknown_provider, partner, possible_tenants
from tests.sql.oracle.policy import ANSWER_DAYS, GCC_COUNTRIES, HIGH_CLOUDS, G

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator
    from datetime import date

    from tests.sql.oracle.fleet import Fleet
    from tests.sql.oracle.outcome import Outcome
    from tests.sql.oracle.sales import Sale


def judge_gcc(fleet: Fleet, sales: Iterable[Sale]) -> Iterator[Outcome]:
    moderate: dict[str, list[Sale]] = defaultdict(list)
    for sale in sales:
        yield from judge_country(fleet, sale)
        if sale.cloud in HIGH_CLOUDS:
            yield from judge_high_cloud(sale)
        if sale.is_moderate_gcc:
            moderate[sale.customer].append(sale)
            yield from judge_partner_approval(sale)
            yield from judge_customer_validation(fleet, sale)
    for customer in fleet.customers:
        yield from judge_submitted_ids(fleet, customer, moderate[customer])
        yield from judge_customer_answers(fleet, customer)
    yield from judge_partner_answers(fleet)


def judge_partner_approval(sale: Sale) -> Iterator[Outcome]:
    key = {"subscription_id": sale.subscription}
    if sale.partner.row is None:
        yield not_judged("GCC01", key, str(sale.partner.doubt))
        return
    approved = day(sale.partner.row["gcc_approved_date"])
    if approved is None or sale.created < approved:
        yield finding("GCC01", key)


def judge_customer_validation(fleet: Fleet, sale: Sale) -> Iterator[Outcome]:
    rows = fleet.rows_of("gcc_validations", sale.customer)
    decisions = [day(row["decided_date"]) for row in rows if row["status"] == "Approved"]
    dated = [decided for decided in decisions if decided is not None]
    is_unread = fleet.is_unread(sale.customer, "gcc_validations")
    if not (rows or is_unread) or (decisions and (len(dated) < len(decisions) or sale.created >= min(dated))):
        return
    key = {"subscription_id": sale.subscription}
    # The row that could not be read may be the approval.
    if is_unread:
        yield not_judged("GCC02", key, "validations_unread")
    else:
        yield finding("GCC02", key)


def judge_country(fleet: Fleet, sale: Sale) -> Iterator[Outcome]:
    (customer,) = fleet.rows_of("customers", sale.customer)
    if sale.segment == G and customer["country"] and customer["country"] not in GCC_COUNTRIES:
        yield finding("GCC05", {"subscription_id": sale.subscription})


def judge_high_cloud(sale: Sale) -> Iterator[Outcome]:
    key = {"subscription_id": sale.subscription}
    if sale.segment != G:
        return
    if sale.partner.row is None:
        yield not_judged("GCC07", key, str(sale.partner.doubt))
        return
    allowed = sale.partner.row["azure_government_enrolled" if sale.is_azure else "gcc_high_invited"]
    if allowed is None:
        yield not_judged("GCC07", key, "not_recorded")
    elif allowed == "false":
        yield finding("GCC07", key)


def judge_submitted_ids(fleet: Fleet, customer: str, moderate: Collection[Sale]) -> Iterator[Outcome]:
    """GCC03 and GCC04: the form needs the transacting partner's commercial tenant id."""
    azure = {
        row["azure_gcc_tenant_id"] for row in fleet.rows("partners") if row["azure_gcc_tenant_id"] != row["tenant_id"]
    }
    possible = possible_tenants(fleet)
    known = {sale.partner.tenant for sale in moderate}
    # A partner that is named and not among the partners may be somebody's reseller.
    known |= {None} if any(sale.partner.doubt for sale in moderate) else set()
    for row in fleet.rows_of("gcc_validations", customer):
        submitted = row["submitted_tenant_id"]
        key = {"customer_id": customer, "submitted_tenant_id": submitted}
        if row["status"] != "Denied" and submitted in azure:
            yield finding("GCC04", key)
        if row["status"] == "Denied":
            continue
        may_be_right = submitted in (known if known and None not in known else known | possible)
        if may_be_right and None not in known:
            continue
        is_possible = submitted in known | possible
        doubt = doubt_of_submitted(fleet, submitted, may_be_right=may_be_right, is_possible=is_possible)
        yield not_judged("GCC03", key, doubt) if doubt else finding("GCC03", key)


def doubt_of_submitted(fleet: Fleet, submitted: str | None, *, may_be_right: bool, is_possible: bool) -> str | None:
    """Say why nobody can tell whether the id is right; None where it is wrong for certain."""
    if not is_possible and (partner(fleet, submitted) or {}).get("role") == RESELLER:
        return None
    if fleet.has_unread_row("partners"):
        return "partners_unread"
    if may_be_right:
        return "not_stated"
    return "provider_not_known" if not is_possible and has_unknown_provider(fleet) else None


def judge_customer_answers(fleet: Fleet, customer: str) -> Iterator[Outcome]:
    """GCC06: of each tenant id the validation that has waited longest."""
    waiting: dict[str, list[date]] = defaultdict(list)
    for row in fleet.rows_of("gcc_validations", customer):
        if row["status"] == "InReview":
            waiting[str(row["submitted_tenant_id"])].append(certain_day(row["submitted_date"]))
    for submitted, days in waiting.items():
        due = answered_by(min(days), ANSWER_DAYS[G], "US")
        if due < fleet.as_of:
            yield finding("GCC06", answer_key(customer_id=customer, validation=submitted), due)


def judge_partner_answers(fleet: Fleet) -> Iterator[Outcome]:
    for row in fleet.rows("partners"):
        asked = day(row["gcc_requested_date"])
        if asked is None or row["gcc_approved_date"]:
            continue
        due = answered_by(asked, ANSWER_DAYS[G], "US")
        if due < fleet.as_of:
            yield finding("GCC06", answer_key(tenant_id=row["tenant_id"]), due)


def answer_key(
    customer_id: str | None = None, tenant_id: str | None = None, validation: str | None = None
) -> dict[str, str | None]:
    return {"qualification": G, "customer_id": customer_id, "tenant_id": tenant_id, "validation": validation}
