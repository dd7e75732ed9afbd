"""How often a customer's qualification was asked for; kept by hand."""

from __future__ import annotations

from schemas.column import DATE, GUID, Column, open_list
from schemas.segments import QUALIFICATION
from schemas.table import Table

OUTCOME = open_list("approved", "inreview", "denied")

QUALIFICATION_REQUESTS = Table(
    name="qualification_requests",
    purpose="which qualifications were asked for, and when",
    key=("customer_id", "qualification", "requested_date"),
    columns=(
        Column("customer_id", GUID, "Microsoft tenant", required=True, aliases=("CustomerTenantId", "TenantId")),
        Column("qualification", QUALIFICATION, "the qualification asked for", required=True),
        Column("requested_date", DATE, "when it was asked for", required=True),
        Column("outcome", OUTCOME, "what came of it"),
    ),
)
