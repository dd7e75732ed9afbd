"""Mails what a run has left, after everything of the run is in its place."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import click

from pipeline.errors import CspAuditError, NotAuditedError
from pipeline.session import LOG, current_progress, say
from pipeline.signals import undisturbed

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from pipeline.config import Config
    from pipeline.mail.post import Post
    from pipeline.mail.settings import MailConfig
    from pipeline.mail.smtp import Message
    from pipeline.state import State

_MOST_NAMED, _LONGEST = 5, 60


@dataclass
class Bag:
    """Takes the messages of a night; `waits` afterwards, where not all could be handed over."""

    messages: list[Message] = field(default_factory=list)
    waits: bool = False

    def __call__(self, message: Message) -> None:
        """Take one message."""
        self.messages.append(message)


@contextmanager
def mailing(config: Config, places: State, *, wanted: bool) -> Iterator[Bag]:
    """Give a bag that takes messages; at the end they go, with what has waited since earlier nights.

    They go also where the night was not audited. What cannot be handed over stays in the outbox: that is one line on
    stderr, and the bag says so. Raises UsageError at the start where the settings cannot work.
    """
    from pipeline.mail.post import open_post

    bag = Bag()
    if not wanted or config.mail is None:
        yield bag
        return
    post = open_post(config.mail, places.outbox)
    try:
        yield bag
    except NotAuditedError:
        _mail(post, bag.messages)
        raise
    except BaseException:
        # There are messages only once the night is in its place: they go with the next one.
        if bag.messages:
            with undisturbed():
                post.outbox.put(bag.messages)
        raise
    _name_unknown(post.mail, bag.messages)
    bag.waits = not _mail(post, bag.messages)


def _mail(post: Post, messages: Sequence[Message]) -> bool:
    """Hand messages over, and say what could not be; return whether all went."""
    current_progress().begin("mail")
    from pipeline.diagnostics import write_diagnostics
    from pipeline.mail.post import BUSY, told, trouble

    folder = post.outbox.folder
    try:
        post.outbox.put(messages)
        handover = post.outbox.flush(post.server, wait=lambda: _complain(BUSY))
    except OSError as error:
        _complain(f"{folder}: cannot be written: {error.strerror}. Mend that, then run csp-audit send.")
        return False
    except CspAuditError as error:
        _complain(str(error))
        return False
    except Exception as error:  # noqa: BLE001 - the night is whole, and a fault in mailing it must not say otherwise
        _complain(f"a fault of the program ({type(error).__name__}); {write_diagnostics(error, folder.parent)}")
        return False
    for line in told(handover, folder):
        LOG.info("mail: %s", line)
    if handover.delivered:
        say(f"Mails handed over: {len(handover.delivered)}.")
    line = trouble(handover, folder)
    if line:
        _complain(line)
    return not line


def _name_unknown(mail: MailConfig, messages: Sequence[Message]) -> None:
    """Say which resellers of the file have no edition tonight: most often an id that is written otherwise."""
    from pipeline.mail.outbox import EDITION_KIND
    from pipeline.mail.resellers import configured_resellers
    from reports.text import clip, visible

    made = {message.kind for message in messages}
    wanted = dict.fromkeys(each.reseller_id for each in configured_resellers(mail))
    unknown = [clip(visible(each), _LONGEST) for each in wanted if f"{EDITION_KIND} {each}" not in made]
    if unknown:
        more = f" and {len(unknown) - _MOST_NAMED} more" if len(unknown) > _MOST_NAMED else ""
        named = ", ".join(unknown[:_MOST_NAMED]) + more
        line = f"no customer and no sale tonight, so no edition: {named}. Check reseller_id in {mail.resellers}."
        click.echo(f"csp-audit: mail: {line}", err=True)


def _complain(line: str) -> None:
    LOG.error("mail: %s", line)
    click.echo(f"csp-audit: mail: {line}", err=True)
