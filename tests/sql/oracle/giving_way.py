"""One sale, one finding: what each rule gives way to, applied when all rules have been judged."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from tests.sql.oracle.outcome import Outcome

GIVES_WAY_TO = {
    "SEG01": ("SEG05", "GCC05", "GCC02", "NPO03", "NPO04"),
    "SEG02": ("SEG05", "GCC05", "GCC02", "NPO03"),
    "SEG04": ("SEG01", "SEG02", "SEG05", "GCC02", "GCC05", "NPO03"),
    "SEG06": ("SEG01", "SEG02", "NPO03"),
    "GCC02": ("SEG05", "GCC05"),
    "GCC05": ("SEG05",),
    "GCC03": ("GCC04",),
    "PART02": ("PART01",),
    "QUAL02": ("GCC06",),
    "NPO03": ("SEG05",),
    "NPO04": ("SEG05", "NPO03"),
    "NPO05": ("SEG05", "NPO03", "NPO04"),
    "LEG01": ("SEG01", "SEG02", "SEG04", "SEG05", "GCC02", "GCC05", "NPO03", "NPO05"),
}


def give_way(found: Collection[Outcome]) -> set[Outcome]:
    """Drop each finding that a sharper rule had too, be it that one gives way itself."""
    by_rule: dict[str, list[Outcome]] = defaultdict(list)
    for outcome in found:
        by_rule[outcome.rule].append(outcome)
    dropped = {
        outcome
        for rule, sharper_rules in GIVES_WAY_TO.items()
        for sharper in sharper_rules
        for outcome in of_the_same_subject(by_rule[rule], by_rule[sharper])
    }
    return set(found) - dropped


def of_the_same_subject(outcomes: list[Outcome], sharper: list[Outcome]) -> Iterator[Outcome]:
    """Yield those whose subject a sharper outcome has: the same in every column that both keys have."""
    if not outcomes or not sharper:
        return
    columns = [name for name, _ in outcomes[0].key if name in dict(sharper[0].key)]
    taken = {tuple(dict(one.key)[name] for name in columns) for one in sharper}
    yield from (one for one in outcomes if tuple(dict(one.key)[name] for name in columns) in taken)
