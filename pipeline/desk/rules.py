"""The rules as answers: their list, one of them in full, and the rule that somebody means."""

from __future__ import annotations

from difflib import SequenceMatcher
from typing import TYPE_CHECKING

from pipeline.desk.answer import Answer, Section, as_text
from pipeline.errors import UsageError
from pipeline.ruledocs import case_line

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from pipeline.desk.answer import Cell
    from pipeline.rulefile import RuleFile
    from schemas.finding import Rule

# Below it, two ids have too little in common for one to be a slip of the other.
_LIKENESS = 0.6
_COLUMNS = ("id", "level", "title", "version", "since", "needs", "gives_way_to", "source")


def find_rule(rules: Collection[str], asked: str) -> str:
    """Return the id of a rule. Raises UsageError, with the ids that are like it, where there is none."""
    name = asked.strip().upper()
    if name in rules:
        return name
    message = f"there is no rule {as_text(asked)}.{_suggestion(name, rules)} csp-audit rules lists them all."
    raise UsageError(message)


def _suggestion(wrong: str, ids: Collection[str]) -> str:
    """Name the ids that are most like a wrong one, if any is like it at all."""
    likeness = {name: SequenceMatcher(None, wrong, name).ratio() for name in ids}
    best = max(likeness.values())
    near = ", ".join(name for name, ratio in likeness.items() if ratio == best >= _LIKENESS)
    return f" Did you mean {near}?" if near else ""


def rules_answer(files: Iterable[RuleFile], *, drawn: bool) -> Answer:
    """List every rule; a drawn answer has the columns that a table shows."""
    columns = _COLUMNS[:3] if drawn else _COLUMNS
    rows = tuple(
        (
            rule.id, rule.level.value, rule.title, rule.version, rule.since, ", ".join(rule.needs),
            ", ".join(rule.gives_way_to), rule.source,
        )[: len(columns)]
        for rule in (file.rule for file in files)
    )  # fmt: skip
    return Answer((f"{len(rows)} rules.",), (Section("rules", "Rules", columns, rows),), {"rules_count": len(rows)})


def rule_answer(file: RuleFile) -> Answer:
    """Return one rule in full."""
    rule = file.rule
    gaps = tuple(rule.not_judged.items())
    cases = tuple((case_line(case), case.as_of) for case in file.cases)
    facts = _rule_facts(rule)
    return Answer(
        (f"{rule.id}: {rule.title}.", rule.why),
        (
            Section("about", "What it is", ("name", "value"), tuple(facts.items())),
            Section("steps", "What to do", ("number", "step"), tuple(enumerate(rule.steps, start=1))),
            Section("not_judged", "May not be judged, subject by subject", ("code", "reason"), gaps),
            Section("cases", "Cases", ("case", "as_of"), cases),
        ),
        facts,
    )


def _rule_facts(rule: Rule) -> dict[str, Cell]:
    lists = {"needs": rule.needs, "uses": rule.uses, "key": rule.key, "gives_way_to": rule.gives_way_to}
    return {
        "rule": rule.id,
        "level": rule.level.value,
        "title": rule.title,
        "version": rule.version,
        "since": rule.since,
        "message": rule.message,
        "why": rule.why,
        "source": rule.source,
        **{name: ", ".join(items) for name, items in lists.items()},
    }
