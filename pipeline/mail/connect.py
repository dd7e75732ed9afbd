"""Opens a connection to the mail server: protected, with the certificate checked, and logged in."""

from __future__ import annotations

import smtplib
import socket
import ssl
from contextlib import nullcontext
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from pipeline.errors import UsageError
from pipeline.mail.secret import Secret
from pipeline.mail.settings import Security
from pipeline.regular import open_bytes
from reports.text import clip, visible

if TYPE_CHECKING:
    from pathlib import Path

_LONGEST_REPLY = 200
_PASSING = 4
# What RFC 5321, 4.5.3.2.6 has a sender wait for the reply to a whole message.
_REPLY_SECONDS = 600.0

_CLOSED = "the server closed the connection"
# The first that fits counts.
_PLAIN: dict[type[BaseException], str] = {
    TimeoutError: "no answer in time",
    ConnectionRefusedError: "connection refused",
    ConnectionError: _CLOSED,
    ssl.SSLEOFError: _CLOSED,
    ssl.SSLZeroReturnError: _CLOSED,
    socket.gaierror: "no address was found for that name",
}


@dataclass(frozen=True)
class Server:
    """Where mail is handed over; `sender` is the address that gets what comes back.

    `timeout` and `reply_timeout` are seconds: for each step, and for the reply to a whole message, if that is longer.
    """

    host: str
    port: int
    sender: str
    security: Security = Security.STARTTLS
    user: str = ""
    password: Secret = field(default_factory=Secret)
    ca_file: Path | None = None
    timeout: float = 30.0
    attempts: int = 3
    reply_timeout: float = _REPLY_SECONDS

    def context(self) -> ssl.SSLContext:
        """Return how TLS is spoken: certificate and name are checked. Raises UsageError where ca_file is unusable."""
        try:
            # opened first: by its name alone a pipe would be waited for
            with open_bytes(self.ca_file) if self.ca_file else nullcontext():
                return ssl.create_default_context(cafile=self.ca_file)
        except OSError:
            message = f"{self.ca_file}: no certificates can be read from it. Correct mail.ca_file."
            raise UsageError(message) from None


class FinalError(Exception):
    """The server will not take anything tonight, however often it is asked."""


class PassingError(Exception):
    """The server may take it a little later."""


def connect(server: Server, context: ssl.SSLContext) -> smtplib.SMTP:
    """Open, protect and authenticate a connection. Raises FinalError and PassingError."""
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


def passes(code: int) -> bool:
    """Tell whether a reply that is no yes may be another one later; smtplib's -1 is one that cannot be read."""
    return code // 100 == _PASSING or code < 0


def reply(code: int, text: bytes) -> str:
    """Return what the server said, as one short line that can be shown."""
    said = " ".join(visible(text.decode("ascii", "replace")).split())
    return clip(f"the server said {code} {said}".rstrip(), _LONGEST_REPLY)


def why(error: BaseException) -> str:
    """Return why a connection failed, in plain words where it is one of the usual reasons."""
    if isinstance(error, smtplib.SMTPResponseException):
        text = error.smtp_error
        return reply(error.smtp_code, text if isinstance(text, bytes) else text.encode("ascii", "replace"))
    if isinstance(error, smtplib.SMTPServerDisconnected):
        before = error.__context__
        return why(before) if isinstance(before, OSError) else _CLOSED
    for kind, told in _PLAIN.items():
        if isinstance(error, kind):
            return told
    text = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
    return clip(visible(" ".join(str(text).split())), _LONGEST_REPLY) or type(error).__name__


def _start_tls(smtp: smtplib.SMTP, context: ssl.SSLContext) -> None:
    try:
        smtp.starttls(context=context)
    except smtplib.SMTPNotSupportedError:
        message = 'the server offers no STARTTLS; set mail.security to "tls" if it speaks TLS from the start'
        raise FinalError(message) from None


def _log_in(smtp: smtplib.SMTP, server: Server) -> None:
    """Authenticate; the server's own words are left out, since they may repeat what it was given."""
    try:
        smtp.login(server.user, server.password.value)
    except smtplib.SMTPNotSupportedError:
        message = "the server takes no user and password on this connection"
        raise FinalError(message) from None
    except smtplib.SMTPResponseException as error:
        message = f"the server did not accept user {server.user} and the password (reply {error.smtp_code})"
        raise _by_code(error.smtp_code, message) from None
    except smtplib.SMTPServerDisconnected:
        raise
    except smtplib.SMTPException:
        message = "the server offers no way to log in that csp-audit knows (PLAIN, LOGIN or CRAM-MD5)"
        raise FinalError(message) from None


def _judged(error: Exception, server: Server) -> Exception:
    """Tell a failure to connect that may pass from one that will not."""
    place = f"{server.host}:{server.port}"
    if isinstance(error, ValueError) and not isinstance(error, OSError):
        # A name that is no host's, or a challenge that is none; its text may hold what was answered.
        return FinalError(f"{place}: no server of that name, or what it says cannot be understood")
    if isinstance(error, ssl.SSLCertVerificationError):
        told = error.verify_message.rstrip(".")
        return FinalError(f"{place}: the certificate is not accepted: {told}; correct mail.host, or set mail.ca_file")
    if isinstance(error, ssl.SSLError) and not isinstance(error, (ssl.SSLEOFError, ssl.SSLZeroReturnError)):
        return FinalError(f"{place}: no TLS could be agreed on ({error.reason or 'unknown'}); check mail.security")
    if isinstance(error, smtplib.SMTPResponseException):
        return _by_code(error.smtp_code, f"{place}: {why(error)}")
    return PassingError(f"{place}: {why(error)}")


def _by_code(code: int, message: str) -> Exception:
    return PassingError(message) if passes(code) else FinalError(message)
