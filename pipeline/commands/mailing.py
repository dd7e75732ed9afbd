"""Mails what a run has left: written down once everything of the run is in its place, and sent when it is over."""

from __future__ import annotations

from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

import click

from pipeline.errors import CspAuditError, NotAuditedError
from pipeline.session import LOG, current_progress, say
from pipeline.signals import undisturbed

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from pipeline.config import Config
    from pipeline.mail.night import NightMail
    from pipeline.mail.outbox import Outbox
    from pipeline.mail.post import Post
    from pipeline.mail.settings import MailConfig
    from pipeline.state import State

_MOST_NAMED, _LONGEST = 5, 60
_WAITS = (
    "what the run made is in its place; its mail that was not handed over waits: csp-audit send --outbox sends it, "
    "or the next run does."
)


@dataclass
class Mailing:
    """Writes the mail of a night into the outbox; `waits` afterwards, where not all could be handed over."""

    post: Post | None = None
    waits: bool = False
    without: tuple[str, ...] = ()

    def __call__(self, mail: NightMail) -> None:
        """Write a night's messages down, so that they go however the run ends; what cannot be is one line on stderr."""
        self.without = mail.without
        if self.post and mail.messages:
            self.waits = not _put(self.post.outbox, mail)


@contextmanager
def mailing(config: Config, places: State, *, wanted: bool) -> Iterator[Mailing]:
    """Give what takes a night's mail; at the end it goes, with what has waited since earlier nights.

    It goes also where the night was not audited. What cannot be handed over stays in the outbox: that is one line on
    stderr, and `waits`. Raises UsageError at the start where the settings cannot work.
    """
    from pipeline.mail.post import open_post

    if not wanted or config.mail is None:
        yield Mailing()
        return
    post = open_post(config.mail, places.outbox)
    mailed = Mailing(post)
    try:
        yield mailed
    except NotAuditedError:
        _end(mailed, post)
        raise
    _end(mailed, post)
    _name_unknown(post.mail, mailed.without)


def _put(outbox: Outbox, mail: NightMail) -> bool:
    """Write messages down, and say where that fails; return whether all are."""
    night = mail.messages[0].night
    again = f"run csp-audit send {night}"
    try:
        with undisturbed(_WAITS):
            outbox.put(mail.messages)
    except OSError as error:
        line = f"{outbox.folder}: cannot be written: {error.strerror}. Mend that, then {again}."
    except Exception as error:  # noqa: BLE001 - the night is whole, and a fault in mailing it must not say otherwise
        line = f"{_fault(error, outbox).rstrip('.')}. To mail the night, {again}."
    else:
        return True
    with undisturbed(f"what the run made is in its place; its mail could not be written: {again}."):
        _complain(line)
    return False


def _end(mailed: Mailing, post: Post) -> None:
    """Hand over all that waits, unless the outbox cannot be written."""
    mailed.waits = mailed.waits or not _hand_over(post)


def _hand_over(post: Post) -> bool:
    """Hand messages over, and say what could not be; return whether all went."""
    current_progress().begin("mail")
    from pipeline.mail.post import BUSY, told, trouble

    folder = post.outbox.folder
    try:
        handover = post.outbox.flush(post.server, wait=lambda: _complain(BUSY))
    except OSError as error:
        _complain(f"{folder}: cannot be written: {error.strerror}. Mend that, then run csp-audit send --outbox.")
        return False
    except CspAuditError as error:
        _complain(str(error))
        return False
    except Exception as error:  # noqa: BLE001 - as above
        _complain(_fault(error, post.outbox))
        return False
    for line in told(handover, folder):
        LOG.info("mail: %s", line)
    if handover.delivered:
        say(f"Mails handed over: {len(handover.delivered)}.")
    line = trouble(handover, folder)
    if line:
        _complain(line)
    return not line


def _fault(error: Exception, outbox: Outbox) -> str:
    from pipeline.diagnostics import write_diagnostics

    return f"a fault of the program ({type(error).__name__}); {write_diagnostics(error, outbox.folder.parent)}"


def _name_unknown(mail: MailConfig, without: Sequence[str]) -> None:
    """Say which resellers of the file have no edition tonight: most often an id that is written otherwise."""
    from reports.text import clip, visible

    if without:
        more = f" and {len(without) - _MOST_NAMED} more" if len(without) > _MOST_NAMED else ""
        named = ", ".join(clip(visible(each), _LONGEST) for each in without[:_MOST_NAMED]) + more
        line = f"no customer and no sale tonight, so no edition: {named}. Check reseller_id in {mail.resellers}."
        click.echo(f"csp-audit: mail: {line}", err=True)


def _complain(line: str) -> None:
    # Who reads it may be gone; the night is whole all the same.
    with suppress(OSError):
        LOG.error("mail: %s", line)
        click.echo(f"csp-audit: mail: {line}", err=True)
