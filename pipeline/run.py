"""The night: the order of its steps, and nothing else."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipeline import lifecycle, record
from pipeline.audit import read_audit
from pipeline.database import OutOfMemoryError
from pipeline.errors import NotAuditedError, UsageError
from pipeline.exposure import create_exposure
from pipeline.gate import Question, admit
from pipeline.load import load_all
from pipeline.policy import apply_answer_times
from pipeline.precedence import give_way
from pipeline.publish import put_in_place, record_refusal, write_files
from pipeline.rulefile import read_rules
from pipeline.rules import create_views, judge_rules
from pipeline.state import State
from pipeline.warehouse import build, last_night, swap

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import date
    from pathlib import Path

    from pipeline.config import Config
    from pipeline.order import Order
    from schemas.finding import Audit


def run(order: Order, config: Config, announce: Callable[[str], None]) -> Audit:
    """Audit one night and put its results into place; `announce` is told each step as it begins.

    Raises NotAuditedError where an input is refused (a record of that is left), LockedError, UsageError or
    FaultError; the last good night is then as it was.
    """
    state = State(config.state)
    with state.locked(), state.work() as work:
        try:
            return _audit(order, config, state, work, announce)
        except OutOfMemoryError as error:
            message = (
                f"memory_limit = {config.memory_limit} is too little for these exports. Raise it in the configuration."
            )
            raise UsageError(message) from error
        except NotAuditedError as error:
            if not order.dry_run:
                newest = last_night(state.warehouse, order.as_of).newest
                built = work / "refused"
                built.mkdir()
                record_refusal(record.refusal(order, config.state, newest, error), state, built)
            raise


def _refuse_backfill(as_of: date, newest: date | None) -> None:
    """Refuse a night before the newest one: its findings would be compared with nights that had not been yet."""
    if newest is not None and as_of < newest:
        message = f"--as-of {as_of} is before the newest audited night, {newest}. Use that date or a later one."
        raise UsageError(message)


def _audit(order: Order, config: Config, state: State, work: Path, announce: Callable[[str], None]) -> Audit:
    announce("gate")
    before = last_night(state.warehouse, order.as_of)
    _refuse_backfill(order.as_of, before.newest)
    exports = admit(Question(order.folder, order.as_of, before.lines), config, work)
    files = read_rules()
    with build(work, config, state.warehouse, order.as_of) as connection:
        announce("load and validate")
        record.record_run_row(connection, order, exports)
        apply_answer_times(connection, config.answer_times)
        inputs = load_all(connection, exports, order.engine, config.unread)
        lifecycle.record_qualifications(connection, order.as_of)
        announce("rules")
        create_views(connection)
        results = judge_rules(connection, files, record.supplied_columns(exports))
        closing = lifecycle.closing_rules(connection, order.as_of, results, inputs)
        lifecycle.create_gaps(connection)
        results = give_way(connection, results, closing)
        announce("compare with the last good run")
        create_exposure(connection)
        lifecycle.record_findings(connection, order.as_of, closing, inputs)
        lifecycle.create_states(connection, order.as_of)
        record.record_inputs(connection, order.as_of, inputs, exports)
        record.record_results(connection, order.as_of, results)
        record.record_run(connection, order, config, results)
        announce("report")
        audit = read_audit(connection, [file.rule for file in files])
        built = work / "night"
        built.mkdir()
        write_files(audit, built)
    if not order.dry_run:
        swap(work / "warehouse.duckdb", state.warehouse, state.kept, config.keep)
        put_in_place(built, state, order.as_of)
    return audit
