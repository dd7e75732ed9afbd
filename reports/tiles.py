"""The four counts of the first screen."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from reports import sentences, terms
from reports.exposure import exposure, exposure_texts
from reports.waived import waived
from schemas.finding import Level, Verdict

if TYPE_CHECKING:
    from collections.abc import Collection

    from reports.wording import Words
    from schemas.finding import Audit


@dataclass(frozen=True)
class Tile:
    """One of the four counts: what it counts, how that changed, where it leads, what it costs a month, what is waived.

    What is waived is in neither the count nor the costs.
    """

    mark: str
    name: str
    count: int
    changes: tuple[str, ...]
    href: str
    exposure: tuple[str, ...] = ()
    waived: str = ""


def tiles(words: Words, audit: Audit, listed: Collection[Level]) -> tuple[Tile, ...]:
    """Return the counts; one of a level that is not `listed` leads to the findings as a whole."""
    unread = (sentences.unread_change(words, audit),)
    name = words.gettext("Unread rows")
    levels = (_tile(words, audit, level, listed) for level in Level)
    return (*levels, Tile("unread", name, audit.unread, unread, "#unread"))


def _tile(words: Words, audit: Audit, level: Level, listed: Collection[Level]) -> Tile:
    counts = sentences.counts_of(audit, level)
    refused = audit.verdict is Verdict.NOT_AUDITED
    return Tile(
        mark=level.value,
        name=terms.level_names(words, level),
        count=counts.found,
        changes=sentences.level_changes(words, audit, level),
        href=f"#level-{level.value}" if level in listed else "#findings",
        exposure=exposure_texts(words, exposure(item for item in audit.findings if item.level is level)),
        waived="" if refused else waived(words, counts.waived),
    )
