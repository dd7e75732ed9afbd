"""Example audits of what changes between nights: rules, waivers, decisions, qualifications, customers, backfills."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

from schemas.change import Change, ChangeKind
from schemas.finding import Audit, Finding, State
from schemas.triage import Triage
from schemas.waiver import AppliedWaiver, Waiver, WaiverStatus, WaiverUse
from tests.reports import examples, parts
from tests.reports.parts import AS_OF, LAST_NIGHT, NAMES, finding, identity
from tests.reports.rulebook import GCC02, GCC06, LEG01, NPO01, SEG01, SEG03

ACCEPTED = AppliedWaiver(
    scope="SEG01 of customer 5b0f6d8e-1f5c-4a53-9d0b-2e6a4c1a7f10",
    reason="Microsoft is vetting the customer; ticket 2611200040",
    approved_by="Anna Nowak",
    created=date(2026, 11, 2),
    expires=date(2026, 12, 11),
)
LATE = Triage("contest the review", "Piotr Zieliński", AS_OF - timedelta(days=4), "Papers were sent on 12 November.")
PROMISED = Triage("move to commercial", "Giulia Ferri", AS_OF + timedelta(days=5))


def night(findings: list[Finding], **changes: object) -> Audit:
    """Return a complete night with these findings, compared with the night before; `changes` are its fields."""
    made = replace(
        examples.clean(),
        counts=parts.counts_of(findings),
        rules=parts.results_of(findings),
        findings=tuple(findings),
        nights=parts.nights(12),
    )
    return replace(made, **changes)  # type: ignore[arg-type]


def came(rule_findings: int = 2) -> list[Finding]:
    """Return findings that are there because a rule is new, or has a higher version."""
    changed = replace(GCC02, version=2)
    return [
        *(finding(70 + number, LEG01, State.NEW_RULE) for number in range(rule_findings)),
        finding(80, changed, State.NEW_RULE),
    ]


def went() -> list[Finding]:
    """Return closed findings: two because of their rules, one because the sale is in order."""
    return [
        finding(200, SEG01, State.CLOSED),
        finding(201, replace(GCC02, version=2), State.CLOSED, cause="the rule has changed"),
        finding(202, SEG03, State.CLOSED, cause="the rule is retired"),
    ]


def waived() -> list[Finding]:
    """Return findings that somebody has accepted, one of them with a promise whose day has passed."""
    return [
        finding(13, SEG01, State.WAIVED, waiver=ACCEPTED, customer_type="StateOwnedEntity"),
        finding(14, SEG01, State.WAIVED, waiver=replace(ACCEPTED, expires=date(2027, 6, 30)), triage=LATE),
    ]


def waivers() -> tuple[WaiverUse, ...]:
    """Return a waiver of every kind: expired with and without findings, unused, ending, long, not yet in force."""

    def use(line: int, status: WaiverStatus, expires: date, findings: int = 0) -> WaiverUse:
        scope = {"customer": identity(NAMES[line]), "rule": "SEG01"}
        return WaiverUse(
            Waiver(ACCEPTED.reason, "Anna Nowak", date(2026, 3, 1), expires, line=line, **scope), status, findings
        )

    return (
        use(1, WaiverStatus.IN_FORCE, date(2026, 12, 11), 1),
        use(2, WaiverStatus.IN_FORCE, date(2027, 6, 30), 1),
        use(3, WaiverStatus.NO_MATCH, date(2027, 1, 31)),
        use(4, WaiverStatus.EXPIRED, date(2026, 11, 14), 2),
        use(5, WaiverStatus.EXPIRED, date(2026, 10, 31)),
        use(6, WaiverStatus.NOT_YET, date(2026, 12, 1)),
    )


def changes() -> tuple[Change, ...]:
    """Return changes of every kind, more of one kind than are named."""

    def change(number: int, kind: ChangeKind, *more: object) -> Change:
        name = NAMES[number]
        return Change(kind, identity(name), name, *more)  # type: ignore[arg-type]

    education, nonprofit = ("Education",), ("Nonprofit",)
    return (
        change(0, ChangeKind.GAINED, "Education", "InReview", "Approved", education),
        change(4, ChangeKind.GAINED, "StateOwnedEntity", "", ""),
        change(3, ChangeKind.GAINED, "Education", "", "Approved", education),
        change(2, ChangeKind.GAINED, "Nonprofit", "InReview", "Approved", nonprofit),
        change(5, ChangeKind.DECIDED, "Nonprofit", "InReview", "Denied"),
        change(10, ChangeKind.LOST, "Nonprofit", "Approved", ""),
        *(change(number, ChangeKind.CAME) for number in range(6, 18)),
        Change(ChangeKind.WENT, identity("gone"), None),
    )


def change_counts(listed: tuple[Change, ...], came_in_all: int = 122) -> dict[ChangeKind, int]:
    """Count the changes as the run does: also those of which only the first are listed."""
    counts = {kind: sum(1 for item in listed if item.kind is kind) for kind in ChangeKind}
    return {kind: count for kind, count in {**counts, ChangeKind.CAME: came_in_all}.items() if count}


def eventful() -> Audit:
    """Return a night on which all of it happened."""
    findings = [
        finding(0, SEG01, State.NEW),
        finding(2, SEG01, State.REOPENED, reopened=2, triage=PROMISED),
        finding(8, SEG01, reopened=1),
        finding(9, SEG01, triage=LATE),
        finding(11, SEG01, triage=Triage(note="Asked the reseller.")),
        finding(40, GCC06, due_on=LAST_NIGHT, triage=replace(LATE, owner="", promised_on=LAST_NIGHT, note="")),
        finding(60, NPO01, subscription_id=None, offer_name=None, due_on=AS_OF + timedelta(days=9),
                facts={"subscriptions": 2, "next_renewal": None}),
        *came(), *waived(), *went(),
    ]  # fmt: skip
    listed = changes()
    return night(
        findings,
        matrix=parts.matrix({("(none)", "Nonprofit"): (9, 9), ("StateOwnedEntity", "Nonprofit"): (1, 1)}),
        changes=listed,
        change_counts=change_counts(listed),
        waivers=waivers(),
        inputs=parts.inputs(3),
        unread_rows=parts.unread_rows(3),
    )


def backfilled() -> Audit:
    """Return a night three days after the last, audited after a newer one; all its violations are waived."""
    findings = waived()[:1]
    return night(
        findings,
        compared_with=date(2026, 11, 17),
        newer_night=date(2026, 11, 23),
        started_at=datetime(2026, 11, 24, 9, 30, tzinfo=UTC),
    )


def hostile_notes() -> Audit:
    """Return a night on which people and exports have written what tries to break out of the page."""
    bad = examples.HOSTILE
    waiver = Waiver(bad, bad, date(2026, 1, 1), AS_OF, finding=bad, line=9)
    findings = [
        finding(0, SEG01, triage=Triage(bad, bad, LAST_NIGHT, examples.LONG), cause=bad),
        finding(1, SEG01, State.WAIVED, waiver=AppliedWaiver(bad, bad, examples.LONG, AS_OF, AS_OF)),
        finding(2, SEG01, State.CLOSED, cause=bad),
    ]
    listed = tuple(Change(kind, bad, bad, bad, bad, bad, (bad, examples.LONG)) for kind in ChangeKind)
    return night(
        findings,
        changes=listed,
        change_counts=dict.fromkeys(ChangeKind, 1),
        waivers=(WaiverUse(waiver, WaiverStatus.IN_FORCE), WaiverUse(waiver, WaiverStatus.EXPIRED, 2)),
    )


ALL = {"eventful": eventful, "backfilled": backfilled, "hostile_notes": hostile_notes}
EVERY = {**examples.ALL, **ALL}
