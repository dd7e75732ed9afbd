"""The four counts of the first screen."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from reports import sentences, terms
from reports.address import filtered
from reports.exposure import exposure, exposure_texts
from reports.promises import overdue
from reports.suspect import counted_apart
from reports.waived import waived
from schemas.finding import Level, Verdict

if TYPE_CHECKING:
    from reports.wording import Words
    from schemas.finding import Audit


@dataclass(frozen=True)
class Tile:
    """One of the four counts: what it counts, how that changed, where it leads, what it costs a month.

    `waived` and `suspect` say how many others are waived or by suspect rules, which are in neither the count nor the
    costs; `overdue` how many promises.
    """

    mark: str
    name: str
    count: int
    changes: tuple[str, ...]
    href: str
    exposure: tuple[str, ...] = ()
    waived: str = ""
    overdue: str = ""
    suspect: str = ""


def tiles(words: Words, audit: Audit) -> tuple[Tile, ...]:
    """Return the counts; an edition, which does not count what may be another's, has none of unread rows."""
    levels = tuple(_tile(words, audit, level) for level in Level)
    if audit.edition and not audit.unread:
        return levels
    unread = (sentences.unread_change(words, audit),)
    return (*levels, Tile("unread", words.gettext("Unread rows"), audit.unread, unread, "#unread"))


def _tile(words: Words, audit: Audit, level: Level) -> Tile:
    counts = sentences.counts_of(audit, level)
    refused = audit.verdict is Verdict.NOT_AUDITED
    return Tile(
        mark=level.value,
        name=terms.level_names(words, level),
        count=counts.found,
        changes=sentences.level_changes(words, audit, level),
        href=filtered(level=level.value) if counts.found else filtered(),
        exposure=exposure_texts(words, exposure(item for item in audit.findings if item.level is level)),
        waived="" if refused else waived(words, counts.waived),
        overdue=_overdue(words, audit, level),
        suspect="" if refused else counted_apart(words, counts.suspect),
    )


def _overdue(words: Words, audit: Audit, level: Level) -> str:
    late = sum(1 for item in overdue(audit) if item.level is level)
    return words.ngettext("%(n)s promise is overdue", "%(n)s promises are overdue", late) if late else ""
