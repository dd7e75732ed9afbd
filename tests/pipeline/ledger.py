"""A warehouse in memory that lives through nights without exports: each says at once what its rules find."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from pipeline import gaps, lifecycle, record
from pipeline.backfill import keep_night
from pipeline.config import Config
from pipeline.database import connect_in_memory
from pipeline.exposure import create_exposure
from pipeline.history import record_qualifications
from pipeline.load import create_absent
from pipeline.nights import STATE_COLUMNS, NightRef, create_states_of, nights
from pipeline.order import Order
from pipeline.rulefile import read_rules
from pipeline.rules import create_views
from pipeline.warehouse import LASTING, create_fixed_tables
from schemas.catalog import TABLES
from schemas.finding import Judgement, RuleResult
from schemas.waiver import WaiverStatus
from tests.pipeline.replay import Night, Outcome, Shown, customer_of, subscription_of

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator
    from datetime import date

RULE = read_rules()[0].rule
STARTED_AT = datetime(2026, 11, 20, 3, tzinfo=UTC)
Row = dict[str, object]
# What a night's own tables hold, and the next one does not see.
_CORE = ("run", "found", "not_judged", "qualifications", "unread_customers", "unread_subscriptions")


class Held(NamedTuple):
    """One row of the qualifications export."""

    customer_id: str
    qualification: str
    vetting_status: str | None = "Approved"


class Ledger:
    """Nights in any order: each is built in the database `night`, and then taken over into `warehouse`.

    As in a state directory the newest night replaces the warehouse, and an older one is put beside what it holds.
    """

    def __init__(self) -> None:
        self.connection = connect_in_memory(threads=1)
        for database in ("warehouse", "night"):
            self.connection.execute(f"attach ':memory:' as {database}")
            self.connection.execute(f"use {database}")
            create_fixed_tables(self.connection)
        for table in TABLES.values():
            create_absent(self.connection, table)
        create_views(self.connection)

    def forget(self) -> None:
        """Begin again with the first night ever."""
        for table in (*LASTING, "core.run"):
            self.connection.execute(f"delete from warehouse.{table}")

    @property
    def newest(self) -> date | None:
        """The newest night that was audited in its turn."""
        rows = self.connection.execute("select max(as_of) from warehouse.audit.runs").fetchall()
        return rows[0][0] if rows else None

    def live(self, night: Night) -> Outcome:
        """Audit a night, whichever its date; return what it came to."""
        newest = self.newest
        self.begin(night)
        results = [_result(night, rule) for rule in night.rules]
        closing = gaps.closing_rules(self.connection, night.as_of, results, [])
        gaps.create_gaps(self.connection)
        create_exposure(self.connection)
        lifecycle.record_findings(self.connection, night.as_of, results, closing)
        lifecycle.record_contents(self.connection, night.as_of, [])
        uses = lifecycle.record_waivers(self.connection, night.as_of, night.waivers)
        lifecycle.create_states(self.connection, night.as_of)
        record.record_results(self.connection, night.as_of, results)
        order = Order(Path("exports"), night.as_of, STARTED_AT)
        record.record_run(self.connection, order, Config(), results, newest)
        self.take_over(night.as_of, newest)
        if newest is None or newest <= night.as_of:
            self.connection.execute("create or replace table warehouse.core.states as select * from night.core.states")
        columns = ", ".join(Shown._fields)
        rows = self.connection.execute(f"select finding_id, {columns} from core.states").fetchall()
        shown = {name: Shown(*row) for name, *row in rows}
        assert len(shown) == len(rows)
        told = [(use.waiver.reason, use.status, use.findings) for use in uses]
        return Outcome(shown, told, self._counts(), self._exit_code())

    def nights(self) -> list[NightRef]:
        """Return the nights that the warehouse knows, the newest first."""
        with self._in_warehouse():
            return nights(self.connection)

    def told(self) -> dict[date, dict[str, Row]]:
        """Return every night as the warehouse shows it now: each finding by its id, but for where its row stands."""
        columns = [name for name in STATE_COLUMNS if name != "source"]
        told = {}
        with self._in_warehouse():
            for night in nights(self.connection):
                create_states_of(self.connection, night, "states_of_night")
                rows = self.connection.execute(f"select {', '.join(columns)} from states_of_night").fetchall()
                told[night.as_of] = {row[0]: dict(zip(columns, row, strict=True)) for row in rows}
                assert len(told[night.as_of]) == len(rows)
        return told

    def kept_waivers(self, as_of: date) -> list[tuple[str, WaiverStatus, int]]:
        """Return what is kept of the waivers of one night."""
        schema = next(night.schema for night in self.nights() if night.as_of == as_of)
        rows = self.connection.execute(
            f"select reason, status, findings from warehouse.{schema}.waivers where as_of = ? order by rowid", [as_of]
        ).fetchall()
        return [(reason, WaiverStatus(status), findings) for reason, status, findings in rows]

    def qualified(
        self, as_of: date, held: Collection[Held], unread: Collection[str] = ()
    ) -> set[tuple[Held, date, date | None]]:
        """Live through a night of qualifications; return the spans. `unread` names customers with an unread row."""
        self.begin(Night(as_of, {}))
        for row in held:
            self.connection.execute(
                "insert into core.qualifications (customer_id, qualification, vetting_status) values (?, ?, ?)", row
            )
        for customer in unread:
            self.connection.execute("insert into core.unread_customers values ('qualifications', ?)", [customer])
        record_qualifications(self.connection, as_of)
        self.take_over(as_of, None)
        rows = self.connection.execute("select * from history.qualifications").fetchall()
        assert len(set(rows)) == len(rows)
        return {(Held(*row[:3]), *row[3:]) for row in rows}

    def begin(self, night: Night) -> None:
        """Carry over what lasts, as a new warehouse takes it from the old one, and fill in what the night finds."""
        for table, rows in LASTING.items():
            self.connection.execute(f"delete from {table}")
            lasting = rows.replace("$as_of", f"date '{night.as_of}'").replace("old.", "warehouse.")
            self.connection.execute(f"insert into {table} {lasting}")
        for table in _CORE:
            self.connection.execute(f"delete from core.{table}")
        self.connection.execute("drop table if exists core.states")
        self.connection.execute("insert into core.run values (?, true)", [night.as_of])
        for name, due_on in night.found.items():
            self.connection.execute(
                "insert into core.found values (?, ?, ?, ?, ?, null, null, '{}')",
                [name, name[0], customer_of(name), subscription_of(name), due_on],
            )
        for name in night.unread:
            self.connection.execute("insert into core.unread_subscriptions values (?)", [subscription_of(name)])
        for name in night.unclear:
            self.connection.execute("insert into core.not_judged values (?, ?, 'unclear')", [name, name[0]])

    def take_over(self, as_of: date, newest: date | None) -> None:
        if newest and newest > as_of:
            with self._in_warehouse():
                keep_night(self.connection, as_of)
            return
        for table in (*LASTING, "core.run"):
            self.connection.execute(f"delete from warehouse.{table}")
            self.connection.execute(f"insert into warehouse.{table} select * from night.{table}")

    @contextmanager
    def _in_warehouse(self) -> Iterator[None]:
        self.connection.execute("use warehouse")
        try:
            yield
        finally:
            self.connection.execute("use night")

    def _exit_code(self) -> int:
        rows = self.connection.execute(
            "select exit_code from audit.runs where as_of = (select as_of from core.run)"
        ).fetchall()
        return int(rows[0][0])

    def _counts(self) -> dict[str, tuple[int, int]]:
        rows = self.connection.execute(
            "select rule_id, found, waived from audit.rule_results where as_of = (select as_of from core.run)"
        ).fetchall()
        return {rule: (found, waived) for rule, found, waived in rows}


def _result(night: Night, rule: str) -> RuleResult:
    unclear = any(name[0] == rule for name in night.unclear)
    judged = Judgement.PARTLY if unclear else Judgement.JUDGED
    judgement = judged if rule in night.judged else Judgement.INPUT_MISSING
    return RuleResult(replace(RULE, id=rule, version=night.rules[rule]), judgement)
