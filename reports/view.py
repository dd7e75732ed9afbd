"""From an Audit to what the page needs: every choice and every count, and no markup."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from reports import charts, matrix, sentences, terms
from reports.exposure import exposure, exposure_texts
from reports.order import by_pressure, is_at_rest
from reports.rows import Nearest, Row, nearest, row
from schemas.finding import Level, Verdict

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from reports.wording import Words
    from schemas.finding import Audit, Finding, RuleResult, UnreadRow

FIRST = 7
MOST_ROWS = 500
MOST_UNREAD = 20


@dataclass(frozen=True)
class Tile:
    """One of the four counts: what it counts, how that changed, where it leads, and what it costs a month."""

    mark: str
    name: str
    count: int
    changes: tuple[str, ...]
    href: str
    exposure: tuple[str, ...] = ()


@dataclass(frozen=True)
class Group:
    """The listed findings of one level."""

    level: Level
    rows: tuple[Row, ...]


@dataclass(frozen=True)
class RuleGroups:
    """The rules by what they came to tonight; `partly` and `clear` are those without a finding."""

    finding: tuple[RuleResult, ...]
    unjudged: tuple[RuleResult, ...]
    partly: tuple[RuleResult, ...]
    clear: tuple[RuleResult, ...]


@dataclass(frozen=True)
class Page:
    """Everything the report's templates show; `exposures` is what the findings of each rule cost, by its id."""

    audit: Audit
    tone: sentences.Tone
    claim: str
    change: str
    completeness: sentences.Completeness
    nearest: Nearest | None
    tiles: tuple[Tile, ...]
    first: tuple[Row, ...]
    bars: charts.Bars | None
    lines: charts.Lines | None
    matrix: matrix.MatrixTable
    rules: RuleGroups
    exposures: Mapping[str, tuple[str, ...]]
    groups: tuple[Group, ...]
    current: int
    closed: tuple[Row, ...]
    closed_total: int
    unread_rows: tuple[UnreadRow, ...]

    @property
    def refused(self) -> bool:
        """Whether the night was not audited, so that no count means anything."""
        return self.audit.verdict is Verdict.NOT_AUDITED

    @property
    def why(self) -> str:
        """The id of the place that says why rules were not judged, or only in part; empty where all were judged."""
        partly = sentences.partly_judged(self.audit)
        if self.rules.unjudged:
            return "not-judged"
        if self.rules.partly:
            return "partly-judged"
        return f"rule-{partly[0].rule.id}" if partly else ""

    @property
    def listed(self) -> int:
        """How many of tonight's findings have a row on the page."""
        return sum(len(group.rows) for group in self.groups)


def page(words: Words, audit: Audit) -> Page:
    """Choose, order and count what the page shows of an audit."""
    findings = by_pressure(audit.findings)
    current = [item for item in findings if item.state.is_current]
    closed = [item for item in findings if not item.state.is_current]
    groups = _groups(words, audit, current[:MOST_ROWS])
    return Page(
        audit=audit,
        tone=sentences.tone(audit),
        claim=sentences.claim(words, audit),
        change=sentences.change(words, audit),
        completeness=sentences.completeness(words, audit),
        nearest=nearest(words, audit),
        tiles=_tiles(words, audit, groups),
        first=tuple(row(words, audit, item) for item in current if not is_at_rest(item))[:FIRST],
        bars=charts.bars(audit.weeks),
        lines=charts.lines(words, audit.nights),
        matrix=matrix.matrix_table(words, audit.matrix, frozenset(item.rule.id for item in audit.rules)),
        rules=rule_groups(audit.rules),
        exposures={
            result.rule.id: _exposure(words, [item for item in current if item.rule.id == result.rule.id])
            for result in audit.rules
        },
        groups=groups,
        current=len(current),
        closed=tuple(row(words, audit, item) for item in closed[:MOST_ROWS]),
        closed_total=len(closed),
        unread_rows=audit.unread_rows[:MOST_UNREAD],
    )


def rule_groups(results: Sequence[RuleResult]) -> RuleGroups:
    """Part the rules: those with findings by level and number, those not judged, those that found nothing."""
    by_id = sorted(results, key=lambda item: item.rule.id)
    judged = [item for item in by_id if item.is_judged]
    finding = [item for item in judged if item.found or item.closed]
    return RuleGroups(
        finding=tuple(sorted(finding, key=lambda item: (item.rule.level.rank, -item.found))),
        unjudged=tuple(item for item in by_id if not item.is_judged),
        partly=tuple(item for item in judged if item not in finding and not item.is_complete),
        clear=tuple(item for item in judged if item not in finding and item.is_complete),
    )


def _exposure(words: Words, findings: Sequence[Finding]) -> tuple[str, ...]:
    return exposure_texts(words, exposure(findings))


def _groups(words: Words, audit: Audit, findings: Sequence[Finding]) -> tuple[Group, ...]:
    groups = (
        Group(level, tuple(row(words, audit, item) for item in findings if item.level is level)) for level in Level
    )
    return tuple(group for group in groups if group.rows)


def _tiles(words: Words, audit: Audit, groups: Sequence[Group]) -> tuple[Tile, ...]:
    listed = {group.level for group in groups}
    levels = [
        Tile(
            mark=level.value,
            name=terms.level_names(words, level),
            count=sentences.counts_of(audit, level).found,
            changes=sentences.level_changes(words, audit, level),
            href=f"#level-{level.value}" if level in listed else "#findings",
            exposure=_exposure(words, [item for item in audit.findings if item.level is level]),
        )
        for level in Level
    ]
    unread = (sentences.unread_change(words, audit),)
    name = words.gettext("Unread rows")
    return (*levels, Tile("unread", name, audit.unread, unread, "#unread"))
