"""`csp-audit send`: the mail of a night once more, or what waits."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

import click

from pipeline.commands import options

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from pipeline.config import Config
    from pipeline.mail.outbox import Outbox
    from pipeline.mail.post import Post
    from pipeline.mail.resend import Kept
    from pipeline.mail.settings import MailConfig
    from pipeline.state import State

_NOTHING = "Nothing waits."
_NOT_MADE = "the night made no such mail; csp-audit run makes it"


@click.command(
    "send",
    epilog=options.epilog(
        "csp-audit send --outbox --config csp-audit.toml",
        "csp-audit send latest --to audit@lipowa.example --config csp-audit.toml",
        "csp-audit send 2026-11-19 --dry-run --config csp-audit.toml",
        exit_codes="0 handed over, 1 something was not, 2 wrong usage",
    ),
)
@click.argument("run", default="latest")
@click.option("--to", multiple=True, help="Only to this recipient; may be given several times.", metavar="ADDRESS")
@click.option("--outbox", "only_waiting", is_flag=True, help="Only what could not be handed over before.")
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
    from pipeline.mail.outbox import Outbox
    from pipeline.session import open_log, settings
    from pipeline.state import State

    if only_waiting and (to or context.get_parameter_source("run") is not click.core.ParameterSource.DEFAULT):
        message = "--outbox sends what waits, of any night to anybody. Leave out RUN and --to, or --outbox."
        raise UsageError(message)
    config = settings(config_file, state)
    places = State(config.state)
    outbox = Outbox(places.outbox)
    if only_waiting and not outbox.parcels():
        click.echo(_NOTHING)
        return 0
    if config.mail is None:
        message = (
            "the configuration has no section [mail], so nobody is mailed. Add one, and name the file by --config."
        )
        raise UsageError(message)
    kept = [] if only_waiting else _kept(places, config, config.mail, run, to)
    if dry_run:
        _list(outbox, kept)
        return 0
    open_log(places.log, verbose=verbose)
    return _send(config.mail, outbox, kept)


def _kept(places: State, config: Config, mail: MailConfig, run: str, to: Iterable[str]) -> list[Kept]:
    """Return what is asked for. Raises UsageError where there is no such night, or no such recipient."""
    from datetime import date

    from pipeline.desk.runs import find_night
    from pipeline.mail.places import NOT_AUDITED
    from pipeline.mail.resellers import configured_resellers
    from pipeline.mail.resend import chosen, kept_digests, kept_refusals
    from pipeline.warehouse import open_warehouse

    with suppress(ValueError):
        day = date.fromisoformat(run)
        refused = places.refused(day)
        if not places.night(day).exists() and (refused / NOT_AUDITED).exists():
            return chosen(kept_refusals(refused, mail), to)
    with open_warehouse(places.warehouse, config) as connection:
        night = find_night(connection, run)
    return chosen(kept_digests(places.night(night.as_of), mail, configured_resellers(mail)), to)


def _list(outbox: Outbox, kept: Iterable[Kept]) -> None:
    """Say what would go to whom: what is asked for, then what waits."""
    for each in kept:
        click.echo(f"{each.recipient}: {each.what}: {each.file or _NOT_MADE}")
    for parcel in outbox.parcels():
        click.echo(f"{parcel.recipient}: waits since {parcel.created[:16]}Z, {parcel.message_id}")


def _send(mail: MailConfig, outbox: Outbox, kept: Sequence[Kept]) -> int:
    """Hand over, and say of each message what became of it."""
    from pipeline.errors import UsageError
    from pipeline.mail.post import open_post, told
    from pipeline.mail.smtp import Message
    from pipeline.session import LOG

    post: Post = open_post(mail, outbox.folder)
    messages = [Message(each.file.read_bytes(), (each.recipient,)) for each in kept if each.file]
    try:
        outbox.put(messages, again=True)
        handover = outbox.flush(post.server)
    except OSError as error:
        message = f"{outbox.folder}: cannot be written: {error.strerror}. Check the folder and its permissions."
        raise UsageError(message) from error
    missing = [each for each in kept if each.file is None]
    lines = [*told(handover, outbox.folder), *(f"{each.recipient}: {each.what}: {_NOT_MADE}" for each in missing)]
    for line in lines or [_NOTHING]:
        LOG.info("mail: %s", line)
        click.echo(line)
    return 1 if handover.waiting or handover.given_up or missing else 0
