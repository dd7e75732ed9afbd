"""Validations of government customers for GCC; kept by hand."""

from __future__ import annotations

from schemas.column import DATE, GUID, IDENTIFIER, Column
from schemas.conditions import Ordered
from schemas.qualifications import VETTING_STATUS
from schemas.table import Table

GCC_VALIDATIONS = Table(
    name="gcc_validations",
    purpose="which customers were put forward for GCC, under which tenant id, and what Microsoft decided",
    key=("customer_id", "submitted_date", "submitted_tenant_id", "validation_id"),
    ordered=(Ordered("submitted_date", "decided_date"),),
    columns=(
        Column("customer_id", GUID, "Microsoft tenant", required=True, aliases=("CustomerTenantId", "TenantId")),
        Column("validation_id", IDENTIFIER, "Microsoft's number of the validation"),
        Column("submitted_date", DATE, "when it was submitted", required=True),
        Column("submitted_tenant_id", GUID, "the partner's tenant id that the form named", required=True),
        Column("status", VETTING_STATUS, "Microsoft's decision", required=True),
        Column("decided_date", DATE, "when it was decided; empty while in review"),
    ),
)
