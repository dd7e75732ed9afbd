"""What to send again: the messages that a night has kept, to those whom the configuration names today."""

from __future__ import annotations

from dataclasses import dataclass
from email.parser import BytesHeaderParser
from email.policy import default
from typing import TYPE_CHECKING

from pipeline.errors import UsageError
from pipeline.mail.night import gets_digest
from pipeline.mail.outbox import DIGEST_KIND, EDITION_KIND, REFUSAL_KIND
from pipeline.mail.places import DIGEST, digest_place, edition_place, refused_place
from pipeline.mail.settings import Only
from pipeline.mail.smtp import Message

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from pathlib import Path

    from pipeline.mail.resellers import ResellerRecipient
    from pipeline.mail.settings import MailConfig
    from schemas.finding import Audit


@dataclass(frozen=True)
class Kept:
    """A message that a night has kept, as a file, and one who gets it; None where the night has not made it."""

    recipient: str
    file: Path | None
    what: str
    night: str = ""
    kind: str = ""

    def message(self) -> Message | None:
        """Return what goes, or None. Raises UsageError where the file cannot be read."""
        if self.file is None:
            return None
        try:
            return Message(self.file.read_bytes(), (self.recipient,), self.night, self.kind)
        except OSError as error:
            message = f"{self.file}: cannot be read: {error.strerror}. Check the file and its permissions."
            raise UsageError(message) from error


def kept_digests(
    folder: Path, mail: MailConfig, resellers: Iterable[ResellerRecipient], audit: Callable[[], Audit]
) -> list[Kept]:
    """Return who gets which message of an audited night, as the night itself had it; `folder` has the night's name.

    `audit` reads the night; it is called only where somebody is mailed for findings alone.
    """
    kept = [
        _kept(
            each.address,
            folder / digest_place(each.language, each.level),
            f"{each.language}, {each.level.value}",
            folder.name,
            DIGEST_KIND,
        )
        for each in mail.recipients
        if each.only is Only.ALWAYS or (each.only is Only.FINDINGS and gets_digest(each, audit()))
    ]
    for each in resellers:
        what = f"edition of {each.reseller_id}, {each.language}"
        kind = f"{EDITION_KIND} {each.reseller_id}"
        kept.append(Kept(each.address, _edition(folder, each), what, folder.name, kind))
    return kept


def kept_refusals(folder: Path, mail: MailConfig) -> list[Kept]:
    """Return who gets which message of a night that was not audited."""
    return [
        _kept(
            each.address,
            folder / refused_place(each.language),
            f"not audited, {each.language}",
            folder.name,
            REFUSAL_KIND,
        )
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


def _kept(address: str, file: Path, what: str, night: str, kind: str) -> Kept:
    return Kept(address, file if file.exists() else None, what, night, kind)


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
