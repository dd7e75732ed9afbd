"""What the facts of findings are called on the page."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reports.wording import marked

if TYPE_CHECKING:
    from collections.abc import Mapping

    from reports.wording import Words

# A suggestion is said to be one: Microsoft publishes no list of equivalents.
EQUIVALENT = marked("Suggested commercial equivalent")
EQUIVALENT_OF_LARGEST = marked("Suggested commercial equivalent of the largest subscription")
EQUIVALENT_OFFER = marked("Offer id of the suggestion")
EQUIVALENT_PRICE = marked("Price difference of the suggestion")
EQUIVALENT_PRICES = marked("Price difference of all suggestions")

_LABELS: Mapping[str, str] = {
    # The sale.
    "segment": marked("Segment"),
    "segment_source": marked("Segment learnt from"),
    "list_segment": marked("Segment in the price list"),
    "stated_segment": marked("Segment in the export"),
    "name_segment": marked("Segment in the offer's name"),
    "conflict": marked("Sources that disagree"),
    "offer_id": marked("Offer id"),
    "in_price_list": marked("Offer in the price list"),
    "product_type": marked("Product type"),
    "term_duration": marked("Term"),
    "billing_cycle": marked("Billing"),
    "created_on": marked("Created on"),
    "bought_on": marked("Bought or renewed on"),
    "last_day": marked("Last day of the term"),
    "seats": marked("Seats"),
    "subscriptions": marked("Subscriptions"),
    "equivalents": marked("Subscriptions with a suggested equivalent"),
    "without_equivalent": marked("Subscriptions without one"),
    "next_renewal": marked("Next renewal"),
    "auto_renew_enabled": marked("Renews by itself"),
    "auto_renewing": marked("Subscriptions that renew by themselves"),
    "surcharge_percent": marked("Surcharge of the extended term"),
    "cloud": marked("Cloud"),
    # A change that is scheduled.
    "scheduled_action": marked("Scheduled action"),
    "scheduled_offer_id": marked("Scheduled offer id"),
    "scheduled_segment": marked("Segment of the scheduled offer"),
    "outcome": marked("Purchase rules say"),
    # The customer.
    "customer_type": marked("Customer type"),
    "allowed": marked("May buy"),
    "country": marked("Country"),
    "relationship": marked("Relationship"),
    "qualification": marked("Qualification"),
    "qualifications": marked("Qualification rows"),
    "problem": marked("What is unclear"),
    "none_beside_another": marked("None beside another qualification"),
    "two_statuses": marked("One qualification with two statuses"),
    "gcc_beside": marked("GCC beside Education or Nonprofit"),
    "vetting_status": marked("Review"),
    "vetting_reason": marked("Reason of the review"),
    "vetting_since": marked("In this review since"),
    "business_days": marked("Answer time in business days"),
    "used": marked("Requests used"),
    "left": marked("Requests left"),
    "last_requested_on": marked("Last requested on"),
    # The loss of the nonprofit qualification.
    "notice_date": marked("Notice given on"),
    "removal_date": marked("Removal date"),
    "contested": marked("Review contested"),
    "still_listed": marked("Still listed as Nonprofit"),
    "lost_on": marked("Qualification first missing on"),
    # The partner and the validations for GCC.
    "partner_name": marked("Partner"),
    "partner_tenant_id": marked("Partner's tenant id"),
    "provider_tenant_id": marked("Indirect provider's tenant id"),
    "expected_tenant_id": marked("Tenant id expected"),
    "submitted_tenant_id": marked("Tenant id submitted"),
    "tenant_id": marked("Tenant id"),
    "reseller_id": marked("Reseller of record"),
    "role": marked("Role of the partner"),
    "approved_on": marked("Partner approved for GCC on"),
    "requested_on": marked("Requested on"),
    "submitted_on": marked("Submitted on"),
    "decided_on": marked("Validation approved on"),
    "validation": marked("Validation submitted by"),
    "validation_id": marked("Validation id"),
    "validation_status": marked("Validation status"),
}


def label(words: Words, fact: str) -> str:
    """Return the label of a fact; one without a label is called by its name."""
    return words.gettext(_LABELS[fact]) if fact in _LABELS else fact.replace("_", " ")
