"""The history of one finding: its events, what it said in between, and what people decided about it."""

from __future__ import annotations

import json
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from pipeline.database import records
from pipeline.triage.triage import read_entries

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from datetime import date
    from pathlib import Path

    from pipeline.database import Connection, Record
    from pipeline.desk.answer import Cell

HISTORY_COLUMNS = ("night", "event", "detail")
WAIVED_COLUMNS = ("scope", "reason", "approved_by", "created", "expires", "first_night", "gone_on")
TRIAGE_COLUMNS = ("imported_at", "decision", "owner", "promised_on", "note")
# What a finding says beside its facts.
_SAID = (
    "company_name", "customer_type", "offer_name", "segment", "seats", "due_on", "monthly_amount", "currency",
    "reseller_id",
)  # fmt: skip
_EVENTS = "select as_of, event, cause from audit.events where finding_id = $finding"
_CONTENTS = "select * from audit.findings where finding_id = $finding order by recorded_on"
_WAIVED = f"select {', '.join(WAIVED_COLUMNS)} from audit.waived where finding_id = $finding order by first_night"
_UNSEEN = "select first_night, gone_on from audit.unseen where finding_id = $finding"
_BACKFILLED = "select as_of, state from backfill.states where finding_id = $finding"


def history(connection: Connection, finding_id: str) -> tuple[tuple[Cell, ...], ...]:
    """Return what happened to a finding, by night, the oldest first."""
    rows = [
        *connection.execute(_EVENTS, {"finding": finding_id}).fetchall(),
        *_changes(records(connection, _CONTENTS, {"finding": finding_id})),
        *_spans(connection, finding_id),
        *(
            (night, state, "as audited later, in a backfill")
            for night, state in _of(connection, _BACKFILLED, finding_id)
        ),
    ]
    return tuple(sorted(rows, key=lambda row: row[0]))


def waived_spans(connection: Connection, finding_id: str) -> tuple[tuple[Cell, ...], ...]:
    """Return the spans of nights on which a finding was waived (`gone_on` null: it is), with the waiver of each."""
    return tuple(_of(connection, _WAIVED, finding_id))


def triage_history(file: Path, finding_id: str) -> tuple[tuple[Cell, ...], ...]:
    """Return what was imported about a finding, the oldest first; the last one counts."""
    return tuple(
        (entry.imported_at, entry.triage.decision, entry.triage.owner, entry.triage.promised_on, entry.triage.note)
        for entry in read_entries(file)
        if entry.finding_id == finding_id
    )


def _of(connection: Connection, query: str, finding_id: str) -> list[tuple[Any, ...]]:
    return connection.execute(query, {"finding": finding_id}).fetchall()


def _changes(said: list[Record]) -> Iterator[tuple[date, str, str]]:
    """Yield for each night on which a finding said something else what that was."""
    for before, after in pairwise(said):
        old, new = _values(before), _values(after)
        changed = [name for name in {**old, **new} if old.get(name) != new.get(name)]
        told = (f"{name.replace('_', ' ')}: {_text(old.get(name))} -> {_text(new.get(name))}" for name in changed)
        yield after["recorded_on"], "changed", "; ".join(told)


def _values(said: Record) -> Mapping[str, object]:
    """Return all that a finding says; what its facts repeat is said once."""
    return {**json.loads(said["facts"]), **{name: said[name] for name in _SAID}}


def _text(value: object) -> str:
    return "none" if value is None else str(value)


def _spans(connection: Connection, finding_id: str) -> Iterator[tuple[date, str, str]]:
    for _, reason, approved_by, _, expires, first_night, gone_on in _of(connection, _WAIVED, finding_id):
        yield first_night, "waived", f"until {expires} by {approved_by}: {reason}"
        if gone_on:
            yield gone_on, "no longer waived", ""
    for first_night, gone_on in _of(connection, _UNSEEN, finding_id):
        yield first_night, "not seen", "kept open: its rule was not judged, or a row could not be read"
        if gone_on:
            yield gone_on, "seen or over", "it could be judged again"
