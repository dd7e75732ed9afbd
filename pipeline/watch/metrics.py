"""The status as metrics: the text that Prometheus' node exporter collects from a file."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipeline.beside import drop_halves, replace_text

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from datetime import datetime
    from pathlib import Path

    from pipeline.watch.status import LastAttempt, LastGood, Status

# There is no name of a customer in it, and the exporter is another user.
_MODE = 0o644
Samples = dict[str, float]


def metrics_text(status: Status) -> str:
    """Return the metrics; what is not known, as on a first night that was refused, is left out."""
    attempt, good = status.last_attempt, status.last_good
    families = [*(_of_attempt(attempt) if attempt else ()), *(_of_good(good) if good else ())]
    return "".join(families)


def write_metrics(path: Path, status: Status) -> None:
    """Put the metrics into their place in one step; a file that is there keeps its permissions. Raises OSError."""
    drop_halves(path)
    if not path.exists():
        path.touch()
        path.chmod(_MODE)
    replace_text(path, metrics_text(status))


def _of_attempt(attempt: LastAttempt) -> Iterator[str]:
    ages: Samples = {}
    for each in attempt.inputs:
        ages[each.table] = max(each.hours, ages.get(each.table, each.hours))
    yield _gauge("last_attempt_timestamp_seconds", "When the last run ended.", _moment(attempt.ended_at))
    yield _gauge("last_exit_code", "Exit code of the last run.", {"": attempt.exit_code})
    yield _gauge("duration_seconds", "How long the last run took.", {"": attempt.seconds})
    if ages:
        yield _gauge("input_age_hours", "Age of the oldest export of a table at the last run.", ages, "table")


def _of_good(good: LastGood) -> Iterator[str]:
    yield _gauge("last_success_timestamp_seconds", "When the last audited run ended.", _moment(good.ended_at))
    yield _gauge(
        "findings", "Findings of the last audited run, without those waived or suspect.", good.findings, "level"
    )
    yield _gauge("unread_rows", "Rows that no rule saw in the last audited run.", {"": good.unread_rows})
    yield _gauge("rules_not_judged", "Rules that the last audited run could not judge.", {"": good.rules_not_judged})


def _moment(moment: datetime) -> Samples:
    return {"": int(moment.timestamp())}


def _gauge(name: str, told: str, samples: Mapping[str, float], label: str = "") -> str:
    """Write one family; values of labels are names of ours, with nothing in them to escape."""
    full = f"csp_audit_{name}"
    lines: Iterable[str] = (
        f'{full}{{{label}="{value}"}} {number}' if label else f"{full} {number}" for value, number in samples.items()
    )
    return "\n".join([f"# HELP {full} {told}", f"# TYPE {full} gauge", *lines]) + "\n"
