"""The sentences at the top of the page, which the mail says too: verdict, completeness, what changed."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from reports.order import is_counted
from reports.rulenews import closed_by_rules, moved_by_rule
from reports.waived import waived
from reports.wording import marked
from schemas.finding import Counts, Level, Verdict

if TYPE_CHECKING:
    from collections.abc import Iterable

    from reports.wording import Words
    from schemas.finding import Audit, Finding, RuleResult

NOTHING = Counts(found=0, new=0, closed=0)
# Why rules of an edition were judged in part: how many rows there are would speak of others.
TORN = marked("Rows that could not be read may be about these customers.")
# Rules that are named in the completeness line; the others are a number.
_NAMED_RULES = 4


class Tone(StrEnum):
    """How a verdict looks."""

    VIOLATION = "violation"
    OK = "ok"
    WARN = "warn"


@dataclass(frozen=True)
class Completeness:
    """Whether every row and every rule was seen, and the sentences that say so."""

    complete: bool
    sentences: tuple[str, ...]


def counts_of(audit: Audit, level: Level) -> Counts:
    """Return the counts of a level; a level that the audit does not mention has none."""
    return audit.counts.get(level, NOTHING)


def not_judged(audit: Audit) -> tuple[RuleResult, ...]:
    """Return the rules that could not be judged, in the audit's order."""
    return tuple(result for result in audit.rules if not result.is_judged)


def partly_judged(audit: Audit) -> tuple[RuleResult, ...]:
    """Return the rules that could not judge some of their subjects, in the audit's order."""
    return tuple(result for result in audit.rules if result.is_judged and not result.is_complete)


def is_complete(audit: Audit) -> bool:
    """Whether there were rows and rules at all, every row was read and every rule judged all its subjects.

    An edition of an older night does not know its rows any more.
    """
    judged = bool(audit.rules) and all(result.is_complete for result in audit.rules)
    return judged and (rows_of(audit) > 0 or bool(audit.edition)) and audit.unread == 0


def rows_of(audit: Audit) -> int:
    """Return the data rows of all inputs."""
    return sum(item.rows for item in audit.inputs)


def tone(audit: Audit) -> Tone:
    """Return the look of the verdict; nothing but a complete audit without a violation is good news, waived or not.

    Nor is one in which a rule is suspect.
    """
    violations = counts_of(audit, Level.VIOLATION)
    if violations.found:
        return Tone.VIOLATION
    if audit.suspects:
        return Tone.WARN
    good = audit.verdict is not Verdict.NOT_AUDITED and is_complete(audit) and not violations.waived
    return Tone.OK if good else Tone.WARN


def claim(words: Words, audit: Audit) -> str:
    """Return the verdict in one sentence."""
    if audit.verdict is Verdict.NOT_AUDITED:
        return words.gettext("Not audited: the exports could not be trusted.")
    counts = counts_of(audit, Level.VIOLATION)
    if counts.found:
        return _broken(words, audit, counts.found)
    if audit.suspects:
        return _beside_suspects(words, audit)
    if counts.waived:
        return _all_waived(words, audit, counts.waived)
    if is_complete(audit):
        return words.gettext("No sale breaks the segment rules.")
    return words.gettext("No violation found, but not everything was checked.")


def _broken(words: Words, audit: Audit, violations: int) -> str:
    if _are_sales(audit):
        return words.ngettext(
            "%(n)s sale breaks the segment rules.", "%(n)s sales break the segment rules.", violations
        )
    return words.ngettext("%(n)s violation of the segment rules.", "%(n)s violations of the segment rules.", violations)


def _beside_suspects(words: Words, audit: Audit) -> str:
    if is_complete(audit):
        return words.gettext("Apart from what is suspect, no violation is open.")
    return words.gettext("Apart from what is suspect, no violation is open, but not everything was checked.")


def _all_waived(words: Words, audit: Audit, violations: int) -> str:
    if is_complete(audit):
        return words.ngettext(
            "The one violation of the segment rules is waived.",
            "All %(n)s violations of the segment rules are waived.",
            violations,
        )
    return words.ngettext(
        "The one violation found is waived, but not everything was checked.",
        "All %(n)s violations found are waived, but not everything was checked.",
        violations,
    )


def _are_sales(audit: Audit) -> bool:
    """Whether each violation is about a subscription of its own (a validation, say, is not a sale)."""
    subjects = [
        finding.subscription_id
        for finding in audit.findings
        if finding.level is Level.VIOLATION and is_counted(finding)
    ]
    return None not in subjects and len(set(subjects)) == len(subjects)


def completeness(words: Words, audit: Audit) -> Completeness:
    """Return what was seen of the rows and the rules; what was not seen, or in part only, gets a sentence each."""
    rows, unread = rows_of(audit), audit.unread
    if is_complete(audit) and not rows:
        return Completeness(complete=True, sentences=(words.gettext("Every rule was judged."),))
    if is_complete(audit):
        sentence = words.ngettext(
            "The one row was audited and every rule was judged.",
            "All %(n)s rows were audited and every rule was judged.",
            rows,
        )
        return Completeness(complete=True, sentences=(sentence,))
    missing, partly = not_judged(audit), partly_judged(audit)
    sentences = [
        words.gettext("No row was audited.") if not rows and not audit.edition else "",
        _unread(words, rows, unread) if unread else "",
        words.gettext("No rule was run.") if not audit.rules else "",
        _unjudged(words, audit, missing) if missing else "",
        _partly(words, audit, partly) if partly else "",
        words.gettext(TORN) if any(result.reason == TORN for result in partly) else "",
    ]
    return Completeness(complete=False, sentences=tuple(filter(None, sentences)))


def _unread(words: Words, rows: int, unread: int) -> str:
    return words.ngettext(
        "%(audited)s of %(rows)s rows were audited; %(n)s could not be read.",
        "%(audited)s of %(rows)s rows were audited; %(n)s could not be read.",
        unread,
        audited=words.number(rows - unread),
        rows=words.number(rows),
    )


def _unjudged(words: Words, audit: Audit, missing: tuple[RuleResult, ...]) -> str:
    ids = ", ".join(result.rule.id for result in missing[:_NAMED_RULES])
    total = words.number(len(audit.rules))
    if len(missing) > _NAMED_RULES:
        return words.ngettext(
            "%(n)s of %(total)s rules could not be judged, among them %(ids)s.",
            "%(n)s of %(total)s rules could not be judged, among them %(ids)s.",
            len(missing), total=total, ids=ids,
        )  # fmt: skip
    return words.ngettext(
        "%(n)s of %(total)s rules could not be judged: %(ids)s.",
        "%(n)s of %(total)s rules could not be judged: %(ids)s.",
        len(missing), total=total, ids=ids,
    )  # fmt: skip


def _partly(words: Words, audit: Audit, partly: tuple[RuleResult, ...]) -> str:
    ids = ", ".join(result.rule.id for result in partly[:_NAMED_RULES])
    total = words.number(len(audit.rules))
    if len(partly) > _NAMED_RULES:
        return words.ngettext(
            "%(n)s of %(total)s rules could be judged only in part, among them %(ids)s.",
            "%(n)s of %(total)s rules could be judged only in part, among them %(ids)s.",
            len(partly), total=total, ids=ids,
        )  # fmt: skip
    return words.ngettext(
        "%(n)s of %(total)s rules could be judged only in part: %(ids)s.",
        "%(n)s of %(total)s rules could be judged only in part: %(ids)s.",
        len(partly), total=total, ids=ids,
    )  # fmt: skip


def gaps(words: Words, result: RuleResult) -> tuple[str, ...]:
    """Return how many subjects a rule could not judge, and why, one text for each reason."""
    return tuple(
        words.ngettext(
            "%(n)s not judged: %(reason)s",
            "%(n)s not judged: %(reason)s",
            number,
            reason=words.gettext(result.rule.not_judged.get(code, code)),
        )
        for code, number in result.gaps.items()
    )


def level_changes(words: Words, audit: Audit, level: Level) -> tuple[str, ...]:
    """Return what to know beside a level's count, one short text each: new, closed, not or partly judged."""
    if audit.verdict is Verdict.NOT_AUDITED:
        return (words.gettext("not audited"),)
    counts = counts_of(audit, level)
    unjudged = sum(1 for item in not_judged(audit) if item.rule.level is level)
    partly = sum(1 for item in partly_judged(audit) if item.rule.level is level)
    asides = (
        words.ngettext("%(n)s rule not judged", "%(n)s rules not judged", unjudged) if unjudged else "",
        words.ngettext("%(n)s rule partly judged", "%(n)s rules partly judged", partly) if partly else "",
    )
    aside = tuple(filter(None, asides))
    if audit.compared_with is None:
        return (words.gettext("first audit"), *aside)
    return _changes(words, counts, closed_by_rules(audit, level)) + aside


def rule_changes(words: Words, audit: Audit, result: RuleResult, findings: Iterable[Finding] = ()) -> tuple[str, ...]:
    """Return what changed in a rule's findings and how many are waived, one short text each.

    `findings` are the rule's: which of them came or went with the rule itself. On the first night nothing changed.
    """
    came, went = moved_by_rule(findings)
    counts = Counts(result.found, result.new, result.closed, by_rule=came)
    changes = _changes(words, counts, went) if audit.compared_with else ()
    suspect = words.gettext("suspect, counted apart") if result.suspicion else ""
    return tuple(filter(None, (suspect, *changes, waived(words, result.waived))))


def _changes(words: Words, counts: Counts, closed_with_rule: int = 0) -> tuple[str, ...]:
    new, by_rule, closed = counts.new, counts.by_rule, counts.closed - closed_with_rule
    texts = (
        words.ngettext("%(n)s new", "%(n)s new", new) if new else "",
        words.ngettext("%(n)s by a new rule", "%(n)s by a new rule", by_rule) if by_rule else "",
        words.ngettext("%(n)s closed", "%(n)s closed", closed) if closed else "",
        words.ngettext("%(n)s closed by a change of rules", "%(n)s closed by a change of rules", closed_with_rule)
        if closed_with_rule else "",
    )  # fmt: skip
    return tuple(filter(None, texts)) or (words.gettext("no change"),)


def unread_change(words: Words, audit: Audit) -> str:
    """Return how the number of unread rows changed."""
    if audit.verdict is Verdict.NOT_AUDITED:
        return words.gettext("not audited")
    if audit.compared_with is None:
        return words.gettext("first audit")
    more = audit.unread - audit.unread_before
    if more > 0:
        return words.ngettext("%(n)s more", "%(n)s more", more)
    if more < 0:
        return words.ngettext("%(n)s fewer", "%(n)s fewer", -more)
    return words.gettext("no change")
