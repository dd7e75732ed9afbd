"""Judges a night with the obvious loops, one for each rule: a second opinion."""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date

from schemas.conditions import fold
from schemas.segments import QUALIFICATIONS
from tests.sample_data.nights import GCC, MATRIX, Night, Sale, answer_due, canonical, day, sellable, sure, truth

SPECIAL = {"Education", "Nonprofit", GCC}
AMERICA = {"US", "AS", "GU", "MP", "PR", "VI"}
_SHARPER_SEGMENT = ("SEG05", "GCC05", "GCC02")
GIVES_WAY = {
    "SEG01": (*_SHARPER_SEGMENT, "NPO03", "NPO04"),
    "SEG02": (*_SHARPER_SEGMENT, "NPO03"),
    "SEG04": ("SEG01", "SEG02", *_SHARPER_SEGMENT, "NPO03"),
    "SEG06": ("SEG01", "SEG02", "NPO03"),
    "GCC02": ("SEG05", "GCC05"),
    "GCC05": ("SEG05",),
    "GCC03": ("GCC04",),
    "PART02": ("PART01",),
    "NPO03": ("SEG05",),
    "NPO04": ("SEG05", "NPO03"),
    "NPO05": ("SEG05", "NPO03", "NPO04"),
    "LEG01": ("SEG01", "SEG02", "SEG04", "SEG05", "GCC02", "GCC05", "NPO03", "NPO05"),
}


@dataclass(frozen=True)
class Found:
    rule: str
    customer_id: str = ""
    subscription_id: str = ""
    about: str = ""
    due_on: str = ""

    @property
    def subject(self) -> tuple[str, str, str]:
        return self.customer_id, self.subscription_id, self.about


Judge = Callable[[Night], Iterator[Found]]


def judge(night: Night, silent: set[str]) -> set[Found]:
    """Return what stands on a night: what is found, and what `silent` rules found on the night before."""
    found = {one for rule in RULES for one in rule(night)}
    found = {one for one in found if one.rule not in silent or one.rule in {"NPO03", "NPO04"}}
    seen = {(one.rule, one.subject) for one in found}
    kept = judge(night.before, set()) if night.before and silent else set()
    standing = found | {one for one in kept if one.rule in silent and (one.rule, one.subject) not in seen}
    return {one for one in standing if not gives_way(one, standing)}


def gives_way(one: Found, standing: set[Found]) -> bool:
    if one.rule == "QUAL02":
        asked = {other.customer_id for other in standing if other.rule == "GCC06"}
        return one.about == GCC and one.customer_id in asked
    return any(other.subject == one.subject and other.rule in GIVES_WAY.get(one.rule, ()) for other in standing)


def ahead(when: date | None, night: Night) -> str:
    return str(when) if when and when >= night.as_of else ""


def about_sale(rule: str, sale: Sale, due_on: str = "") -> Found:
    return Found(rule, sale.customer, sale.id, "", due_on)


def until(sale: Sale, night: Night) -> str:
    return ahead(day(sale.row["cancellation_allowed_until_date"]), night)


def segments(night: Night) -> Iterator[Found]:
    for sale in night.sales:
        kind = night.kind(sale.customer)
        if not sale.told:
            yield about_sale("SEG03", sale)
        elif sale.segment and sale.segment[0] not in sellable(kind):
            listed = kind in MATRIX
            yield about_sale("SEG01", sale, until(sale, night)) if listed else about_sale("SEG02", sale)
        if len(sale.told) > 1:
            yield about_sale("SEG04", sale)


def no_discount(night: Night) -> Iterator[Found]:
    for sale in night.sales:
        product, term = (fold(sale.row.get(name, "")) for name in ("product_type", "term_duration"))
        if sale.segment in SPECIAL and (product == "azure" or (product == "software" and term not in {"", "onetime"})):
            yield about_sale("SEG05", sale)


def scheduled(night: Night) -> Iterator[Found]:
    for sale in night.sales:
        following = night.segments_of(sale.row["scheduled_offer_id"])
        changes = len(following) == 1 and fold(sale.row["scheduled_action"]) != "cancel"
        if changes and min(following)[0] not in sellable(night.kind(sale.customer)):
            yield about_sale("SEG06", sale, ahead(sale.last_day, night))


def government(night: Night) -> Iterator[Found]:
    for sale in night.sales:
        if sale.segment != GCC:
            continue
        partner = night.partners.get(night.transacting(sale.row))
        if night.country(sale.customer) and night.country(sale.customer) not in AMERICA:
            yield about_sale("GCC05", sale)
        if sale.cloud and partner and truth(partner, "gcc_high_invited") is False:
            yield about_sale("GCC07", sale)
        if not sale.cloud and partner and not (day(partner["gcc_approved_date"]) or date.max) <= sale.created:
            yield about_sale("GCC01", sale)
        if not sale.cloud and is_before_validation(sale, night):
            yield about_sale("GCC02", sale)


def is_before_validation(sale: Sale, night: Night) -> bool:
    rows = [row for row in night.validations if row["customer_id"] == sale.customer]
    decided = [day(row["decided_date"]) or date.min for row in rows if row["status"] == "Approved"]
    return bool(rows) and sale.created < min(decided, default=date.max)


def submissions(night: Night) -> Iterator[Found]:
    azure = {row["azure_gcc_tenant_id"] for row in night.partners.values()} - {""}
    everybody = {tenant for tenant, row in night.partners.items() if row["role"] != "indirect_reseller"}
    for row in night.validations:
        customer, tenant = row["customer_id"], row["submitted_tenant_id"]
        if row["status"] == "Denied" or customer not in night.customers:
            continue
        if tenant in azure:
            yield Found("GCC04", customer, "", tenant)
        sold = [sale for sale in night.sales if sale.customer == customer and sale.segment == GCC and not sale.cloud]
        sellers = {night.transacting(sale.row) for sale in sold}
        if tenant not in (everybody if not sellers or "" in sellers else sellers):
            yield Found("GCC03", customer, "", tenant)


def unanswered(night: Night) -> Iterator[Found]:
    for row in night.validations:
        due = answer_due(sure(row["submitted_date"]), 2, in_america=True)
        if row["status"] == "InReview" and due < night.as_of:
            yield Found("GCC06", row["customer_id"], "", row["submitted_tenant_id"], str(due))
    for tenant, partner in night.partners.items():
        asked = day(partner["gcc_requested_date"])
        if asked and not partner["gcc_approved_date"] and answer_due(asked, 2, in_america=True) < night.as_of:
            yield Found("GCC06", "", "", tenant, str(answer_due(asked, 2, in_america=True)))


def partners(night: Night) -> Iterator[Found]:
    for row in night.live:
        if night.partners.get(row["partner_tenant_id"], {}).get("role") == "indirect_reseller":
            yield Found("PART01", row["customer_id"], row["subscription_id"])
        partner = night.partners.get(night.transacting(row), {})
        own = {"", partner.get("mpn_id"), partner.get("tenant_id")}
        if partner.get("role") == "indirect_provider" and row["reseller_id"] in own:
            yield Found("PART02", row["customer_id"], row["subscription_id"])


def relationships(night: Night) -> Iterator[Found]:
    for customer in {row["customer_id"] for row in night.live} - night.customers.keys():
        yield Found("REL01", customer)
    for sale in night.sales:
        if night.customers[sale.customer]["relationship"] != "Reseller":
            yield about_sale("REL02", sale)


def requests(night: Night) -> Iterator[Found]:
    used = Counter((row["customer_id"], canonical(row["qualification"], QUALIFICATIONS)) for row in night.requests)
    for (customer, name), times in used.items():
        if times >= 3 and name not in night.held(customer):
            yield Found("QUAL01", customer, "", name)


def reviews(night: Night) -> Iterator[Found]:
    for customer, rows in night.qualifications.items():
        for name, row in rows:
            if row["vetting_status"] == "InReview":
                days = 2 if name == GCC else 3
                in_america = name == GCC or night.country(customer) == "US"
                due = answer_due(sure(row["vetting_create_date"]), days, in_america=in_america)
                if due < night.as_of:
                    yield Found("QUAL02", customer, "", name, str(due))


def contradictions(night: Night) -> Iterator[Found]:
    for customer, rows in night.qualifications.items():
        held, statuses = night.held(customer), defaultdict(set)
        for name, row in rows:
            statuses[name].add(row["vetting_status"])
        vetted = [said for name, said in statuses.items() if name not in {"StateOwnedEntity", "None"}]
        beside = GCC in held and held & {"Education", "Nonprofit"}
        if ("None" in statuses and held) or any(len(said) > 1 for said in vetted) or beside:
            yield Found("QUAL03", customer)


def unclear(night: Night) -> Iterator[Found]:
    for customer in {sale.customer for sale in night.sales}:
        rows = night.qualifications[customer]
        if any(not row["vetting_status"] for name, row in rows if name in {"Education", GCC}):
            yield Found("QUAL04", customer)


def notices(night: Night) -> Iterator[Found]:
    for customer, notice in night.notices.items():
        if notice.removal >= night.as_of:
            if night.is_nonprofit(customer):
                yield Found("NPO01", customer, "", "", notice.due)
            continue
        renewing = [s for s in night.sales if s.customer == customer and truth(s.row, "auto_renew_enabled")]
        if night.is_nonprofit(customer) or any(sale.segment == "Nonprofit" for sale in renewing):
            yield Found("NPO02", customer)


def nonprofit_sales(night: Night) -> Iterator[Found]:
    for sale in night.sales:
        if sale.segment == "Nonprofit":
            yield from nonprofit_sale(night, sale)


def nonprofit_sale(night: Night, sale: Sale) -> Iterator[Found]:
    notice, lost_on = night.notices.get(sale.customer), night.lost_on(sale.customer)
    removal = notice.removal if notice else date.max
    is_running, is_nonprofit = bool(notice) and removal >= night.as_of, night.is_nonprofit(sale.customer)
    is_after = removal <= night.as_of and sale.created >= removal
    if is_after or (lost_on and sale.created > lost_on):
        yield about_sale("NPO03", sale, until(sale, night))
    ends = str(sale.last_day)
    if sale.rolls_on and ahead(sale.last_day, night):
        is_gone = not is_nonprofit and (lost_on or removal < night.as_of)
        if is_running or (is_gone and not is_after):
            yield about_sale("NPO04", sale, ends)
    if is_running and is_nonprofit and sale.last_day and sale.last_day > removal:
        yield about_sale("NPO05", sale, ends)


def legacy(night: Night) -> Iterator[Found]:
    replaced = {row["migrated_from_subscription_id"] for row in night.live}
    for sale in night.sales:
        if sale.is_legacy and sale.segment in SPECIAL and sale.id not in replaced:
            yield about_sale("LEG01", sale, ahead(sale.last_day, night))


RULES: tuple[Judge, ...] = (
    segments,
    no_discount,
    scheduled,
    government,
    submissions,
    unanswered,
    partners,
    relationships,
    requests,
    reviews,
    contradictions,
    unclear,
    notices,
    nonprofit_sales,
    legacy,
)
