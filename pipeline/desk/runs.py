"""The nights that were audited, the ones that were refused, and the night that somebody means."""

from __future__ import annotations

import json
from datetime import date
from typing import TYPE_CHECKING, Any

from pipeline.desk.answer import Answer, Section, as_text
from pipeline.errors import UsageError
from pipeline.nights import nights
from schemas.finding import Verdict

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from pipeline.database import Connection
    from pipeline.desk.answer import Cell
    from pipeline.desk.desk import Desk
    from pipeline.nights import NightRef

LATEST, PREVIOUS = "latest", "previous"
_MOST_NEAR = 4
_COLUMNS = (
    "as_of", "verdict", "exit_code", "violations", "deadlines", "to_verify", "new", "by_a_new_rule", "closed",
    "waived", "unread", "backfilled", "engine", "rule_set", "run_id",
)  # fmt: skip
# A terminal has no room for the others.
_DRAWN = ("as_of", "verdict", "violations", "deadlines", "to_verify", "new", "closed", "waived", "unread")
_REFUSED_COLUMNS = ("as_of", "verdict", "exit_code", "problems", "first_problem", "run_id")
# Counts are those of the reports: what suspect rules report is not in them.
# Of a night that was audited in its turn, and backfilled later, the backfill is what is shown.
_RUNS = """
    with shown as (
        select *, 'audit' as place from audit.runs where as_of not in (select as_of from backfill.runs)
        union all by name
        select *, 'backfill' as place from backfill.runs
    ),
    results as (
        select *, 'audit' as place from audit.rule_results
        union all by name
        select *, 'backfill' as place from backfill.rule_results
    ),
    levels as (
        select
            as_of, place,
            sum(found) filter (level = 'violation' and usual is null) as violations,
            sum(found) filter (level = 'deadline' and usual is null) as deadlines,
            sum(found) filter (level = 'verify' and usual is null) as to_verify,
            sum(waived) as waived
        from results group by as_of, place
    ),
    suspects as (
        select as_of, place, rule_id from results where usual is not null
    ),
    said as (
        select
            e.as_of, 'audit' as place, e.rule_id,
            case when e.event <> 'closed' and w.finding_id is not null then 'waived' else e.event end as state
        from audit.events as e
        left join audit.waived as w
            on e.finding_id = w.finding_id and w.first_night <= e.as_of and (w.gone_on is null or w.gone_on > e.as_of)
        union all
        select as_of, 'backfill' as place, rule_id, state from backfill.states
    ),
    news as (
        select
            as_of, place,
            count(*) filter (state in ('new', 'reopened')) as new,
            count(*) filter (state = 'new rule') as by_a_new_rule,
            count(*) filter (state = 'closed') as closed
        from said anti join suspects using (as_of, place, rule_id) group by as_of, place
    ),
    inputs as (
        select as_of, 'audit' as place, sum(unread) as unread from audit.inputs group by as_of
        union all
        select as_of, 'backfill' as place, sum(unread) as unread from backfill.inputs group by as_of
    )
    select
        r.as_of, r.verdict, r.exit_code,
        coalesce(l.violations, 0)::bigint, coalesce(l.deadlines, 0)::bigint, coalesce(l.to_verify, 0)::bigint,
        coalesce(n.new, 0), coalesce(n.by_a_new_rule, 0), coalesce(n.closed, 0), coalesce(l.waived, 0)::bigint,
        coalesce(i.unread, 0)::bigint, r.place = 'backfill', r.engine, r.rule_set, r.run_id
    from shown as r
    left join levels as l on r.as_of = l.as_of and r.place = l.place
    left join news as n on r.as_of = n.as_of and r.place = n.place
    left join inputs as i on r.as_of = i.as_of and r.place = i.place
    order by r.as_of desc
"""
_RUN_IDS = """
    select as_of from audit.runs where run_id = $asked
    union
    select as_of from backfill.runs where run_id = $asked
"""


def find_night(connection: Connection, asked: str) -> NightRef:
    """Return the night with that date or run id; `latest` is the newest, `previous` the one before it.

    Raises UsageError where there is none, with the nearest nights.
    """
    known = nights(connection)
    text = asked.strip()
    by_name = dict(zip((LATEST, PREVIOUS), known, strict=False))
    by_date = {night.as_of.isoformat(): night for night in known}
    if found := by_name.get(text.lower()) or by_date.get(text):
        return found
    for (as_of,) in connection.execute(_RUN_IDS, {"asked": text}).fetchall():
        return by_date[as_of.isoformat()]
    raise UsageError(_no_night(text, known))


def _no_night(asked: str, known: Sequence[NightRef]) -> str:
    """Say that there is no such night; the nearest are those by date, or the newest where no date was asked for."""
    if asked.lower() == PREVIOUS:
        return f"there is no night before {known[0].as_of}: it is the only one. Name it by its date, or as {LATEST}."
    try:
        day = date.fromisoformat(asked[:10])
    except ValueError:
        day = known[0].as_of
    nearest = sorted(known, key=lambda night: (abs(night.as_of - day), night.as_of))[:_MOST_NEAR]
    dates = ", ".join(sorted(night.as_of.isoformat() for night in nearest))
    return f"no night {as_text(asked)} was audited. The nearest: {dates}. csp-audit runs lists them all."


def runs_answer(desk: Desk, *, drawn: bool) -> Answer:
    """List every night with what it came to, the newest first, and those refused and not audited well since.

    A drawn answer has the columns that a table shows.
    """
    audited = tuple(desk.connection.execute(_RUNS).fetchall())
    refused = tuple(_refusals(desk.state.root / "refused"))
    sections = (
        _drawn(audited) if drawn else Section("runs", "Audited", _COLUMNS, audited),
        Section("refused", "Not audited", _REFUSED_COLUMNS, refused, nothing="No night was refused."),
    )
    facts: dict[str, Cell] = {"as_of": desk.as_of, "audited": len(audited), "not_audited": len(refused)}
    counted = "1 night was audited" if len(audited) == 1 else f"{len(audited):,} nights were audited"
    return Answer((f"{counted}, the newest for {desk.as_of}; {len(refused):,} refused.",), sections, facts)


def _drawn(audited: Sequence[tuple[Cell, ...]]) -> Section:
    runs = [dict(zip(_COLUMNS, cells, strict=True)) for cells in audited]
    rows = tuple(
        tuple(str(run[name]).removeprefix("audited, ") if name == "verdict" else run[name] for name in _DRAWN)
        for run in runs
    )
    late = ", ".join(str(run["as_of"]) for run in runs if run["backfilled"])
    return Section("runs", "Audited", _DRAWN, rows, (f"Audited after a newer night: {late}.",) if late else ())


def _refusals(folder: Path) -> list[tuple[Cell, ...]]:
    """Read the record that each refused run has left; a good run of the same date takes it away."""
    return [_refusal(path) for path in sorted(folder.glob("*/run.json"), reverse=True)]


def _refusal(path: Path) -> tuple[Cell, ...]:
    from schemas.reading import Problem

    try:
        record: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        problems = [str(Problem(**problem)) for problem in record["problems"]]
        first = problems[0] if problems else ""
        return record["as_of"], record["verdict"], record["exit_code"], len(problems), first, record["run_id"]
    except (OSError, ValueError, KeyError, TypeError):
        return path.parent.name, Verdict.NOT_AUDITED.value, None, None, f"{path}: cannot be read", None
