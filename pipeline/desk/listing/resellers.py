"""Finds the reseller of record that somebody means."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipeline.desk.answer import as_text
from pipeline.errors import UsageError

if TYPE_CHECKING:
    from pipeline.database import Connection

_MOST_NEAR = 5
# So many signs may be wrong for an id to be a slip of another.
_SLIPS = 3
_RESELLERS = """
    with named as (
        select mpn_id as reseller_id, min(name) as name from core.partners where mpn_id is not null group by mpn_id
    ),
    known as (
        select reseller_id from core.subscriptions where reseller_id is not null
        union
        select reseller_id from core.customers where reseller_id is not null
        union
        select reseller_id from named
    )
    select k.reseller_id, n.name from known as k left join named as n on k.reseller_id = n.reseller_id
"""


def find_reseller(connection: Connection, asked: str) -> str:
    """Return the id of a reseller of record, named by its id or by its name in partners.

    Raises UsageError, with those whose ids are like it, where no export knows it.
    """
    name = " ".join(asked.lower().split())
    found = connection.execute(
        f"""
        with resellers as ({_RESELLERS})
        select reseller_id, name, reseller_id = $name or coalesce(lower(name) = $name, false) as is_it from resellers
        where is_it or levenshtein(reseller_id, $name) <= $slips or contains(lower(name), $name)
        order by is_it desc, levenshtein(reseller_id, $name), reseller_id limit $most
        """,
        {"name": name, "slips": _SLIPS, "most": _MOST_NEAR},
    ).fetchall()
    if name and found and found[0][2]:
        return str(found[0][0])
    near = ", ".join(f"{number} ({company})" if company else number for number, company, _ in found if name)
    told = f" Near it: {as_text(near)}." if near else ""
    message = f"there is no reseller of record {as_text(asked)!r}.{told} Name it by its id, as the exports have it."
    raise UsageError(message)
