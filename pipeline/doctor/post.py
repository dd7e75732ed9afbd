"""Checks of the mail: whether the server would take it, and what waits."""

from __future__ import annotations

import smtplib
import ssl
from contextlib import closing, suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from pipeline.doctor.line import failed, ok, refusal, warning
from pipeline.errors import UsageError
from pipeline.mail.connect import FinalError, PassingError, connect
from pipeline.mail.handed import handed
from pipeline.mail.outbox import Outbox
from pipeline.mail.parcel import DamagedParcelError, envelopes, read_parcel
from pipeline.mail.post import open_post
from pipeline.mail.settings import Security

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from pipeline.doctor.line import Line
    from pipeline.doctor.subject import Subject
    from pipeline.mail.connect import Server
    from pipeline.mail.parcel import Parcel

# Somebody waits for the answer.
_PATIENCE = 10.0
_RENEW_BEFORE = timedelta(days=14)


def server(subject: Subject) -> Line:
    """Connect, protect and log in as a run would, and take leave: no mail is sent."""
    mail = subject.config.mail
    if mail is None:
        return ok("nobody is mailed: the configuration has no section [mail]")
    step = "Correct [mail] in the configuration, then run csp-audit doctor again"
    try:
        found = open_post(mail, subject.places.outbox).server
        ends = _greet(replace(found, timeout=min(found.timeout, _PATIENCE)))
    except UsageError as error:
        return refusal(error, step)
    except FinalError as error:
        return failed(str(error), step)
    except PassingError as error:
        return failed(f"{error}; mail waits in the outbox", f"Ask who runs {mail.host}; {step[:1].lower()}{step[1:]}")
    return _told(found, ends, subject.now)


def _told(found: Server, ends: datetime | None, now: datetime) -> Line:
    """Say what the server accepts, and for how long its certificate will be."""
    told = f"{found.host}:{found.port} answers" + (f" and accepts user {found.user}" if found.user else "")
    if ends is None:
        return ok(f'{told}; without TLS, as mail.security = "{found.security}" says')
    if ends - now < _RENEW_BEFORE:
        return warning(f"{told}; its certificate ends on {ends:%Y-%m-%d}", f"Ask who runs {found.host} to renew it")
    return ok(f"{told}; its certificate is valid until {ends:%Y-%m-%d}")


def _greet(found: Server) -> datetime | None:
    """Return when the server's certificate ends; None without TLS. Raises FinalError and PassingError."""
    with closing(connect(found, found.context())) as smtp:
        ends = None if found.security is Security.NONE else _end_of_certificate(smtp.sock)
        with suppress(smtplib.SMTPException, OSError):
            smtp.quit()
    return ends


def _end_of_certificate(connection: Any) -> datetime | None:  # noqa: ANN401 - smtplib types it as a plain socket
    certificate = connection.getpeercert()
    return datetime.fromtimestamp(ssl.cert_time_to_seconds(certificate["notAfter"]), UTC)


def outbox(subject: Subject) -> Line:
    """Count what waits, what is held because nobody knows whether the server has it, and what a sender has to mend.

    Raises OSError where the folder cannot be read.
    """
    folder = subject.places.outbox
    parcels = Outbox(folder).parcels()
    found = [*_waiting(parcels), *_to_mend(folder)]
    if not found:
        return ok("nothing waits")
    is_all_held = parcels and all(parcel.is_held for parcel in parcels)
    return warning("; ".join(found), subject.command("send", "--outbox", *(["--held"] if is_all_held else [])))


def _waiting(parcels: Sequence[Parcel]) -> Iterator[str]:
    if parcels:
        held = sum(parcel.is_held for parcel in parcels)
        found = f"mails that wait: {len(parcels):,}, the oldest since {parcels[0].created[:16].replace('T', ' ')} UTC"
        why = next((f": {parcel.last_error}" for parcel in parcels if parcel.last_error), "")
        yield f"{found}{f', held: {held:,}' if held else ''}{why}"


def _is_damaged(envelope: Path) -> bool:
    try:
        read_parcel(envelope)
    except DamagedParcelError:
        return True
    return False


def _to_mend(folder: Path) -> Iterator[str]:
    """Tell of what is damaged and not set aside yet, and of what went while the record could not be written."""
    damaged = sum(map(_is_damaged, envelopes(folder)))
    if damaged:
        yield f"damaged mails: {damaged:,}"
    if unrecorded := len(handed(folder)):
        yield f"mails that went and are not in the record yet: {unrecorded:,}"
