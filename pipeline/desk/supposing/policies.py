"""Judges the whole night again under policy of another date: by the rules that such policy can reach, and no others.

What a policy table says reaches a rule through the names in its SELECT and in those of the views. Everything else is
read where the night keeps it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pipeline.database import identifier
from pipeline.desk.supposing.changes import suppose_policy
from pipeline.desk.supposing.judging import judge
from pipeline.desk.supposing.supposing import create_database
from pipeline.rules import create_views, read_views
from pipeline.warehouse import POLICIES

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence
    from datetime import date

    from pipeline.database import Connection
    from pipeline.desk.supposing.changes import Supposition
    from pipeline.rulefile import RuleFile
    from schemas.finding import RuleResult

_NAME, _COMMENT = re.compile(r"\b(?:core|ref)\.\w+"), re.compile(r"--.*")
# What a judging leaves, and what is folded before the views.
_FOUND = {"found", "not_judged"}
_FOLDED = {"offers", "titles"}
_IN_FORCE = "valid_from <= {day} and (valid_to is null or valid_to >= {day})"
# Rows of a policy table that are in force on one of the two dates and not on the other.
_DIFFERENCE = """
    with tonight as (
        select * exclude (valid_from, valid_to, source) from night.ref.{table} where {on_night}
    ),
    supposed as (
        select * exclude (valid_from, valid_to, source) from night.ref.{table} where {on_day}
    )
    (select * from tonight except select * from supposed)
    union all
    (select * from supposed except select * from tonight)
"""


@dataclass(frozen=True)
class Reach:
    """What a supposition can change: views, and rules; these are judged with the sharper ones that they give way to."""

    views: frozenset[str]
    rules: frozenset[str]
    judged: tuple[RuleFile, ...]


def changed_policies(connection: Connection, day: date) -> tuple[str, ...]:
    """Return the tables of policy data of which other rows are in force on a day than on the night."""
    return tuple(name for name in POLICIES if connection.execute(_difference(name), {"day": day}).fetchall())


def _difference(table: str) -> str:
    on_night = _IN_FORCE.format(day="(select as_of from night.core.run)")
    return _DIFFERENCE.format(table=table, on_night=on_night, on_day=_IN_FORCE.format(day="$day"))


def find_reach(tables: Collection[str], files: Sequence[RuleFile]) -> Reach:
    """Follow the names of tables (`ref.purchase_matrix`) through the views to the rules, and to who gives way."""
    changed = set(tables)
    for name, select in read_views().items():
        if changed & _names(select):
            changed.add(f"core.{name}")
    direct = {file.rule.id for file in files if changed & _names(file.select)}
    rules = direct | {file.rule.id for file in files if direct & set(file.rule.gives_way_to)}
    sharper = {name for file in files if file.rule.id in rules for name in file.rule.gives_way_to}
    views = frozenset(name.removeprefix("core.") for name in changed - set(tables))
    return Reach(views, frozenset(rules), tuple(file for file in files if file.rule.id in rules | sharper))


def _names(select: str) -> set[str]:
    return set(_NAME.findall(_COMMENT.sub("", select)))


def everything(files: Sequence[RuleFile]) -> Reach:
    """Return what has to be made anew where other rules or views judged the night."""
    return Reach(frozenset({*read_views(), *_FOLDED}), frozenset(file.rule.id for file in files), tuple(files))


def judge_night(
    connection: Connection,
    database: str,
    reach: Reach,
    supposition: Supposition | None = None,
    shown: int | None = None,
) -> list[RuleResult]:
    """Judge all customers by the rules of a reach; leave what is found in a database of that name.

    Of the supposition only its policies hold. `shown` is as in `judge`.
    """
    create_database(connection, database)
    given = _look_at_night(connection, reach.views | _FOUND)
    if supposition:
        for table in supposition.policies:
            suppose_policy(connection, table, supposition.policy_as_of)
    create_views(connection, given, in_memory=True)
    return judge(connection, reach, shown)


def _look_at_night(connection: Connection, made: Collection[str]) -> set[str]:
    """Let the tables of the night be read under their names, but for those that are `made` anew; return which."""
    rows = connection.execute(
        """
        select schema_name, table_name from duckdb_tables()
        where database_name = 'night' and schema_name in ('core', 'ref', 'audit', 'history')
            and not (schema_name = 'core' and list_contains($made, table_name))
        """,
        {"made": sorted(made)},
    ).fetchall()
    for schema, name in rows:
        connection.execute(f"create view {schema}.{identifier(name)} as select * from night.{schema}.{name}")
    return {name for schema, name in rows if schema == "core"}
