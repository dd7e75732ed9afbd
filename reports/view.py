"""From an Audit to what the page needs: every choice and every count, and no markup."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from reports import charts, matrix, sentences, since
from reports.accepted import Accepted, accepted
from reports.address import FINDINGS
from reports.exposure import exposure, exposure_texts
from reports.order import by_pressure, is_at_rest, is_counted
from reports.overnight import Overnight, overnight
from reports.promises import Promise, overdue, promises, unread_decisions
from reports.rows import Nearest, Row, nearest, row
from reports.rulenews import rule_news
from reports.stakes import Stakes, stakes
from reports.suspect import suspects
from reports.tiles import Tile, tiles
from reports.waived import MOST as MOST_NOTES
from reports.waived import WaiverNote, no_longer_waived, waiver_notes
from schemas.finding import Verdict

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from reports.wording import Words
    from schemas.finding import Audit, Finding, RuleResult
    from schemas.reading import Input, UnreadRow

FIRST = 7
MOST_ROWS = 100
MOST_UNREAD = 5
MOST_INPUTS = 24


@dataclass(frozen=True)
class RuleGroups:
    """The rules by what they came to tonight; `partly` and `clear` are those without a finding."""

    finding: tuple[RuleResult, ...]
    unjudged: tuple[RuleResult, ...]
    partly: tuple[RuleResult, ...]
    clear: tuple[RuleResult, ...]


@dataclass(frozen=True)
class Aside:
    """A short text of the first screen that leads to a section further down."""

    text: str
    href: str


@dataclass(frozen=True)
class Page:
    """Everything the report's templates show; `current` counts tonight's findings without those that are waived.

    `changes` and `exposures` say by rule id what changed and what the findings cost. `inputs` are the first of the
    night's, those with unread rows before the others where not all fit. `suspects` is said before anything else.
    `first` are findings that are counted, `rows` the first of tonight's; all findings are in what the script reads.
    """

    audit: Audit
    suspects: tuple[str, ...]
    tone: sentences.Tone
    claim: str
    change: str
    backfill: str
    recovery: str
    rule_news: tuple[str, ...]
    completeness: sentences.Completeness
    nearest: Nearest | None
    asides: tuple[Aside, ...]
    tiles: tuple[Tile, ...]
    overnight: Overnight | None
    first: tuple[Row, ...]
    bars: charts.Bars | None
    lines: charts.Lines | None
    stakes: Stakes | None
    promises: tuple[Promise, ...]
    promises_total: int
    matrix: matrix.MatrixTable
    rules: RuleGroups
    changes: Mapping[str, tuple[str, ...]]
    exposures: Mapping[str, tuple[str, ...]]
    rows: tuple[Row, ...]
    current: int
    accepted: Accepted
    waiver_notes: tuple[WaiverNote, ...]
    waiver_notes_total: int
    inputs: tuple[Input, ...]
    unread_rows: tuple[UnreadRow, ...]

    @property
    def refused(self) -> bool:
        """Whether the night was not audited, so that no count means anything."""
        return self.audit.verdict is Verdict.NOT_AUDITED

    @property
    def shows_matrix(self) -> bool:
        """Whether the page has the matrix; an edition without one leaves the section out, as it does with inputs."""
        return bool(self.matrix.rows) or not self.audit.edition

    @property
    def shows_inputs(self) -> bool:
        """Whether the page says what was read."""
        return bool(self.inputs) or not self.audit.edition

    @property
    def shows_unread(self) -> bool:
        """Whether the page says what could not be read; an edition does not count what may be another's."""
        return not self.audit.edition or self.audit.unread > 0

    @property
    def inputs_left(self) -> int:
        """How many inputs have no line on the page."""
        return len(self.audit.inputs) - len(self.inputs)

    @property
    def targets(self) -> tuple[str, ...]:
        """The ids that links with filters lead to where no script reads them, each once."""
        hrefs = (
            *(tile.href for tile in self.tiles),
            *(cell.href for row in self.matrix.rows for cell in row.cells),
            *(promise.href for promise in self.promises),
            *(row.href for row in self.accepted.rows),
        )
        return tuple(dict.fromkeys(href[1:] for href in hrefs if href.startswith(f"{FINDINGS}?")))

    @property
    def why(self) -> str:
        """The id of the place that says why rules were not judged, or only in part; empty where all were judged."""
        partly = sentences.partly_judged(self.audit)
        if self.rules.unjudged:
            return "not-judged"
        if self.rules.partly:
            return "partly-judged"
        return f"rule-{partly[0].rule.id}" if partly else ""


def page(words: Words, audit: Audit) -> Page:
    """Choose, order and count what the page shows of an audit."""
    findings = by_pressure(audit.findings)
    current = [item for item in findings if not is_at_rest(item)]
    suspect_ids = {item.rule.id for item in audit.suspects}
    counted = [item for item in findings if is_counted(item)]
    notes = waiver_notes(words, audit)
    late = len(overdue(audit))
    by_rule = _by_rule(findings)
    return Page(
        audit=audit,
        suspects=suspects(words, audit),
        tone=sentences.tone(audit),
        claim=sentences.claim(words, audit),
        change=since.change(words, audit),
        backfill=since.backfill(words, audit),
        recovery=since.recovery(words, audit),
        rule_news=(*rule_news(words, audit), *no_longer_waived(words, audit), *unread_decisions(words, audit)),
        completeness=sentences.completeness(words, audit),
        nearest=nearest(words, audit),
        asides=_asides(words, len(notes)),
        tiles=tiles(words, audit),
        overnight=overnight(words, audit),
        first=tuple(row(words, audit, item) for item in counted[:FIRST]),
        bars=charts.bars(audit.weeks),
        lines=charts.lines(words, audit.nights),
        stakes=stakes(words, findings),
        promises=promises(words, audit),
        promises_total=late,
        matrix=matrix.matrix_table(
            words,
            [replace(cell, suspect=cell.rule_id in suspect_ids) for cell in audit.matrix],
            frozenset(item.rule.id for item in audit.rules),
            matrix.waived_places(findings),
            matrix.found_places(findings),
        ),
        rules=rule_groups(audit.rules),
        changes={
            result.rule.id: sentences.rule_changes(words, audit, result, by_rule[result.rule.id])
            for result in audit.rules
        },
        exposures={result.rule.id: _exposure(words, by_rule[result.rule.id]) for result in audit.rules},
        rows=tuple(row(words, audit, item) for item in current[:MOST_ROWS]),
        current=len(current),
        accepted=accepted(words, findings),
        waiver_notes=notes[:MOST_NOTES],
        waiver_notes_total=len(notes),
        inputs=_inputs(audit.inputs),
        unread_rows=audit.unread_rows[:MOST_UNREAD],
    )


def _by_rule(findings: Iterable[Finding]) -> Mapping[str, list[Finding]]:
    by_rule: defaultdict[str, list[Finding]] = defaultdict(list)
    for item in findings:
        by_rule[item.rule.id].append(item)
    return by_rule


def _asides(words: Words, waivers: int) -> tuple[Aside, ...]:
    text = words.ngettext("%(n)s waiver to look at", "%(n)s waivers to look at", waivers) if waivers else ""
    return (Aside(text, "#waivers"),) if text else ()


def _inputs(inputs: Sequence[Input]) -> tuple[Input, ...]:
    if len(inputs) <= MOST_INPUTS:
        return tuple(inputs)
    return tuple(sorted(inputs, key=lambda item: item.unread == 0)[:MOST_INPUTS])


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
