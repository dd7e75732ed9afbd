"""What changed overnight beside the findings: good news first, a few names of each kind, and how many in all."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from reports.since import since
from reports.terms import term
from reports.wording import marked
from schemas.change import ChangeKind
from schemas.finding import Verdict

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from reports.wording import Words
    from schemas.change import Change
    from schemas.finding import Audit

NAMED = 10
_TITLES: Mapping[ChangeKind, str] = {
    ChangeKind.GAINED: marked("Approved"),
    ChangeKind.DECIDED: marked("Vetting decided"),
    ChangeKind.LOST: marked("Qualifications lost"),
    ChangeKind.CAME: marked("Customers that came"),
    ChangeKind.WENT: marked("Customers that went"),
}


@dataclass(frozen=True)
class Line:
    """Some names in one line; `lead` stands before them, `more` says how many others there are."""

    lead: str
    names: tuple[str, ...]
    more: str = ""


@dataclass(frozen=True)
class ChangeGroup:
    """All changes of one kind."""

    kind: ChangeKind
    title: str
    lines: tuple[Line, ...]


@dataclass(frozen=True)
class Overnight:
    """The changes since the last good run; without `groups` there was none, and `nothing` says so."""

    title: str
    nothing: str
    groups: tuple[ChangeGroup, ...]


def overnight(words: Words, audit: Audit) -> Overnight | None:
    """Return what changed since the last good run; None where there is no such run or nothing was audited."""
    if audit.compared_with is None or audit.verdict is Verdict.NOT_AUDITED:
        return None
    return Overnight(
        title=since(words, audit, marked("Since last night"), marked("Since %(day)s")),
        nothing=since(
            words, audit,
            marked("No qualification and no customer has changed since last night."),
            marked("No qualification and no customer has changed since %(day)s."),
        ),
        groups=tuple(_group(words, audit, kind) for kind in ChangeKind if audit.change_counts.get(kind)),
    )  # fmt: skip


def _group(words: Words, audit: Audit, kind: ChangeKind) -> ChangeGroup:
    listed = [item for item in audit.changes if item.kind is kind]
    named = _each_named(words, listed)
    shown = named[:NAMED]
    left = audit.change_counts[kind] - len(listed) + len(named) - len(shown)
    lines = _gained(words, shown) if kind is ChangeKind.GAINED else [Line("", _names(words, shown))]
    more = words.ngettext("and %(n)s more", "and %(n)s more", left) if left else ""
    if more and len(lines) == 1:
        lines = [Line(lines[0].lead, lines[0].names, more)]
    elif more:
        lines = [*lines, Line("", (), more)]
    return ChangeGroup(kind, words.gettext(_TITLES[kind]), tuple(lines))


def _each_named(words: Words, changes: Sequence[Change]) -> list[Change]:
    """Leave out a change whose customer is named already, in the same line and with the same words."""
    said = ((item.customer_id, item.may_now_be_sold, _told(words, item)) for item in changes)
    return list(dict(zip(said, changes, strict=True)).values())


def _gained(words: Words, changes: Sequence[Change]) -> list[Line]:
    """Put customers together that can now be sold the same; those who can be sold nothing more come last."""
    by_segments: dict[tuple[str, ...], list[Change]] = {}
    for item in sorted(changes, key=lambda item: not item.may_now_be_sold):
        by_segments.setdefault(item.may_now_be_sold, []).append(item)
    return [Line(_lead(words, segments), _names(words, items)) for segments, items in by_segments.items()]


def _lead(words: Words, segments: Sequence[str]) -> str:
    if not segments:
        return words.gettext("Nothing more can be sold to these customers:")
    names = ", ".join(term(words, segment) for segment in segments)
    return words.gettext("These customers can now be sold %(segments)s:", segments=names)


def _names(words: Words, changes: Sequence[Change]) -> tuple[str, ...]:
    """Return each customer's name, with what changed for it in brackets."""
    return tuple(_with(item.company_name or item.customer_id, _told(words, item)) for item in changes)


def _with(name: str, what: str) -> str:
    return f"{name} ({what})" if what else name


def _told(words: Words, change: Change) -> str:
    """Return what is said of a change; nothing where the line names what can now be sold."""
    return "" if change.kind is ChangeKind.GAINED and change.may_now_be_sold else _what(words, change)


def _what(words: Words, change: Change) -> str:
    qualification = term(words, change.qualification)
    return f"{qualification}: {change.after}" if change.kind is ChangeKind.DECIDED and change.after else qualification
