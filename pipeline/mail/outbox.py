"""The outbox: every message is on disk before it is sent, and leaves when it is known to be handed over.

A message is written into the record before it leaves the outbox, so that a crash between the two sends nothing twice.
Before the dot that ends its text goes over the wire its parcel is marked, so that a crash there counts as one doubt.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from pipeline.beside import make_owned_folder
from pipeline.mail.handed import handed, set_down, settle
from pipeline.mail.parcel import (
    DamagedParcelError,
    Parcel,
    envelopes,
    read_parcel,
    sync_folder,
    write_durably,
    write_parcel,
)
from pipeline.mail.record import add_to_record, prepare_record, read_record
from pipeline.mail.smtp import Event, Message, Step, deliver
from pipeline.mail.turns import nobody_putting, one_at_a_time, putting
from pipeline.signals import undisturbed

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

    from pipeline.mail.connect import Server

# What a night mails: its digest, or that it was not audited. An edition has the reseller's id behind its kind.
DIGEST_KIND, REFUSAL_KIND, EDITION_KIND = "digest", "not audited", "edition"
# After this a digest is of no use to anybody.
_KEPT = timedelta(days=7)


@dataclass(frozen=True)
class Handover:
    """What became of the parcels: each that is not delivered says why in its `last_error`.

    Those `held` wait to be asked for. `damaged` are files that could not be read, under the names they have now.
    """

    delivered: tuple[Parcel, ...] = ()
    waiting: tuple[Parcel, ...] = ()
    held: tuple[Parcel, ...] = ()
    given_up: tuple[Parcel, ...] = ()
    damaged: tuple[Path, ...] = ()

    @property
    def is_complete(self) -> bool:
        """Whether nothing is left to be done."""
        return not (self.waiting or self.held or self.given_up or self.damaged)


@dataclass
class _Sorted:
    """What waits, put together by message, and what does not go."""

    messages: dict[tuple[str, str], Message] = field(default_factory=dict)
    waiting: list[Parcel] = field(default_factory=list)
    held: list[Parcel] = field(default_factory=list)
    given_up: list[Parcel] = field(default_factory=list)


@dataclass(frozen=True)
class Outbox:
    """One folder of parcels, the record of what was delivered, and the lock that lets one sender work at a time.

    `patience` is for how many seconds a second sender waits for the first.
    """

    folder: Path
    patience: float = 1_800

    @property
    def record(self) -> Path:
        """The file that says what was handed over."""
        return self.folder / "delivered.csv"

    def put(self, messages: Iterable[Message], *, again: bool = False, now: datetime | None = None) -> list[Parcel]:
        """Write messages down, one parcel an address, and return those that are to be sent.

        One that the record has is left out, unless it is to go `again`; one that waits stays as it is. What waits of
        the same kind and night for the same address is dropped. A stop waits until all is written. Raises OSError.
        """
        self._create()
        with undisturbed(), putting(self.folder):
            return self._put_all(messages, again=again, now=now)

    def _put_all(self, messages: Iterable[Message], *, again: bool, now: datetime | None) -> list[Parcel]:
        had = {each.what for each in read_record(self.record)} | {parcel.what for parcel in handed(self.folder)}
        put = []
        for message in messages:
            identity, digest = message.identity
            for recipient in message.recipients:
                parcel = Parcel(
                    identity, recipient, digest, _moment(now), again=again, night=message.night, kind=message.kind
                )
                if again or parcel.what not in had:
                    put.append(self._put(parcel, message.content))
        self._supersede(put)
        return put

    def parcels(self) -> list[Parcel]:
        """Return what waits, the oldest first; what is damaged is left out. Raises OSError."""
        found = (self._read(path) for path in envelopes(self.folder))
        return sorted((parcel for parcel in found if parcel), key=lambda parcel: (parcel.created, parcel.key))

    def is_empty(self) -> bool:
        """Tell whether nothing waits, nothing is damaged, and the record has all that went. Raises OSError."""
        return not (envelopes(self.folder) or handed(self.folder))

    def has_delivered(self, parcel: Parcel) -> bool:
        """Tell whether the record has a parcel."""
        return parcel.delivery in read_record(self.record)

    def flush(
        self,
        server: Server,
        *,
        with_held: bool = False,
        sleep: Callable[[float], None] | None = None,
        now: datetime | None = None,
        wait: Callable[[], None] | None = None,
    ) -> Handover:
        """Hand over all that waits, after any other sender has finished; `wait` is called where there is one.

        Raises OSError where the folder cannot be written, UsageError where ca_file cannot be read, LockedError where
        another sender does not come to an end.
        """
        self._create()
        with one_at_a_time(self.folder, self.patience, wait):
            settle(self.folder, self.record, _moment(now))
            self._tidy()
            damaged = self._set_aside()
            found = self._sorted(now, with_held=with_held)
            if found.messages:
                # Nothing is sent that could not be written down afterwards.
                prepare_record(self.record)
            sending = _Sending(self, found)
            for event in deliver(sending.messages, server, sleep):
                sending.take(event, _moment(now))
            left = [*found.held, *sending.waiting.values()]
            return Handover(
                tuple(sending.delivered),
                tuple(parcel for parcel in left if not parcel.is_held),
                tuple(parcel for parcel in left if parcel.is_held),
                tuple(found.given_up),
                tuple(damaged),
            )

    def drop(self, parcel: Parcel) -> None:
        """Take a parcel out. Raises OSError."""
        (self.folder / f"{parcel.key}.json").unlink(missing_ok=True)
        self._message(parcel).unlink(missing_ok=True)
        sync_folder(self.folder)

    def _put(self, parcel: Parcel, content: bytes) -> Parcel:
        """Write a parcel down; one that is there keeps its doubts, unless it is to go again."""
        before = None if parcel.again else self._read(self.folder / f"{parcel.key}.json")
        write_durably(self._message(parcel), content)
        if before is None:
            write_parcel(self.folder, parcel)
        return before or parcel

    def _supersede(self, put: Iterable[Parcel]) -> None:
        """Drop what these come in place of; a night that was audited after all was not refused, for anybody."""
        new = {parcel.key: parcel for parcel in put if parcel.night}
        same = {(parcel.night, parcel.kind, parcel.recipient) for parcel in new.values()}
        other = {DIGEST_KIND: REFUSAL_KIND, REFUSAL_KIND: DIGEST_KIND}
        same |= {(night, other[kind], recipient) for night, kind, recipient in same if kind in other}
        audited = {parcel.night for parcel in new.values() if parcel.kind == DIGEST_KIND}
        for parcel in self.parcels() if new else ():
            is_over = parcel.kind == REFUSAL_KIND and parcel.night in audited
            if parcel.key not in new and ((parcel.night, parcel.kind, parcel.recipient) in same or is_over):
                self.drop(parcel)

    def _sorted(self, now: datetime | None, *, with_held: bool) -> _Sorted:
        """Take out what was delivered, what nobody can send and what is too old, and say what is left."""
        record = read_record(self.record)
        had = {each.what for each in record}
        oldest = _moment((now or datetime.now(UTC)) - _KEPT)
        found = _Sorted()
        for parcel in self.parcels():
            message = self._read_message(parcel)
            if message is None or parcel.delivery in record or (parcel.what in had and not parcel.again):
                self.drop(parcel)
            elif message.identity != (parcel.message_id, parcel.sha256):
                self.drop(parcel)
                found.given_up.append(replace(parcel, last_error="the message file is damaged"))
            elif parcel.created < oldest:
                self.drop(parcel)
                found.given_up.append(parcel)
            elif parcel.is_held and not with_held:
                found.held.append(parcel)
            else:
                found.waiting.append(parcel)
                found.messages.setdefault(message.identity, message)
        return found

    def _read_message(self, parcel: Parcel) -> Message | None:
        """Return the message of a parcel; None where somebody has taken it away."""
        try:
            return Message(self._message(parcel).read_bytes(), (parcel.recipient,))
        except FileNotFoundError:
            return None

    @staticmethod
    def _read(path: Path) -> Parcel | None:
        try:
            return read_parcel(path)
        except DamagedParcelError:
            return None

    def _set_aside(self) -> list[Path]:
        """Give what is damaged another name, its message too, so that somebody can look at it; return the names."""
        damaged = []
        for path in envelopes(self.folder):
            try:
                read_parcel(path)
            except DamagedParcelError:
                damaged.append(path.replace(path.with_name(f"{path.name}.damaged")))
                content = path.with_suffix(".eml")
                if content.exists():
                    content.replace(content.with_name(f"{content.name}.damaged"))
        return damaged

    def _message(self, parcel: Parcel) -> Path:
        return self.folder / f"{parcel.key}.eml"

    def _create(self) -> None:
        make_owned_folder(self.folder)

    def _tidy(self) -> None:
        """Take away the halves of parcels that a crash has left."""
        with nobody_putting(self.folder) as is_certain:
            found = [*self.folder.glob("*.eml"), *self.folder.glob(".*.json.*"), *self.folder.glob(".*.eml.*")]
            for path in found if is_certain else ():
                if path.suffix != ".eml" or not path.with_suffix(".json").exists():
                    path.unlink(missing_ok=True)


class _Sending:
    """What is known of each parcel while it is being sent; each step is on disk before the next begins."""

    def __init__(self, outbox: Outbox, found: _Sorted) -> None:
        self.outbox = outbox
        self.waiting = {parcel.what: parcel for parcel in found.waiting}
        self.delivered: list[Parcel] = []
        together: dict[tuple[str, str], list[str]] = {}
        for parcel in found.waiting:
            together.setdefault((parcel.message_id, parcel.sha256), []).append(parcel.recipient)
        self.messages = [replace(found.messages[what], recipients=tuple(to)) for what, to in together.items()]
        self._before = {what: parcel.doubts for what, parcel in self.waiting.items()}

    def take(self, event: Event, moment: str) -> None:
        """Write down one step."""
        identity, digest = event.message.identity
        parcels = [self.waiting[identity, recipient, digest] for recipient in event.recipients]
        if event.step is Step.DELIVERED:
            # A stop before the record has it would send it twice.
            with undisturbed():
                self._delivered(parcels, moment)
            return
        for parcel in parcels:
            self._note(parcel, event)

    def _delivered(self, parcels: list[Parcel], moment: str) -> None:
        self._record(parcels, moment)
        for parcel in parcels:
            self.outbox.drop(parcel)
            self.delivered.append(self.waiting.pop(parcel.what))

    def _record(self, parcels: list[Parcel], moment: str) -> None:
        try:
            add_to_record(self.outbox.record, [parcel.delivery for parcel in parcels], moment)
        except OSError:
            set_down(self.outbox.folder, parcels)
            raise

    def _note(self, parcel: Parcel, event: Event) -> None:
        is_open = event.step in {Step.TRYING, Step.DOUBTFUL}
        noted = replace(
            parcel,
            attempts=parcel.attempts + (event.step is not Step.TRYING),
            doubts=self._before[parcel.what] + is_open,
            last_error=event.reason or parcel.last_error,
        )
        write_parcel(self.outbox.folder, noted)
        self.waiting[parcel.what] = noted


def _moment(now: datetime | None) -> str:
    return f"{(now or datetime.now(UTC)).astimezone(UTC):%Y-%m-%dT%H:%M:%S.%fZ}"
