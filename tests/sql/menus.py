"""What the cells of a random fleet may say, table by table: close to every boundary that a rule has.

A menu gives for each column the values to choose among, the same for the small fleets of Hypothesis and for large ones.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from itertools import combinations
from typing import TYPE_CHECKING

from tests.sql.oracle import QUALIFICATIONS, SEGMENTS

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from tests.sql.case_tables import Cells

Menu = dict[str, "Sequence[str | None]"]

# The days around the changed matrix, the first Extended Service Terms, Thanksgiving, and Christmas.
NIGHTS = [date(2024, 1, 31), date(2024, 2, 1), date(2026, 5, 3), date(2026, 5, 4), date(2026, 11, 20)]
NIGHTS += [date(2026, 11, 30), date(2026, 12, 29)]
LEGACY = ("195416c1-3447-423a-b37b-ee59a99a19c4", "295416c1-3447-423a-b37b-ee59a99a19c4")
TENANTS = ("direct", "provider", "reseller", "other")
AZURE_TENANTS = ("azure1", "azure2")
STATUSES = ("active", "active", "active", "suspended", "pending", "paused", "none", "expired", "disabled", "deleted")
NAMES = (
    *(None, None, None, None, None, None, "Teams", "Entra ID Governance", "Tools therefor students"),
    *("Teams for faculty", "Teams (Non\u2011Profit Pricing)", "TEAMS (GOVERNMENT PRICING)", "Teams dla studentów"),
    *("Teams for students (Charity)", "Teams GCC High", "Azure DoD", "Teams for GCC", "Teams GCCHIGH, DoD"),
)
TITLES = (
    *(None, "Teams", "Teams", "Teams Premium"),
    *("Teams (Charity)", "Teams Premium (Non-Profit Pricing)", "Teams GCC High"),
)
PRODUCT_TYPES = (
    *(None, None, "onlineservicesnce", "onlineservicesnce", "onlineservicesnce", "onlineserviceslegacy", "unknown"),
    *("software", "azure", "azurereservation"),
)
TYPES = [frozenset(held) for size in range(5) for held in combinations(QUALIFICATIONS, size)]
USUAL_TYPES = [frozenset(), frozenset(), *(frozenset({one}) for one in (*QUALIFICATIONS, "Nonprofit", "Nonprofit"))]
BOUGHT = ("2025-03-31", "2025-04-01")
ENDING = ("2026-05-03", "2026-05-04", "2026-05-05")
PRICE_COLUMNS = (
    *("product_id", "sku_id", "offer_id", "sku_title", "segment", "term_duration", "billing_plan", "market"),
    *("currency", "unit_price", "effective_start_date", "effective_end_date"),
)


@dataclass(frozen=True)
class Menus:
    """The menus of one night. `customers` are the exported ones, `others` only rows of other tables name."""

    as_of: date
    vetting_is_stated: bool
    customers: Sequence[str]
    others: Sequence[str]
    products: Sequence[str]
    subscriptions: int
    tenants: Sequence[str] = TENANTS
    skus: Sequence[str] = ("0001", "2", "5", "0005")

    @property
    def tables(self) -> Mapping[str, Menu]:
        return {
            "customers": self.customer,
            "qualifications": self.qualification,
            "subscriptions": self.subscription,
            "price_list": self.price,
            "partners": self.partner,
            "gcc_validations": self.validation,
            "nonprofit_notices": self.notice,
            "qualification_requests": self.request,
            "unread_customers": self.unread,
            "unread_tables": self.unread_table,
            "history": self.span,
        }

    def days(self, *offsets: int) -> list[str]:
        """Return days before (negative) and after the night."""
        return [str(self.as_of + timedelta(days=offset)) for offset in offsets]

    @property
    def anybody(self) -> Sequence[str]:
        return [*self.customers, *self.others]

    @property
    def offers(self) -> Sequence[str]:
        skus = [f"{product}:{sku}" for product in self.products for sku in self.skus]
        return [*(f"{sku}:x" for sku in skus), skus[0], *LEGACY * 4, "ms-azr-0145p", "other"]

    @property
    def customer(self) -> Menu:
        return {
            "relationship": ["reseller"] * 6 + ["none", "advisor", None],
            "country": ["US", "US", "US", "PR", "DE", None],
        }

    @property
    def qualification(self) -> Menu:
        vetting = ["Approved", "InReview", "InReview", "Denied", None, None] if self.vetting_is_stated else [None]
        return {
            "customer_id": self.anybody,
            "qualification": [*QUALIFICATIONS, "Education", "GovernmentCommunityCloud", "None"],
            "vetting_status": vetting,
            "vetting_create_date": [None, *self.days(0, -1, -2, -3, -4, -5, -6, -7, -25)],
        }

    @property
    def subscription(self) -> Menu:
        sold = self.subscriptions
        bought = [day for day in BOUGHT if day <= str(self.as_of)]
        created = [*self.days(0, -1, -2, -3, -30, -31, -90, -91, -200), *bought]
        return {
            "customer_id": self.anybody,
            "offer_id": self.offers,
            "offer_name": NAMES,
            "segment": [None, None, None, None, None, *SEGMENTS],
            "product_type": PRODUCT_TYPES,
            "quantity": [None, "0", "5"],
            "status": STATUSES,
            "auto_renew_enabled": ["true", "false", "false", "false", None],
            "term_duration": [None, "p1m", "p1y", "onetime", "p6m"],
            "billing_cycle": [None, "Monthly", "Annual"],
            "creation_date": created,
            "effective_start_date": [None, None, *created],
            "commitment_end_date": [None, *self.days(-1, 0, 1, 2, 30, 31, 32, 100, 200, 300), "9999-12-14", *ENDING],
            "cancellation_allowed_until_date": [None, *self.days(-1, 0, 1)],
            "partner_tenant_id": [None, *self.tenants, *self.tenants, "unlisted"],
            "reseller_id": [None, "mpn1", "mpn2", "provider"],
            "migrated_from_subscription_id": ["itself", *[None] * sold, *(f"s{n}" for n in range(sold))],
            "scheduled_action": [None, None, "cancel", "renewtonewterm", "transition"],
            "scheduled_offer_id": [None, None, *self.offers],
            "unit_price": [None, "10.00", "24.00"],
            "currency": [None, "EUR", "EUR", "USD"],
        }

    @property
    def price(self) -> Menu:
        return {
            "product_id": [*self.products, *self.products, None],
            "sku_id": [*self.skus, *self.skus, None],
            "offer_id": [*LEGACY, "ms-azr-0145p", "other"],
            "sku_title": TITLES,
            "segment": SEGMENTS,
            "term_duration": [None, "p1m", "p1y", "p1y"],
            "billing_plan": [None, "Monthly", "Annual", "None"],
            "market": [None, None, None, "US", "DE"],
            "currency": ["EUR", "EUR", "USD", None],
            "unit_price": [None, "6.00", "12.00"],
            "effective_start_date": [None, None, None, *self.days(-1, 0, 1)],
            "effective_end_date": [None, None, None, *self.days(-1, 0, 1)],
        }

    @property
    def partner(self) -> Menu:
        return {
            "tenant_id": self.tenants,
            "name": [None, "Lipowa"],
            "role": ["direct_bill", "indirect_provider", "indirect_reseller"],
            "mpn_id": [None, "mpn1", "mpn2"],
            "provider_tenant_id": [None, None, "provider", "unlisted"],
            "azure_gcc_tenant_id": [None, *AZURE_TENANTS],
            "gcc_approved_date": [None, *self.days(-1, -2, -30)],
            "gcc_requested_date": [None, *self.days(0, -1, -2, -3, -4, -5, -6, -30)],
            "gcc_high_invited": [None, "true", "false"],
            "azure_government_enrolled": [None, "true", "false"],
        }

    @property
    def validation(self) -> Menu:
        return {
            "customer_id": self.anybody,
            "validation_id": [None, "v1", "v2"],
            "submitted_date": self.days(0, -1, -2, -3, -4, -5, -6, -7, -25),
            "submitted_tenant_id": [*self.tenants, *AZURE_TENANTS, "unlisted"],
            "status": ["InReview", "Approved", "Approved", "Denied"],
            "decided_date": [None, *self.days(-1, -2, -30, -31, -90)],
        }

    @property
    def notice(self) -> Menu:
        return {
            "customer_id": self.anybody,
            "notice_date": self.days(-92, -91, -90, -89, -60, -31, -1, 0, 1),
            "removal_date": [None, None, *self.days(-30, -1, 0, 1, 30)],
            "contested": [None, "true", "false"],
        }

    @property
    def request(self) -> Menu:
        return {
            "customer_id": self.anybody,
            "qualification": ["Education", "Nonprofit", "Nonprofit", "GovernmentCommunityCloud", "StateOwnedEntity"],
            "requested_date": self.days(1, 0, -1, -2, -3, -4),
            "outcome": [None, "denied", "approved"],
        }

    @property
    def unread(self) -> Menu:
        tables = ["customers", "qualifications", "gcc_validations", "subscriptions", "nonprofit_notices"]
        return {"table_name": tables, "customer_id": self.anybody}

    @property
    def unread_table(self) -> Menu:
        # A lost row of another table tells nothing of the partners.
        return {"table_name": ["partners", "partners", "customers", "subscriptions", "gcc_validations"]}

    @property
    def span(self) -> Menu:
        return {
            "customer_id": self.anybody,
            "qualification": ["Nonprofit", "Nonprofit", "Nonprofit", "Education"],
            "vetting_status": [None, "Approved", "Approved", "InReview", "Denied"],
            "first_night": self.days(-400, -200),
            "gone_on": [None, *self.days(0, -1, -2, -30, -31, -90)],
        }


# Of the rows that say the same in these columns, the loader keeps one.
KEYS = {
    "partners": ("tenant_id",),
    "gcc_validations": ("customer_id", "submitted_date", "submitted_tenant_id", "validation_id"),
    "nonprofit_notices": ("customer_id", "notice_date"),
    "qualification_requests": ("customer_id", "qualification", "requested_date"),
    "unread_customers": ("table_name", "customer_id"),
    "unread_tables": ("table_name",),
}


def as_loaded(table: str, rows: Sequence[Cells]) -> list[Cells]:
    """Number the subscriptions, empty the id of a price that has the other key, and drop what would not be loaded."""
    if table == "subscriptions":
        return [numbered(row, f"s{n}") for n, row in enumerate(rows)]
    if table == "price_list":
        known = [row | {"offer_id": None} if row["product_id"] and row["sku_id"] else row for row in rows]
        return [row for row in known if (row["effective_start_date"] or "") <= (row["effective_end_date"] or "9999")]
    key = KEYS.get(table)
    return list({tuple(row[name] for name in key): row for row in rows}.values()) if key else list(rows)


def numbered(row: Cells, subscription: str) -> Cells:
    before = row["migrated_from_subscription_id"]
    return row | {
        "subscription_id": subscription,
        "migrated_from_subscription_id": subscription if before == "itself" else before,
    }
