"""A warehouse in memory that lives through nights without exports: each says at once what its rules find."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

from pipeline import lifecycle
from pipeline.database import connect_in_memory
from pipeline.exposure import create_exposure
from pipeline.load import create_absent
from pipeline.rulefile import read_rules
from pipeline.rules import create_views
from pipeline.warehouse import _LASTING, create_fixed_tables
from schemas.catalog import TABLES
from schemas.finding import Judgement, RuleResult

if TYPE_CHECKING:
    from collections.abc import Collection
    from datetime import date

RULE = read_rules()[0].rule


class Held(NamedTuple):
    """One row of the qualifications export."""

    customer_id: str
    qualification: str
    vetting_status: str | None = "Approved"


class Ledger:
    """Nights one after another; the same date again replaces the newest night, as a swap of files does."""

    def __init__(self) -> None:
        self.connection = connect_in_memory()
        create_fixed_tables(self.connection)
        for table in TABLES.values():
            create_absent(self.connection, table)
        create_views(self.connection)

    def forget(self) -> None:
        """Begin again with the first night ever."""
        for table in _LASTING:
            self.connection.execute(f"delete from {table}")

    def _begin(self, as_of: date) -> None:
        """Carry over what lasts, as a new warehouse takes it from the old one."""
        for table, rows in _LASTING.items():
            lasting = rows.replace("$as_of", f"date '{as_of}'").replace("old.", "")
            self.connection.execute(f"create temp table lasting as {lasting}")
            self.connection.execute(f"delete from {table}")
            self.connection.execute(f"insert into {table} select * from lasting")
            self.connection.execute("drop table lasting")
        for table in ("core.found", "core.qualifications", "core.unread_customers"):
            self.connection.execute(f"delete from {table}")
        self.connection.execute("drop table if exists core.states")

    def night(self, as_of: date, found: Collection[str], judged: Collection[str]) -> dict[str, tuple[str, date]]:
        """Live through a night; return each finding's state and first night. A finding is its rule and a number."""
        self._begin(as_of)
        for name in found:
            self.connection.execute(
                "insert into core.found values (?, ?, 'c1', null, null, null, null, '{}')", [name, name[0]]
            )
        judgements = {rule: Judgement.JUDGED if rule in judged else Judgement.INPUT_MISSING for rule in "PQ"}
        results = [RuleResult(replace(RULE, id=rule), judgement) for rule, judgement in judgements.items()]
        closing = lifecycle.closing_rules(self.connection, as_of, results, [])
        lifecycle.create_gaps(self.connection)
        create_exposure(self.connection)
        lifecycle.record_findings(self.connection, as_of, closing, [])
        lifecycle.create_states(self.connection, as_of)
        rows = self.connection.execute("select finding_id, state, first_seen from core.states").fetchall()
        states = {name: (state, first_seen) for name, state, first_seen in rows}
        assert len(states) == len(rows)
        return states

    def qualified(
        self, as_of: date, held: Collection[Held], unread: Collection[str] = ()
    ) -> set[tuple[Held, date, date | None]]:
        """Live through a night of qualifications; return the spans. `unread` names customers with an unread row."""
        self._begin(as_of)
        for row in held:
            self.connection.execute(
                "insert into core.qualifications (customer_id, qualification, vetting_status) values (?, ?, ?)", row
            )
        for customer in unread:
            self.connection.execute("insert into core.unread_customers values ('qualifications', ?)", [customer])
        lifecycle.record_qualifications(self.connection, as_of)
        rows = self.connection.execute("select * from history.qualifications").fetchall()
        assert len(set(rows)) == len(rows)
        return {(Held(*row[:3]), *row[3:]) for row in rows}
