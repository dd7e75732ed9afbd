"""What changed beside the findings from one night to another: customers, and their qualifications."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipeline.desk.answer import Section
from schemas.change import ChangeKind

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pipeline.database import Connection
    from pipeline.nights import NightRef

_COLUMNS = (
    "night", "change", "customer", "qualification", "before", "after", "may_now_be_sold", "customer_id",
)  # fmt: skip
# Of a night that is backfilled only its own changes are known, compared with the night before it.
_CHANGES = """
    with between_them as (
        select * from audit.changes where as_of > $since and as_of <= $until and ($in_turn or as_of < $until)
        union all by name
        select * from backfill.changes where as_of = $until and not $in_turn
    ),
    kept as (
        select * from between_them where list_contains($kinds, kind)
    )
"""
_COUNT = f"{_CHANGES} select kind, count(*) from kept group by kind order by list_position($kinds, kind)"
_LIST = f"""
    {_CHANGES}
    select as_of, kind, company_name, qualification, before, after, may_now_be_sold, customer_id from kept
    order by as_of desc, list_position($kinds, kind), company_name, customer_id, qualification limit $most
"""


def count_changes(connection: Connection, before: NightRef, after: NightRef) -> dict[str, int]:
    """Count the changes of each kind after one night until another."""
    return dict(connection.execute(_COUNT, _span(before, after)).fetchall())


def changes_section(
    connection: Connection, before: NightRef, after: NightRef, counts: Mapping[str, int], most: int | None
) -> Section:
    """List the changes, the last night first; at most so many where they are drawn, and then without ids."""
    rows = connection.execute(_LIST, {**_span(before, after), "most": most}).fetchall()
    columns = _COLUMNS if most is None else _COLUMNS[:-1]
    total = sum(counts.values())
    more = total - len(rows)
    notes = (f"{more:,} more: --format csv lists all.",) if more else ()
    return Section(
        "changes",
        f"Customers and qualifications: {total:,}",
        columns,
        tuple(tuple(row[: len(columns)]) for row in rows),
        notes,
    )


def _span(before: NightRef, after: NightRef) -> dict[str, object]:
    return {
        "since": before.as_of,
        "until": after.as_of,
        "in_turn": after.schema == "audit",
        "kinds": [kind.value for kind in ChangeKind],
    }
