"""Checks of the nights: whether a run is at work, which was the last good one, and tonight's exports."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from tempfile import gettempdir
from typing import TYPE_CHECKING

from pipeline.doctor.access import FULL
from pipeline.doctor.line import failed, ok, refusal, warning
from pipeline.errors import AUDITED, FOUND, DamagedError, NotAuditedError, UsageError
from pipeline.gate import Question, admit
from pipeline.signals import temporary_folder
from pipeline.warehouse import LAYOUT, layout_of
from schemas.catalog import TABLES

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pipeline.doctor.line import Line
    from pipeline.doctor.subject import Subject
    from pipeline.export import Export

# No night takes this long: the run hangs, and tonight's would be refused.
_LONGEST_RUN = timedelta(hours=12)
_HOUR = timedelta(hours=1)
_LONG = 48
_ASK_AGAIN = "Mend that, then run csp-audit doctor again"


def lock(subject: Subject) -> Line:
    """Say whether a run is at work, and which; what an earlier one has written into the lock file means nothing."""
    text = subject.holder
    if text is None:
        return ok("free: no run is at work")
    pid, since = _holder(text)
    if pid is None or since is None:
        return warning("a run is at work, and the lock file does not say which", f"lsof {subject.places.root / 'lock'}")
    found = f"a run is at work: process {pid}, since {since:%Y-%m-%d %H:%M} UTC"
    if subject.now - since > _LONGEST_RUN:
        return failed(f"{found}; it hangs, and tonight's run would be refused", f"ps -fp {pid}, then kill {pid}")
    return warning(found, "Wait for it to end, then run csp-audit doctor again")


def _holder(text: str) -> tuple[int | None, datetime | None]:
    """Return the process and its beginning, as far as the file says so."""
    try:
        told = json.loads(text)
        since = datetime.fromisoformat(told["since"].removesuffix(" UTC"))
        return int(told["pid"]), since if since.tzinfo else since.replace(tzinfo=UTC)
    except (ValueError, KeyError, TypeError, AttributeError):
        return None, None


def last_run(subject: Subject) -> Line:
    """Say which night was audited last, how long ago, and whether any was refused since."""
    warehouse = subject.places.warehouse
    try:
        run = subject.last_run
    except DamagedError as error:
        return refusal(error, subject.run())
    except UsageError as error:
        is_older = layout_of(warehouse) < LAYOUT
        return warning(f"{warehouse}: of an older version", subject.run()) if is_older else refusal(error, _ASK_AGAIN)
    if run is None:
        return warning(f"no night has been audited yet in {subject.places.root}", subject.run())
    found = f"the night of {run.as_of}, {run.verdict}, {_ago(subject.now - run.started_at)}"
    refused = sorted(path.parent.name for path in (subject.places.root / "refused").glob("*/run.json"))
    since = [night for night in refused if night > str(run.as_of)]
    if since:
        return warning(f"{found}; {len(since)} refused since, the newest {since[-1]}", subject.command("runs"))
    limit = subject.config.gate.max_age_hours
    if (subject.now - run.started_at) / _HOUR > limit:
        return warning(f"{found}: longer than the {limit:g} hours that exports may be old", subject.run())
    return ok(found)


def last_attempt(subject: Subject) -> Line:
    """Say how the last run ended, whatever its end, and whether it ended at all."""
    if subject.status_fault:
        return warning(subject.status_fault.rstrip("."), subject.run())
    status = subject.status
    if status.running and subject.holder is None:
        found = f"the run that began {status.running.since:%Y-%m-%d %H:%M} UTC died (process {status.running.pid})"
        return warning(found, subject.run())
    attempt = status.last_attempt
    if attempt is None:
        return ok("none is known of")
    found = f"for {attempt.as_of}, {_ago(subject.now - attempt.ended_at)}, exit code {attempt.exit_code}"
    if attempt.exit_code in {AUDITED, FOUND}:
        return ok(found)
    return warning(f"{found}: {attempt.message.rstrip('.')}", subject.run())


def _ago(age: timedelta) -> str:
    hours = round(max(age, timedelta()) / _HOUR)
    if hours <= 1:
        return "an hour ago" if hours else "less than an hour ago"
    return f"{hours} hours ago" if hours < _LONG else f"{hours // 24} days ago"


def exports(subject: Subject) -> Line:
    """Put the exports through the gate, as a run begun now would."""
    folder = subject.exports
    if folder is None:
        return warning("no folder of exports is known", subject.command("doctor", "FOLDER"))
    question = Question(folder, subject.today, subject.last_night.lines)
    try:
        with temporary_folder("csp-audit-doctor-") as work:
            admitted = admit(question, subject.config, work)
    except NotAuditedError as error:
        return refusal(error, subject.command("check", folder))
    except OSError as error:
        if error.errno not in FULL:
            raise
        found = f"the copies of exports that are not UTF-8 have no room in {gettempdir()}, which a run does without"
        return warning(found, "Set TMPDIR to a folder with room, then run csp-audit doctor again")
    return ok(f"{folder}: {_counted(admitted)}, {_age(admitted, subject.now)}")


def _counted(admitted: list[Export]) -> str:
    lines = sum(export.data_lines for export in admitted)
    return f"{len(admitted)} files with {lines:,} lines can be audited"


def _age(admitted: Iterable[Export], now: datetime) -> str:
    """Say how old the oldest of the required exports is: a night is as old as that."""
    oldest = min(export.found.modified_at for export in admitted if TABLES[export.table.name].required)
    return f"the oldest required one written {_ago(now - oldest)}"
