"""Example audits: what a night can come to, from nothing at all to hostile text in every field."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal

from schemas.finding import Audit, Finding, Judgement, Level, MatrixCell, Purchase, State, Suspicion, Verdict
from schemas.reading import Input, UnreadRow
from tests.reports import parts
from tests.reports.examples_findings import closed, deadlines, priced, to_verify, violations
from tests.reports.parts import AS_OF, LAST_NIGHT, finding
from tests.reports.rulebook import GCC06, GCC07, NPO03, PART01, QUAL01, SEG01

HOSTILE = (
    "</script><script>alert(1)</script><img src=x onerror=alert(1)>{{7919*7919}}{seats}%(n)s "
    "\u202egpj.exe\u202c \x00\x1b[31m\r\n=HYPERLINK(0)'\"&amp;<!-- \ud800 "
)
LONG = "Multidisciplinary" * 190


def _audit(findings: list[Finding], **changes: object) -> Audit:
    counts = parts.counts_of(findings)
    made = Audit(
        run_id="2026-11-20T0200Z",
        as_of=AS_OF,
        partner="Lipowa Cloud Services sp. z o.o.",
        verdict=Verdict.FINDINGS if any(c.found for c in counts.values()) else Verdict.CLEAN,
        exit_code=1 if counts[Level.VIOLATION].found else 0,
        started_at=datetime(2026, 11, 20, 2, 0, 7, tzinfo=UTC),
        data_as_of=datetime(2026, 11, 19, 23, 40, tzinfo=UTC),
        version="1.0.0",
        rule_set="2026.11",
        engine="sieve",
        command="csp-audit run exports --as-of 2026-11-20 --state state",
        compared_with=LAST_NIGHT,
        unread_before=0,
        counts=counts,
        inputs=parts.inputs(),
        rules=parts.results_of(findings),
        findings=tuple(findings),
        matrix=parts.matrix({}),
        weeks=parts.weeks(),
        nights=parts.nights(30),
    )
    return replace(made, **changes)  # type: ignore[arg-type]


def busy() -> Audit:
    """Return a night with everything: all levels and states, unread rows, rules not judged."""
    findings = violations() + deadlines() + to_verify() + closed()
    missing = "partners was not supplied"
    rules = tuple(
        replace(result, judgement=Judgement.INPUT_MISSING, reason=missing) if result.rule in (GCC07, PART01) else result
        for result in parts.results_of(findings)
    )
    sold = {
        ("(none)", "Nonprofit"): (9, 9),
        ("(none)", "Education"): (1, 1),
        ("StateOwnedEntity", "Nonprofit"): (3, 2),
        ("Education", "Nonprofit"): (1, 0),
    }
    return _audit(
        findings,
        rules=rules,
        matrix=parts.matrix(sold) + parts.unlisted(),
        inputs=parts.inputs(13),
        unread_before=13,
        unread_rows=parts.unread_rows(26),
    )


def clean() -> Audit:
    """Return a night without a finding, everything read and judged."""
    return _audit([], nights=parts.nights(12, (0, 0, 0)), weeks=parts.weeks((0,) * 13))


def first_run() -> Audit:
    """Return the first night ever: all is new, one night on the chart, nothing to compare with."""
    findings = [replace(item, state=State.NEW, first_seen=AS_OF) for item in violations()[:3] + deadlines()[:4]]
    return _audit(findings, compared_with=None, nights=parts.nights(1, (3, 4, 0)))


def incomplete() -> Audit:
    """Return a night without a violation, three nights after the last; a row was unread, a rule broke."""
    findings = to_verify()[:2]
    broken = 'Binder Error: Referenced column "segmnt" not found!\nLINE 3: select segmnt <b>\n               ^'
    rules = tuple(
        replace(result, judgement=Judgement.ERROR, reason=broken) if result.rule is SEG01 else result
        for result in parts.results_of(findings)
    )
    return _audit(
        findings,
        rules=rules,
        inputs=parts.inputs(1),
        unread_rows=parts.unread_rows(1),
        compared_with=date(2026, 11, 17),
        nights=parts.nights(4, (0, 0, 2)),
    )


def empty() -> Audit:
    """Return a night on which the exports were refused: nothing was read, nothing judged."""
    return _audit(
        [],
        verdict=Verdict.NOT_AUDITED,
        exit_code=3,
        counts={},
        inputs=(),
        rules=(),
        matrix=(),
        weeks=(),
        nights=(),
        compared_with=None,
        data_as_of=None,
    )


def hostile() -> Audit:
    """Return a night whose exports try to break out of every field, or to be longer than any page."""
    bad = {
        "company_name": HOSTILE,
        "customer_type": HOSTILE,
        "offer_name": HOSTILE,
        "segment": HOSTILE,
        "source": HOSTILE,
        "customer_id": HOSTILE,
        "subscription_id": HOSTILE,
        "facts": {"allowed": HOSTILE, "learnt_from": LONG},
        "currency": HOSTILE,
        "monthly_amount": Decimal("1E+30"),
    }
    long = {"company_name": LONG, "offer_name": LONG, "customer_type": LONG, "facts": {"allowed": LONG}}
    right_to_left = {
        "company_name": "\u202e\u05e9\u05dc\u05d5\u05dd\u200f 12",
        "offer_name": "تعليم",
        "facts": {"allowed": "\u2067x"},
    }
    findings = [
        finding(0, SEG01, State.NEW, **bad),
        finding(1, SEG01, **long),
        finding(2, SEG01, **right_to_left),
        finding(3, GCC06, due_on=AS_OF, **bad),
        finding(4, SEG01, State.CLOSED, **bad),
    ]
    inputs = (
        Input(HOSTILE, HOSTILE, None, 1, HOSTILE, HOSTILE, 3, 1, 2, 0, (HOSTILE, LONG)),
        *parts.inputs(),
    )
    rows = (
        UnreadRow(HOSTILE, HOSTILE, 7, HOSTILE, HOSTILE, HOSTILE),
        UnreadRow("", LONG, 8, LONG, LONG, LONG),
    )
    rules = tuple(
        replace(result, judgement=Judgement.ERROR, reason=HOSTILE + LONG) for result in parts.results_of(findings)
    )
    cell = MatrixCell(HOSTILE, HOSTILE, Purchase.FORBIDDEN, 3, 3, HOSTILE)
    return _audit(
        findings,
        partner=HOSTILE + LONG,
        inputs=inputs,
        unread_rows=rows,
        rules=rules,
        command=HOSTILE + LONG,
        matrix=(*parts.matrix({}), cell),
        run_id=HOSTILE,
        engine=HOSTILE,
        version=HOSTILE,
        rule_set=HOSTILE,
    )


def mixed() -> Audit:
    """Return a small night with one finding of each state, for the golden files."""
    partner = {"customer_id": None, "customer_type": None, "company_name": "Lipowa Reselling", "seats": None}
    findings = [
        finding(0, NPO03, State.NEW, due_on=AS_OF, facts={"created_on": "2026-11-18", "removed_on": None},
                **parts.price("1234.5")),
        finding(1, SEG01, State.REOPENED, company_name='=HYPERLINK("x")', offer_name=" @SUM(1)"),
        finding(2, SEG01, State.WAIVED, company_name='Hospicjum "Pod Lipami", Łódź\nII', seats=None),
        finding(40, GCC06, subscription_id=None, due_on=LAST_NIGHT, facts={"submitted_on": "2026-11-16"}),
        finding(41, GCC06, subscription_id=None, due_on=LAST_NIGHT, **partner, facts={"submitted_on": "2026-11-16"}),
        finding(100, QUAL01, company_name=None, facts={"qualification": "Education", "used": 3, "left": 0}),
        finding(200, SEG01, State.CLOSED, customer_type=None, facts={"allowed": None, "share": 0.5}),
    ]  # fmt: skip
    rules = tuple(
        replace(result, judgement=Judgement.INPUT_MISSING, reason="subscriptions.partner_tenant_id was not supplied")
        if result.rule is PART01
        else result
        for result in parts.results_of(findings)
    )
    return _audit(
        findings,
        rules=parts.partly(rules, {"GCC07": {"not_recorded": 1, "not_stated": 12}}),
        inputs=parts.inputs(4, price_lists=("price_list-2026-11.csv", "price_list-legacy.csv")),
        unread_rows=parts.unread_rows(4),
        unread_before=7,
    )


def partners() -> Audit:
    """Return a night with prices in two currencies, several price lists, and rules that were partly judged."""
    findings = priced()
    gaps = {"GCC07": {"not_recorded": 1, "not_stated": 1200}, "PART01": {"not_stated": 12}}
    return _audit(
        findings,
        rules=parts.partly(parts.results_of(findings), gaps),
        inputs=parts.inputs(price_lists=("new-commerce-2026-11.csv", "legacy-2026-11.csv", "education-2026-11.csv")),
    )


def suspect() -> Audit:
    """Return a night on which a rule of violations hits a third of the customers, and one of deadlines a fifth.

    Other findings of both levels count; SEG01 has waived and closed findings too.
    """
    usual = violations() + deadlines() + to_verify() + closed()
    flood = [finding(1000 + place, SEG01, State.NEW, first_seen=AS_OF, **parts.price("10")) for place in range(300)]
    flood += [finding(2000 + place, GCC06, subscription_id=None, due_on=AS_OF) for place in range(200)]
    waived = [finding(3000, SEG01, State.WAIVED)]
    doubted = {"SEG01": Suspicion(3068, 9204, 255.5), "GCC06": Suspicion(1841, 9204, 0)}
    findings = [replace(item, suspect=item.rule.id in doubted) for item in usual + flood + waived]
    return _audit(
        findings,
        rules=tuple(
            replace(result, suspicion=doubted.get(result.rule.id))
            for result in parts.results_of([replace(item, suspect=False) for item in findings])
        ),
        matrix=parts.matrix({("(none)", "Nonprofit"): (309, 309)}),
    )


def many(number: int) -> Audit:
    """Return a night with so many violations."""
    return _audit([finding(place, SEG01) for place in range(number)])


ALL = {
    "busy": busy,
    "clean": clean,
    "first_run": first_run,
    "incomplete": incomplete,
    "empty": empty,
    "hostile": hostile,
    "partners": partners,
    "suspect": suspect,
}
