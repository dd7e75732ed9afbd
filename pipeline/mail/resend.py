"""What to send again: the messages that a night has kept, to those whom the configuration names today."""

from __future__ import annotations

from dataclasses import dataclass
from email.parser import BytesHeaderParser
from email.policy import default
from typing import TYPE_CHECKING

from pipeline.errors import UsageError
from pipeline.mail.places import DIGEST, digest_place, edition_place, refused_place
from pipeline.mail.settings import Only

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from pipeline.mail.resellers import ResellerRecipient
    from pipeline.mail.settings import MailConfig


@dataclass(frozen=True)
class Kept:
    """A message that a night has kept, as a file, and one who gets it; None where the night has not made it."""

    recipient: str
    file: Path | None
    what: str


def kept_digests(folder: Path, mail: MailConfig, resellers: Iterable[ResellerRecipient]) -> list[Kept]:
    """Return who gets which message of an audited night; those who want failures alone get none."""
    kept = [
        _kept(each.address, folder / digest_place(each.language, each.level), f"{each.language}, {each.level.value}")
        for each in mail.recipients
        if each.only is not Only.FAILURE
    ]
    for each in resellers:
        what = f"edition of {each.reseller_id}, {each.language}"
        kept.append(Kept(each.address, _edition(folder, each), what))
    return kept


def kept_refusals(folder: Path, mail: MailConfig) -> list[Kept]:
    """Return who gets which message of a night that was not audited."""
    return [
        _kept(each.address, folder / refused_place(each.language), f"not audited, {each.language}")
        for each in mail.recipients
        if each.only is not Only.FINDINGS
    ]


def chosen(kept: Iterable[Kept], addresses: Iterable[str]) -> list[Kept]:
    """Return what goes to some addresses; without any, all. Raises UsageError for one that gets nothing."""
    every = list(kept)
    wanted = [address.lower() for address in addresses]
    known = sorted({each.recipient for each in every})
    for address in wanted:
        if address not in {name.lower() for name in known}:
            message = f"{address} gets no mail of this night. Those who do: {', '.join(known) or 'nobody'}."
            raise UsageError(message)
    return [each for each in every if not wanted or each.recipient.lower() in wanted]


def _kept(address: str, file: Path, what: str) -> Kept:
    return Kept(address, file if file.exists() else None, what)


def _edition(folder: Path, recipient: ResellerRecipient) -> Path | None:
    """Find an edition in its language, which may be the first of the reseller's, or another."""
    for file in _edition_files(folder, recipient):
        if file.exists() and _language_of(file) == recipient.language:
            return file
    return None


def _edition_files(folder: Path, recipient: ResellerRecipient) -> Iterator[Path]:
    yield folder / edition_place(recipient.reseller_id) / DIGEST
    yield folder / edition_place(recipient.reseller_id, recipient.language) / DIGEST


def _language_of(file: Path) -> str:
    return str(BytesHeaderParser(policy=default).parsebytes(file.read_bytes())["Content-Language"] or "").strip()
