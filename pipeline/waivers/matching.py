"""Which findings of a night are waived, and what became of each waiver."""

from __future__ import annotations

from typing import TYPE_CHECKING

from schemas.waiver import WaiverStatus, WaiverUse

if TYPE_CHECKING:
    from collections.abc import Collection
    from datetime import date

    from pipeline.database import Connection
    from schemas.waiver import Waiver

# Each kind of scope is a join of its own: a join on either of several columns would compare every pair.
_MATCHES = """
    create or replace temp table waiver_matches as
    select w.place, f.finding_id
    from waivers as w join current_findings as f on w.finding_id = f.finding_id
    union all
    select w.place, f.finding_id
    from waivers as w join current_findings as f on w.customer_id = f.customer_id
    where coalesce(w.rule_id = f.rule_id, true)
    union all
    select w.place, f.finding_id
    from waivers as w join current_findings as f on w.subscription_id = f.subscription_id
    where coalesce(w.rule_id = f.rule_id, true)
"""
_WAIVED = """
    create or replace temp table waived_tonight as
    select m.finding_id, w.scope, w.reason, w.approved_by, w.created, w.expires
    from waiver_matches as m join waivers as w on m.place = w.place
    where w.in_force
    qualify row_number() over (partition by m.finding_id order by w.expires desc, w.breadth, w.place) = 1
"""


def match_waivers(connection: Connection, as_of: date, waivers: Collection[Waiver]) -> tuple[WaiverUse, ...]:
    """Create the temporary table `waived_tonight` from `current_findings`; return what each waiver comes to.

    A finding has one row there where a waiver in force on `as_of` covers it: of several the one that expires last, then
    the narrowest.
    """
    _create_waivers(connection, as_of, waivers)
    connection.execute(_MATCHES)
    connection.execute(_WAIVED)
    counts = dict(connection.execute("select place, count(*) from waiver_matches group by place").fetchall())
    return tuple(
        WaiverUse(waiver, _status(waiver, as_of, counts.get(place, 0)), counts.get(place, 0))
        for place, waiver in enumerate(waivers)
    )


def _create_waivers(connection: Connection, as_of: date, waivers: Collection[Waiver]) -> None:
    connection.execute("""
        create or replace temp table waivers (
            place integer, in_force boolean, breadth integer, scope varchar, rule_id varchar, finding_id varchar,
            customer_id varchar, subscription_id varchar, reason varchar, approved_by varchar, created date,
            expires date
        )
    """)
    rows = [
        (
            place, item.holds_on(as_of), _breadth(item), item.scope, item.rule, item.finding, item.customer,
            item.subscription, item.reason, item.approved_by, item.created, item.expires,
        )
        for place, item in enumerate(waivers)
    ]  # fmt: skip
    if rows:
        # One statement for all: executemany takes a second for a thousand waivers.
        lists = {f"column_{number}": list(cells) for number, cells in enumerate(zip(*rows, strict=True))}
        connection.execute(f"insert into waivers select {', '.join(f'unnest(${name})' for name in lists)}", lists)


def _breadth(waiver: Waiver) -> int:
    """Rank a scope: one finding before one subscription before one customer, and one rule before all."""
    kind = 0 if waiver.finding else 1 if waiver.subscription else 2
    return kind * 2 + (waiver.rule is None)


def _status(waiver: Waiver, as_of: date, matches: int) -> WaiverStatus:
    if waiver.expires < as_of:
        return WaiverStatus.EXPIRED
    if as_of < waiver.created:
        return WaiverStatus.NOT_YET
    return WaiverStatus.IN_FORCE if matches else WaiverStatus.NO_MATCH
