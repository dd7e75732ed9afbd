"""Who transacts a sale; an indirect reseller never does."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from tests.sql.oracle.outcome import finding, not_judged

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from tests.sql.case_tables import Cells
    from tests.sql.oracle.fleet import Fleet
    from tests.sql.oracle.outcome import Outcome

RESELLER, PROVIDER = "indirect_reseller", "indirect_provider"


@dataclass(frozen=True)
class Transacting:
    """The tenant that transacts and its row among the partners, or a code of why one of them is not known."""

    tenant: str | None = None
    row: Cells | None = None
    doubt: str | None = None


def partner(fleet: Fleet, tenant: str | None) -> Cells | None:
    rows = fleet.rows_of("partners", tenant, "tenant_id") if tenant else []
    return rows[0] if rows else None


def transacting(fleet: Fleet, stated: str | None) -> Transacting:
    start = stated or only(fleet, fleet.rows("partners"))
    if start is None:
        return Transacting(doubt="not_stated")
    row = partner(fleet, start)
    if row is not None and row["role"] == RESELLER:
        start = provider_of(fleet, row)
        if start is None:
            return Transacting(doubt="provider_not_known")
        row = partner(fleet, start)
        if row is not None and row["role"] == RESELLER:
            return Transacting(doubt="provider_not_known")
    return Transacting(start, row, None if row is not None else "not_in_partners")


def provider_of(fleet: Fleet, reseller: Cells) -> str | None:
    providers = [row for row in fleet.rows("partners") if row["role"] == PROVIDER]
    return reseller["provider_tenant_id"] or only(fleet, providers)


def only(fleet: Fleet, partners: Sequence[Cells]) -> str | None:
    """Return the tenant of the only partner; the row that could not be read may be another one."""
    return partners[0]["tenant_id"] if len(partners) == 1 and not fleet.has_unread_row("partners") else None


def possible_tenants(fleet: Fleet) -> set[str | None]:
    """Return every tenant that may transact at all."""
    partners = fleet.rows("partners")
    own = {row["tenant_id"] for row in partners if row["role"] != RESELLER}
    return own | {row["provider_tenant_id"] for row in partners if row["role"] == RESELLER} - {None}


def has_unknown_provider(fleet: Fleet) -> bool:
    """Whether some reseller's provider is not known, so that any tenant may be it."""
    rows = fleet.rows("partners")
    return any(row["role"] == RESELLER and provider_of(fleet, row) is None for row in rows)


def judge_partners(fleet: Fleet) -> Iterator[Outcome]:
    """PART01 and PART02 look at every live subscription, whoever its customer is."""
    for row in fleet.live:
        key = {"subscription_id": row["subscription_id"]}
        stated = partner(fleet, row["partner_tenant_id"])
        if stated is not None and stated["role"] == RESELLER:
            yield finding("PART01", key)
        who = transacting(fleet, row["partner_tenant_id"])
        if who.doubt:
            yield not_judged("PART02", key, who.doubt)
        elif who.row and who.row["role"] == PROVIDER and not has_reseller_of_record(row, who.row):
            yield finding("PART02", key)


def has_reseller_of_record(sale: Cells, provider: Cells) -> bool:
    return bool(sale["reseller_id"]) and sale["reseller_id"] not in {provider["mpn_id"], provider["tenant_id"]}
