"""The data files: the same findings, inputs and unread rows for spreadsheets and programs."""

from __future__ import annotations

import csv
import io
import json
import math
from dataclasses import asdict
from typing import TYPE_CHECKING, TypeAlias

from reports.jsontext import document
from reports.messages import message, next_step
from reports.order import by_pressure
from reports.text import csv_cell, encodable, visible
from schemas.finding import Verdict
from schemas.triage import Triage

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import date

    from reports.wording import Words
    from schemas.finding import Audit, Fact, Finding, RuleResult
    from schemas.reading import Refusal
    from schemas.waiver import AppliedWaiver

SCHEMA_VERSION = 1
FINDING_COLUMNS = (
    "finding_id", "rule", "level", "state", "customer_id", "company_name", "subscription_id", "offer_name",
    "segment", "seats", "message", "next_step", "due_on", "first_seen", "source", "suspect",
    "decision", "owner", "promised_on", "note", "decided_at",
)  # fmt: skip
QUARANTINE_COLUMNS = ("table", "file", "line", "column", "value", "reason")

Plain: TypeAlias = "str | int | float | bool | list[Plain] | dict[str, Plain] | None"


def findings_csv(words: Words, audit: Audit) -> str:
    """Return all findings, closed ones too, one a line."""
    none = Triage()
    records = (
        _record(words, item)
        | _triage(none if item.triage is None else item.triage)
        | {"suspect": suspect_cell(is_suspect=item.suspect)}
        for item in by_pressure(audit.findings)
    )
    return _csv(FINDING_COLUMNS, ([record[name] for name in FINDING_COLUMNS] for record in records))


def suspect_cell(*, is_suspect: bool) -> str:
    """Return the cell that marks a finding of a suspect rule."""
    return "yes" if is_suspect else ""


def quarantine_csv(audit: Audit | Refusal) -> str:
    """Return why rows were not read, one reason a line."""
    rows = audit.unread_rows
    return _csv(QUARANTINE_COLUMNS, ((r.table, r.file, r.line, r.column, r.value, r.reason) for r in rows))


def findings_json(words: Words, audit: Audit) -> str:
    """Return all findings with their facts, and the run they belong to."""
    findings = [
        _record(words, item)
        | {
            "confirmed": item.confirmed,
            "suspect": item.suspect,
            "opened_on": _iso(item.opened_on),
            "reopened": item.reopened,
            "title": item.rule.title,
            "monthly_amount": None if item.monthly_amount is None else f"{item.monthly_amount:.2f}",
            "currency": item.currency,
            "facts": {name: _fact(fact) for name, fact in item.facts.items()},
            "waiver": _waiver(item.waiver) if item.waiver else None,
            "triage": _triage(item.triage) if item.triage else None,
        }
        for item in by_pressure(audit.findings)
    ]
    return document({"schema_version": SCHEMA_VERSION, "run": _run(audit), "findings": findings})


def run_json(words: Words, audit: Audit) -> str:
    """Return the record of the run: what went in, what was judged, what came out."""
    return _json(
        {
            "schema_version": SCHEMA_VERSION,
            **_run(audit),
            **({} if words.language == "en" else {"language": words.language}),
            "command": audit.command,
            "counts": {
                level.value: {
                    "found": counts.found,
                    "new": counts.new,
                    "by_rule": counts.by_rule,
                    "closed": counts.closed,
                    "waived": counts.waived,
                    "suspect": counts.suspect,
                }
                for level, counts in sorted(audit.counts.items(), key=lambda item: item[0].rank)
            },
            "unread": {"rows": audit.unread, "before": audit.unread_before, "listed": len(audit.unread_rows)},
            "inputs": _inputs(audit),
            "rules": [_rule(item) for item in audit.rules],
            "waivers": [
                {
                    "line": use.waiver.line,
                    "scope": use.waiver.scope,
                    "status": use.status.value,
                    "findings": use.findings,
                }
                for use in audit.waivers
            ],
            "triage_sha256": audit.triage_sha256,
            "triage_fault": visible(audit.triage_fault),
            "changes": {kind.value: number for kind, number in audit.change_counts.items()},
        }
    )


def refusal_json(refusal: Refusal) -> str:
    """Return the record of a night that was not audited."""
    return _json(
        {
            "schema_version": SCHEMA_VERSION,
            "run_id": refusal.run_id,
            "as_of": _iso(refusal.as_of),
            "verdict": Verdict.NOT_AUDITED.value,
            "exit_code": refusal.exit_code,
            "started_at": _iso(refusal.started_at),
            "version": refusal.version,
            "command": refusal.command,
            "last_good": _iso(refusal.last_good),
            "problems": [{name: visible(text) for name, text in asdict(item).items()} for item in refusal.problems],
        }
    )


def _record(words: Words, finding: Finding) -> dict[str, Plain]:
    return {
        "finding_id": finding.finding_id,
        "rule": finding.rule.id,
        "level": finding.level.value,
        "state": finding.state.value,
        "customer_id": finding.customer_id,
        "company_name": finding.company_name,
        "subscription_id": finding.subscription_id,
        "offer_name": finding.offer_name,
        "segment": finding.segment,
        "seats": finding.seats,
        "message": message(words, finding),
        "next_step": next_step(words, finding),
        "due_on": _iso(finding.due_on),
        "first_seen": _iso(finding.first_seen),
        "source": finding.source,
    }


def _triage(triage: Triage) -> dict[str, Plain]:
    return {
        "decision": triage.decision,
        "owner": triage.owner,
        "promised_on": _iso(triage.promised_on),
        "note": triage.note,
        "decided_at": triage.decided_at,
    }


def _waiver(waiver: AppliedWaiver) -> dict[str, Plain]:
    return {
        "scope": waiver.scope,
        "reason": waiver.reason,
        "approved_by": waiver.approved_by,
        "created": _iso(waiver.created),
        "expires": _iso(waiver.expires),
    }


def _run(audit: Audit) -> dict[str, Plain]:
    return {
        "run_id": audit.run_id,
        "as_of": _iso(audit.as_of),
        "partner": audit.partner,
        "verdict": audit.verdict.value,
        "exit_code": audit.exit_code,
        "started_at": _iso(audit.started_at),
        "data_as_of": _iso(audit.data_as_of),
        "compared_with": _iso(audit.compared_with),
        "newer_night": _iso(audit.newer_night),
        "version": audit.version,
        "rule_set": audit.rule_set,
        "engine": audit.engine,
        "suspects": [result.rule.id for result in audit.suspects],
    }


def _inputs(audit: Audit) -> list[Plain]:
    return [
        {
            "table": item.table,
            "file": item.file,
            "modified_at": _iso(item.modified_at),
            "bytes": item.bytes,
            "sha256": item.sha256,
            "encoding": item.encoding,
            "rows": item.rows,
            "loaded": item.loaded,
            "unread": item.unread,
            "duplicates": item.duplicates,
            "notes": [*item.notes],
        }
        for item in audit.inputs
    ]


def _rule(result: RuleResult) -> dict[str, Plain]:
    return {
        "id": result.rule.id,
        "version": result.rule.version,
        "level": result.rule.level.value,
        "title": result.rule.title,
        "judgement": result.judgement.value,
        "reason": result.reason,
        "gaps": [
            {"code": code, "reason": result.rule.not_judged.get(code, ""), "subjects": number}
            for code, number in result.gaps.items()
        ],
        "found": result.found,
        "new": result.new,
        "closed": result.closed,
        "waived": result.waived,
        "suspicion": asdict(result.suspicion) if result.suspicion else None,
    }


def _iso(day: date | None) -> str | None:
    return day.isoformat() if day else None


def _fact(fact: Fact) -> Plain:
    """Return a fact as JSON can hold it, which knows no infinity and no not-a-number."""
    return None if isinstance(fact, float) and not math.isfinite(fact) else fact


def _csv(columns: Sequence[str], rows: Iterable[Iterable[Plain]]) -> str:
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows([csv_cell(cell) if isinstance(cell, str) else cell for cell in row] for row in rows)
    return out.getvalue()


def _json(parts: dict[str, Plain]) -> str:
    """Return a record of one run, indented: it is short, and read by people."""
    return encodable(json.dumps(parts, ensure_ascii=False, indent=2, allow_nan=False)) + "\n"
