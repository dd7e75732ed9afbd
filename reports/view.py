"""From an Audit to what the page needs: every choice and every count, and no markup."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

from reports import charts, matrix, sentences, since
from reports.exposure import exposure, exposure_texts
from reports.order import by_pressure, is_at_rest
from reports.overnight import Overnight, overnight
from reports.promises import Promise, overdue, promises, unread_decisions
from reports.rows import Nearest, Row, nearest, row
from reports.rulenews import rule_news
from reports.tiles import Tile, tiles
from reports.waived import WaiverNote, no_longer_waived, waiver_notes
from schemas.finding import Level, State, Verdict

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from reports.wording import Words
    from schemas.finding import Audit, Finding, RuleResult
    from schemas.reading import UnreadRow

FIRST = 7
MOST_ROWS = 500
MOST_WAIVED = 100
MOST_UNREAD = 20


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
class AtRest:
    """The listed findings that are closed or waived, and how many there are."""

    rows: tuple[Row, ...]
    total: int


@dataclass(frozen=True)
class Aside:
    """A short text of the first screen that leads to a section further down."""

    text: str
    href: str


@dataclass(frozen=True)
class Page:
    """Everything the report's templates show; `current` counts tonight's findings without those that are waived.

    `changes` and `exposures` say by rule id what changed and what the findings cost.
    """

    audit: Audit
    tone: sentences.Tone
    claim: str
    change: str
    backfill: str
    rule_news: tuple[str, ...]
    completeness: sentences.Completeness
    nearest: Nearest | None
    asides: tuple[Aside, ...]
    tiles: tuple[Tile, ...]
    overnight: Overnight | None
    first: tuple[Row, ...]
    bars: charts.Bars | None
    lines: charts.Lines | None
    promises: tuple[Promise, ...]
    promises_total: int
    matrix: matrix.MatrixTable
    rules: RuleGroups
    changes: Mapping[str, tuple[str, ...]]
    exposures: Mapping[str, tuple[str, ...]]
    groups: tuple[Group, ...]
    current: int
    closed: AtRest
    waived: AtRest
    waiver_notes: tuple[WaiverNote, ...]
    waiver_notes_total: int
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
    current = [item for item in findings if not is_at_rest(item)]
    closed = _at_rest(words, audit, [item for item in findings if item.state is State.CLOSED], MOST_ROWS)
    waived = _at_rest(words, audit, [item for item in findings if item.state is State.WAIVED], MOST_WAIVED)
    groups = _groups(words, audit, current[:MOST_ROWS])
    notes = waiver_notes(words, audit)
    late = len(overdue(audit))
    listed = {item.finding.finding_id for group in groups for item in group.rows}
    by_rule = _by_rule(findings)
    return Page(
        audit=audit,
        tone=sentences.tone(audit),
        claim=sentences.claim(words, audit),
        change=since.change(words, audit),
        backfill=since.backfill(words, audit),
        rule_news=(*rule_news(words, audit), *no_longer_waived(words, audit), *unread_decisions(words, audit)),
        completeness=sentences.completeness(words, audit),
        nearest=nearest(words, audit),
        asides=_asides(words, late, len(notes)),
        tiles=tiles(words, audit, {group.level for group in groups}),
        overnight=overnight(words, audit),
        first=tuple(row(words, audit, item) for item in current[:FIRST]),
        bars=charts.bars(audit.weeks),
        lines=charts.lines(words, audit.nights),
        promises=promises(words, audit, listed | {item.finding.finding_id for item in waived.rows}),
        promises_total=late,
        matrix=matrix.matrix_table(
            words, audit.matrix, frozenset(item.rule.id for item in audit.rules), matrix.waived_places(findings)
        ),
        rules=rule_groups(audit.rules),
        changes={
            result.rule.id: sentences.rule_changes(words, audit, result, by_rule[result.rule.id])
            for result in audit.rules
        },
        exposures={result.rule.id: _exposure(words, by_rule[result.rule.id]) for result in audit.rules},
        groups=groups,
        current=len(current),
        closed=closed,
        waived=waived,
        waiver_notes=notes[:MOST_WAIVED],
        waiver_notes_total=len(notes),
        unread_rows=audit.unread_rows[:MOST_UNREAD],
    )


def _at_rest(words: Words, audit: Audit, findings: Sequence[Finding], most: int) -> AtRest:
    return AtRest(tuple(row(words, audit, item) for item in findings[:most]), len(findings))


def _by_rule(findings: Iterable[Finding]) -> Mapping[str, list[Finding]]:
    by_rule: defaultdict[str, list[Finding]] = defaultdict(list)
    for item in findings:
        by_rule[item.rule.id].append(item)
    return by_rule


def _asides(words: Words, promises_overdue: int, waivers: int) -> tuple[Aside, ...]:
    texts = (
        (
            words.ngettext("%(n)s promise is overdue", "%(n)s promises are overdue", promises_overdue)
            if promises_overdue else "",
            "#promises",
        ),
        (words.ngettext("%(n)s waiver to look at", "%(n)s waivers to look at", waivers) if waivers else "", "#waivers"),
    )  # fmt: skip
    return tuple(Aside(text, href) for text, href in texts if text)


def rule_groups(results: Sequence[RuleResult]) -> RuleGroups:
    """Part the rules: those with findings by level and number, those not judged, those that found nothing."""
    by_id = sorted(results, key=lambda item: item.rule.id)
    judged = [item for item in by_id if item.is_judged]
    finding = [item for item in judged if item.found or item.closed or item.waived]
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
