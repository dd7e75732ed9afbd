"""The price lists: which offer belongs to which segment, and what it costs.

New-commerce and legacy lists are read beside each other. A legacy list says the segment twice, as License Agreement
Type and as End Customer Type, and real lists contradict themselves: the first is used, as it names the agreement under
which the price is sold; the second is ignored.
"""

from __future__ import annotations

from schemas.column import COUNTRY, CURRENCY, DATE, IDENTIFIER, MONEY, TEXT, Column, open_list
from schemas.conditions import Either, Ordered
from schemas.derived import MonthlyPrice, PriceKey
from schemas.segments import SEGMENT
from schemas.table import Table

TERM = open_list("p1m", "p1y", "p3y", "onetime")

PRICE_LIST = Table(
    name="price_list",
    purpose="the segment and price of each offer",
    many=True,
    preamble=(("Doc currency", "currency"),),
    derived=(
        PriceKey("offer_key", "product_id", "sku_id", "offer_id"),
        MonthlyPrice("monthly_price", "unit_price", "billing_plan"),
    ),
    ordered=(Ordered("effective_start_date", "effective_end_date"),),
    either=(Either((("product_id", "sku_id"), ("offer_id",))),),
    columns=(
        Column("product_id", IDENTIFIER, "the product; none for a legacy offer"),
        Column("sku_id", IDENTIFIER, "the SKU; leading zeros may be lost"),
        Column("product_title", TEXT, "the product's title"),
        Column("sku_title", TEXT, "the SKU's title, or a legacy offer's name", aliases=("Offer Display Name",)),
        Column(
            "segment",
            SEGMENT,
            "the segment that the offer is for; a legacy list's End Customer Type is ignored",
            required=True,
            aliases=("License Agreement Type",),
        ),
        Column("term_duration", TERM, "P1M, P1Y, P3Y or OneTime"),
        Column("billing_plan", TEXT, "Monthly, Annual or None"),
        Column("market", COUNTRY, "ISO 3166 alpha-2 code (NA is Namibia)"),
        Column("currency", CURRENCY, "currency of the prices"),
        Column("unit_price", MONEY, "what the partner pays for one unit", aliases=("List Price",)),
        Column("erp_price", MONEY, "estimated retail price of one unit"),
        Column("tags", TEXT, "the list's own tags"),
        Column("effective_start_date", DATE, "first day on which the row holds", aliases=("Valid-From Date",)),
        Column("effective_end_date", DATE, "last day on which the row holds", aliases=("Valid To Date",)),
        Column("offer_id", IDENTIFIER, "a legacy offer's GUID"),
    ),
)
