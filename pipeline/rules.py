"""Runs the views and the rules, and keeps what they find."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import sql
from pipeline.database import DatabaseError, MachineError, definition, identifier, literal
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
_IDS = {"customer_id", "subscription_id"}
# Columns of a rule that name its subject and evidence; all others are facts.
_SUBJECT = ("customer_id", "subscription_id", "due_on")
_EVIDENCE = ("evidence_table", "evidence_line")
# Why a row is no finding: its subject could not be judged, for one of the reasons that the rule's header explains.
_NOT_JUDGED = "not_judged"


class RuleShapeError(ValueError):
    """A rule's SELECT lacks a column that every rule has, or that its key names."""


def create_views(connection: Connection, given: Collection[str] = (), *, in_memory: bool = False) -> None:
    """Create what the rules share, but for what is `given`; each view uses only those before it."""
    if "offers" not in given:
        fold_offers(connection)
    for name, select in read_views().items():
        if name in given:
            continue
        if select.startswith(_STORED) and in_memory:
            connection.execute(f"create table core.{name} as {select}")
        elif select.startswith(_STORED):
            _store(connection, f"core.{name}", select)
        else:
            connection.execute(f"create view core.{name} as {select}")
    connection.execute("""
        create table core.found (
            finding_id varchar, rule_id varchar, customer_id varchar, subscription_id varchar, due_on date,
            evidence_table varchar, evidence_line bigint, facts varchar
        )
    """)
    connection.execute("create table core.not_judged (finding_id varchar, rule_id varchar, code varchar)")


def read_views() -> dict[str, str]:
    """Return the SELECT of each view by its name, in the order in which they are created."""
    return {path.stem: path.read_text(encoding="utf-8") for path in sorted(VIEWS_FOLDER.glob("*.sql"))}


def _store(connection: Connection, table: str, select: str) -> None:
    columns = connection.execute(f"describe {select}").fetchall()
    defined = ", ".join(definition(name, kind, is_id=name in _IDS) for name, kind, *_ in columns)
    connection.execute(f"create table {table} ({defined})")
    connection.execute(f"insert into {table} {select}")


def judge_rules(
    connection: Connection,
    files: Iterable[RuleFile],
    supplied: Mapping[str, Collection[str]],
    most: int | None = None,
) -> list[RuleResult]:
    """Judge every rule whose needs are met, and fill `core.found` and `core.not_judged`.

    `supplied` gives the columns of each table that was supplied. A rule that fails is not judged, with the
    database's words as its reason, and the others go on. Of a rule with more rows than `most` nothing is kept, and
    its result says that it found one more.
    """
    return [_judge(connection, file, supplied, most) for file in files]


def _judge(
    connection: Connection, file: RuleFile, supplied: Mapping[str, Collection[str]], most: int | None
) -> RuleResult:
    reason = missing_needs(file.rule, supplied)
    if reason:
        return RuleResult(file.rule, Judgement.INPUT_MISSING, reason)
    try:
        rows, columns = _run(connection, file, most)
        if most is not None and rows > most:
            return RuleResult(file.rule, Judgement.JUDGED, found=rows)
        gaps = _keep_not_judged(connection, file.rule, columns) if rows else {}
        found = _keep_found(connection, file.rule, columns) if rows else 0
    except MachineError:
        # not the rule's fault, which reaches no file: the next one, or the next night, would fail too
        raise
    except (DatabaseError, RuleShapeError) as error:
        return RuleResult(file.rule, Judgement.ERROR, str(error))
    return RuleResult(file.rule, Judgement.PARTLY if gaps else Judgement.JUDGED, found=found, gaps=gaps)


def missing_needs(rule: Rule, supplied: Mapping[str, Collection[str]]) -> str:
    """Say which input a rule lacks; empty where it has all that it needs."""
    for need in rule.needs:
        table, _, column = need.partition(".")
        if table not in supplied:
            return f"{table} was not supplied"
        if column and column not in supplied[table]:
            return f"{table} was supplied without the column {column}"
    return ""


def _run(connection: Connection, file: RuleFile, most: int | None) -> tuple[int, list[str]]:
    """Run one rule's SELECT into `rule_rows`; return how many rows it has, up to one more than `most`; its columns."""
    select = file.select if most is None else f"select * from ({file.select}\n) limit {most + 1}"
    ((rows,),) = connection.execute(f"create or replace temp table rule_rows as {select}").fetchall()
    columns = [row[0] for row in connection.execute("describe rule_rows").fetchall()]
    lacking = [name for name in (*_SUBJECT, *file.rule.key) if name not in columns]
    if lacking:
        message = f"the SELECT has no column {', '.join(lacking)}"
        raise RuleShapeError(message)
    return rows, columns


def _keep_not_judged(connection: Connection, rule: Rule, columns: Collection[str]) -> dict[str, int]:
    """Keep the subjects that could not be judged; return how many there are for each reason."""
    if _NOT_JUDGED not in columns:
        return {}
    connection.execute(f"""
        insert into core.not_judged
        select {finding_id(rule)}, {literal(rule.id)}, min({_NOT_JUDGED}) from rule_rows
        where {_NOT_JUDGED} is not null group by all
    """)
    rows = connection.execute(
        "select code, count(*) from core.not_judged where rule_id = ? group by code order by code", [rule.id]
    ).fetchall()
    unexplained = [code for code, _ in rows if code not in rule.not_judged]
    if unexplained:
        message = f"the header does not explain why a subject is not judged: {', '.join(unexplained)}"
        raise RuleShapeError(message)
    return dict(rows)


def _keep_found(connection: Connection, rule: Rule, columns: Collection[str]) -> int:
    """Keep the findings, one row for each identity; return how many these are."""
    facts = [name for name in columns if name not in {*_SUBJECT, *_EVIDENCE, _NOT_JUDGED}]
    pairs = ", ".join(f"{literal(name)}, {identifier(name)}" for name in facts)
    evidence = ", ".join(name if name in columns else f"null as {name}" for name in _EVIDENCE)
    judged = f"where {_NOT_JUDGED} is null" if _NOT_JUDGED in columns else ""
    # Looking for repeated keys first is an eighth of the cost of ranking rows, which hardly ever are.
    keys = ", ".join(identifier(name) for name in rule.key)
    repeated = connection.execute(
        f"select {keys} from rule_rows {judged} group by {keys} having count(*) > 1 limit 1"
    ).fetchall()
    first = "row_number() over (partition by finding_id order by due_on, facts, evidence_line) = 1"
    row = connection.execute(f"""
        insert into core.found
        with identified as (
            select
                {finding_id(rule)} as finding_id, {literal(rule.id)} as rule_id,
                customer_id, subscription_id, due_on, {evidence}, json_object({pairs})::varchar as facts
            from rule_rows {judged}
        )
        select * from identified {f"qualify {first}" if repeated else ""}
    """).fetchone()
    return int(row[0]) if row else 0


def finding_id(rule: Rule) -> str:
    """Compile a finding's identity: a hash of the rule's id and its key values, and of nothing else."""
    parts = ", ".join([literal(rule.id), *(f"coalesce({identifier(name)}::varchar, '')" for name in rule.key)])
    return f"concat('F-', left(sha256(concat_ws(chr(31), {parts})), 12))"
