"""`csp-audit send`: the mail of a night once more, or what waits."""

from __future__ import annotations

from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

import click

from pipeline.commands import options

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path

    from pipeline.config import Config
    from pipeline.mail.outbox import Handover, Outbox
    from pipeline.mail.parcel import Parcel
    from pipeline.mail.post import Post
    from pipeline.mail.resend import Kept
    from pipeline.mail.settings import MailConfig
    from pipeline.state import State
    from schemas.finding import Audit

_NOTHING = "Nothing waits."
_WAITS = "what was not handed over waits: csp-audit send --outbox sends it."
_NOBODY = "Nobody gets the mail of this night."
_NOT_MADE = "the night made no such mail; csp-audit run makes it"


@dataclass(frozen=True)
class _Wish:
    """What the command line asks for; the fields are its options."""

    run: str
    to: tuple[str, ...]
    only_waiting: bool
    held: bool
    dry_run: bool
    verbose: bool


@click.command(
    "send",
    epilog=options.epilog(
        "csp-audit send --outbox --config csp-audit.toml",
        "csp-audit send latest --to audit@lipowa.example --config csp-audit.toml",
        "csp-audit send 2026-11-19 --dry-run --config csp-audit.toml",
        exit_codes="0 handed over, 1 something was not, 2 wrong usage, 4 another sender is at work",
    ),
)
@click.argument("run", default="latest")
@click.option("--to", multiple=True, help="Only to this recipient; may be given several times.", metavar="ADDRESS")
@click.option("--outbox", "only_waiting", is_flag=True, help="Only what could not be handed over before.")
@click.option("--held", is_flag=True, help="With --outbox: also what the server may have already.")
@click.option("--dry-run", is_flag=True, help="Say what would go to whom, and send nothing.")
@options.STATE
@options.CONFIG
@options.VERBOSE
@click.pass_context
def command(  # noqa: PLR0913, PLR0917 - one parameter for each option
    context: click.Context,
    run: str,
    to: tuple[str, ...],
    only_waiting: bool,  # noqa: FBT001 - click passes flags by position
    held: bool,  # noqa: FBT001
    dry_run: bool,  # noqa: FBT001
    state: Path | None,
    config_file: Path | None,
    verbose: bool,  # noqa: FBT001
) -> int:
    """Mail a night again as it was mailed, under the same Message-ID, or what waits in the outbox.

    RUN is a date, a run id, latest (the default) or previous. A date that was not audited gives the mail of its
    refusal. What waits in the outbox goes with it.
    """
    from pipeline.errors import UsageError
    from pipeline.session import settings
    from pipeline.trouble import in_plain_words

    if only_waiting and (to or context.get_parameter_source("run") is not click.core.ParameterSource.DEFAULT):
        message = "--outbox sends what waits, of any night to anybody. Leave out RUN and --to, or --outbox."
        raise UsageError(message)
    if held and not only_waiting:
        message = "--held goes with --outbox. Add it, or leave out --held."
        raise UsageError(message)
    config = settings(config_file, state)
    context.obj.folder = config.state
    with in_plain_words(config.state):
        return _answer(config, _Wish(run, to, only_waiting, held, dry_run, verbose))


def _answer(config: Config, wish: _Wish) -> int:
    """Do what is asked for; return the exit code. Raises UsageError, and OSError where the system refuses something."""
    from pipeline.errors import UsageError
    from pipeline.mail.outbox import Outbox
    from pipeline.session import open_log
    from pipeline.state import State

    places = State(config.state)
    outbox = Outbox(places.outbox)
    if wish.only_waiting and _is_empty(outbox):
        click.echo(_NOTHING)
        return 0
    if config.mail is None:
        message = (
            "the configuration has no section [mail], so nobody is mailed. Add one, and name the file by --config."
        )
        raise UsageError(message)
    kept = [] if wish.only_waiting else _kept(places, config, config.mail, wish.run, wish.to)
    if wish.dry_run:
        with _readable(outbox):
            _list(outbox, kept)
        return 0
    if not kept and not wish.only_waiting:
        click.echo(_NOBODY)
        if _is_empty(outbox):
            return 0
    open_log(places.log, verbose=wish.verbose)
    return _send(config.mail, outbox, kept, with_held=wish.held)


def _is_empty(outbox: Outbox) -> bool:
    with _readable(outbox):
        return outbox.is_empty()


@contextmanager
def _readable(outbox: Outbox) -> Iterator[None]:
    """Raise UsageError where the system does not let the outbox be read."""
    from pipeline.errors import UsageError

    try:
        yield
    except OSError as error:
        step = "Check its permissions, or ask as the user that runs the audit."
        message = f"{outbox.folder}: cannot be read: {error.strerror}. {step}"
        raise UsageError(message) from error


def _kept(places: State, config: Config, mail: MailConfig, run: str, to: Iterable[str]) -> list[Kept]:
    """Return what is asked for. Raises UsageError where there is no such night, or no such recipient."""
    from datetime import date
    from functools import cache

    from pipeline.audit import read_audit
    from pipeline.desk.runs import find_night
    from pipeline.mail.places import NOT_AUDITED
    from pipeline.mail.resellers import configured_resellers
    from pipeline.mail.resend import chosen, kept_digests, kept_refusals
    from pipeline.rulefile import read_rules
    from pipeline.warehouse import open_warehouse

    with suppress(ValueError):
        day = date.fromisoformat(run)
        refused = places.refused(day)
        if not places.night(day).exists() and (refused / NOT_AUDITED).exists():
            return chosen(kept_refusals(refused, mail), to)
    with open_warehouse(places.warehouse, config) as connection:
        night = find_night(connection, run)

        @cache
        def audit() -> Audit:
            return read_audit(connection, [file.rule for file in read_rules()], night)

        return chosen(kept_digests(places.night(night.as_of), mail, configured_resellers(mail), audit), to)


def _list(outbox: Outbox, kept: Iterable[Kept]) -> None:
    """Say what would go to whom: what is asked for, then what waits."""
    from reports.text import visible

    for each in kept:
        click.echo(visible(f"{each.recipient}: {each.what}: {each.file or _NOT_MADE}"))
    for parcel in outbox.parcels():
        state = "held, in doubt" if parcel.is_held else "waits"
        click.echo(visible(f"{parcel.recipient}: {state} since {parcel.created[:16]}Z, {parcel.message_id}"))


def _send(mail: MailConfig, outbox: Outbox, kept: Sequence[Kept], *, with_held: bool) -> int:
    """Hand over, and say of each message what became of it."""
    from pipeline.errors import UsageError
    from pipeline.mail.post import BUSY, open_post, told
    from pipeline.session import LOG
    from pipeline.signals import undisturbed
    from reports.text import visible

    post: Post = open_post(mail, outbox.folder)
    messages = [message for each in kept if (message := each.message())]
    step = "Check the folder and its permissions."
    try:
        with undisturbed(_WAITS):
            before = outbox.put(messages, again=True) or outbox.parcels()
        # From now on the same command would send it again to those who are served already.
        step = "Mend that, then run csp-audit send --outbox."
        handover = outbox.flush(post.server, with_held=with_held, wait=lambda: click.echo(BUSY, err=True))
    except OSError as error:
        wrong = f"{outbox.folder}: cannot be written: {error.strerror}. {step}"
        raise UsageError(wrong) from error
    missing = [f"{each.recipient}: {each.what}: {_NOT_MADE}" for each in kept if each.file is None]
    elsewhere = _elsewhere(outbox, before, handover)
    lines = [*told(handover, outbox.folder), *elsewhere, *map(visible, missing)]
    for line in lines or ([] if messages else [_NOTHING]):
        LOG.info("mail: %s", line)
        click.echo(line)
    return 0 if handover.is_complete and not missing and all(elsewhere.values()) else 1


def _elsewhere(outbox: Outbox, before: Iterable[Parcel], handover: Handover) -> dict[str, bool]:
    """Return a line for each parcel that another sender has taken meanwhile, and whether it was handed over."""
    from reports.text import visible

    known = (*handover.delivered, *handover.waiting, *handover.held, *handover.given_up)
    keys = {parcel.key for parcel in known}
    lines = {}
    for parcel in before:
        if parcel.key not in keys:
            is_delivered = outbox.has_delivered(parcel)
            what = "handed over by another sender" if is_delivered else "taken by another sender, and not handed over"
            lines[f"{visible(parcel.recipient)}: {what}, {visible(parcel.message_id)}"] = is_delivered
    return lines
