"""The partners that sell: the company's own tenants and its resellers; kept by hand."""

from __future__ import annotations

from schemas.column import BOOLEAN, DATE, GUID, IDENTIFIER, TEXT, Column, one_of
from schemas.conditions import Ordered
from schemas.table import Table

ROLE = one_of("partner role", {"direct_bill": (), "indirect_provider": (), "indirect_reseller": ()})

PARTNERS = Table(
    name="partners",
    purpose="who transacts, and which government clouds each may sell",
    key=("tenant_id",),
    ordered=(Ordered("gcc_requested_date", "gcc_approved_date"),),
    columns=(
        Column("tenant_id", GUID, "commercial tenant", required=True, aliases=("PartnerTenantId",)),
        Column("name", TEXT, "the partner's name", aliases=("PartnerName",)),
        Column("role", ROLE, "direct_bill, indirect_provider or indirect_reseller", required=True),
        Column("mpn_id", IDENTIFIER, "the partner's id as a reseller of record", aliases=("PartnerId", "MPN")),
        Column("provider_tenant_id", GUID, "an indirect reseller's provider"),
        Column("azure_gcc_tenant_id", GUID, "the partner's Azure GCC tenant, never used for validations"),
        Column("gcc_approved_date", DATE, "when the partner was approved for GCC; empty if it is not"),
        Column("gcc_requested_date", DATE, "when the partner asked to be approved for GCC"),
        Column("gcc_high_invited", BOOLEAN, "whether it was invited to sell GCC High and DoD licences"),
        Column("azure_government_enrolled", BOOLEAN, "whether it is enrolled for Azure Government"),
    ),
)
