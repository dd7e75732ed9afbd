"""Reads what a night came to out of its warehouse, as the one value that every format is made of."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any

from pipeline.quarantine import unread_rows
from reports.order import by_pressure
from schemas.finding import (
    Audit,
    Counts,
    Finding,
    Input,
    Judgement,
    Level,
    MatrixCell,
    Night,
    Purchase,
    Rule,
    RuleResult,
    State,
    Verdict,
    Week,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from pipeline.database import Connection

WEEKS = 13
NIGHTS = 30
# The rule whose due dates are the ends of nonprofit eligibility, and those that judge cells of the matrix.
ELIGIBILITY_RULE = "NPO01"
_MATRIX_RULES = {Purchase.FORBIDDEN: "SEG01", Purchase.UNLISTED_OUTSIDE: "SEG02"}


def read_audit(connection: Connection, rules: Iterable[Rule]) -> Audit:
    """Return the audit that the warehouse holds; `rules` are tonight's."""
    run = _one(connection, "select * from audit.runs order by as_of desc limit 1")
    as_of: date = run["as_of"]
    by_id = {rule.id: rule for rule in rules}
    findings = _findings(connection, by_id)
    before = _one(connection, "select max(as_of) as as_of from audit.runs where as_of < ?", [as_of])["as_of"]
    unread = _one(
        connection, "select coalesce(sum(unread), 0)::bigint as unread from audit.inputs where as_of = ?", [before]
    )
    return Audit(
        run_id=run["run_id"],
        as_of=as_of,
        partner=run["partner"],
        verdict=Verdict(run["verdict"]),
        exit_code=run["exit_code"],
        started_at=_utc(run["started_at"]),
        data_as_of=_utc(run["data_as_of"]) if run["data_as_of"] else None,
        version=run["version"],
        rule_set=run["rule_set"],
        engine=run["engine"],
        command=run["command"],
        compared_with=before,
        unread_before=unread["unread"],
        counts=count_findings(findings),
        inputs=_inputs(connection, as_of),
        rules=_rule_results(connection, as_of, by_id, findings),
        findings=findings,
        matrix=_matrix(connection),
        weeks=_weeks(as_of, findings),
        nights=_nights(connection, as_of),
        unread_rows=unread_rows(connection),
    )


def count_findings(findings: Iterable[Finding]) -> dict[Level, Counts]:
    """Count findings by level; a reopened one counts as new."""
    counts = {level: Counts(0, 0, 0) for level in Level}
    for finding in findings:
        old = counts[finding.level]
        is_new = finding.state in {State.NEW, State.REOPENED}
        counts[finding.level] = Counts(
            old.found + finding.state.is_current, old.new + is_new, old.closed + (finding.state is State.CLOSED)
        )
    return counts


def _rows(connection: Connection, query: str, parameters: Sequence[Any] = ()) -> list[dict[str, Any]]:
    cursor = connection.execute(query, parameters)
    names = [column[0] for column in cursor.description or ()]
    return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


def _one(connection: Connection, query: str, parameters: Sequence[Any] = ()) -> dict[str, Any]:
    return _rows(connection, query, parameters)[0]


def _utc(moment: datetime) -> datetime:
    return moment.replace(tzinfo=UTC)


def _findings(connection: Connection, rules: Mapping[str, Rule]) -> tuple[Finding, ...]:
    rows = _rows(connection, "select * from core.states")
    findings = [
        Finding(
            rule=rules[row["rule_id"]],
            state=State(row["state"]),
            facts=json.loads(row["facts"]),
            **{name: row[name] for name in _PLAIN},
        )
        for row in rows
        if row["rule_id"] in rules
    ]
    return tuple(by_pressure(findings))


_PLAIN = (
    "finding_id", "customer_id", "company_name", "customer_type", "subscription_id", "offer_name", "segment",
    "seats", "due_on", "first_seen", "source", "confirmed", "monthly_amount", "currency",
)  # fmt: skip


def _inputs(connection: Connection, as_of: date) -> tuple[Input, ...]:
    rows = _rows(
        connection,
        'select table_name as "table", * exclude (as_of, lines, table_name) from audit.inputs '
        "where as_of = ? order by rowid",
        [as_of],
    )
    for row in rows:
        row["notes"] = tuple(row["notes"])
        row["modified_at"] = _utc(row["modified_at"]) if row["modified_at"] else None
    return tuple(Input(**row) for row in rows)


def _rule_results(
    connection: Connection, as_of: date, rules: Mapping[str, Rule], findings: Iterable[Finding]
) -> tuple[RuleResult, ...]:
    rows = _rows(connection, "select * from audit.rule_results where as_of = ? order by rule_id", [as_of])
    results = [
        RuleResult(
            rules[row["rule_id"]],
            Judgement(row["judgement"]),
            row["reason"],
            row["found"],
            gaps=json.loads(row["gaps"]),
        )
        for row in rows
        if row["rule_id"] in rules
    ]
    news: dict[str, int] = dict.fromkeys(rules, 0)
    closed = dict(news)
    for finding in findings:
        news[finding.rule.id] += finding.state in {State.NEW, State.REOPENED}
        closed[finding.rule.id] += finding.state is State.CLOSED
    return tuple(replace(r, new=news[r.rule.id], closed=closed[r.rule.id]) for r in results)


def _matrix(connection: Connection) -> tuple[MatrixCell, ...]:
    """Count live subscriptions in each cell: of the listed types all cells, of the others those that occur."""
    rows = _rows(
        connection,
        """
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
        select p.customer_type, p.segment, p.outcome, coalesce(s.sold, 0) as sold, coalesce(r.reported, 0) as reported
        from core.purchase_rule as p
        left join sold as s on p.customer_type = s.customer_type and p.segment = s.segment
        left join reported as r on p.customer_type = r.customer_type and p.segment = r.segment
        join ref.qualification_sets as q on p.customer_type = q.customer_type
        where p.outcome in ('allowed', 'forbidden') or p.customer_type in (select customer_type from occurring)
        order by q.rowid, p.segment
        """,
    )
    return tuple(
        MatrixCell(**{**row, "outcome": Purchase(row["outcome"])}, rule_id=_MATRIX_RULES.get(Purchase(row["outcome"])))
        for row in rows
    )


def _weeks(as_of: date, findings: Iterable[Finding]) -> tuple[Week, ...]:
    counts = [0] * WEEKS
    for finding in findings:
        if finding.rule.id == ELIGIBILITY_RULE and finding.state.is_current and finding.due_on:
            week = (finding.due_on - as_of).days // 7
            if 0 <= week < WEEKS:
                counts[week] += 1
    return tuple(Week(as_of + timedelta(days=7 * n), count) for n, count in enumerate(counts))


def _nights(connection: Connection, as_of: date) -> tuple[Night, ...]:
    rows = _rows(
        connection,
        """
        select as_of, level, sum(found)::bigint as found from audit.rule_results
        where as_of in (select as_of from audit.runs where as_of <= ? order by as_of desc limit ?)
        group by as_of, level order by as_of
        """,
        [as_of, NIGHTS],
    )
    nights: dict[date, dict[Level, int]] = {}
    for row in rows:
        nights.setdefault(row["as_of"], dict.fromkeys(Level, 0))[Level(row["level"])] = row["found"]
    return tuple(Night(day, levels) for day, levels in nights.items())
