"""The findings of the example audits."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from schemas.finding import State
from tests.reports import parts
from tests.reports.parts import AS_OF, LAST_NIGHT, finding
from tests.reports.rulebook import GCC02, GCC06, GCC07, NPO01, NPO03, QUAL01, SEG01, SEG02

if TYPE_CHECKING:
    from schemas.finding import Finding


def violations() -> list[Finding]:
    education = {"segment": "Education", "offer_name": "Microsoft 365 A3 (Education Faculty Pricing)"}
    removal = {"created_on": "2026-11-18", "removed_on": "2026-11-02"}
    found = [
        finding(0, NPO03, State.NEW, due_on=AS_OF + timedelta(days=5), facts=removal),
        finding(1, SEG01, State.NEW),
        finding(
            2,
            SEG01,
            State.REOPENED,
            **education,
            facts={"allowed": "Commercial", "in_review_since": "2026-11-12"},
        ),
        finding(
            8,
            SEG01,
            customer_type="StateOwnedEntity",
            facts={"allowed": "Commercial", "in_review_since": None},
        ),
        finding(
            12,
            GCC02,
            customer_type="GovernmentCommunityCloud",
            segment="GovernmentCommunityCloud",
            offer_name="Office 365 G3 (Governmental Community Cloud Pricing)",
            facts={"created_on": "2026-10-30", "validation_status": "Denied"},
        ),
        finding(13, SEG01, State.WAIVED),
    ]
    return [*found, *(finding(number, SEG01) for number in (3, 5, 9, 11, 15, 17, 18, 19))]


def deadlines() -> list[Finding]:
    pending = [
        finding(
            40 + number,
            GCC06,
            company_name=name,
            customer_type="GovernmentCommunityCloud",
            subscription_id=None,
            offer_name=None,
            segment=None,
            seats=None,
            due_on=AS_OF + timedelta(days=days),
            facts={"submitted_on": "2026-11-16"},
            source="gcc_validations.csv:4",
        )
        for number, (name, days) in enumerate([("Valle Verde Energia", -2), ("Bluefin Robotics", 1)])
    ]
    running = [
        finding(
            60 + number,
            NPO01,
            State.NEW if number > 24 else State.OPEN,
            subscription_id=None,
            offer_name=None,
            due_on=AS_OF + timedelta(days=4 + 3 * number),
            customer_type="Nonprofit",
            facts={"subscriptions": 1 + number % 4, "next_renewal": "2027-01-31" if number % 3 else None},
        )
        for number in range(27)
    ]
    return pending + running


def to_verify() -> list[Finding]:
    requests = [
        finding(
            100 + number,
            QUAL01,
            subscription_id=None,
            offer_name=None,
            segment=None,
            seats=None,
            customer_type="Education",
            facts={"qualification": "Education", "used": 3, "left": 0},
            source="",
        )
        for number in range(4)
    ]
    unlisted = [finding(110 + n, SEG02, customer_type="Nonprofit + StateOwnedEntity", facts={}) for n in range(2)]
    return requests + unlisted


def closed() -> list[Finding]:
    return [
        finding(200, SEG01, State.CLOSED),
        finding(201, NPO01, State.CLOSED, due_on=LAST_NIGHT),
        finding(202, SEG01, State.CLOSED),
    ]


def priced() -> list[Finding]:
    gcc = {"segment": "GovernmentCommunityCloud", "offer_name": "Office 365 G3 (GCC High)"}
    partner = {
        "customer_id": None, "customer_type": None, "subscription_id": None, "offer_name": None, "segment": None,
        "seats": None, "source": "partners.csv:3",
    }  # fmt: skip
    tenant = parts.identity("a partner")
    invited = {"cloud": "GCC High", "partner_name": "Lipowa Reselling", "partner_tenant_id": tenant}
    sent = {"qualification": "GovernmentCommunityCloud", "submitted_on": "2026-11-16"}
    return [
        finding(0, GCC07, State.NEW, seats=250, **parts.price("21600"), facts=invited, **gcc),
        finding(1, NPO03, **parts.price("310.5", "USD"), due_on=AS_OF + timedelta(days=3), facts=parts.suggestion()),
        finding(2, NPO03, **parts.price("0"), facts=parts.suggestion(found=False)),
        finding(3, SEG01),
        finding(60, NPO01, subscription_id=None, offer_name=None, due_on=AS_OF + timedelta(days=40),
                facts={"subscriptions": 2, "next_renewal": None, "contested": False}),
        finding(40, GCC06, due_on=LAST_NIGHT, **{**partner, "company_name": "Lipowa Reselling"},
                facts={**sent, "tenant_id": tenant, "partner_name": "Lipowa Reselling"}),
        finding(41, GCC06, due_on=LAST_NIGHT, **{**partner, "company_name": None}, facts={**sent, "tenant_id": tenant}),
        finding(200, SEG01, State.CLOSED, **parts.price("99")),
    ]  # fmt: skip
