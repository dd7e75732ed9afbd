"""Hands messages to a mail server: one connection for all, certificates always checked, what may pass tried again.

What becomes of each message is told step by step, so that whoever listens can write it down before the next step.
"""

from __future__ import annotations

import re
import smtplib
import ssl
import time
from contextlib import closing, suppress
from dataclasses import dataclass, field, replace
from enum import Enum, auto
from typing import TYPE_CHECKING, TypeAlias

from pipeline.errors import UsageError
from pipeline.mail.secret import Secret
from pipeline.mail.settings import Security
from reports.text import clip, visible

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
    from pathlib import Path

# Seconds before the second attempt; each further wait is four times as long.
FIRST_WAIT, LONGER = 5.0, 4.0
_LONGEST_REPLY = 200
_LINE_START_DOT = re.compile(rb"(?m)^\.")
_OK, _PASSING, _GO_ON = 2, 4, 354


@dataclass(frozen=True)
class Server:
    """Where mail is handed over; `sender` is the address that gets what comes back."""

    host: str
    port: int
    sender: str
    security: Security = Security.STARTTLS
    user: str = ""
    password: Secret = field(default_factory=Secret)
    ca_file: Path | None = None
    timeout: float = 30.0
    attempts: int = 3

    def context(self) -> ssl.SSLContext:
        """Return how TLS is spoken: certificate and name are checked. Raises UsageError where ca_file is unusable."""
        try:
            return ssl.create_default_context(cafile=self.ca_file)
        except OSError:
            message = f"{self.ca_file}: no certificates can be read from it. Correct mail.ca_file."
            raise UsageError(message) from None


@dataclass(frozen=True)
class Message:
    """One message as it goes over the wire (CRLF), and who gets it."""

    content: bytes
    recipients: tuple[str, ...]


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


# Tells events; in the end returns what is to be tried again.
_Steps: TypeAlias = "Generator[Event, None, list[_Task]]"


class _FinalError(Exception):
    """The server will not take anything tonight, however often it is asked."""


class _PassingError(Exception):
    """The server may take it a little later."""


def deliver(
    messages: Iterable[Message], server: Server, sleep: Callable[[float], None] | None = None
) -> Iterator[Event]:
    """Hand over messages, each step told as an event; what fails in passing is tried `attempts` times.

    A message whose outcome is not known is not tried again here. Raises UsageError where ca_file cannot be read.
    """
    context = server.context()
    waiting = [_Task(message, message.recipients) for message in messages]
    for attempt in range(server.attempts):
        if not waiting:
            return
        if attempt:
            (sleep or time.sleep)(FIRST_WAIT * LONGER ** (attempt - 1))
        waiting = yield from _round(waiting, server, context)
    yield from (task.event(Step.FAILED) for task in waiting)


def _round(tasks: Sequence[_Task], server: Server, context: ssl.SSLContext) -> _Steps:
    """Try each task once over one connection; return those to be tried again."""
    try:
        smtp = _connect(server, context)
    except _FinalError as error:
        yield from (replace(task, reason=str(error)).event(Step.FAILED) for task in tasks)
        return []
    except _PassingError as error:
        return [replace(task, reason=str(error)) for task in tasks]
    later: list[_Task] = []
    with closing(smtp):
        for task in tasks:
            if smtp.sock is None:
                later.append(replace(task, reason="the connection broke at the message before"))
            else:
                later += yield from _transmit(smtp, server.sender, task)
        with suppress(smtplib.SMTPException, OSError):
            smtp.quit()
    return later


def _connect(server: Server, context: ssl.SSLContext) -> smtplib.SMTP:
    """Open, protect and authenticate a connection."""
    smtp: smtplib.SMTP | None = None
    try:
        if server.security is Security.TLS:
            smtp = smtplib.SMTP_SSL(server.host, server.port, timeout=server.timeout, context=context)
        else:
            smtp = smtplib.SMTP(server.host, server.port, timeout=server.timeout)
        if server.security is Security.STARTTLS:
            _start_tls(smtp, context)
        smtp.ehlo_or_helo_if_needed()
        if server.user:
            _log_in(smtp, server)
    except BaseException as error:
        if smtp:
            smtp.close()
        if isinstance(error, (smtplib.SMTPException, OSError, ValueError)):
            raise _judged(error, server) from None
        raise
    return smtp


def _start_tls(smtp: smtplib.SMTP, context: ssl.SSLContext) -> None:
    try:
        smtp.starttls(context=context)
    except smtplib.SMTPNotSupportedError:
        message = 'the server offers no STARTTLS; set mail.security to "tls" if it speaks TLS from the start'
        raise _FinalError(message) from None


def _log_in(smtp: smtplib.SMTP, server: Server) -> None:
    """Authenticate; the server's own words are left out, since they may repeat what it was given."""
    try:
        smtp.login(server.user, server.password.value)
    except smtplib.SMTPNotSupportedError:
        message = "the server takes no user and password on this connection"
        raise _FinalError(message) from None
    except smtplib.SMTPResponseException as error:
        message = f"the server did not accept user {server.user} and the password (reply {error.smtp_code})"
        raise _by_code(error.smtp_code, message) from None


def _judged(error: Exception, server: Server) -> Exception:
    """Tell a failure to connect that may pass from one that will not."""
    place = f"{server.host}:{server.port}"
    if isinstance(error, ValueError) and not isinstance(error, OSError):
        # A name that is no host's, or a challenge that is none; its text may hold what was answered.
        return _FinalError(f"{place}: no server of that name, or what it says cannot be understood")
    if isinstance(error, ssl.SSLCertVerificationError):
        why = error.verify_message.rstrip(".")
        return _FinalError(f"{place}: the certificate is not accepted: {why}; correct mail.host, or set mail.ca_file")
    if isinstance(error, ssl.SSLError) and not isinstance(error, (ssl.SSLEOFError, ssl.SSLZeroReturnError)):
        return _FinalError(f"{place}: no TLS could be agreed on ({error.reason or 'unknown'}); check mail.security")
    if isinstance(error, smtplib.SMTPResponseException):
        return _by_code(error.smtp_code, f"{place}: {_why(error)}")
    return _PassingError(f"{place}: {_why(error)}")


def _by_code(code: int, message: str) -> Exception:
    # smtplib's -1 is a reply that cannot be read.
    return _PassingError(message) if code // 100 == _PASSING or code < 0 else _FinalError(message)


def _transmit(smtp: smtplib.SMTP, sender: str, task: _Task) -> _Steps:
    """Send one message; return what is to be tried again, also where the connection broke before the text went."""
    settled: set[str] = set()
    try:
        code, text = smtp.mail(sender)
        if code // 100 != _OK:
            return (yield from _refused(smtp, replace(task, reason=_reply(code, text)), code))
        later, accepted = yield from _address(smtp, task, settled)
        if not accepted:
            _reset(smtp)
            return later
        return later + (yield from _send_text(smtp, replace(task, recipients=accepted)))
    except (smtplib.SMTPException, OSError) as error:
        smtp.close()
        unsettled = tuple(recipient for recipient in task.recipients if recipient not in settled)
        return [replace(task, recipients=unsettled, reason=f"the connection broke: {_why(error)}")]


def _address(
    smtp: smtplib.SMTP, task: _Task, settled: set[str]
) -> Generator[Event, None, tuple[list[_Task], tuple[str, ...]]]:
    """Name the recipients; return those to be tried again and those accepted. `settled` gets those refused for good."""
    later: list[_Task] = []
    accepted: list[str] = []
    for recipient in task.recipients:
        code, text = smtp.rcpt(recipient)
        if code // 100 == _OK:
            accepted.append(recipient)
            continue
        passing = yield from _sorted_out(replace(task, recipients=(recipient,), reason=_reply(code, text)), code)
        later += passing
        settled |= set() if passing else {recipient}
    return later, tuple(accepted)


def _send_text(smtp: smtplib.SMTP, task: _Task) -> _Steps:
    code, text = smtp.docmd("data")
    if code != _GO_ON:
        return (yield from _refused(smtp, replace(task, reason=_reply(code, text)), code))
    yield task.event(Step.TRYING)
    try:
        smtp.send(_stuffed(task.message.content))
        code, text = smtp.getreply()
    except (smtplib.SMTPException, OSError) as error:
        why = f"the connection broke before the server said whether it has the message: {_why(error)}"
        yield replace(task, reason=why).event(Step.DOUBTFUL)
        smtp.close()
        return []
    if code // 100 != _OK:
        return (yield from _refused(smtp, replace(task, reason=_reply(code, text)), code))
    yield task.event(Step.DELIVERED)
    return []


def _refused(smtp: smtplib.SMTP, task: _Task, code: int) -> _Steps:
    _reset(smtp)
    return (yield from _sorted_out(task, code))


def _sorted_out(task: _Task, code: int) -> _Steps:
    """Keep what the server refused in passing; the rest has failed."""
    if code // 100 == _PASSING or code < 0:
        return [task]
    yield task.event(Step.FAILED)
    return []


def _reset(smtp: smtplib.SMTP) -> None:
    """Begin anew; where the server has gone, the next command says so."""
    with suppress(smtplib.SMTPException, OSError):
        smtp.rset()


def _stuffed(content: bytes) -> bytes:
    """Return the text as DATA has it: a dot doubled at the start of a line, and one alone at the end."""
    return _LINE_START_DOT.sub(b"..", content.removesuffix(b"\r\n")) + b"\r\n.\r\n"


def _reply(code: int, text: bytes) -> str:
    said = " ".join(visible(text.decode("ascii", "replace")).split())
    return clip(f"the server said {code} {said}".rstrip(), _LONGEST_REPLY)


def _why(error: Exception) -> str:
    if isinstance(error, smtplib.SMTPResponseException):
        text = error.smtp_error
        return _reply(error.smtp_code, text if isinstance(text, bytes) else text.encode("ascii", "replace"))
    if isinstance(error, TimeoutError):
        return "no answer in time"
    text = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
    return clip(visible(" ".join(str(text).split())).lower(), _LONGEST_REPLY) or type(error).__name__
