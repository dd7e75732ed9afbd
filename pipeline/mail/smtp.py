"""Hands messages to a mail server: all over one connection, what may pass tried again.

What becomes of each message is told step by step, so that whoever listens can write it down before the next step.
"""

from __future__ import annotations

import re
import smtplib
import time
from contextlib import closing, suppress
from dataclasses import dataclass, replace
from enum import Enum, auto
from functools import cached_property
from hashlib import sha256
from typing import TYPE_CHECKING, TypeAlias

from pipeline.mail.connect import FinalError, PassingError, connect, passes, reply, why
from pipeline.mail.parcel import message_id_of

if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable, Generator, Iterable, Iterator, Sequence

    from pipeline.mail.connect import Server

# Seconds before the second attempt; each further wait is four times as long, up to the longest.
_FIRST_WAIT, _LONGER, _LONGEST_WAIT = 5.0, 4.0, 300.0
_MEGABYTE = 1_000_000
_LINE_START_DOT = re.compile(rb"(?m)^\.")
_OK, _GO_ON, _CLOSING = 2, 354, 421
_END = b".\r\n"


@dataclass(frozen=True)
class Message:
    """One message as it goes over the wire (CRLF), and who gets it.

    `night` is the day of which it tells, and `kind` what of that day: an outbox sends only the last of a kind.
    """

    content: bytes
    recipients: tuple[str, ...]
    night: str = ""
    kind: str = ""

    @cached_property
    def identity(self) -> tuple[str, str]:
        """Its Message-ID, and the SHA-256 of its bytes."""
        return message_id_of(self.content), sha256(self.content).hexdigest()


class Step(Enum):
    """TRYING: from here on the server may have it. DELIVERED: it has. FAILED: it has not. DOUBTFUL: nobody knows."""

    TRYING = auto()
    DELIVERED = auto()
    FAILED = auto()
    DOUBTFUL = auto()


@dataclass(frozen=True)
class Event:
    """What has become of one message for some of its recipients; `reason` is for people, and holds no secret."""

    step: Step
    message: Message
    recipients: tuple[str, ...]
    reason: str = ""


@dataclass(frozen=True)
class _Task:
    message: Message
    recipients: tuple[str, ...]
    reason: str = ""

    def event(self, step: Step) -> Event:
        return Event(step, self.message, self.recipients, self.reason)


@dataclass(frozen=True)
class _Left:
    """What a round leaves to be tried again; `at_once` where it delivered something before the server closed."""

    tasks: Sequence[_Task]
    at_once: bool = False


# Tells events; in the end returns what is to be tried again.
_Steps: TypeAlias = "Generator[Event, None, list[_Task]]"


def deliver(
    messages: Iterable[Message], server: Server, sleep: Callable[[float], None] | None = None
) -> Iterator[Event]:
    """Hand over messages, each step told as an event; what fails in passing is tried `attempts` times.

    A message whose outcome is not known is not tried again here. Raises UsageError where ca_file cannot be read.
    """
    context = server.context()
    left = _Left([_Task(message, message.recipients) for message in messages])
    failed = 0
    while left.tasks and failed < server.attempts:
        if failed and not left.at_once:
            (sleep or time.sleep)(min(_FIRST_WAIT * _LONGER ** (failed - 1), _LONGEST_WAIT))
        left = yield from _round(left.tasks, server, context)
        # A server that takes so many messages a connection has not failed; there are ever fewer of them.
        failed += not left.at_once
    yield from (task.event(Step.FAILED) for task in left.tasks)


def _round(tasks: Sequence[_Task], server: Server, context: ssl.SSLContext) -> Generator[Event, None, _Left]:
    """Try each task once over one connection."""
    try:
        smtp = connect(server, context)
    except FinalError as error:
        yield from (replace(task, reason=str(error)).event(Step.FAILED) for task in tasks)
        return _Left([])
    except PassingError as error:
        return _Left([replace(task, reason=str(error)) for task in tasks])
    later: list[_Task] = []
    has_delivered = False
    with closing(smtp):
        for task in tasks:
            if smtp.sock is None:
                later.append(replace(task, reason="the connection broke at the message before"))
                continue
            steps = _transmit(smtp, server, task)
            while True:
                try:
                    event = next(steps)
                except StopIteration as end:
                    later += end.value
                    break
                has_delivered |= event.step is Step.DELIVERED
                yield event
        is_closed = smtp.sock is None
        with suppress(smtplib.SMTPException, OSError):
            smtp.quit()
    return _Left(later, at_once=has_delivered and is_closed)


def _transmit(smtp: smtplib.SMTP, server: Server, task: _Task) -> _Steps:
    """Send one message; return what is to be tried again, also where the connection broke before the text had gone."""
    settled: set[str] = set()
    try:
        if too_large := _too_large(smtp, task.message):
            return (yield from _sorted_out(replace(task, reason=too_large), 552))
        code, text = _open(*smtp.mail(server.sender))
        if code // 100 != _OK:
            return (yield from _refused(smtp, replace(task, reason=reply(code, text)), code))
        later, accepted = yield from _address(smtp, task, settled)
        if not accepted:
            _reset(smtp)
            return later
        return later + (yield from _send_text(smtp, server, replace(task, recipients=accepted)))
    except (smtplib.SMTPException, OSError) as error:
        smtp.close()
        unsettled = tuple(recipient for recipient in task.recipients if recipient not in settled)
        return [replace(task, recipients=unsettled, reason=f"the connection broke: {why(error)}")]


def _open(code: int, text: bytes) -> tuple[int, bytes]:
    """Return a reply, unless it says that the server closes the connection."""
    if code == _CLOSING:
        raise smtplib.SMTPResponseException(code, text)
    return code, text


def _too_large(smtp: smtplib.SMTP, message: Message) -> str:
    """Say where a message is longer than the server takes; one that names no limit is asked."""
    limit = smtp.esmtp_features.get("size", "").strip()
    if not limit.isdecimal() or not 0 < int(limit) < len(message.content):
        return ""
    size, most = (f"{octets / _MEGABYTE:.2f}" for octets in (len(message.content), int(limit)))
    return f"the message has {size} MB, and the server takes at most {most} MB"


def _address(
    smtp: smtplib.SMTP, task: _Task, settled: set[str]
) -> Generator[Event, None, tuple[list[_Task], tuple[str, ...]]]:
    """Name the recipients; return those to be tried again and those accepted. `settled` gets those refused for good."""
    later: list[_Task] = []
    accepted: list[str] = []
    for recipient in task.recipients:
        code, text = _open(*smtp.rcpt(recipient))
        if code // 100 == _OK:
            accepted.append(recipient)
            continue
        passing = yield from _sorted_out(replace(task, recipients=(recipient,), reason=reply(code, text)), code)
        later += passing
        settled |= set() if passing else {recipient}
    return later, tuple(accepted)


def _send_text(smtp: smtplib.SMTP, server: Server, task: _Task) -> _Steps:
    """Send the text, then the dot that ends it: without the dot the server has nothing, however far the text went."""
    try:
        code, text = _open(*smtp.docmd("data"))
        if code != _GO_ON:
            return (yield from _refused(smtp, replace(task, reason=reply(code, text)), code))
        smtp.send(_stuffed(task.message.content))
        yield task.event(Step.TRYING)
        smtp.send(_END)
    except (smtplib.SMTPException, OSError) as error:
        smtp.close()
        return [replace(task, reason=f"the connection broke before the end of the message: {why(error)}")]
    try:
        code, text = _final_reply(smtp, server)
    except (smtplib.SMTPException, OSError) as error:
        told = f"the connection broke before the server said whether it has the message: {why(error)}"
        yield replace(task, reason=told).event(Step.DOUBTFUL)
        smtp.close()
        return []
    if code // 100 != _OK:
        return (yield from _refused(smtp, replace(task, reason=reply(code, text)), code))
    yield task.event(Step.DELIVERED)
    return []


def _final_reply(smtp: smtplib.SMTP, server: Server) -> tuple[int, bytes]:
    """Wait for what the server says to the whole message: it may look at that for long before it answers."""
    if smtp.sock is not None:
        smtp.sock.settimeout(max(server.timeout, server.reply_timeout))
    code, text = smtp.getreply()
    if smtp.sock is not None:
        smtp.sock.settimeout(server.timeout)
    return code, text


def _refused(smtp: smtplib.SMTP, task: _Task, code: int) -> _Steps:
    if code == _CLOSING:
        smtp.close()
    else:
        _reset(smtp)
    return (yield from _sorted_out(task, code))


def _sorted_out(task: _Task, code: int) -> _Steps:
    """Keep what the server refused in passing; the rest has failed."""
    if passes(code):
        return [task]
    yield task.event(Step.FAILED)
    return []


def _reset(smtp: smtplib.SMTP) -> None:
    """Begin anew; where the server has gone, the next command says so."""
    with suppress(smtplib.SMTPException, OSError):
        smtp.rset()


def _stuffed(content: bytes) -> bytes:
    """Return the text as DATA has it, up to the dot that ends it: a dot at the start of a line is doubled."""
    return _LINE_START_DOT.sub(b"..", content.removesuffix(b"\r\n")) + b"\r\n"
