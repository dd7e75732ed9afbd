"""Judges by the rules that a supposition reaches; what the others found, and these give way to, the night says."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipeline.desk.supposing.counted import find_countable, judge_known, spell_out
from pipeline.gaps import closing_rules
from pipeline.precedence import give_way
from pipeline.rules import judge_rules
from schemas.finding import Judgement, RuleResult
from schemas.reading import Input

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

    from pipeline.database import Connection
    from pipeline.desk.supposing.policies import Reach
    from pipeline.rulefile import RuleFile
    from schemas.finding import Rule


# Findings of a rule from which on it is much quicker to count them.
MANY = 50_000


def judge(connection: Connection, reach: Reach, shown: int | None = None) -> list[RuleResult]:
    """Judge by the rules of a reach in the database in use, which has their views; leave what is found in `core.found`.

    Sharper rules that are not reached found what they found on the night. They only matter where there is a finding
    that could give way to theirs, and are only judged where the night has not kept all that they found.
    Where no more than so many findings are `shown`, others that would appear may only be in the table `counted`.
    """
    inputs = _inputs(connection)
    supplied = {item.table: frozenset[str]() for item in inputs if item.file}
    for item in inputs:
        if item.file:
            supplied[item.table] |= frozenset(item.columns)
    reached = [file for file in reach.judged if file.rule.id in reach.rules]
    results, many = _judge_few(connection, reached, supplied, None if shown is None else MANY)
    counted = find_countable(many)
    results += judge_rules(connection, [file for file in many if file is not counted], supplied)
    results += _judge_sharper(connection, reach, results, counted, supplied)
    if counted:
        results.append(judge_known(connection, counted, supplied))
    (as_of,) = connection.execute("select as_of from core.run").fetchall()[0]
    left = give_way(connection, results, closing_rules(connection, as_of, results, inputs))
    if counted and shown is not None:
        spell_out(connection, counted, shown, [file.rule for file in reached], supplied)
    return left


def _judge_few(
    connection: Connection, files: Sequence[RuleFile], supplied: Mapping[str, Collection[str]], most: int | None
) -> tuple[list[RuleResult], list[RuleFile]]:
    """Judge the rules that report no more than `most`; return what they came to, and the rules that report more."""
    results = judge_rules(connection, files, supplied, most)
    many = [most is not None and result.found > most for result in results]
    few = [result for result, is_many in zip(results, many, strict=True) if not is_many]
    return few, [file for file, is_many in zip(files, many, strict=True) if is_many]


def _judge_sharper(
    connection: Connection,
    reach: Reach,
    results: Iterable[RuleResult],
    counted: RuleFile | None,
    supplied: Mapping[str, Collection[str]],
) -> list[RuleResult]:
    """Judge the rules that are not reached, as far as a finding may give way to theirs."""
    givers = [result.rule for result in results if result.found] + ([counted.rule] if counted else [])
    sharper = {name for rule in givers for name in rule.gives_way_to} - reach.rules
    unreached = [file for file in reach.judged if file.rule.id in sharper]
    kept = [file.rule for file in unreached if _is_kept(file.rule, givers, reach.judged)]
    others = [file for file in unreached if file.rule not in kept]
    return _found_on_the_night(connection, kept) + judge_rules(connection, others, supplied)


def _is_kept(sharper: Rule, givers: Iterable[Rule], judged: Sequence[RuleFile]) -> bool:
    """Whether what the night has of a rule is all that others give way to: what gave way itself, it has no more.

    Nothing is missed where these give way to the same rules on the same subjects.
    """
    if not sharper.gives_way_to:
        return True
    concerned = [rule for rule in givers if sharper.id in rule.gives_way_to]
    keys = {file.rule.key for file in judged if file.rule.id in {sharper.id, *sharper.gives_way_to}}
    return all(set(sharper.gives_way_to) <= set(rule.gives_way_to) and keys == {rule.key} for rule in concerned)


def _found_on_the_night(connection: Connection, rules: Iterable[Rule]) -> list[RuleResult]:
    """Copy what rules found, and could not judge, on the night; return what they came to."""
    by_id = {rule.id: rule for rule in rules}
    for table in ("found", "not_judged"):
        connection.execute(
            f"insert into core.{table} select * from night.core.{table} where list_contains($rules, rule_id)",
            {"rules": list(by_id)},
        )
    rows = connection.execute(
        """
        select rule_id, judgement, reason, found from night.audit.rule_results
        where as_of = (select as_of from core.run) and list_contains($rules, rule_id)
        """,
        {"rules": list(by_id)},
    ).fetchall()
    return [
        RuleResult(by_id[rule_id], Judgement(judgement), reason, found) for rule_id, judgement, reason, found in rows
    ]


def _inputs(connection: Connection) -> list[Input]:
    """Return what the night read, as far as the rules ask for it."""
    rows = connection.execute("""
        select table_name, file, unread, columns from audit.inputs where as_of = (select as_of from core.run)
    """).fetchall()
    return [Input(table, file, unread=unread, columns=tuple(columns)) for table, file, unread, columns in rows]
