"""The night: the order of its steps, and nothing else."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

from pipeline import gaps, lifecycle, record
from pipeline.audit import read_audit
from pipeline.backfill import add_backfill
from pipeline.changes import record_changes
from pipeline.database import DatabaseError, OutOfMemoryError, shut
from pipeline.errors import DamagedError, NotAuditedError
from pipeline.exposure import create_exposure
from pipeline.gate import Question, admit
from pipeline.history import record_qualifications
from pipeline.load import load_all
from pipeline.mail.night import NightMail, editions, night_mail
from pipeline.mail.refused import refused_mail, upcoming_deadlines
from pipeline.mail.resellers import configured_resellers
from pipeline.policy import apply_answer_times
from pipeline.precedence import give_way
from pipeline.privacy import masking_key
from pipeline.publish import put_in_place, record_refusal, refuse_places, refused_all_the_same, write_files, write_mail
from pipeline.recovery import Past, find_past, read_to_the_end, recovered, told
from pipeline.retention.pruning import prune_nights
from pipeline.rulefile import read_rules
from pipeline.rules import create_views, judge_rules
from pipeline.signals import stop_if_asked, undisturbed
from pipeline.state import State, sha256_of
from pipeline.suspects import record_suspects
from pipeline.triage.triage import usable_triage
from pipeline.trouble import after_the_swap, in_plain_words, is_full, too_little_memory
from pipeline.waivers.waivers import configured_waivers
from pipeline.warehouse import build, last_night, swap
from reports.languages import words_of
from reports.masking import masked, masked_refusal

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from pipeline.config import Config
    from pipeline.database import Connection
    from pipeline.mail.resellers import ResellerRecipient
    from pipeline.order import Order
    from pipeline.warehouse import LastNight
    from schemas.finding import Audit, Rule

    # Writes the messages of a night down, to be sent when the night is over, and raises nothing.
    Post = Callable[[NightMail], None]

_FIRST = "gate"


class _Night(NamedTuple):
    """What a night is given: its order, where it works, and what earlier nights have left."""

    order: Order
    config: Config
    state: State
    work: Path
    past: Past
    before: LastNight


def run(
    order: Order,
    config: Config,
    announce: Callable[[str], None],
    post: Post | None = None,
    audited: Callable[[Audit], None] = lambda _: None,
) -> Audit:
    """Audit one night and put its results into place; `announce` is told each step as it begins.

    `audited` is given the audit, and `post` the messages of the night, or of its refusal, once everything is in its
    place: no stop comes between, and the lock is held.
    Raises NotAuditedError where an input is refused (a record of that is left, where the system lets it), LockedError,
    UsageError or FaultError; the last good night is then as it was.
    """
    state = State(config.state)
    with in_plain_words(state.root, order.folder), state.locked(), _announced(announce), state.work() as work:
        try:
            past = find_past(state, work, config)
            try:
                night = _night_of(order, config, state, work, past)
                return _audit(night, announce, post, audited)
            except (DamagedError, DatabaseError) as error:
                # What was interrupted looks like a fault of the database.
                stop_if_asked()
                night = _night_of(order, config, state, work, recovered(error, past, state, work, config))
                return _audit(night, announce, post, audited)
        except (OutOfMemoryError, MemoryError) as error:
            if is_full(error):
                raise
            raise too_little_memory(error, config.memory_limit) from error
        except NotAuditedError as error:
            if not order.dry_run:
                _refuse(night, error, post)
            raise


def _night_of(order: Order, config: Config, state: State, work: Path, past: Past) -> _Night:
    return _Night(order, config, state, work, past, last_night(past.warehouse, order.as_of))


@contextmanager
def _announced(announce: Callable[[str], None]) -> Iterator[None]:
    """Begin before what a killed run left is cleared away: of that the log of this run says what could not be."""
    announce(_FIRST)
    yield


def _publish(night: _Night, new: Path, built: Path, *, is_newest: bool) -> None:
    """Put the warehouse and the folder of the night that were built into their places."""
    order, config, state, _, past, _ = night
    with undisturbed("tonight's night is in its place."):
        swap(new, state.warehouse, state.kept, config.keep, past.recovery.damaged if past.recovery else "")
        with after_the_swap(order.as_of):
            put_in_place(built, state, order.as_of, is_newest=is_newest)


def _hand_on(mail: NightMail, post: Post | None) -> None:
    if post:
        post(mail)


def _refuse(night: _Night, error: NotAuditedError, post: Post | None) -> None:
    """Leave a record of a night that was not audited, and hand its messages on; that it cannot be is said, no more."""
    order, config, state, work, past, before = night
    with refused_all_the_same("this refusal could be neither recorded nor mailed"):
        refusal = record.refusal(order, config.state, before.newest, error)
        upcoming = upcoming_deadlines(refusal, past, config, _shown(order, state))
        refusal = masked_refusal(refusal, masking_key(state.root)) if order.mask else refusal
        mail = refused_mail(refusal, config.mail, order.language or config.language, state, upcoming)
        with undisturbed():
            record_refusal(refusal, mail.files, state, work / "refused")
            _hand_on(mail, post)


def _shown(order: Order, state: State) -> Callable[[Audit], Audit]:
    """Return what makes an audit as people may see it: with pseudonyms where that was asked for, else as it is."""
    if not order.mask:
        return lambda audit: audit
    return partial(masked, key=masking_key(state.root))


def _audit(
    night: _Night, announce: Callable[[str], None], post: Post | None, audited: Callable[[Audit], None]
) -> Audit:
    order, config, state, work, past, before = night
    if past.recovery:
        announce(told(past.recovery))
        announce(_FIRST)
    files = read_rules()
    resellers = configured_resellers(config.mail)
    waivers = configured_waivers(config, {*before.rule_ids, *(file.rule.id for file in files)})
    is_backfill = order.is_backfill(before.newest)
    exports = admit(Question(order.folder, order.as_of, before.lines), config, work)
    with build(work, config, past.warehouse, order.as_of) as connection:
        announce("load and validate")
        record.record_run_row(connection, order, exports)
        apply_answer_times(connection, config.answer_times)
        inputs = load_all(connection, exports, order.engine, config.unread)
        shut(connection)
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
        record_changes(connection, order.as_of)
        record.record_inputs(connection, order.as_of, inputs, exports)
        record.record_marks(connection, exports)
        record.record_results(connection, order.as_of, results)
        record_suspects(connection, order.as_of, config.breaker)
        record.record_page(connection, order.as_of)
        record.record_run(connection, order, config, results, before.newest)
        record.record_recovery(connection, order.as_of, past.recovery or before.recovery)
        announce("report")
        built = work / "night"
        built.mkdir()
        seen, mail = _write(night, connection, [file.rule for file in files], resellers, built)
    if order.dry_run:
        return seen
    new = _with_newer_nights(night) if is_backfill else work / "warehouse.duckdb"
    refuse_places(built, state, order.as_of, is_newest=not is_backfill)
    stop_if_asked()
    with undisturbed():
        _publish(night, new, built, is_newest=not is_backfill)
        audited(seen)
        _hand_on(mail, post)
    prune_nights(state, config.retention)
    return seen


def _write(
    night: _Night, connection: Connection, rules: Sequence[Rule], resellers: Sequence[ResellerRecipient], built: Path
) -> tuple[Audit, NightMail]:
    """Write what people read into a folder; return the audit as they see it, and the mail without its files."""
    order, config, state, *_ = night
    triage, fault = usable_triage(state.triage)
    audit = read_audit(connection, rules, triage=triage)
    audit = replace(audit, triage_sha256=sha256_of(state.triage), triage_fault=fault)
    language, shown = order.language or config.language, _shown(order, state)
    seen = shown(audit)
    write_files(seen, built, words_of(language))
    mail = night_mail(seen, config.mail, language)
    theirs = editions(connection, audit, config.mail, resellers, shown)
    write_mail({**mail.files, **theirs.files}, built)
    return seen, NightMail(messages=(*mail.messages, *theirs.messages), without=theirs.without)


def _with_newer_nights(night: _Night) -> Path:
    """Return the warehouse of a backfilled night: a copy of the newest one that says of this night what it found."""
    order, config, _, work, past, _ = night
    if past.warehouse is None:
        return work / "warehouse.duckdb"
    # The copy keeps blocks that this night had no need to read.
    read_to_the_end(past.warehouse, config)
    return add_backfill(work, config, past.warehouse, order.as_of)
