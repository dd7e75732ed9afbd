"""Which nights there are, and what every finding was on any of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import date

    from pipeline.database import Connection

# Everything that a finding is on a night, in the order of the columns of backfill.states.
STATE_COLUMNS = (
    "finding_id", "recorded_on", "rule_id", "customer_id", "company_name", "customer_type", "subscription_id",
    "offer_name", "segment", "seats", "due_on", "source", "facts", "monthly_amount", "currency", "reseller_id",
    "state", "cause", "first_seen", "opened_on", "reopened", "confirmed", "waived_scope", "waived_reason", "waived_by",
    "waived_from", "waived_until",
)  # fmt: skip

# From the lasting tables alone; `$as_of` is the night.
STATES = """
    with last as (
        select
            finding_id, max_by(event, as_of) as event, max(as_of) as last_on, max_by(cause, as_of) as cause,
            min(as_of) as first_seen, max(as_of) filter (event <> 'closed') as opened_on,
            count(*) filter (event <> 'closed') - 1 as reopened
        from audit.events where as_of <= $as_of group by finding_id
    ),
    current as (
        select *, event = 'closed' as is_closed from last where event <> 'closed' or last_on = $as_of
    ),
    said as (
        select * from audit.findings where recorded_on <= $as_of
        qualify row_number() over (partition by finding_id order by recorded_on desc) = 1
    ),
    waived as (
        select * from audit.waived where first_night <= $as_of and (gone_on is null or gone_on > $as_of)
    ),
    unseen as (
        select * from audit.unseen where first_night <= $as_of and (gone_on is null or gone_on > $as_of)
    )
    select
        s.*,
        case
            when c.is_closed then 'closed' when w.finding_id is not null then 'waived'
            when c.last_on = $as_of then c.event else 'open'
        end as state,
        if(c.last_on = $as_of, c.cause, '') as cause,
        c.first_seen, c.opened_on, c.reopened,
        not c.is_closed and u.finding_id is null as confirmed,
        w.scope as waived_scope, w.reason as waived_reason, w.approved_by as waived_by, w.created as waived_from,
        w.expires as waived_until
    from current as c
    join said as s on c.finding_id = s.finding_id
    left join waived as w on c.finding_id = w.finding_id and not c.is_closed
    left join unseen as u on c.finding_id = u.finding_id
"""


@dataclass(frozen=True)
class NightRef:
    """One audited night: `schema` is `backfill` where it was audited after a newer one; the newest is in `core`."""

    as_of: date
    schema: str
    is_newest: bool


def nights(connection: Connection) -> list[NightRef]:
    """Return all nights, the newest first; of one that was audited in its turn and backfilled later, the latter."""
    rows = connection.execute("""
        select as_of, max(schema_name), max(as_of) = (select as_of from core.run) from (
            select as_of, 'audit' as schema_name from audit.runs
            union all
            select as_of, 'backfill' from backfill.runs
        ) group by as_of order by as_of desc
    """).fetchall()
    return [NightRef(*row) for row in rows]


def newest_night(connection: Connection) -> NightRef:
    """Return the night that the warehouse was built for."""
    (as_of,) = connection.execute("select as_of from core.run").fetchall()[0]
    return NightRef(as_of, "audit", is_newest=True)


def create_states_of(connection: Connection, night: NightRef, table: str) -> None:
    """Create a temporary table of every finding as it was on a night: those that were open, and those closed then."""
    columns = ", ".join(STATE_COLUMNS)
    if night.is_newest:
        connection.execute(f"create or replace temp table {table} as select {columns} from core.states")
    elif night.schema == "backfill":
        query = f"select {columns} from backfill.states where as_of = ?"
        connection.execute(f"create or replace temp table {table} as {query}", [night.as_of])
    else:
        query = f"select {columns} from ({STATES})"
        connection.execute(f"create or replace temp table {table} as {query}", {"as_of": night.as_of})
