"""The mail of a night that was not audited, for those who want to know of failures."""

from __future__ import annotations

import platform
from datetime import timedelta
from typing import TYPE_CHECKING

from pipeline.audit import read_audit
from pipeline.database import DatabaseError
from pipeline.errors import LockedError, UsageError
from pipeline.mail.night import UNSENT, NightMail
from pipeline.mail.outbox import REFUSAL_KIND
from pipeline.mail.places import NOT_AUDITED, refused_place
from pipeline.mail.settings import Only
from pipeline.mail.smtp import Message
from pipeline.rulefile import read_rules
from pipeline.session import LOG
from pipeline.signals import stop_if_asked
from pipeline.warehouse import open_warehouse
from reports.languages import words_of
from reports.mail.letter import Letter
from reports.mail.refused import not_audited
from reports.order import is_counted

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from pipeline.config import Config
    from pipeline.mail.settings import MailConfig
    from pipeline.recovery import Past
    from pipeline.state import State as Places
    from schemas.finding import Audit, Finding
    from schemas.reading import Refusal


def refused_mail(
    refusal: Refusal, mail: MailConfig | None, language: str, places: Places, upcoming: Sequence[Finding] | None
) -> NightMail:
    """Return the not-audited mail: not_audited.eml in the language, and one message for each language of recipients."""

    def written(spoken: str, letter: Letter) -> bytes:
        log = str(places.log.absolute())
        return not_audited(refusal, upcoming, letter, words_of(spoken), log=log, host=platform.node())

    if mail is None:
        return NightMail({NOT_AUDITED: written(language, UNSENT)})
    told = [recipient for recipient in mail.recipients if recipient.only is not Only.FINDINGS]
    files: dict[str, bytes] = {}
    messages = []
    for spoken in dict.fromkeys(recipient.language for recipient in told):
        addresses = tuple(recipient.address for recipient in told if recipient.language == spoken)
        content = written(spoken, Letter(mail.sender, addresses, mail.list_name))
        files[refused_place(spoken)] = content
        messages.append(Message(content, addresses, f"{refusal.as_of}", REFUSAL_KIND))
    usual = files.get(refused_place(language))
    files[NOT_AUDITED] = usual or written(language, Letter(mail.sender, (mail.address,), mail.list_name))
    return NightMail(files, tuple(messages))


def upcoming_deadlines(
    refusal: Refusal, past: Past, config: Config, shown: Callable[[Audit], Audit]
) -> list[Finding] | None:
    """Return what the last good night had that falls due from the refused night to the next one, the first first.

    None where there was one that cannot be read, for want of memory too: the refusal is told all the same.
    `shown` is applied to the night, for example to mask it.
    """
    if past.warehouse is None:
        return None if past.recovery else []
    try:
        with open_warehouse(past.warehouse, config) as connection:
            audit = shown(read_audit(connection, [file.rule for file in read_rules()]))
    except (DatabaseError, LockedError, UsageError) as error:
        # What was interrupted looks like a fault of the database.
        stop_if_asked()
        LOG.warning("mail: the deadlines of the last good night cannot be read (%s)", type(error).__name__)
        return None
    last = refusal.as_of + timedelta(days=1)
    due = [
        (finding.due_on, place, finding)
        for place, finding in enumerate(audit.findings)
        if finding.due_on and refusal.as_of <= finding.due_on <= last and is_counted(finding)
    ]
    return [finding for _, _, finding in sorted(due, key=lambda item: item[:2])]
