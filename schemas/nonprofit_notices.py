"""Microsoft's notices that a customer's nonprofit qualification will be removed; kept by hand."""

from __future__ import annotations

from schemas.column import BOOLEAN, DATE, GUID, Column
from schemas.conditions import Ordered
from schemas.table import Table

NONPROFIT_NOTICES = Table(
    name="nonprofit_notices",
    purpose="which nonprofit customers are losing their qualification, and when",
    key=("customer_id", "notice_date"),
    ordered=(Ordered("notice_date", "removal_date"),),
    columns=(
        Column("customer_id", GUID, "Microsoft tenant", required=True, aliases=("CustomerTenantId", "TenantId")),
        Column("notice_date", DATE, "the day of the notice", required=True),
        Column("removal_date", DATE, "the day on which the qualification goes; 90 days after the notice if empty"),
        Column("contested", BOOLEAN, "whether the review is contested with Support"),
    ),
)
