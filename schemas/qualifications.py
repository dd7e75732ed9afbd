"""The qualifications of customers, one row for each customer and qualification."""

from __future__ import annotations

from schemas.column import DATE, GUID, TEXT, Column, one_of
from schemas.segments import QUALIFICATION
from schemas.table import Table

VETTING_STATUS = one_of("vetting status", {"Approved": (), "InReview": (), "Denied": ()})

QUALIFICATIONS = Table(
    name="qualifications",
    purpose="which qualifications each customer holds or has asked for",
    required=True,
    columns=(
        Column("customer_id", GUID, "Microsoft tenant", required=True, aliases=("CustomerTenantId", "TenantId")),
        Column("qualification", QUALIFICATION, "the qualification, or None", required=True),
        Column("vetting_status", VETTING_STATUS, "Microsoft's decision"),
        Column("vetting_reason", TEXT, "why it was denied"),
        Column("vetting_create_date", DATE, "when it was asked for", aliases=("VettingCreatedDate",)),
    ),
)
