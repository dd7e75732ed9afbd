"""A reseller's edition: a night's audit with nothing in it but what is about the reseller's own customers.

What is left out or counted again, and why:

- A finding is that of its reseller of record (`Finding.reseller_id`). Its place in the exports is left out: a line
  number counts the rows of others. Facts that name another reseller, or another's customer, are left out. Where others
  have sold to the same customer too, so are numbers over all its sales.
- Inputs are the tables that hold rows of customers, each with how many rows are the reseller's, and no file, hash or
  note. Of an older night these numbers are not known any more: no input is listed, nor the matrix or what changed.
- That a row could not be read may concern the reseller, and is not hidden; how many such rows there are would speak of
  others. The rules that read a table with such a row are said to be judged in part, and the table's input says why,
  unless every row names another's customer; no number is given.
- What a rule could not judge is counted among the reseller's subjects alone. Why it could not be judged at all is kept
  (it is about the exports as a whole), but for the words of a failure, which may hold anybody's values.
- A rule is suspect for the whole night. An edition says so where it has a finding of that rule, and without numbers.
- Waivers are listed where they are for one finding or one subscription of the reseller. The reason of a waiver for a
  whole customer is not shown where others have sold to it too.
- The command, the hash of the file of decisions and the rows unread before are those of the whole, and left out.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING

from pipeline.audit import counts_of, found_of, weeks
from pipeline.errors import FOUND
from pipeline.nights import newest_night
from pipeline.order import asked_of, exit_code
from pipeline.own import (
    TABLES,
    create_own,
    own_changes,
    own_gaps,
    own_matrix,
    own_nights,
    own_rows,
    reseller_ids,
    torn_tables,
    waived_before,
)
from pipeline.partners import read_named
from reports.sentences import TORN
from schemas.finding import Judgement, Level, State, Suspicion, Verdict
from schemas.reading import Input
from schemas.waiver import ScopeKind

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence
    from datetime import datetime

    from pipeline.database import Connection
    from pipeline.nights import NightRef
    from pipeline.own import Own
    from pipeline.partners import Named
    from schemas.finding import Audit, Counts, Finding, RuleResult
    from schemas.waiver import AppliedWaiver, WaiverUse

__all__ = ["read_edition", "reseller_ids"]

# In place of what a failed file says of itself, which may be anybody's.
_UNREADABLE = "the decisions could not be read"
# What an input says in place of a number of rows that would be others' too.
_TORN = "Some rows could not be read, and may be about these customers."


def read_edition(connection: Connection, audit: Audit, reseller_id: str, night: NightRef | None = None) -> Audit:
    """Return what one reseller may see of a night (default: the newest); `audit` is the whole night's.

    The verdict and the exit code follow from the reseller's own findings. `edition` is the name that partners has for
    the reseller, else its id, in whatever case it is given. A reseller without customers has an edition too, and it is
    empty.
    """
    night = night or newest_night(connection)
    reseller_id = reseller_id.strip().lower()
    own = create_own(connection, reseller_id)
    theirs = [item for item in audit.findings if item.reseller_id == reseller_id]
    named = read_named(connection, reseller_id, theirs)
    findings = tuple(_shown(item, own, named, is_newest=night.is_newest) for item in theirs)
    torn = torn_tables(connection) if night.is_newest else {item.table for item in audit.inputs if item.unread}
    rules = tuple(_result(connection, item, findings, torn, is_newest=night.is_newest) for item in audit.rules)
    counts = _counts(findings)
    changes, change_counts = own_changes(connection, night.as_of) if night.is_newest else ((), {})
    return replace(
        audit,
        edition=named.reseller_name or reseller_id,
        verdict=_verdict(findings, is_complete=all(item.is_complete for item in rules) and not torn),
        exit_code=_exit_code(audit, rules, findings),
        command="",
        unread_before=0,
        counts=counts,
        inputs=_inputs(audit.inputs, own_rows(connection), torn) if night.is_newest else (),
        rules=rules,
        findings=findings,
        matrix=own_matrix(connection) if night.is_newest else (),
        weeks=weeks(audit.as_of, findings),
        nights=own_nights(connection, night.as_of, reseller_id, {level: counts[level].found for level in Level}),
        unread_rows=(),
        changes=changes,
        change_counts=change_counts,
        waivers=_waivers(audit.waivers, findings),
        triage_sha256="",
        triage_fault=_UNREADABLE if audit.triage_fault else "",
        no_longer_waived=_no_longer_waived(findings, waived_before(connection, night.as_of)),
    )


def _shown(finding: Finding, own: Own, named: Named, *, is_newest: bool) -> Finding:
    """Return a finding as its reseller sees it; of an older night nobody knows whose else its customer was."""
    is_mixed = not is_newest or finding.customer_id in own.mixed or finding.customer_id not in own.all
    of_all_sales = is_mixed and finding.subscription_id is None
    facts = {name: fact for name, fact in finding.facts.items() if named.keeps(name, fact, is_mixed=of_all_sales)}
    waiver = finding.waiver
    if waiver and is_mixed and not _is_for_one(waiver):
        waiver = replace(waiver, reason="", approved_by="")
    seats = None if of_all_sales else finding.seats
    return replace(finding, facts=facts, seats=seats, source="", waiver=waiver)


def _is_for_one(waiver: AppliedWaiver) -> bool:
    """Whether a waiver is for one finding or one sale; any other may be about others' sales too."""
    covers = waiver.covers
    return covers is not None and covers.kind is not ScopeKind.CUSTOMER


def _result(
    connection: Connection, result: RuleResult, findings: Iterable[Finding], torn: Collection[str], *, is_newest: bool
) -> RuleResult:
    """Count a rule's findings again, and say how far it was judged where the reseller is concerned."""
    states = Counter(item.state for item in findings if item.rule.id == result.rule.id)
    gaps: Mapping[str, int] = {}
    judgement = result.judgement
    if judgement is Judgement.PARTLY and is_newest:
        known = own_gaps(connection, result.rule)
        gaps = known or {}
        judgement = Judgement.JUDGED if known == {} else Judgement.PARTLY
    is_torn = not _tables(result).isdisjoint(torn)
    if judgement is Judgement.JUDGED and is_torn:
        judgement = Judgement.PARTLY
    return replace(
        result,
        judgement=judgement,
        reason=_reason(result, judgement, is_torn=is_torn),
        found=found_of(states),
        new=states[State.NEW] + states[State.REOPENED],
        closed=states[State.CLOSED],
        waived=states[State.WAIVED],
        gaps=gaps,
        suspicion=Suspicion() if result.suspicion and states else None,
    )


def _reason(result: RuleResult, judgement: Judgement, *, is_torn: bool) -> str:
    """Return why a rule was not judged, or in part: in words that say nothing of others."""
    if judgement is Judgement.PARTLY and is_torn:
        return TORN
    return result.reason if judgement is Judgement.INPUT_MISSING else ""


def _tables(result: RuleResult) -> set[str]:
    return {name.partition(".")[0] for name in (*result.rule.needs, *result.rule.uses)}


def _counts(findings: Iterable[Finding]) -> dict[Level, Counts]:
    counted: dict[Level, Counter[State]] = {level: Counter() for level in Level}
    apart: dict[Level, Counter[State]] = {level: Counter() for level in Level}
    for item in findings:
        is_apart = item.suspect and item.state is not State.WAIVED
        (apart if is_apart else counted)[item.level][item.state] += 1
    return {level: counts_of(counted[level], apart[level]) for level in Level}


def _verdict(findings: Iterable[Finding], *, is_complete: bool) -> Verdict:
    """Call a night clean only where everything that may concern the reseller was checked."""
    if any(item.state.is_current for item in findings):
        return Verdict.FINDINGS
    return Verdict.CLEAN if is_complete else Verdict.INCOMPLETE


def _exit_code(audit: Audit, rules: Iterable[RuleResult], findings: Iterable[Finding]) -> int:
    """Return what the run would have ended with; from which findings on, the command that was given says."""
    if any(item.judgement is Judgement.ERROR for item in rules):
        return FOUND
    return exit_code(asked_of(audit.command), [(item.level, item.state) for item in findings])


def _inputs(inputs: Iterable[Input], rows: Mapping[str, int], torn: Collection[str]) -> tuple[Input, ...]:
    """Return one input for each table with rows of customers: whether it was supplied, when, and the own rows."""
    by_table: dict[str, list[Input]] = {table: [] for table in TABLES}
    for item in inputs:
        if item.table in by_table and item.file:
            by_table[item.table].append(item)
    return tuple(
        Input(
            table,
            table,
            modified_at=_oldest(items),
            rows=rows[table],
            loaded=rows[table],
            notes=(_TORN,) if table in torn else (),
        )
        if items else Input(table, None)
        for table, items in by_table.items()
    )  # fmt: skip


def _oldest(items: Sequence[Input]) -> datetime | None:
    return min((item.modified_at for item in items if item.modified_at), default=None)


def _waivers(uses: Iterable[WaiverUse], findings: Iterable[Finding]) -> tuple[WaiverUse, ...]:
    """Keep the waivers for one finding or subscription of the reseller; a line number counts those of others."""
    found = list(findings)
    ids = {item.finding_id for item in found}
    subscriptions = {item.subscription_id for item in found if item.subscription_id}
    return tuple(
        replace(use, waiver=replace(use.waiver, line=0))
        for use in uses
        if use.waiver.finding in ids or use.waiver.subscription in subscriptions
    )


def _no_longer_waived(findings: Iterable[Finding], before: Collection[str]) -> int:
    at_rest = {State.CLOSED, State.WAIVED}
    return sum(item.state not in at_rest and item.finding_id in before for item in findings)
