"""Writes down in the warehouse what a night read and came to, and what a refused one leaves."""

from __future__ import annotations

import json
from datetime import UTC
from typing import TYPE_CHECKING

from pipeline.errors import FOUND
from pipeline.order import exit_code
from pipeline.program import program_version, rule_set
from pipeline.survey import CHUNK, MARK_CHUNKS
from reports.view import MOST_UNREAD
from schemas.finding import Judgement, State, Verdict
from schemas.reading import Refusal

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable
    from datetime import date
    from pathlib import Path

    from pipeline.config import Config
    from pipeline.database import Connection
    from pipeline.errors import NotAuditedError
    from pipeline.export import Export
    from pipeline.order import Order
    from schemas.finding import Recovery, RuleResult
    from schemas.reading import Input


def refusal(order: Order, state: Path, last_good: date | None, error: NotAuditedError) -> Refusal:
    """Return the record of a night that was not audited."""
    return Refusal(
        run_id=order.run_id,
        as_of=order.as_of,
        started_at=order.started_at,
        exit_code=error.exit_code,
        version=program_version(),
        command=order.command(state),
        last_good=last_good,
        problems=error.problems,
        unread_rows=error.unread_rows,
    )


def record_run_row(connection: Connection, order: Order, exports: Iterable[Export]) -> None:
    """Fill `core.run`, from which the rules take their date."""
    stated = any("vetting_status" in e.header.present for e in exports if e.table.name == "qualifications")
    connection.execute("insert into core.run values (?, ?)", [order.as_of, stated])


def supplied_columns(exports: Iterable[Export]) -> dict[str, frozenset[str]]:
    """Return the columns of each table that was supplied; those of many files together."""
    columns: dict[str, frozenset[str]] = {}
    for export in exports:
        columns[export.table.name] = columns.get(export.table.name, frozenset()) | export.header.present
    return columns


def record_inputs(connection: Connection, as_of: date, inputs: Iterable[Input], exports: Iterable[Export]) -> None:
    """Keep what was read, for the report and for the next night's gate."""
    lines = {export.file: export.data_lines for export in exports}
    for item in inputs:
        moment = item.modified_at.astimezone(UTC).replace(tzinfo=None) if item.modified_at else None
        connection.execute(
            "insert into audit.inputs values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            [
                as_of, item.table, item.file, moment, item.bytes, item.sha256, item.encoding,
                lines.get(item.file or "", 0), item.rows,
                item.loaded, item.unread, item.duplicates, list(item.notes), list(item.columns),
            ],
        )  # fmt: skip


def record_marks(connection: Connection, exports: Iterable[Export]) -> None:
    """Keep by which lines a place in an export is found again."""
    for export in exports:
        connection.execute(
            "insert into core.line_marks "
            "select $file, unnest(range(1, len($marks) + 1)) * $step, unnest($marks::bigint[])",
            {"file": export.file, "marks": list(export.text.marks), "step": MARK_CHUNKS * CHUNK},
        )


def record_results(connection: Connection, as_of: date, results: Collection[RuleResult]) -> None:
    """Keep what each rule came to; one that was not judged counts the findings that it left open."""
    counts = connection.execute(
        "select rule_id, count(*) filter (state not in ('closed', 'waived')), count(*) filter (state = 'waived') "
        "from core.states group by rule_id"
    ).fetchall()
    by_rule = {rule_id: (found, waived) for rule_id, found, waived in counts}
    for result in results:
        found, waived = by_rule.get(result.rule.id, (0, 0))
        connection.execute(
            "insert into audit.rule_results values (?, ?, ?, ?, ?, ?, ?, ?, ?, null, null, null)",
            [
                as_of, result.rule.id, result.rule.version, result.rule.level, result.judgement, result.reason,
                found, json.dumps(dict(result.gaps)), waived,
            ],
        )  # fmt: skip


def record_run(
    connection: Connection, order: Order, config: Config, results: Collection[RuleResult], newest: date | None
) -> None:
    """Keep the run itself, with its verdict and exit code; its data are as old as the oldest required export.

    `newest` is the newest night that had been audited before.
    """
    levels = {result.rule.id: result.rule.level for result in results}
    rows = connection.execute("select rule_id, state from core.states").fetchall()
    states = [(levels[rule_id], State(name)) for rule_id, name in rows if rule_id in levels]
    (data_as_of, unread) = connection.execute(
        "select min(modified_at) filter (table_name in ('customers', 'subscriptions', 'qualifications')), sum(unread) "
        "from audit.inputs where as_of = ?",
        [order.as_of],
    ).fetchone() or (None, 0)
    is_complete = all(result.is_complete for result in results) and not unread
    failed = any(result.judgement is Judgement.ERROR for result in results)
    connection.execute(
        "insert into audit.runs values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, null, null)",
        [
            order.as_of, order.run_id, config.partner, order.started_at.astimezone(UTC).replace(tzinfo=None),
            data_as_of, _verdict([state for _, state in states], is_complete=is_complete),
            FOUND if failed else exit_code(order.fail_on, states), program_version(),
            rule_set(config.answer_times), order.engine, order.command(config.state), str(order.folder.absolute()),
            newest if newest and newest > order.as_of else None,
        ],
    )  # fmt: skip


def record_recovery(connection: Connection, as_of: date, recovery: Recovery | None) -> None:
    """Keep with the run what was done about a damaged warehouse, if anything."""
    if recovery:
        connection.execute(
            "update audit.runs set damaged_file = ?, restored_from = ? where as_of = ?",
            [recovery.damaged, recovery.restored_from, as_of],
        )


def record_page(connection: Connection, as_of: date) -> None:
    """Keep what the report shows beside the findings: the matrix of the night, and the first of its unread rows.

    quarantine.csv has all of these.
    """
    connection.execute(
        """
        insert into audit.matrix
        with sold as (
            select s.customer_type, o.segment, count(*) as sold
            from core.sale as s join core.offer_segment as o on s.offer_no = o.offer_no
            where s.customer_type is not null and o.segment is not null group by s.customer_type, o.segment
        ),
        reported as (
            select s.customer_type, o.segment, count(*) as reported
            from core.found as f
            join core.subscriptions as b on f.subscription_id = b.subscription_id
            join core.sale as s on b.line = s.line
            join core.offer_segment as o on s.offer_no = o.offer_no
            where f.rule_id in ('SEG01', 'SEG02') group by s.customer_type, o.segment
        ),
        occurring as (select distinct customer_type from sold)
        select
            ?, row_number() over (order by q.rowid, p.segment), p.customer_type, p.segment, p.outcome,
            coalesce(s.sold, 0), coalesce(r.reported, 0)
        from core.purchase_rule as p
        left join sold as s on p.customer_type = s.customer_type and p.segment = s.segment
        left join reported as r on p.customer_type = r.customer_type and p.segment = r.segment
        join ref.qualification_sets as q on p.customer_type = q.customer_type
        where p.outcome in ('allowed', 'forbidden') or p.customer_type in (select customer_type from occurring)
        """,
        [as_of],
    )
    connection.execute(
        "insert into audit.unread_rows "
        "select ?, row_number() over (order by table_name, file, line, column_name, reason) as place, * "
        "from quarantine.rows qualify place <= ?",
        [as_of, MOST_UNREAD],
    )


def _verdict(states: Iterable[State], *, is_complete: bool) -> Verdict:
    """Call a night clean only where everything was checked."""
    if any(state.is_current for state in states):
        return Verdict.FINDINGS
    return Verdict.CLEAN if is_complete else Verdict.INCOMPLETE
