"""The digest: what a night came to, as one mail."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from reports import sentences, tabular
from reports.mail import envelope, message, plain
from reports.mail.listed import MOST
from reports.mail.summary import summary
from reports.render import ENGLISH, environment
from reports.suspect import suspect_subject
from reports.text import clip, visible
from schemas.finding import Level, Verdict

if TYPE_CHECKING:
    from css_inline import CSSInliner

    from reports.mail.letter import Letter
    from reports.mail.summary import Summary
    from reports.wording import Words
    from schemas.finding import Audit

_MAIL_CSS = Path(__file__).parents[1] / "static" / "mail.css"
# Webmail cuts off what is longer, and relays refuse it; fewer findings are listed then.
MOST_HTML = 60_000  # bytes
MOST_MESSAGE = 90_000
_FEWER = (MOST, 14, 7, 3)


def subject(audit: Audit, words: Words = ENGLISH) -> str:
    """Return the subject: what is suspect and the counts, then the day for programs that sort by it."""
    said = (suspect_subject(words, audit), _violations(audit, words), _deadlines(audit, words))
    what = "; ".join(filter(None, said))
    edition = clip(envelope.one_line(audit.edition), 60)
    return " - ".join(filter(None, (f"[CSP audit] {what}", audit.as_of.isoformat(), edition)))


def _violations(audit: Audit, words: Words) -> str:
    counts = sentences.counts_of(audit, Level.VIOLATION)
    if audit.verdict is Verdict.NOT_AUDITED:
        return words.gettext("NOT AUDITED")
    if counts.found and counts.new and audit.compared_with:
        return words.ngettext(
            "%(n)s violation, %(new)s new", "%(n)s violations, %(new)s new",
            counts.found, new=words.number(counts.new),
        )  # fmt: skip
    if counts.found:
        return words.ngettext("%(n)s violation", "%(n)s violations", counts.found)
    # What is suspect may be violations: nothing is said of the others where none counts.
    return "" if audit.suspects else _no_violation(audit, words, counts.waived)


def _no_violation(audit: Audit, words: Words, waived: int) -> str:
    """Say that there is none, and never so that an incomplete night or a waived one reads as clean."""
    if waived and sentences.is_complete(audit):
        return words.ngettext("No violation but %(n)s waived", "No violation but %(n)s waived", waived)
    if waived:
        return words.ngettext(
            "No violation found but %(n)s waived, not everything checked",
            "No violation found but %(n)s waived, not everything checked",
            waived,
        )
    if sentences.is_complete(audit):
        return words.gettext("No violation found")
    return words.gettext("No violation found, not everything checked")


def _deadlines(audit: Audit, words: Words) -> str:
    found = sentences.counts_of(audit, Level.DEADLINE).found
    return words.ngettext("%(n)s deadline", "%(n)s deadlines", found) if found else ""


def digest(audit: Audit, letter: Letter, words: Words = ENGLISH) -> bytes:
    """Return the digest of a night as a whole message: a written text, and the same as HTML.

    It holds at most 20 findings, and fewer where their texts are so long that the message would be cut off or refused.
    The same audit, letter and words give the same bytes. Without `attach_csv` it is at most 90 KB, 60 KB of it HTML.
    """
    headers = envelope.headers(letter, words, subject(audit, words), audit.started_at, _identity(audit, letter, words))
    made = b""
    for most in _FEWER:
        text, html = _parts(audit, letter, words, most)
        body = message.alternative(text, html)
        made = message.message(headers, body)
        if len(html.encode()) <= MOST_HTML and len(made) <= MOST_MESSAGE:
            break
    if letter.attach_csv:
        csv = tabular.findings_csv(words, audit)
        made = message.message(headers, message.with_file(message.alternative(text, html), "findings.csv", csv))
    return made


def _identity(audit: Audit, letter: Letter, words: Words) -> str:
    """Return the id of the mail; two resellers of one name are told apart by their findings."""
    own = [item.finding_id for item in audit.findings] if audit.edition else []
    return envelope.message_id(
        audit.run_id, "digest", letter.list_id, words.language, letter.lowest.value, audit.edition, *sorted(own)
    )


def _parts(audit: Audit, letter: Letter, words: Words, most: int) -> tuple[str, str]:
    """Return the text and the HTML with at most `most` findings."""
    said = summary(words, audit, letter, most)
    text = plain.render(words, "mail.txt", said=said, letter=letter)
    return text, _html(said, letter, words, subject(audit, words))


def _html(said: Summary, letter: Letter, words: Words, title: str) -> str:
    html = (
        environment()
        .get_template("mail.html")
        .render(
            said=said,
            letter=letter,
            title=title,
            words=words,
            gettext=words.catalog.gettext,
            ngettext=words.catalog.ngettext,
        )
    )
    return _inliner().inline(visible(html))


@cache
def _inliner() -> CSSInliner:
    """Return what puts the style sheet into the elements; rules for the dark and for phones stay a style element."""
    from css_inline import CSSInliner

    css = re.sub(r"/\*.*?\*/", "", _MAIL_CSS.read_text(encoding="utf-8"), flags=re.DOTALL)
    return CSSInliner(extra_css=" ".join(css.split()), keep_at_rules=True, load_remote_stylesheets=False)
