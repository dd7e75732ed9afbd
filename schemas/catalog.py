"""All tables, in the order in which they are read."""

from __future__ import annotations

from schemas.customers import CUSTOMERS
from schemas.gcc_validations import GCC_VALIDATIONS
from schemas.nonprofit_notices import NONPROFIT_NOTICES
from schemas.partners import PARTNERS
from schemas.price_list import PRICE_LIST
from schemas.qualification_requests import QUALIFICATION_REQUESTS
from schemas.qualifications import QUALIFICATIONS
from schemas.subscriptions import SUBSCRIPTIONS

TABLES = {
    table.name: table
    for table in (
        CUSTOMERS,
        SUBSCRIPTIONS,
        QUALIFICATIONS,
        PRICE_LIST,
        PARTNERS,
        GCC_VALIDATIONS,
        NONPROFIT_NOTICES,
        QUALIFICATION_REQUESTS,
    )
}
