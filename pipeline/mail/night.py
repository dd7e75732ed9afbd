"""What a night mails: the digest for each language and level that somebody gets, and the resellers' editions."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import groupby
from typing import TYPE_CHECKING

from pipeline.editions import read_edition, reseller_ids
from pipeline.mail.attach import with_page
from pipeline.mail.outbox import DIGEST_KIND, EDITION_KIND
from pipeline.mail.places import DIGEST, digest_place, edition_place, safe_name
from pipeline.mail.settings import Only
from pipeline.mail.smtp import Message
from pipeline.session import LOG
from reports.languages import words_of
from reports.mail.digest import digest
from reports.mail.letter import Letter
from reports.render import findings_csv, report_html
from reports.text import visible
from schemas.finding import Level

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from pipeline.database import Connection
    from pipeline.mail.resellers import ResellerRecipient
    from pipeline.mail.settings import MailConfig, Recipient
    from schemas.finding import Audit

# Bytes of an attached report; in a mail it is a third longer, and many servers take 20 to 25 MB.
LONGEST_PAGE = 10_000_000
# A domain that no mail can go to: without a section [mail] nothing is sent.
_NOWHERE = "csp-audit.invalid"
UNSENT = Letter(f"CSP audit <audit@{_NOWHERE}>", (f"audit@{_NOWHERE}",), _NOWHERE)


@dataclass(frozen=True)
class NightMail:
    """Files by their place in the night's folder, and messages with those who get them.

    `without` are the resellers that have an address and no edition tonight.
    """

    files: Mapping[str, bytes] = field(default_factory=dict)
    messages: tuple[Message, ...] = ()
    without: tuple[str, ...] = ()


def by_language_and_level(recipients: Iterable[Recipient]) -> list[tuple[str, Level, list[Recipient]]]:
    """Return those who get the same message together."""

    def key(recipient: Recipient) -> tuple[str, int]:
        return recipient.language, recipient.level.rank

    groups = ([*group] for _, group in groupby(sorted(recipients, key=key), key))
    return [(group[0].language, group[0].level, group) for group in groups]


def gets_digest(recipient: Recipient, audit: Audit) -> bool:
    """Tell whether somebody who is mailed digests gets that of such a night; what is suspect is worth a mail too."""
    counts = (count for level, count in audit.counts.items() if level.rank <= recipient.level.rank)
    found = sum(count.found + count.suspect for count in counts)
    return recipient.only is Only.ALWAYS or found > 0


def night_mail(audit: Audit, mail: MailConfig | None, language: str) -> NightMail:
    """Return the digest of a whole night: digest.eml in the language, and one message for each group of recipients."""
    if mail is None:
        return NightMail({DIGEST: digest(audit, UNSENT, words_of(language))})
    files: dict[str, bytes] = {}
    messages = []
    for spoken, level, group in by_language_and_level(
        each for each in mail.recipients if each.only is not Only.FAILURE
    ):
        addresses = tuple(recipient.address for recipient in group if gets_digest(recipient, audit))
        letter = _letter(audit, mail, addresses or (mail.address,), level)
        content = files[digest_place(spoken, level)] = digest(audit, letter, words_of(spoken))
        messages += [Message(content, addresses, f"{audit.as_of}", DIGEST_KIND)] if addresses else []
    usual = files.get(digest_place(language, Level.VERIFY))
    files[DIGEST] = usual or digest(audit, _letter(audit, mail, [mail.address], Level.VERIFY), words_of(language))
    return NightMail(files, tuple(messages))


def editions(
    connection: Connection,
    audit: Audit,
    mail: MailConfig | None,
    recipients: Sequence[ResellerRecipient],
    shown: Callable[[Audit], Audit],
) -> NightMail:
    """Return the edition of each reseller that has an address: report, findings and digest of its own customers.

    `shown` is applied to each edition, for example to mask it.
    """
    if mail is None or not recipients:
        return NightMail()
    known = set(reseller_ids(connection))
    files: dict[str, bytes] = {}
    messages: list[Message] = []
    wanted = dict.fromkeys(recipient.reseller_id for recipient in recipients)
    without = tuple(reseller_id for reseller_id in wanted if reseller_id not in known)
    for reseller_id in without:
        LOG.warning("mail: reseller %s has no customer and no sale tonight", visible(reseller_id))
    for reseller_id in wanted:
        if reseller_id in without:
            continue
        edition = shown(read_edition(connection, audit, reseller_id))
        own = [recipient for recipient in recipients if recipient.reseller_id == reseller_id]
        for group in _by_language(own):
            made, content = _edition_files(edition, mail, group)
            files |= {f"{group.folder}/{name}": data for name, data in made.items()}
            messages.append(Message(content, group.addresses, f"{audit.as_of}", f"{EDITION_KIND} {reseller_id}"))
    return NightMail(files, tuple(messages), without)


@dataclass(frozen=True)
class _Group:
    """Those of one reseller who get the edition in the same language, and its folder."""

    reseller_id: str
    language: str
    addresses: tuple[str, ...]
    folder: str


def _by_language(own: Sequence[ResellerRecipient]) -> Iterator[_Group]:
    """Yield each language of one reseller with its addresses and its folder; the first has the edition's own."""
    for number, language in enumerate(dict.fromkeys(recipient.language for recipient in own)):
        addresses = tuple(recipient.address for recipient in own if recipient.language == language)
        reseller_id = own[0].reseller_id
        yield _Group(reseller_id, language, addresses, edition_place(reseller_id, language if number else None))


def _edition_files(edition: Audit, mail: MailConfig, group: _Group) -> tuple[dict[str, bytes], bytes]:
    """Return the files of an edition in one language, and its message.

    Without a link the report goes with it, but for one that is too long for most servers: then its place is named.
    """
    words = words_of(group.language)
    link = mail.reseller_report_url.format(as_of=edition.as_of, reseller=safe_name(group.reseller_id))
    page = report_html(edition, words, beside=bool(link)).encode()  # attached, it has no other file beside it
    name = f"report-{edition.as_of}.html"
    is_attached = not link and len(page) <= LONGEST_PAGE
    place = link or (name if is_attached else f"runs/{edition.as_of}/{group.folder}/report.html")
    letter = Letter(mail.sender, group.addresses, mail.list_name, place, Level.VERIFY, mail.attach_csv)
    content = digest(edition, letter, words)
    content = with_page(content, name, page) if is_attached else content
    csv = findings_csv(edition, words).encode()
    return {"report.html": page, "findings.csv": csv, DIGEST: content}, content


def _letter(audit: Audit, mail: MailConfig, to: Sequence[str], level: Level) -> Letter:
    link = mail.report_url.format(as_of=audit.as_of)
    return Letter(mail.sender, tuple(to), mail.list_name, link, level, mail.attach_csv)
