"""The subscriptions sold, one row each."""

from __future__ import annotations

from schemas.column import BOOLEAN, COUNT, CURRENCY, DATE, GUID, IDENTIFIER, MONEY, TEXT, Column, open_list
from schemas.derived import LastDay, MonthlyPrice
from schemas.price_list import TERM
from schemas.segments import SEGMENT
from schemas.table import Table

STATUS = open_list("none", "active", "pending", "suspended", "expired", "disabled", "deleted")
PRODUCT_TYPE = open_list("onlineservicesnce", "onlineserviceslegacy", "software", "azure", "azurereservation")
SCHEDULED_ACTION = open_list("cancel", "renewtonewterm", "renewtoextendedserviceterm", "transition")

SUBSCRIPTIONS = Table(
    name="subscriptions",
    purpose="what was sold to whom, and when",
    required=True,
    key=("subscription_id",),
    derived=(
        MonthlyPrice("monthly_price", "unit_price", "billing_cycle"),
        LastDay("last_day", "commitment_end_date", "offer_id"),
    ),
    columns=(
        Column("subscription_id", IDENTIFIER, "the subscription", required=True),
        Column("customer_id", GUID, "the customer's Microsoft tenant", required=True, aliases=("CustomerTenantId",)),
        Column("offer_id", IDENTIFIER, "ProductId:SkuId:AvailabilityId, or a legacy offer's GUID", required=True),
        Column("offer_name", TEXT, "the offer's name", aliases=("ProductName",)),
        Column("segment", SEGMENT, "the segment of the offer, where an export says it", aliases=("OfferSegment",)),
        Column("product_type", PRODUCT_TYPE, "OnlineServicesNCE, Software, Azure, ..."),
        Column("quantity", COUNT, "seats", aliases=("SeatCount", "AvailableSeats")),
        Column("status", STATUS, "the subscription's status", required=True, aliases=("SubscriptionState",)),
        Column("auto_renew_enabled", BOOLEAN, "whether the term renews by itself", aliases=("IsAutoRenew",)),
        Column("is_trial", BOOLEAN, "whether it is a trial"),
        Column("term_duration", TERM, "P1M, P1Y, P3Y or OneTime", aliases=("Term",)),
        Column("billing_cycle", TEXT, "monthly, annual, ...", aliases=("BillingPlan",)),
        Column("creation_date", DATE, "when it was bought", required=True, aliases=("CreatedDate",)),
        Column("effective_start_date", DATE, "first day of the term", aliases=("SubscriptionStartDate",)),
        Column("commitment_end_date", DATE, "last day of the term", aliases=("SubscriptionEndDate", "ExpirationDate")),
        Column("cancellation_allowed_until_date", DATE, "last day of the return window"),
        Column("partner_tenant_id", GUID, "the partner that transacted"),
        Column("reseller_id", IDENTIFIER, "the reseller of record", aliases=("PartnerId", "IndirectResellerMpnId")),
        Column("parent_subscription_id", IDENTIFIER, "the subscription that this one adds to"),
        Column("migrated_from_subscription_id", IDENTIFIER, "the legacy subscription it replaced"),
        Column("scheduled_action", SCHEDULED_ACTION, "Cancel, RenewToNewTerm, RenewToExtendedServiceTerm, Transition"),
        Column("scheduled_offer_id", IDENTIFIER, "the offer that a scheduled change leads to"),
        Column("unit_price", MONEY, "price of one seat for one billing period"),
        Column("currency", CURRENCY, "currency of the price"),
    ),
)
