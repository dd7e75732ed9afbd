"""What the rules themselves have changed: findings that came or went because a rule is new, changed or retired."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from reports.wording import marked
from schemas.finding import Level, State

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from reports.wording import Words
    from schemas.finding import Audit, Finding

CHANGED = "the rule has changed"
RETIRED = "the rule is retired"
# Rules that are named; the others are a number.
NAMED = 4
_CAUSES: Mapping[str, str] = {
    CHANGED: marked("Closed because the rule has changed; that does not say that anything was mended."),
    RETIRED: marked("Closed because the rule is retired; that does not say that anything was mended."),
}


def rule_news(words: Words, audit: Audit) -> tuple[str, ...]:
    """Return a sentence for each rule whose findings came or went because of the rule itself; of the first few rules.

    Nothing on the first night and on one that was not audited: `audit` has no such findings then.
    """
    rules = {item.rule.id: item.rule for item in audit.findings}
    came = Counter(item.rule.id for item in audit.findings if item.state is State.NEW_RULE)
    went = Counter((item.rule.id, item.cause) for item in audit.findings if _is_by_rule(item))
    concerned = sorted({*came, *(rule_id for rule_id, _ in went)})
    sentences: list[str] = []
    for rule_id in concerned[:NAMED]:
        if came[rule_id]:
            sentences.append(_came(words, rule_id, rules[rule_id].version, came[rule_id]))
        sentences.extend(_went(words, rule_id, cause, n) for (of, cause), n in sorted(went.items()) if of == rule_id)
    return (*sentences, *_others(words, len(concerned) - NAMED))


def moved_by_rule(findings: Iterable[Finding]) -> tuple[int, int]:
    """Return how many findings came, and how many were closed, because of their rules."""
    came = went = 0
    for item in findings:
        came += item.state is State.NEW_RULE
        went += _is_by_rule(item)
    return came, went


def closed_by_rules(audit: Audit, level: Level) -> int:
    """Return how many findings of a level are gone only because their rule has changed or is retired."""
    return moved_by_rule(item for item in audit.findings if item.level is level and not item.suspect)[1]


def cause(words: Words, finding: Finding) -> str:
    """Return why a closed finding is gone, where that is not the exports' doing."""
    return words.gettext(_CAUSES.get(finding.cause, finding.cause)) if finding.cause else ""


def _is_by_rule(finding: Finding) -> bool:
    return finding.state is State.CLOSED and bool(finding.cause)


def _came(words: Words, rule_id: str, version: int, found: int) -> str:
    if version == 1:
        return words.ngettext(
            "%(rule)s is new: %(n)s finding by it is not news.",
            "%(rule)s is new: %(n)s findings by it are not news.",
            found, rule=rule_id,
        )  # fmt: skip
    return words.ngettext(
        "%(rule)s has changed: %(n)s more finding by it is not news.",
        "%(rule)s has changed: %(n)s more findings by it are not news.",
        found, rule=rule_id,
    )  # fmt: skip


def _went(words: Words, rule_id: str, why: str, closed: int) -> str:
    if why == RETIRED:
        return words.ngettext(
            "%(rule)s is retired: %(n)s finding was closed for that reason.",
            "%(rule)s is retired: %(n)s findings were closed for that reason.",
            closed, rule=rule_id,
        )  # fmt: skip
    return words.ngettext(
        "%(rule)s has changed: %(n)s finding was closed for that reason.",
        "%(rule)s has changed: %(n)s findings were closed for that reason.",
        closed, rule=rule_id,
    )  # fmt: skip


def _others(words: Words, rules: int) -> tuple[str, ...]:
    if rules <= 0:
        return ()
    return (
        words.ngettext("%(n)s more rule is new or has changed.", "%(n)s more rules are new or have changed.", rules),
    )
