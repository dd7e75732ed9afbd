"""Reads what a night came to out of its warehouse, as the one value that every format is made of."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any

from pipeline.database import records
from pipeline.findings import read_findings
from pipeline.nights import newest_night
from pipeline.quarantine import unread_rows
from pipeline.retired import with_retired
from pipeline.suspects import marked, suspicion_of
from schemas.change import Change, ChangeKind
from schemas.finding import (
    Audit,
    Counts,
    Finding,
    Judgement,
    Level,
    MatrixCell,
    Night,
    Purchase,
    Recovery,
    Rule,
    RuleResult,
    State,
    Verdict,
    Week,
)
from schemas.reading import Input, UnreadRow
from schemas.waiver import Waiver, WaiverStatus, WaiverUse

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

    from pipeline.database import Connection
    from pipeline.nights import NightRef
    from schemas.triage import Triage

WEEKS = 13
MOST_CHANGES = 100
NIGHTS = 30
# The rule whose due dates are the ends of nonprofit eligibility, and those that judge cells of the matrix.
ELIGIBILITY_RULE = "NPO01"
MATRIX_RULES = {Purchase.FORBIDDEN: "SEG01", Purchase.UNLISTED_OUTSIDE: "SEG02"}


def read_audit(
    connection: Connection,
    rules: Iterable[Rule],
    night: NightRef | None = None,
    triage: Mapping[str, Triage] | None = None,
) -> Audit:
    """Return the audit of a night (default: the newest); `rules` are today's, `triage` is by finding id.

    Of an older night all is as it was, but for the unread rows: the first of them are kept.
    """
    night = night or newest_night(connection)
    by_id = with_retired(connection, {rule.id: rule for rule in rules})
    findings = read_findings(connection, by_id, night, triage or {})
    changes, change_counts = read_changes(connection, night)
    summary = read_summary(connection, by_id, night)
    findings = marked(findings, summary.suspects)
    return replace(
        summary,
        findings=findings,
        matrix=_matrix(connection, night),
        weeks=weeks(night.as_of, findings),
        nights=_nights(connection, night),
        unread_rows=unread_rows(connection) if night.is_newest else _first_unread_rows(connection, night),
        changes=changes,
        change_counts=change_counts,
        waivers=_waivers(connection, night),
        no_longer_waived=_no_longer_waived(connection, night),
    )


def read_summary(connection: Connection, rules: Mapping[str, Rule], night: NightRef) -> Audit:
    """Return the audit of a night with all its counts, and without its findings and what the report alone shows.

    Reads the table `states_of_night`.
    """
    as_of = night.as_of
    run = _one(connection, f"select * from {night.schema}.runs where as_of = ?", [as_of])
    before = _one(connection, "select max(as_of) as as_of from audit.runs where as_of < ?", [as_of])["as_of"]
    unread = _one(
        connection, "select coalesce(sum(unread), 0)::bigint as unread from audit.inputs where as_of = ?", [before]
    )
    states = _count_states(connection)
    results = _rule_results(connection, night, rules, states)
    suspects = frozenset(result.rule.id for result in results if result.suspicion)
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
        counts=_counts(rules, states, suspects),
        inputs=_inputs(connection, night),
        rules=results,
        findings=(),
        matrix=(),
        weeks=(),
        nights=(),
        newer_night=run["newer_night"],
        recovery=Recovery(run["damaged_file"], run["restored_from"]) if run["damaged_file"] else None,
    )


def _count_states(connection: Connection) -> Counter[tuple[str, State]]:
    rows = connection.execute("select rule_id, state, count(*) from states_of_night group by rule_id, state").fetchall()
    return Counter({(rule_id, State(state)): findings for rule_id, state, findings in rows})


def _counts(
    rules: Mapping[str, Rule], states: Mapping[tuple[str, State], int], suspects: Collection[str]
) -> dict[Level, Counts]:
    """Count the findings of each level; those of suspect rules apart, but for the waived."""
    counted: dict[Level, Counter[State]] = {level: Counter() for level in Level}
    apart: dict[Level, Counter[State]] = {level: Counter() for level in Level}
    for (rule_id, state), findings in states.items():
        if rule_id in rules:
            is_apart = rule_id in suspects and state is not State.WAIVED
            (apart if is_apart else counted)[rules[rule_id].level][state] += findings
    return {level: counts_of(counted[level], apart[level]) for level in Level}


def counts_of(counted: Mapping[State, int], apart: Mapping[State, int]) -> Counts:
    """Return the counts of findings by their state, `apart` those of suspect rules; a reopened one counts as new.

    One by a new rule does not.
    """
    return Counts(
        found=found_of(counted),
        new=counted.get(State.NEW, 0) + counted.get(State.REOPENED, 0),
        closed=counted.get(State.CLOSED, 0),
        waived=counted.get(State.WAIVED, 0),
        by_rule=counted.get(State.NEW_RULE, 0),
        suspect=found_of(apart),
    )


def found_of(states: Mapping[State, int]) -> int:
    """Return how many findings of these states stand, without those waived."""
    return sum(number for state, number in states.items() if state.is_current and state is not State.WAIVED)


def _one(connection: Connection, query: str, parameters: Sequence[Any] = ()) -> dict[str, Any]:
    return records(connection, query, parameters)[0]


def _utc(moment: datetime) -> datetime:
    return moment.replace(tzinfo=UTC)


def _inputs(connection: Connection, night: NightRef) -> tuple[Input, ...]:
    rows = records(
        connection,
        f'select table_name as "table", * exclude (as_of, lines, table_name) from {night.schema}.inputs '
        "where as_of = ? order by rowid",
        [night.as_of],
    )
    for row in rows:
        row["notes"], row["columns"] = tuple(row["notes"]), tuple(row["columns"])
        row["modified_at"] = _utc(row["modified_at"]) if row["modified_at"] else None
    return tuple(Input(**row) for row in rows)


def _rule_results(
    connection: Connection, night: NightRef, rules: Mapping[str, Rule], states: Counter[tuple[str, State]]
) -> tuple[RuleResult, ...]:
    rows = records(
        connection, f"select * from {night.schema}.rule_results where as_of = ? order by rule_id", [night.as_of]
    )
    return tuple(
        RuleResult(
            rules[row["rule_id"]],
            Judgement(row["judgement"]),
            row["reason"],
            row["found"],
            new=states[row["rule_id"], State.NEW] + states[row["rule_id"], State.REOPENED],
            closed=states[row["rule_id"], State.CLOSED],
            waived=row["waived"],
            gaps=json.loads(row["gaps"]),
            suspicion=suspicion_of(row),
        )
        for row in rows
        if row["rule_id"] in rules
    )


def _matrix(connection: Connection, night: NightRef) -> tuple[MatrixCell, ...]:
    """Read how many live subscriptions were in each cell: of the listed types all cells, of others those that occur."""
    rows = records(
        connection,
        f"select customer_type, segment, outcome, sold, reported from {night.schema}.matrix "
        "where as_of = ? order by place",
        [night.as_of],
    )
    return tuple(
        MatrixCell(**{**row, "outcome": Purchase(row["outcome"])}, rule_id=MATRIX_RULES.get(Purchase(row["outcome"])))
        for row in rows
    )


def _first_unread_rows(connection: Connection, night: NightRef) -> tuple[UnreadRow, ...]:
    rows = connection.execute(
        "select table_name, file, line, column_name, value, reason "
        f"from {night.schema}.unread_rows where as_of = ? order by place",
        [night.as_of],
    ).fetchall()
    return tuple(UnreadRow(*row) for row in rows)


def read_changes(connection: Connection, night: NightRef) -> tuple[tuple[Change, ...], dict[ChangeKind, int]]:
    """Return what changed overnight, at most a hundred of each kind, and how much of each kind there was."""
    kinds = [kind.value for kind in ChangeKind]
    rows = connection.execute(
        f"""
        select
            kind, customer_id, company_name, qualification, before, after, may_now_be_sold,
            count(*) over (partition by kind)
        from {night.schema}.changes where as_of = ? and list_contains(?, kind)
        qualify row_number() over (partition by kind order by company_name, customer_id, qualification) <= ?
        order by list_position(?, kind), company_name, customer_id, qualification
        """,
        [night.as_of, kinds, MOST_CHANGES, kinds],
    ).fetchall()
    changes = tuple(
        Change(ChangeKind(kind), customer_id, name, qualification, before, after, tuple(filter(None, sold.split(", "))))
        for kind, customer_id, name, qualification, before, after, sold, _ in rows
    )
    return changes, {ChangeKind(row[0]): row[-1] for row in rows}


def _no_longer_waived(connection: Connection, night: NightRef) -> int:
    """Count the findings of a night that were waived on the good night before, and are open and not waived now."""
    (findings,) = connection.execute(
        """
        select count(*) from states_of_night as s
        where s.state not in ('closed', 'waived') and s.finding_id in (
            select w.finding_id from audit.waived as w
            cross join (select max(as_of) as as_of from audit.runs where as_of < $as_of) as b
            where w.first_night <= b.as_of and (w.gone_on is null or w.gone_on > b.as_of)
        )
        """,
        {"as_of": night.as_of},
    ).fetchall()[0]
    return int(findings)


def _waivers(connection: Connection, night: NightRef) -> tuple[WaiverUse, ...]:
    rows = connection.execute(
        f"""
        select
            reason, approved_by, created, expires, rule_id, finding_id, customer_id, subscription_id, line, status,
            findings
        from {night.schema}.waivers where as_of = ? order by line
        """,
        [night.as_of],
    ).fetchall()
    return tuple(WaiverUse(Waiver(*row), WaiverStatus(status), findings) for *row, status, findings in rows)


def weeks(as_of: date, findings: Iterable[Finding]) -> tuple[Week, ...]:
    """Count the customers whose nonprofit eligibility ends, for each of the next thirteen weeks.

    Those whom a suspect rule reports are left out.
    """
    counts = [0] * WEEKS
    for finding in findings:
        if finding.rule.id != ELIGIBILITY_RULE or finding.suspect:
            continue
        if finding.state.is_current and finding.due_on:
            week = (finding.due_on - as_of).days // 7
            if 0 <= week < WEEKS:
                counts[week] += 1
    return tuple(Week(as_of + timedelta(days=7 * n), count) for n, count in enumerate(counts))


def _nights(connection: Connection, night: NightRef) -> tuple[Night, ...]:
    """Count what was open after the night, and after each of the last nights before it that were audited in turn.

    What suspect rules report counts as nothing: one such night would leave all others without a line.
    """
    rows = records(
        connection,
        f"""
        with results as (
            select as_of, level, if(usual is null, found, 0) as found from audit.rule_results where as_of < $as_of
            union all
            select as_of, level, if(usual is null, found, 0) from {night.schema}.rule_results where as_of = $as_of
        )
        select as_of, level, sum(found)::bigint as found from results
        where as_of in (select distinct as_of from results order by as_of desc limit $nights)
        group by as_of, level order by as_of
        """,
        {"as_of": night.as_of, "nights": NIGHTS},
    )
    nights: dict[date, dict[Level, int]] = {}
    for row in rows:
        nights.setdefault(row["as_of"], dict.fromkeys(Level, 0))[Level(row["level"])] = row["found"]
    return tuple(Night(day, levels) for day, levels in nights.items())
