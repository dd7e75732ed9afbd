"""Runs the views and the rules, and keeps what they find."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import sql
from pipeline.database import DatabaseError, identifier, literal
from pipeline.offers import fold_offers
from schemas.finding import Judgement, RuleResult

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

    from pipeline.database import Connection
    from pipeline.rulefile import RuleFile
    from schemas.finding import Rule

VIEWS_FOLDER = Path(sql.__file__).parent / "views"
# The first line of a view that so many rules read that it is worth keeping.
_STORED = "-- stored\n"
# Columns of a rule that name its subject and evidence; all others are facts.
_SUBJECT = ("customer_id", "subscription_id", "due_on")
_EVIDENCE = ("evidence_table", "evidence_line")


class RuleShapeError(ValueError):
    """A rule's SELECT lacks a column that every rule has, or that its key names."""


def create_views(connection: Connection) -> None:
    """Create what the rules share, in the order of the files' names: each uses only those before it."""
    fold_offers(connection)
    for path in sorted(VIEWS_FOLDER.glob("*.sql")):
        select = path.read_text(encoding="utf-8")
        kind = "table" if select.startswith(_STORED) else "view"
        connection.execute(f"create {kind} core.{path.stem} as {select}")
    connection.execute("""
        create table core.found (
            finding_id varchar, rule_id varchar, customer_id varchar, subscription_id varchar, due_on date,
            evidence_table varchar, evidence_line bigint, facts varchar
        )
    """)


def judge_rules(
    connection: Connection, files: Iterable[RuleFile], supplied: Mapping[str, Collection[str]]
) -> list[RuleResult]:
    """Judge every rule whose needs are met, and fill `core.found`.

    `supplied` gives the columns of each table that was supplied. A rule that fails is not judged, with the
    database's words as its reason, and the others go on.
    """
    return [_judge(connection, file, supplied) for file in files]


def _judge(connection: Connection, file: RuleFile, supplied: Mapping[str, Collection[str]]) -> RuleResult:
    reason = missing_needs(file.rule, supplied)
    if reason:
        return RuleResult(file.rule, Judgement.INPUT_MISSING, reason)
    try:
        return RuleResult(file.rule, Judgement.JUDGED, found=keep_found(connection, file))
    except (DatabaseError, RuleShapeError) as error:
        return RuleResult(file.rule, Judgement.ERROR, str(error))


def missing_needs(rule: Rule, supplied: Mapping[str, Collection[str]]) -> str:
    """Say which input a rule lacks; empty where it has all that it needs."""
    for need in rule.needs:
        table, _, column = need.partition(".")
        if table not in supplied:
            return f"{table} was not supplied"
        if column and column not in supplied[table]:
            return f"{table} was supplied without the column {column}"
    return ""


def keep_found(connection: Connection, file: RuleFile) -> int:
    """Run one rule's SELECT into `core.found`, one row for each identity; return how many these are."""
    connection.execute("drop table if exists rule_rows")
    connection.execute(f"create temp table rule_rows as {file.select}")
    columns = [row[0] for row in connection.execute("describe rule_rows").fetchall()]
    lacking = [name for name in (*_SUBJECT, *file.rule.key) if name not in columns]
    if lacking:
        message = f"the SELECT has no column {', '.join(lacking)}"
        raise RuleShapeError(message)
    facts = [name for name in columns if name not in {*_SUBJECT, *_EVIDENCE}]
    pairs = ", ".join(f"{literal(name)}, {identifier(name)}" for name in facts)
    evidence = ", ".join(name if name in columns else f"null as {name}" for name in _EVIDENCE)
    row = connection.execute(f"""
        insert into core.found
        with identified as (
            select
                {finding_id(file.rule)} as finding_id, {literal(file.rule.id)} as rule_id,
                customer_id, subscription_id, due_on, {evidence}, json_object({pairs})::varchar as facts
            from rule_rows
        )
        select * from identified
        qualify row_number() over (partition by finding_id order by due_on, facts, evidence_line) = 1
    """).fetchone()
    return int(row[0]) if row else 0


def finding_id(rule: Rule) -> str:
    """Compile a finding's identity: a hash of the rule's id and its key values, and of nothing else."""
    parts = ", ".join([literal(rule.id), *(f"coalesce({identifier(name)}::varchar, '')" for name in rule.key)])
    return f"concat('F-', left(sha256(concat_ws(chr(31), {parts})), 12))"
