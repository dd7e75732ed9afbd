"""The post office: prepared before the night begins, it puts the night's messages into the outbox and sends them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pipeline.mail.connect import Server
from pipeline.mail.outbox import Handover, Outbox
from pipeline.mail.secret import read_password
from reports.text import visible

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from pipeline.mail.parcel import Parcel
    from pipeline.mail.settings import MailConfig

BUSY = "another sender is at work; this one waits for it."
_HELD = "nobody knows whether the server has it already; csp-audit send --outbox --held sends it"


@dataclass(frozen=True)
class Post:
    """What it takes to mail: the section [mail], the server with its password, and the outbox."""

    mail: MailConfig
    server: Server
    outbox: Outbox


def open_post(mail: MailConfig, outbox: Path) -> Post:
    """Read what the settings point at. Raises UsageError where a file is missing or wrong."""
    server = Server(
        host=mail.host,
        port=mail.server_port,
        sender=mail.address,
        security=mail.security,
        user=mail.user,
        password=read_password(mail),
        ca_file=mail.ca_file,
        timeout=mail.timeout_seconds,
        attempts=mail.attempts,
    )
    server.context()
    return Post(mail, server, Outbox(outbox))


def told(handover: Handover, outbox: Path) -> Iterator[str]:
    """Say what became of each message, one line each, for the log and for `csp-audit send`."""
    for parcel in handover.delivered:
        yield f"{visible(parcel.recipient)}: handed over, {visible(parcel.message_id)}"
    for parcel in handover.waiting:
        yield f"{visible(parcel.recipient)}: waits in {outbox}: {_why(parcel)}"
    for parcel in handover.held:
        yield f"{visible(parcel.recipient)}: held, {visible(parcel.message_id)}: {_HELD}"
    for parcel in handover.given_up:
        yield f"{visible(parcel.recipient)}: given up, {visible(parcel.message_id)}: {_why(parcel)}"
    for path in handover.damaged:
        yield f"{path}: a message that waited is damaged and was not sent; csp-audit send RUN sends a night again"


def trouble(handover: Handover, outbox: Path) -> str:
    """Say in one line what was not handed over, why the first was not, and the next step; empty where all was."""
    return " ".join(_troubles(handover, outbox))


def _troubles(handover: Handover, outbox: Path) -> Iterator[str]:
    failed = (*handover.given_up, *handover.waiting)
    number = f"{len(failed)} of {len(failed) + len(handover.delivered)} mails"
    first = f"{number} not handed over ({visible(failed[0].recipient)}: {_why(failed[0])})." if failed else ""
    if handover.waiting:
        yield f"{first} What waits is in {outbox}: csp-audit send --outbox sends it, or the next run does."
    elif failed:
        yield f"{first} They are given up: csp-audit send RUN sends a night again."
    if handover.held:
        yield f"Held: {len(handover.held)} ({visible(handover.held[0].recipient)}): {_HELD}."
    if handover.damaged:
        yield f"Damaged: {len(handover.damaged)} ({handover.damaged[0]}): csp-audit send RUN sends a night again."


def _why(parcel: Parcel) -> str:
    return visible(parcel.last_error).rstrip(".") or "it waited too long"
