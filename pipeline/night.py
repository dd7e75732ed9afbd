"""One night's facts that every step needs, and where its results are recorded."""

from __future__ import annotations

import hashlib
import shlex
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from importlib.metadata import version
from typing import TYPE_CHECKING

from pipeline.errors import AUDITED, FOUND
from pipeline.load import Engine
from schemas.finding import Level, Refusal, State, Verdict

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping
    from datetime import date
    from pathlib import Path

    from pipeline.database import Connection
    from pipeline.errors import NotAuditedError
    from pipeline.export import Export
    from pipeline.rulefile import RuleFile
    from schemas.finding import Input, RuleResult


class FailOn(StrEnum):
    """From which findings on a run ends with exit code 1."""

    VIOLATION = "violation"
    DEADLINE = "deadline"
    VERIFY = "verify"
    NEW = "new"
    NONE = "none"


@dataclass(frozen=True)
class Order:
    """What a run was asked for."""

    folder: Path
    as_of: date
    started_at: datetime
    engine: Engine = Engine.SIEVE
    fail_on: FailOn = FailOn.VIOLATION
    dry_run: bool = False
    config_file: Path | None = None

    @property
    def run_id(self) -> str:
        """The night and the moment at which its run began."""
        return f"{self.as_of}-{self.started_at:%Y%m%dT%H%M%SZ}"

    def command(self, state: Path) -> str:
        """Return the command that runs this night again, from any directory."""
        words = ["csp-audit", "run", str(self.folder.absolute()), "--as-of", str(self.as_of)]
        words += ["--state", str(state.absolute())]
        words += ["--config", str(self.config_file.absolute())] if self.config_file else []
        words += ["--engine", self.engine] if self.engine is not Engine.SIEVE else []
        words += ["--fail-on", self.fail_on] if self.fail_on is not FailOn.VIOLATION else []
        return shlex.join(words)


def exit_code(fail_on: FailOn, states: Iterable[tuple[Level, State]]) -> int:
    """Return 1 where a current finding counts: one at or above the level, or any that is new."""
    current = [(level, state) for level, state in states if state.is_current and state is not State.WAIVED]
    if fail_on is FailOn.NONE:
        return AUDITED
    if fail_on is FailOn.NEW:
        return FOUND if any(state in {State.NEW, State.REOPENED} for _, state in current) else AUDITED
    return FOUND if any(level.rank <= Level(fail_on).rank for level, _ in current) else AUDITED


def refusal(order: Order, state: Path, last_good: date | None, error: NotAuditedError) -> Refusal:
    """Return the record of a night that was not audited."""
    return Refusal(
        run_id=order.run_id,
        as_of=order.as_of,
        started_at=order.started_at,
        exit_code=error.exit_code,
        version=program_version(),
        command=order.command(state),
        last_good=last_good,
        problems=error.problems,
        unread_rows=error.unread_rows,
    )


def program_version() -> str:
    """Return the version of csp-audit that is installed."""
    return version("csp-audit")


def rule_set(files: Iterable[RuleFile]) -> str:
    """Return a short name for exactly these rules: it changes when any of them does."""
    text = "\n".join(f"{file.rule.id} {file.rule.version} {file.select}" for file in files)
    return hashlib.sha256(text.encode()).hexdigest()[:8]


def record_run_row(connection: Connection, order: Order, exports: Mapping[str, Export]) -> None:
    """Fill `core.run`, from which the rules take their date."""
    stated = "vetting_status" in exports["qualifications"].header.present
    connection.execute("insert into core.run values (?, ?)", [order.as_of, stated])


def record_inputs(connection: Connection, as_of: date, inputs: Iterable[Input], exports: Mapping[str, Export]) -> None:
    """Keep what was read, for the report and for the next night's gate."""
    for item in inputs:
        lines = exports[item.table].data_lines if item.table in exports else 0
        moment = item.modified_at.astimezone(UTC).replace(tzinfo=None) if item.modified_at else None
        connection.execute(
            "insert into audit.inputs values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            [
                as_of, item.table, item.file, moment, item.bytes, item.sha256, item.encoding, lines, item.rows,
                item.loaded, item.unread, item.duplicates, list(item.notes),
            ],
        )  # fmt: skip


def record_results(connection: Connection, as_of: date, results: Collection[RuleResult]) -> None:
    """Keep what each rule came to; one that was not judged counts the findings that it left open."""
    for result in results:
        row = connection.execute(
            "select count(*) from core.states where rule_id = ? and state <> 'closed'", [result.rule.id]
        ).fetchone()
        connection.execute(
            "insert into audit.rule_results values (?, ?, ?, ?, ?, ?, ?)",
            [
                as_of, result.rule.id, result.rule.version, result.rule.level, result.judgement, result.reason,
                row[0] if row else 0,
            ],
        )  # fmt: skip


def record_run(
    connection: Connection, order: Order, state: Path, files: Iterable[RuleFile], results: Iterable[RuleResult]
) -> None:
    """Keep the run itself, with its verdict and exit code."""
    levels = {result.rule.id: result.rule.level for result in results}
    rows = connection.execute("select rule_id, state from core.states").fetchall()
    states = [(levels[rule_id], State(name)) for rule_id, name in rows if rule_id in levels]
    is_clean = not any(found.is_current for _, found in states)
    modified = connection.execute(
        "select min(modified_at) from audit.inputs where as_of = ? and file is not null", [order.as_of]
    ).fetchone()
    connection.execute(
        "insert into audit.runs values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        [
            order.as_of, order.run_id, order.started_at.astimezone(UTC).replace(tzinfo=None),
            modified[0] if modified else None, Verdict.CLEAN if is_clean else Verdict.FINDINGS,
            exit_code(order.fail_on, states), program_version(), rule_set(files), order.engine, order.command(state),
        ],
    )  # fmt: skip
