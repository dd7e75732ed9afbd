"""Which findings a mail lists: the most pressing first, and never so many that a deadline is crowded out."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

from reports.mail.envelope import one_line
from reports.order import by_pressure, is_counted
from reports.rows import row
from reports.text import clip
from schemas.finding import Level

if TYPE_CHECKING:
    from collections.abc import Sequence

    from reports.mail.letter import Letter
    from reports.wording import Words
    from schemas.finding import Audit, Finding

FIRST = 7
MOST = 20
# Places that violations leave to deadlines, however many violations there are.
_KEPT_FOR_DEADLINES = 5


@dataclass(frozen=True)
class Entry:
    """One finding as the mail lists it, every text short and one line; `kind` is what its customer is, and the seats.

    `href` leads to it in the report, or is empty; `hot` marks a date that has passed or comes within a week.
    """

    finding_id: str
    rule_id: str
    level: Level
    href: str
    customer: str
    kind: tuple[str, ...]
    state: tuple[str, ...]
    message: str
    next_step: str
    triage: tuple[str, ...]
    due: str
    hot: bool


@dataclass(frozen=True)
class Section:
    """The entries under one heading."""

    title: str
    entries: tuple[Entry, ...]


@dataclass(frozen=True)
class Listed:
    """What to do first, the rest by level, and how many of the findings that count are not in the mail."""

    first: tuple[Entry, ...]
    sections: tuple[Section, ...]
    left_out: int


def listed(words: Words, audit: Audit, letter: Letter, most: int = MOST) -> Listed:
    """Choose at most `most` of the audit's findings, none less serious than the letter's lowest level."""
    current = by_pressure(item for item in audit.findings if is_counted(item))
    allowed = [item for item in current if item.level.rank <= letter.lowest.rank]
    first = allowed[: min(FIRST, most)]
    others = _others(audit, allowed[len(first) :], most - len(first))
    return Listed(
        first=tuple(_entry(words, audit, letter, item) for item in first),
        sections=_sections(words, audit, letter, others),
        left_out=len(current) - len(first) - len(others),
    )


def _others(audit: Audit, findings: Sequence[Finding], room: int) -> tuple[Finding, ...]:
    """Choose what follows: the nearest deadlines, those ahead before those that have passed, and what presses most."""
    dated = [(item.due_on or date.max, item) for item in findings if item.level is Level.DEADLINE]
    nearest = sorted(dated, key=lambda entry: (entry[0] < audit.as_of, entry[0]))
    kept = [item for _, item in nearest[: min(_KEPT_FOR_DEADLINES, room)]]
    known = {item.finding_id for item in kept}
    pressing = [item for item in findings[:room] if item.finding_id not in known]
    return tuple(sorted([*kept, *pressing[: room - len(kept)]], key=_place))


def _place(finding: Finding) -> date:
    """Order deadlines by their day; every other level stays as it came."""
    return (finding.due_on or date.max) if finding.level is Level.DEADLINE else date.max


def _sections(words: Words, audit: Audit, letter: Letter, findings: Sequence[Finding]) -> tuple[Section, ...]:
    titles = {
        Level.VIOLATION: words.gettext("More violations"),
        Level.DEADLINE: words.gettext("More deadlines"),
        Level.VERIFY: words.gettext("More to verify"),
    }
    sections = (
        Section(titles[level], tuple(_entry(words, audit, letter, item) for item in findings if item.level is level))
        for level in Level
    )
    return tuple(section for section in sections if section.entries)


def _entry(words: Words, audit: Audit, letter: Letter, finding: Finding) -> Entry:
    said = row(words, audit, finding)
    confirmed = "" if finding.confirmed else words.gettext("not confirmed tonight")
    return Entry(
        finding_id=finding.finding_id,
        rule_id=finding.rule.id,
        level=finding.level,
        href=f"{letter.report_url}#finding-{finding.finding_id}" if letter.has_link else "",
        customer=_short(said.customer, 80),
        kind=tuple(filter(None, (_short(said.kind, 60), _seats(words, finding), _short(said.monthly, 40)))),
        state=tuple(filter(None, (said.state, confirmed))),
        message=_short(said.message, 240),
        next_step=_short(said.next_step, 200),
        triage=tuple(_short(text, 100) for text in said.triage[:2]),
        due=_due(words, audit, finding),
        hot=said.hot,
    )


def _short(text: str, length: int) -> str:
    return clip(one_line(text), length)


def _seats(words: Words, finding: Finding) -> str:
    return "" if finding.seats is None else words.ngettext("%(n)s seat", "%(n)s seats", finding.seats)


def _due(words: Words, audit: Audit, finding: Finding) -> str:
    if finding.due_on:
        return words.near_day(finding.due_on, audit.as_of)
    return words.gettext("now") if finding.level is Level.VIOLATION else words.gettext("no date")
