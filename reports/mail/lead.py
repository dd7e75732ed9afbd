"""The deadline that a mail names first."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reports import sentences
from reports.mail.envelope import one_line
from reports.rows import nearest
from reports.text import clip
from schemas.finding import Verdict

if TYPE_CHECKING:
    from reports.rows import Nearest
    from reports.wording import Words
    from schemas.finding import Audit

_NAME = 80  # characters of a company's name


def lead(words: Words, audit: Audit) -> str:
    """Return the sentence on the nearest deadline, by name; or what to do where nothing was audited."""
    if audit.verdict is Verdict.NOT_AUDITED:
        return words.gettext("Ask for the exports again, then run the audit again.")
    named = nearest(words, audit)
    if named is None and audit.suspects:
        return words.gettext("Apart from what is suspect, no deadline is open.")
    if named is None and sentences.is_complete(audit):
        return words.gettext("No deadline is ahead.")
    if named is None:
        return words.gettext("No deadline was found in what was checked.")
    return _ahead(words, audit, named) if named.ahead else _passed(words, audit, named)


def _ahead(words: Words, audit: Audit, named: Nearest) -> str:
    said = words.gettext("The nearest deadline is %(on)s (%(away)s): %(who)s, %(title)s.", **_who(words, audit, named))
    if not named.passed:
        return said
    passed = words.ngettext(
        "%(n)s deadline has already passed.", "%(n)s deadlines have already passed.", named.passed
    )  # fmt: skip
    return f"{said} {passed}"


def _passed(words: Words, audit: Audit, named: Nearest) -> str:
    return words.ngettext(
        "%(n)s deadline has passed: %(who)s, %(on)s (%(away)s), %(title)s.",
        "%(n)s deadlines have passed, the first of them for %(who)s, %(on)s (%(away)s), %(title)s.",
        named.passed, **_who(words, audit, named),
    )  # fmt: skip


def _who(words: Words, audit: Audit, named: Nearest) -> dict[str, str]:
    return {
        "who": clip(one_line(named.customer), _NAME),
        "on": words.near_day(named.due_on, audit.as_of),
        "away": words.away(named.due_on, audit.as_of),
        "title": words.gettext(named.finding.rule.title),
    }
