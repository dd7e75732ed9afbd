"""The sentences at the top of the page, which the mail says too: verdict, completeness, what changed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import TYPE_CHECKING

from schemas.finding import Counts, Level, State, Verdict

if TYPE_CHECKING:
    from reports.wording import Words
    from schemas.finding import Audit, RuleResult

NOTHING = Counts(found=0, new=0, closed=0)
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
    """Whether there were rows and rules at all, every row was read and every rule judged all its subjects."""
    judged = bool(audit.rules) and all(result.is_complete for result in audit.rules)
    return judged and rows_of(audit) > 0 and audit.unread == 0


def rows_of(audit: Audit) -> int:
    """Return the data rows of all inputs."""
    return sum(item.rows for item in audit.inputs)


def tone(audit: Audit) -> Tone:
    """Return the look of the verdict; nothing but a complete audit without a violation is good news."""
    if counts_of(audit, Level.VIOLATION).found:
        return Tone.VIOLATION
    good = audit.verdict is not Verdict.NOT_AUDITED and is_complete(audit)
    return Tone.OK if good else Tone.WARN


def claim(words: Words, audit: Audit) -> str:
    """Return the verdict in one sentence."""
    violations = counts_of(audit, Level.VIOLATION).found
    if audit.verdict is Verdict.NOT_AUDITED:
        return words.gettext("Not audited: the exports could not be trusted.")
    if violations and violations == _waived(audit, Level.VIOLATION):
        return words.ngettext(
            "The one violation of the segment rules is waived.",
            "All %(n)s violations of the segment rules are waived.",
            violations,
        )
    if violations and _are_sales(audit):
        return words.ngettext(
            "%(n)s sale breaks the segment rules.", "%(n)s sales break the segment rules.", violations
        )
    if violations:
        return words.ngettext(
            "%(n)s violation of the segment rules.", "%(n)s violations of the segment rules.", violations
        )
    if is_complete(audit):
        return words.gettext("No sale breaks the segment rules.")
    return words.gettext("No violation found, but not everything was checked.")


def _waived(audit: Audit, level: Level) -> int:
    """Return how many of a level's findings are waived; they are among those found."""
    return sum(1 for item in audit.findings if item.level is level and item.state is State.WAIVED)


def _are_sales(audit: Audit) -> bool:
    """Whether each violation is about a subscription of its own (a validation, say, is not a sale)."""
    subjects = [
        finding.subscription_id
        for finding in audit.findings
        if finding.level is Level.VIOLATION and finding.state is not State.CLOSED
    ]
    return None not in subjects and len(set(subjects)) == len(subjects)


def change(words: Words, audit: Audit) -> str:
    """Return what changed among the violations since the last good run."""
    if audit.verdict is Verdict.NOT_AUDITED:
        return words.gettext("Nothing on this page may be read as clean.")
    if audit.compared_with is None:
        return words.gettext("This is the first audit.")
    counts = counts_of(audit, Level.VIOLATION)
    if audit.as_of - audit.compared_with == timedelta(days=1):
        return _since_last_night(words, counts)
    return _since_day(words, counts, words.near_day(audit.compared_with, audit.as_of))


def _since_last_night(words: Words, counts: Counts) -> str:
    if counts.new:
        return words.ngettext("%(n)s is new since last night.", "%(n)s are new since last night.", counts.new)
    if counts.closed:
        return words.ngettext(
            "%(n)s was closed since last night.", "%(n)s were closed since last night.", counts.closed
        )
    if counts.found:
        return words.gettext("None is new since last night.")
    return words.gettext("None last night either.")


def _since_day(words: Words, counts: Counts, day: str) -> str:
    if counts.new:
        return words.ngettext("%(n)s is new since %(day)s.", "%(n)s are new since %(day)s.", counts.new, day=day)
    if counts.closed:
        return words.ngettext(
            "%(n)s was closed since %(day)s.", "%(n)s were closed since %(day)s.", counts.closed, day=day
        )
    if counts.found:
        return words.gettext("None is new since %(day)s.", day=day)
    return words.gettext("None on %(day)s either.", day=day)


def completeness(words: Words, audit: Audit) -> Completeness:
    """Return what was seen of the rows and the rules; what was not seen, or in part only, gets a sentence each."""
    rows, unread = rows_of(audit), audit.unread
    if is_complete(audit):
        sentence = words.ngettext(
            "The one row was audited and every rule was judged.",
            "All %(n)s rows were audited and every rule was judged.",
            rows,
        )
        return Completeness(complete=True, sentences=(sentence,))
    missing, partly = not_judged(audit), partly_judged(audit)
    sentences = [
        words.gettext("No row was audited.") if not rows else "",
        _unread(words, rows, unread) if unread else "",
        words.gettext("No rule was run.") if not audit.rules else "",
        _unjudged(words, audit, missing) if missing else "",
        _partly(words, audit, partly) if partly else "",
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
    """Return what to know beside a level's count, one short text each: new, closed, waived, not or partly judged."""
    if audit.verdict is Verdict.NOT_AUDITED:
        return (words.gettext("not audited"),)
    counts = counts_of(audit, level)
    waived = _waived(audit, level)
    unjudged = sum(1 for item in not_judged(audit) if item.rule.level is level)
    partly = sum(1 for item in partly_judged(audit) if item.rule.level is level)
    asides = (
        words.ngettext("%(n)s of them waived", "%(n)s of them waived", waived) if waived else "",
        words.ngettext("%(n)s rule not judged", "%(n)s rules not judged", unjudged) if unjudged else "",
        words.ngettext("%(n)s rule partly judged", "%(n)s rules partly judged", partly) if partly else "",
    )
    aside = tuple(filter(None, asides))
    if audit.compared_with is None:
        return (words.gettext("first audit"), *aside)
    return _changes(words, counts.new, counts.closed) + aside


def rule_changes(words: Words, audit: Audit, result: RuleResult) -> tuple[str, ...]:
    """Return what changed in a rule's findings, one short text each; nothing on the first night."""
    return _changes(words, result.new, result.closed) if audit.compared_with else ()


def _changes(words: Words, new: int, closed: int) -> tuple[str, ...]:
    texts = (
        words.ngettext("%(n)s new", "%(n)s new", new) if new else "",
        words.ngettext("%(n)s closed", "%(n)s closed", closed) if closed else "",
    )
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
