"""Who sells: the company's own tenants and its resellers, and whom they put forward for GCC."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sample_data.builder.customers import customer_id
from sample_data.builder.data import NIGHTS, guid, moment, table, tonight

if TYPE_CHECKING:
    from sample_data.builder.data import Record

# The company's own number as a reseller of record; whatever bears another one goes through the indirect provider.
OWN_MPN = "5200960"
# What a note says where an export names nobody.
NOBODY = "-"
_AZURE_TENANT = "azure of "


def tenant_of(partner: str) -> str:
    """Return the commercial tenant of a partner, or its Azure GCC tenant ("azure of distribution")."""
    if partner.startswith(_AZURE_TENANT):
        return guid("azure tenant", partner.removeprefix(_AZURE_TENANT))
    return guid("partner", partner)


def partner_of(reseller: str) -> str:
    """Return the partner that transacts for a reseller of record."""
    return "lipowa" if reseller == OWN_MPN else "distribution"


def partners(_night: int) -> list[Record]:
    """Return the partners, which are the same on every night."""
    return [_partner(row) for row in table("partners")]


def _partner(row: dict[str, str]) -> Record:
    return {
        "tenant_id": tenant_of(row["key"]),
        "name": row["name"],
        "role": row["role"],
        "mpn_id": row["mpn"],
        "provider_tenant_id": tenant_of(row["provider"]) if row["provider"] else None,
        "azure_gcc_tenant_id": tenant_of(f"{_AZURE_TENANT}{row['key']}") if row["azure_gcc"] else None,
        "gcc_requested_date": moment(row["requested"]),
        "gcc_approved_date": moment(row["approved"]),
        "gcc_high_invited": row["gcc_high"] == "yes" if row["gcc_high"] else None,
        "azure_government_enrolled": row["azure_government"] == "yes" if row["azure_government"] else None,
    }


def validations(night: int) -> list[Record]:
    """Return the validations for GCC submitted up to one night, as far as they had come."""
    rows = [row for row in table("validations") if row["submitted"] <= str(NIGHTS[night - 1])]
    return [_validation(row, tonight(row, night)) for row in rows]


def _validation(row: dict[str, str], status: str) -> Record:
    return {
        "customer_id": customer_id(row["customer"]),
        "validation_id": row["id"] or None,
        "submitted_date": moment(row["submitted"]),
        "submitted_tenant_id": tenant_of(row["tenant"]),
        "status": status,
        "decided_date": None if status == "InReview" else moment(row["decided"]),
    }
