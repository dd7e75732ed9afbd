"""The outbox: every message is on disk before it is sent, and leaves when it is known to be handed over.

A message is written into the record before it leaves the outbox, so that a crash between the two sends nothing twice.
Before its text goes over the wire its parcel is marked, so that a crash in the middle counts as one doubt.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import time
from collections import defaultdict
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from pipeline.mail.parcel import Parcel, message_id_of, read_parcel, sync_folder, write_durably, write_parcel
from pipeline.mail.record import add_to_record, read_record
from pipeline.mail.smtp import Event, Message, Server, Step, deliver

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from pathlib import Path

# After this a digest is of no use to anybody.
KEPT = timedelta(days=7)
# The first time that nobody knows, it is sent once more; the second time it is not.
MOST_DOUBTS = 2
_ORPHAN_SECONDS = 86_400


@dataclass(frozen=True)
class Handover:
    """What became of the parcels: each that is not delivered says why in its `last_error`."""

    delivered: tuple[Parcel, ...] = ()
    waiting: tuple[Parcel, ...] = ()
    given_up: tuple[Parcel, ...] = ()


@dataclass(frozen=True)
class Outbox:
    """One folder of parcels, the record of what was delivered, and the lock that lets one sender work at a time."""

    folder: Path

    @property
    def record(self) -> Path:
        """The file that says what was handed over."""
        return self.folder / "delivered.csv"

    def put(self, messages: Iterable[Message], *, again: bool = False, now: datetime | None = None) -> list[Parcel]:
        """Write messages down, one parcel an address, and return those that are to be sent.

        One that the record has is left out, unless it is to go `again`. Raises OSError.
        """
        self._create()
        had = {each.what for each in read_record(self.record)}
        parcels = []
        for message in messages:
            identity = message_id_of(message.content), hashlib.sha256(message.content).hexdigest()
            for recipient in message.recipients:
                parcel = Parcel(identity[0], recipient, identity[1], _moment(now), again=again)
                if again or parcel.what not in had:
                    write_durably(self._message(parcel), message.content)
                    write_parcel(self.folder, parcel)
                    parcels.append(parcel)
        return parcels

    def parcels(self) -> list[Parcel]:
        """Return what waits, the oldest first."""
        found = (read_parcel(path) for path in self.folder.glob("*.json"))
        return sorted((parcel for parcel in found if parcel), key=lambda parcel: (parcel.created, parcel.key))

    def content(self, parcel: Parcel) -> bytes | None:
        """Return the message of a parcel; None where somebody has taken it away."""
        try:
            return self._message(parcel).read_bytes()
        except FileNotFoundError:
            return None

    def flush(
        self, server: Server, *, sleep: Callable[[float], None] | None = None, now: datetime | None = None
    ) -> Handover:
        """Hand over all that waits, after any other sender has finished.

        Raises OSError where the folder cannot be written, UsageError where ca_file cannot be read.
        """
        self._create()
        with self._alone():
            self._tidy()
            waiting, too_old = self._sorted(now)
            parcels = _Sending(self, waiting)
            for event in deliver(parcels.messages, server, sleep):
                parcels.take(event, _moment(now))
            return Handover(tuple(parcels.delivered), tuple(parcels.waiting.values()), (*too_old, *parcels.given_up))

    def drop(self, parcel: Parcel) -> None:
        """Take a parcel out. Raises OSError."""
        (self.folder / f"{parcel.key}.json").unlink(missing_ok=True)
        self._message(parcel).unlink(missing_ok=True)
        sync_folder(self.folder)

    def _sorted(self, now: datetime | None) -> tuple[list[Parcel], list[Parcel]]:
        """Take out what was delivered, what nobody can send and what is too old; return what waits and the latter."""
        record = read_record(self.record)
        had = {each.what for each in record}
        oldest = _moment((now or datetime.now(UTC)) - KEPT)
        waiting, given_up = [], []
        for parcel in self.parcels():
            is_delivered = parcel.delivery in record or (parcel.what in had and not parcel.again)
            if is_delivered or self.content(parcel) is None:
                self.drop(parcel)
            elif parcel.created < oldest or parcel.doubts >= MOST_DOUBTS:
                self.drop(parcel)
                given_up.append(parcel)
            else:
                waiting.append(parcel)
        return waiting, given_up

    def _message(self, parcel: Parcel) -> Path:
        return self.folder / f"{parcel.key}.eml"

    def _create(self) -> None:
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)

    def _tidy(self) -> None:
        """Take away the halves of parcels that a crash has left; one that is young may be on its way in."""
        for path in [*self.folder.glob("*.eml"), *self.folder.glob(".*.json.*"), *self.folder.glob(".*.eml.*")]:
            is_whole = path.suffix == ".eml" and path.with_suffix(".json").exists()
            if not is_whole and time.time() - path.stat().st_mtime > _ORPHAN_SECONDS:
                path.unlink(missing_ok=True)

    @contextmanager
    def _alone(self) -> Iterator[None]:
        with os.fdopen(os.open(self.folder / "lock", os.O_RDWR | os.O_CREAT, 0o600), "r+b") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield


class _Sending:
    """What is known of each parcel while it is being sent; each step is on disk before the next begins."""

    def __init__(self, outbox: Outbox, parcels: Sequence[Parcel]) -> None:
        """Put parcels that hold the same message together."""
        self.outbox = outbox
        self.waiting = {parcel.what: parcel for parcel in parcels}
        self.delivered: list[Parcel] = []
        self.given_up: list[Parcel] = []
        together = defaultdict[bytes, list[str]](list)
        for parcel in parcels:
            together[outbox.content(parcel) or b""].append(parcel.recipient)
        self.messages = [Message(content, tuple(recipients)) for content, recipients in together.items()]
        self._before = {key: parcel.doubts for key, parcel in self.waiting.items()}

    def take(self, event: Event, moment: str) -> None:
        """Write down one step."""
        identity = message_id_of(event.message.content), hashlib.sha256(event.message.content).hexdigest()
        parcels = [self.waiting[identity[0], recipient, identity[1]] for recipient in event.recipients]
        if event.step is Step.DELIVERED:
            add_to_record(self.outbox.record, [parcel.delivery for parcel in parcels], moment)
            for parcel in parcels:
                self.outbox.drop(parcel)
                self.delivered.append(self.waiting.pop(parcel.what))
            return
        for parcel in parcels:
            self._note(parcel, event)

    def _note(self, parcel: Parcel, event: Event) -> None:
        is_open = event.step in {Step.TRYING, Step.DOUBTFUL}
        noted = replace(
            parcel,
            attempts=parcel.attempts + (event.step is not Step.TRYING),
            doubts=self._before[parcel.what] + is_open,
            last_error=event.reason or parcel.last_error,
        )
        if event.step is Step.DOUBTFUL and noted.doubts >= MOST_DOUBTS:
            self.outbox.drop(parcel)
            self.given_up.append(noted)
            del self.waiting[parcel.what]
            return
        write_parcel(self.outbox.folder, noted)
        self.waiting[parcel.what] = noted


def _moment(now: datetime | None) -> str:
    return f"{(now or datetime.now(UTC)).astimezone(UTC):%Y-%m-%dT%H:%M:%S.%fZ}"
