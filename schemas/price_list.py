"""The price list: which offer belongs to which segment, and what it costs."""

from __future__ import annotations

from schemas.column import COUNTRY, CURRENCY, DATE, IDENTIFIER, MONEY, TEXT, Column
from schemas.conditions import Ordered
from schemas.segments import SEGMENT
from schemas.table import PriceKey, Table

PRICE_LIST = Table(
    name="price_list",
    purpose="the segment and price of each offer",
    derived=(PriceKey("offer_key", "product_id", "sku_id", "offer_id"),),
    ordered=(Ordered("effective_start_date", "effective_end_date"),),
    columns=(
        Column("product_id", IDENTIFIER, "the product; empty for a legacy offer", required=True, may_be_empty=True),
        Column("sku_id", IDENTIFIER, "the SKU; leading zeros may be lost", required=True, may_be_empty=True),
        Column("product_title", TEXT, "the product's title"),
        Column("sku_title", TEXT, "the SKU's title"),
        Column("segment", SEGMENT, "the segment that the offer is for", required=True),
        Column("term_duration", TEXT, "P1M, P1Y, P3Y or OneTime"),
        Column("billing_plan", TEXT, "Monthly, Annual or None"),
        Column("market", COUNTRY, "ISO 3166 alpha-2 code (NA is Namibia)"),
        Column("currency", CURRENCY, "currency of the prices"),
        Column("unit_price", MONEY, "what the partner pays for one unit"),
        Column("erp_price", MONEY, "estimated retail price of one unit"),
        Column("tags", TEXT, "the list's own tags"),
        Column("effective_start_date", DATE, "first day on which the row holds"),
        Column("effective_end_date", DATE, "last day on which the row holds"),
        Column("offer_id", IDENTIFIER, "a legacy offer's GUID"),
    ),
)
