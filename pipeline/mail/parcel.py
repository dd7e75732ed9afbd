"""One message for one address, as it waits on disk: the message in one file, what is known of it in another."""

from __future__ import annotations

import hashlib
import json
import os
import re
from dataclasses import asdict, dataclass, fields
from email.parser import BytesHeaderParser
from email.policy import default
from typing import TYPE_CHECKING, Any

from pipeline.beside import give_away
from pipeline.mail.record import Delivery

if TYPE_CHECKING:
    from pathlib import Path

_ENVELOPE = re.compile(r"[0-9a-f]{32}\.json")
# The first time that nobody knows, it is sent once more by itself; the second time it is not.
_MOST_DOUBTS = 2


class DamagedParcelError(Exception):
    """What is written of a parcel is not what was written."""


@dataclass(frozen=True)
class Parcel:
    """What is known of a message that waits; `sha256` is its bytes'. Moments are UTC, as in 2026-11-20T02:00:07.01Z.

    `doubts` counts how often nobody knows whether the server took it. One that was sent `again` on purpose goes also
    where the record has it. `night` and `kind` say of what it tells, and may be empty.
    """

    message_id: str
    recipient: str
    sha256: str
    created: str
    attempts: int = 0
    doubts: int = 0
    last_error: str = ""
    again: bool = False
    night: str = ""
    kind: str = ""

    @property
    def is_held(self) -> bool:
        """Whether it goes on request only: the server may have had it as often as doubt allows."""
        return self.doubts >= _MOST_DOUBTS

    @property
    def what(self) -> tuple[str, str, str]:
        """Which bytes go to whom."""
        return self.message_id, self.recipient, self.sha256

    @property
    def key(self) -> str:
        """The name of its files: the same message to the same address is one parcel."""
        return hashlib.sha256("\0".join(self.what).encode()).hexdigest()[:32]

    @property
    def delivery(self) -> Delivery:
        """What the record says once it is handed over."""
        return Delivery(*self.what, self.created)


_TYPES = {field.name: {"str": str, "int": int, "bool": bool}[str(field.type)] for field in fields(Parcel)}


def message_id_of(content: bytes) -> str:
    """Return the Message-ID of a message."""
    return str(BytesHeaderParser(policy=default).parsebytes(content)["Message-ID"] or "").strip()


def envelopes(folder: Path) -> list[Path]:
    """Return the files that say what is known of parcels, by name; none where there is no folder. Raises OSError.

    Unlike `Path.glob`, which takes a folder that may not be read for an empty one.
    """
    try:
        return sorted(path for path in folder.iterdir() if _ENVELOPE.fullmatch(path.name))
    except FileNotFoundError:
        return []


def write_parcel(folder: Path, parcel: Parcel) -> None:
    """Write what is known of a parcel, whole or not at all. Raises OSError."""
    text = json.dumps(asdict(parcel), indent=1, ensure_ascii=False)
    write_durably(folder / f"{parcel.key}.json", f"{text}\n".encode())


def read_parcel(path: Path) -> Parcel | None:
    """Return what a file says of a parcel; None where it is gone. Raises DamagedParcelError, OSError."""
    try:
        told: dict[str, Any] = json.loads(path.read_bytes())
        parcel = Parcel(**told)
        is_whole = all(type(value) is _TYPES[name] for name, value in told.items()) and parcel.key == path.stem
    except FileNotFoundError:
        return None
    except (ValueError, TypeError, RecursionError) as error:
        raise DamagedParcelError from error
    if not is_whole:
        raise DamagedParcelError
    return parcel


def write_durably(path: Path, content: bytes) -> None:
    """Put a file in its place in one step, readable by its owner only and on disk for good. Raises OSError."""
    new = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        new.unlink(missing_ok=True)
        with os.fdopen(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            give_away(file.fileno(), path.parent.stat())
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        new.replace(path)
    finally:
        new.unlink(missing_ok=True)
    sync_folder(path.parent)


def sync_folder(folder: Path) -> None:
    """Have the names in a folder on disk for good."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
