"""Compares two nights: findings that appeared, vanished or changed, and what else changed in between."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipeline.database import records
from pipeline.desk.answer import MOST_DRAWN, Answer, Section
from pipeline.desk.comparing.changes import changes_section, count_changes
from pipeline.errors import UsageError
from pipeline.findings import finding_of
from pipeline.nights import create_states_of
from pipeline.suspects import told_of_suspects
from reports.messages import message
from reports.rows import customer
from reports.wording import Words

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from pipeline.database import Record
    from pipeline.desk.answer import Cell
    from pipeline.desk.desk import Desk
    from pipeline.nights import NightRef
    from schemas.finding import Finding

_WORDS = Words()
_APPEARED = (
    "finding_id", "rule", "level", "state", "customer", "customer_id", "subscription_id", "seats", "due_on", "message",
)  # fmt: skip
_VANISHED = (
    "finding_id", "rule", "level", "customer", "customer_id", "subscription_id", "seats", "closed_on", "cause",
    "message",
)  # fmt: skip
_CHANGED = ("finding_id", "rule", "level", "customer", "customer_id", "subscription_id", "what_changed", "message")
# A terminal has no room for these.
_NOT_DRAWN = {"level", "customer_id", "subscription_id"}
# What of a finding is compared, beside whether it is waived.
_COMPARED = ("company_name", "customer_type", "offer_name", "segment", "seats", "due_on")
_SAME = " and ".join(f"a.{name} is not distinct from b.{name}" for name in _COMPARED)
_COMPARE = f"""
    create or replace temp table compared as
    with rules as (
        select unnest($rule_ids) as rule_id, unnest($ranks) as rank
    ),
    before as (
        select * from states_before where state <> 'closed'
    ),
    after as (
        select * from states_after where state <> 'closed'
    ),
    paired as (
        select
            coalesce(a.finding_id, b.finding_id) as finding_id, coalesce(a.rule_id, b.rule_id) as rule_id,
            case
                when b.finding_id is null then 'appeared'
                when a.finding_id is null then 'vanished'
                when not ({_SAME} and (a.state = 'waived') = (b.state = 'waived')) then 'changed'
            end as change
        from after as a full join before as b on a.finding_id = b.finding_id
    )
    select p.finding_id, p.change, r.rank from paired as p join rules as r on p.rule_id = r.rule_id
    where p.change is not null
"""
_COUNT = "select change, count(*) from compared group by change"
# Those of one kind as they were on a night, with what they were on the other, and when they were closed in between. A
# finding that a backfilled night closes has no event of it.
_LISTED = f"""
    with closings as (
        select finding_id, as_of, cause from audit.events
        where event = 'closed' and as_of > $since and as_of <= $until and ($in_turn or as_of < $until)
        union all
        select finding_id, $until, cause from states_after where state = 'closed' and not $in_turn
    ),
    closed as (
        select finding_id, max(as_of) as closed_on, max_by(cause, as_of) as closing_cause
        from closings group by finding_id
    )
    select
        s.*, e.closed_on, e.closing_cause, o.state as old_state,
        {", ".join(f"o.{name} as old_{name}" for name in _COMPARED)}
    from compared as c
    join {{states}} as s on c.finding_id = s.finding_id
    left join states_before as o on c.finding_id = o.finding_id
    left join closed as e on c.finding_id = e.finding_id
    where c.change = $change
    order by c.rank, s.due_on nulls last, coalesce(s.seats, 0) desc, s.finding_id limit $most
"""


def difference(desk: Desk, one: NightRef, other: NightRef, *, drawn: bool) -> Answer:
    """Compare the earlier of two nights with the later one. Raises UsageError where both are the same.

    A drawn answer has as many rows, and the columns, that a table shows.
    """
    before, after = sorted((one, other), key=lambda night: night.as_of)
    if before == after:
        told = f"both are the night of {before.as_of}. Name two nights; csp-audit runs lists them all."
        raise UsageError(told)
    counts = _compare(desk, before, after)
    changes = count_changes(desk.connection, before, after)
    most = MOST_DRAWN if drawn else None
    span = {"since": before.as_of, "until": after.as_of, "in_turn": after.schema == "audit"}
    sections = (
        _section(desk, ("appeared", "Appeared", _APPEARED), span, counts, most),
        _section(desk, ("vanished", "Vanished", _VANISHED), span, counts, most),
        _section(desk, ("changed", "Changed", _CHANGED), span, counts, most),
        changes_section(desk.connection, before, after, changes, most),
    )
    facts: dict[str, Cell] = {
        "from_night": before.as_of,
        "to_night": after.as_of,
        **{f"{name}_count": counts[name] for name in ("appeared", "vanished", "changed")},
        "changes_count": sum(changes.values()),
    }
    others = "; ".join(f"{kind}: {count:,}" for kind, count in changes.items())
    told = "; ".join(f"{name} {counts[name]:,}" for name in counts)
    lead = (
        f"Findings from {before.as_of} to {after.as_of}: {told}.",
        f"Beside them: {others}." if others else "No customer and no qualification changed.",
        *told_of_suspects(desk.connection, before.schema, before.as_of),
        *told_of_suspects(desk.connection, after.schema, after.as_of),
    )
    return Answer(lead, sections, facts)


def _compare(desk: Desk, before: NightRef, after: NightRef) -> dict[str, int]:
    """Create the temporary table `compared`, and count the findings in it by their change."""
    create_states_of(desk.connection, before, "states_before")
    create_states_of(desk.connection, after, "states_after")
    ranks = [rule.level.rank for rule in desk.known_rules.values()]
    desk.connection.execute(_COMPARE, {"rule_ids": list(desk.known_rules), "ranks": ranks})
    return {"appeared": 0, "vanished": 0, "changed": 0, **dict(desk.connection.execute(_COUNT).fetchall())}


def _section(
    desk: Desk,
    words: tuple[str, str, tuple[str, ...]],
    span: Mapping[str, object],
    counts: Mapping[str, int],
    most: int | None,
) -> Section:
    name, title, columns = words
    if most is not None:
        columns = tuple(column for column in columns if column not in _NOT_DRAWN)
    query = _LISTED.format(states="states_before" if name == "vanished" else "states_after")
    found = records(desk.connection, query, {**span, "change": name, "most": most})
    rows = [{**row, **_said(finding_of(row, desk.known_rules[row["rule_id"]], None), row)} for row in found]
    more = counts[name] - len(rows)
    notes = (f"{more:,} more: --format csv lists all.",) if more else ()
    cells = tuple(tuple(row[column] for column in columns) for row in rows)
    return Section(name, f"{title}: {counts[name]:,}", columns, cells, notes)


def _said(finding: Finding, row: Record) -> dict[str, Cell]:
    return {
        "rule": finding.rule.id,
        "level": finding.level.value,
        "customer": customer(_WORDS, finding),
        "message": message(_WORDS, finding),
        "cause": row["closing_cause"],
        "what_changed": "; ".join(_changes(row)),
    }


def _changes(row: Record) -> Iterator[str]:
    for name in _COMPARED:
        if row[name] != row[f"old_{name}"]:
            yield f"{name.replace('_', ' ')}: {_text(row[f'old_{name}'])} -> {_text(row[name])}"
    if "waived" in {row["state"], row["old_state"]} and row["state"] != row["old_state"]:
        yield f"{row['old_state']} -> {row['state']}"


def _text(value: object) -> str:
    return "none" if value is None else str(value)
