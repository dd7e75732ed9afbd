"""The customers of the partner, one row each."""

from __future__ import annotations

from schemas.column import COUNTRY, GUID, IDENTIFIER, TEXT, Column, one_of
from schemas.table import Table

RELATIONSHIP = one_of(
    "relationship",
    {"reseller": (), "none": (), "advisor": (), "syndication": (), "microsoft_support": ()},
)

CUSTOMERS = Table(
    name="customers",
    purpose="who the partner's customers are",
    required=True,
    key=("customer_id",),
    columns=(
        Column("customer_id", GUID, "tenant", required=True, aliases=("MicrosoftID", "TenantId", "CustomerTenantId")),
        Column("company_name", TEXT, "the company's name", required=True, aliases=("Name", "CustomerName")),
        Column("domain", TEXT, "the primary domain name", aliases=("Primary domain name",)),
        Column("relationship", RELATIONSHIP, "partner's role", aliases=("RelationshipToPartner",), absent="reseller"),
        Column("country", COUNTRY, "ISO 3166 alpha-2 code", aliases=("CustomerMarket", "CountryCode")),
        Column("reseller_id", IDENTIFIER, "the indirect reseller in charge", aliases=("AssociatedPartnerId",)),
        Column("tags", TEXT, "the partner's own tags"),
    ),
)
