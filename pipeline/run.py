"""The night: the order of its steps, and nothing else."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from pipeline import gaps, lifecycle, record
from pipeline.audit import read_audit
from pipeline.backfill import add_backfill
from pipeline.changes import record_changes
from pipeline.database import OutOfMemoryError
from pipeline.errors import NotAuditedError, UsageError
from pipeline.exposure import create_exposure
from pipeline.gate import Question, admit
from pipeline.history import record_qualifications
from pipeline.load import load_all
from pipeline.mail.night import editions, night_mail
from pipeline.mail.refused import refused_mail, upcoming_deadlines
from pipeline.mail.resellers import configured_resellers
from pipeline.policy import apply_answer_times
from pipeline.precedence import give_way
from pipeline.privacy import masking_key
from pipeline.publish import put_in_place, record_refusal, write_files, write_mail
from pipeline.rulefile import read_rules
from pipeline.rules import create_views, judge_rules
from pipeline.state import State, sha256_of
from pipeline.triage.triage import usable_triage
from pipeline.waivers.waivers import configured_waivers
from pipeline.warehouse import build, last_night, swap
from reports.languages import words_of
from reports.masking import masked, masked_refusal

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

    from pipeline.config import Config
    from pipeline.mail.smtp import Message
    from pipeline.order import Order
    from schemas.finding import Audit


def run(
    order: Order, config: Config, announce: Callable[[str], None], post: Callable[[Message], None] | None = None
) -> Audit:
    """Audit one night and put its results into place; `announce` is told each step as it begins.

    `post` is given each message of the night, or of its refusal, once everything is in its place.
    Raises NotAuditedError where an input is refused (a record of that is left), LockedError, UsageError or
    FaultError; the last good night is then as it was.
    """
    state = State(config.state)
    with state.locked(), state.work() as work:
        try:
            audit, messages = _audit(order, config, state, work, announce)
        except OutOfMemoryError as error:
            message = (
                f"memory_limit = {config.memory_limit} is too little for these exports. Raise it in the configuration."
            )
            raise UsageError(message) from error
        except NotAuditedError as error:
            if not order.dry_run:
                _hand_on(_refuse(order, config, state, work, error), post)
            raise
    _hand_on(messages, post)
    return audit


def _hand_on(messages: Iterable[Message], post: Callable[[Message], None] | None) -> None:
    if post:
        for message in messages:
            post(message)


def _refuse(order: Order, config: Config, state: State, work: Path, error: NotAuditedError) -> Iterable[Message]:
    """Leave a record of a night that was not audited, and return its messages."""
    newest = last_night(state.warehouse, order.as_of).newest
    refusal = record.refusal(order, config.state, newest, error)
    built = work / "refused"
    built.mkdir()
    upcoming = upcoming_deadlines(refusal, state, config, _shown(order, state))
    refusal = masked_refusal(refusal, masking_key(state.root)) if order.mask else refusal
    mail = refused_mail(refusal, config.mail, order.language or config.language, state, upcoming)
    write_mail(mail.files, built)
    record_refusal(refusal, state, built)
    return mail.messages


def _shown(order: Order, state: State) -> Callable[[Audit], Audit]:
    """Return what makes an audit as people may see it: with pseudonyms where that was asked for, else as it is."""
    if not order.mask:
        return lambda audit: audit
    return partial(masked, key=masking_key(state.root))


def _audit(
    order: Order, config: Config, state: State, work: Path, announce: Callable[[str], None]
) -> tuple[Audit, Iterable[Message]]:
    announce("gate")
    files = read_rules()
    resellers = configured_resellers(config.mail)
    before = last_night(state.warehouse, order.as_of)
    waivers = configured_waivers(config, {*before.rule_ids, *(file.rule.id for file in files)})
    is_backfill = order.is_backfill(before.newest)
    exports = admit(Question(order.folder, order.as_of, before.lines), config, work)
    with build(work, config, state.warehouse, order.as_of) as connection:
        announce("load and validate")
        record.record_run_row(connection, order, exports)
        apply_answer_times(connection, config.answer_times)
        inputs = load_all(connection, exports, order.engine, config.unread)
        record_qualifications(connection, order.as_of)
        announce("rules")
        create_views(connection)
        results = judge_rules(connection, files, record.supplied_columns(exports))
        closing = gaps.closing_rules(connection, order.as_of, results, inputs)
        gaps.create_gaps(connection)
        results = give_way(connection, results, closing)
        announce("compare with the last good run")
        create_exposure(connection)
        lifecycle.record_findings(connection, order.as_of, results, closing)
        lifecycle.record_contents(connection, order.as_of, inputs)
        lifecycle.record_waivers(connection, order.as_of, waivers)
        lifecycle.create_states(connection, order.as_of)
        record_changes(connection, order.as_of, state.warehouse)
        record.record_inputs(connection, order.as_of, inputs, exports)
        record.record_marks(connection, exports)
        record.record_results(connection, order.as_of, results)
        record.record_page(connection, order.as_of)
        record.record_run(connection, order, config, results, before.newest)
        announce("report")
        triage, fault = usable_triage(state.triage)
        audit = read_audit(connection, [file.rule for file in files], triage=triage)
        audit = replace(audit, triage_sha256=sha256_of(state.triage), triage_fault=fault)
        built = work / "night"
        built.mkdir()
        language, shown = order.language or config.language, _shown(order, state)
        seen = shown(audit)
        write_files(seen, built, words_of(language))
        mail = night_mail(seen, config.mail, language)
        theirs = editions(connection, audit, config.mail, resellers, shown)
        write_mail({**mail.files, **theirs.files}, built)
    if not order.dry_run:
        new = add_backfill(work, config, state.warehouse, order.as_of) if is_backfill else work / "warehouse.duckdb"
        swap(new, state.warehouse, state.kept, config.keep)
        put_in_place(built, state, order.as_of, is_newest=not is_backfill)
    return seen, () if order.dry_run else (*mail.messages, *theirs.messages)
