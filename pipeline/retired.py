"""Rules that are no longer there, but whose findings are: what the warehouse still knows of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from schemas.finding import Level, Rule

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pipeline.database import Connection


def with_retired(connection: Connection, rules: Mapping[str, Rule]) -> dict[str, Rule]:
    """Return the rules by id, and after them those that were judged on an earlier night and have no file today.

    Of these only the id, version, level and the night on which they were last there are known.
    """
    rows = connection.execute("""
        select rule_id, arg_max(rule_version, as_of), arg_max(level, as_of), max(as_of)
        from audit.rule_results group by rule_id order by rule_id
    """).fetchall()
    retired = {
        rule_id: Rule(
            id=rule_id,
            version=version,
            level=Level(level),
            title=f"{rule_id}, a rule that is retired",
            message=f"What was reported by {rule_id}, a rule that is retired",
            why="",
            steps=(),
            source="",
            needs=(),
            key=(),
            since=last_there,
        )
        for rule_id, version, level, last_there in rows
        if rule_id not in rules
    }
    return {**rules, **retired}
