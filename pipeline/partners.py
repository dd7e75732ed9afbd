"""Which partners an edition may name: those that transact, and the reseller itself; never another reseller."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pipeline.own import other_customers

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pipeline.database import Connection
    from schemas.finding import Fact, Finding

# Facts that a rule reads from partners, or from the sale: whom they name must be known, or they are left out.
_OF_PARTNERS = frozenset({"partner_name", "partner_tenant_id", "provider_tenant_id", "expected_tenant_id"})
# Facts that a person has typed in, and whatever looks like a tenant: they may be any id at all, and are left out only
# where they are somebody's.
_ANY_ID = frozenset({"submitted_tenant_id", "tenant_id", "reseller_id", "validation", "validation_id"})
_TENANT = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
# Numbers over all sales of a customer, and what was worked out from them.
_OF_ALL_SALES = frozenset(
    {"seats", "subscriptions", "auto_renewing", "equivalents", "without_equivalent", "equivalent_found", "next_renewal",
     "suggested_offer", "suggested_title", "suggested_difference", "suggested_currency", "monthly_difference"}
)  # fmt: skip


@dataclass(frozen=True)
class Named:
    """Names and ids of partners that an edition may show, and ids that it may not."""

    reseller_name: str | None
    known: frozenset[str]
    foreign: frozenset[str]

    def keeps(self, name: str, fact: Fact, *, is_mixed: bool) -> bool:
        """Whether an edition shows a fact; `is_mixed` where others have sold to the customer too."""
        if is_mixed and name in _OF_ALL_SALES:
            return False
        if name in _OF_PARTNERS:
            return fact is None or fact in self.known
        return not _may_be_id(name, fact) or str(fact).lower() not in self.foreign


def _may_be_id(name: str, fact: Fact) -> bool:
    return isinstance(fact, str) and bool(name in _ANY_ID or _TENANT.fullmatch(fact))


def read_named(connection: Connection, reseller_id: str, findings: Iterable[Finding]) -> Named:
    """Return whom the edition of a reseller with these findings may name."""
    rows = connection.execute("""
        select name, tenant_id, azure_gcc_tenant_id, mpn_id, role = 'indirect_reseller' as is_reseller
        from core.partners order by tenant_id
    """).fetchall()
    own = [row for row in rows if row[3] == reseller_id]
    house = [row for row in rows if not row[4]]
    mine = {text for row in (*own, *house) for text in row[:4] if text}
    theirs = {text.lower() for row in rows if row not in own and row[4] for text in row[1:4] if text}
    typed = {str(fact).lower() for item in findings for name, fact in item.facts.items() if _may_be_id(name, fact)}
    foreign = theirs | other_customers(connection, typed) | _other_resellers(connection, reseller_id)
    return Named(next((row[0] for row in own if row[0]), None), frozenset(mine), frozenset(foreign))


def _other_resellers(connection: Connection, reseller_id: str) -> set[str]:
    rows = connection.execute(
        """
        select lower(reseller_id) from core.customers where reseller_id <> $reseller
        union
        select lower(reseller_id) from core.subscriptions where reseller_id <> $reseller
        """,
        {"reseller": reseller_id},
    ).fetchall()
    return {reseller for (reseller,) in rows}
