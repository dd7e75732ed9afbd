"""Parcels that were handed over while the record could not take it: they bear another name until it can."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from pipeline.mail.parcel import DamagedParcelError, Parcel, read_parcel, sync_folder
from pipeline.mail.record import add_to_record

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

_NAME = "{}.handed"


def set_down(folder: Path, parcels: Iterable[Parcel]) -> None:
    """Say of parcels that the server has them. A full disk still takes another name. Raises OSError."""
    for parcel in parcels:
        (folder / f"{parcel.key}.json").replace(folder / _NAME.format(parcel.key))
    sync_folder(folder)


def handed(folder: Path) -> list[Parcel]:
    """Return the parcels of which that was said. Raises OSError."""
    found = []
    for path in sorted(folder.glob(_NAME.format("*"))):
        with suppress(DamagedParcelError):
            found.append(read_parcel(path))
    return [parcel for parcel in found if parcel]


def settle(folder: Path, record: Path, moment: str) -> None:
    """Put into the record what it could not take, and take the parcels away. Raises OSError."""
    if known := handed(folder):
        add_to_record(record, [parcel.delivery for parcel in known], moment)
        for parcel in known:
            (folder / f"{parcel.key}.eml").unlink(missing_ok=True)
            (folder / _NAME.format(parcel.key)).unlink(missing_ok=True)
        sync_folder(folder)
