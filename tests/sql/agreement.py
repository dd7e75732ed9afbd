"""Lets the SQL judge a fleet, and says in a few lines where it differs from the oracle."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from itertools import groupby
from operator import itemgetter
from typing import TYPE_CHECKING

from schemas.finding import Judgement
from tests.sql.case_tables import as_text
from tests.sql.oracle import judge as judge_by_hand
from tests.sql.world import found, judge, world

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from pipeline.rulefile import RuleFile
    from tests.sql.oracle import Fleet

# Differences of one rule that are worth printing; the others are counted.
SHOWN = 4
# A rule and a subject, and what is said of it.
Lines = frozenset[tuple[str, str, str]]
Facts = dict[tuple[str, str], dict[str, str]]


@dataclass(frozen=True)
class Answers:
    """What one side says: findings (rule, subject, due date), their facts, and what it cannot judge (with the code).

    A run keeps subjects that are not judged by their hash alone, so both sides do.
    """

    findings: Lines
    facts: Facts
    not_judged: Lines
    names: Mapping[str, str]


def answers_of_the_oracle(fleet: Fleet) -> Answers:
    said = judge_by_hand(fleet)
    return Answers(
        frozenset((one.rule, one.subject, as_text(one.due_on)) for one in said.findings),
        {(one.rule, one.subject): dict(one.facts) for one in said.findings},
        frozenset((one.rule, identity(one.rule, one.subject), str(one.code)) for one in said.not_judged),
        {identity(one.rule, one.subject): one.subject for one in said.findings | said.not_judged},
    )


def identity(rule: str, subject: str) -> str:
    """Hash a subject as the run does."""
    return f"F-{hashlib.sha256(chr(31).join([rule, *subject.split('|')]).encode()).hexdigest()[:12]}"


def answers_of_the_sql(fleet: Fleet, files: Sequence[RuleFile]) -> Answers:
    keys = {file.rule.id: file.rule.key for file in files}
    with world(fleet.as_of, fleet.tables, vetting_is_stated=fleet.vetting_is_stated) as connection:
        results = judge(connection, files)
        assert {result.reason for result in results} == {""}
        rows = found(connection)
        gaps = connection.execute("select rule_id, finding_id, code from core.not_judged").fetchall()
    for result in results:
        assert result.found == sum(row["rule_id"] == result.rule.id for row in rows)
        assert sum(result.gaps.values()) == sum(rule == result.rule.id for rule, _, _ in gaps)
        assert result.judgement is (Judgement.PARTLY if result.gaps else Judgement.JUDGED)
    said = {subject_of(keys, row): {name: as_text(value) for name, value in row.items()} for row in rows}
    return Answers(
        frozenset((rule, subject, facts["due_on"]) for (rule, subject), facts in said.items()),
        said,
        frozenset(gaps),
        {identity(rule, subject): subject for rule, subject in said},
    )


def subject_of(keys: Mapping[str, Sequence[str]], row: Mapping[str, object]) -> tuple[str, str]:
    rule = str(row["rule_id"])
    return rule, "|".join(as_text(row[name]) for name in keys[rule])


def differences(fleet: Fleet, oracle: Answers, sql: Answers) -> str:
    """Say in a few lines what only one side says, and which facts differ; empty where the two agree."""
    names = {**oracle.names, **sql.names}
    lines = [
        (rule, f"{names.get(subject, subject)}: only the {side} says {said!r}")
        for side, one, other in (("oracle", oracle, sql), ("SQL", sql, oracle))
        for rule, subject, said in (one.findings - other.findings) | (one.not_judged - other.not_judged)
    ]
    lines += [
        (rule, f"{subject}: the oracle says {name} = {value!r}, the SQL {sql.facts[rule, subject].get(name)!r}")
        for (rule, subject), facts in oracle.facts.items()
        for name, value in facts.items()
        if (rule, subject) in sql.facts and sql.facts[rule, subject].get(name) != value
    ]
    text = []
    for rule, group in groupby(sorted(lines), key=itemgetter(0)):
        said = [line for _, line in group]
        text += [f"{rule} {line}" for line in said[:SHOWN]]
        text += [f"{rule}: {len(said) - SHOWN} lines more"] if len(said) > SHOWN else []
    return "\n".join([f"as of {fleet.as_of}", *text]) if text else ""
