"""All findings as the page's script reads them: columns of texts that are ready to show, in the page's language."""

from __future__ import annotations

from collections import defaultdict
from datetime import timedelta
from typing import TYPE_CHECKING, TypeVar

from reports import terms
from reports.columns import column, packed
from reports.evidence import evidence
from reports.messages import message
from reports.order import by_pressure
from reports.rows import SOON, age, customer, doubts, since, state_text
from reports.rulenews import cause
from reports.tabular import FINDING_COLUMNS, suspect_cell
from reports.text import clip, visible
from reports.waived import scope
from reports.wording import marked
from schemas.finding import Level, State

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence
    from datetime import date

    from reports.columns import Cell, Plain
    from reports.wording import Words
    from schemas.finding import Audit, Finding, Rule
    from schemas.triage import Triage
    from schemas.waiver import AppliedWaiver

# What stands for the customer type where the partner itself is the subject.
PARTNER = "(partner)"
_NO_DAY = -1
_LONGEST_LABEL, _LONGEST = 80, 400  # characters of a fact to show
_TEXTS: Mapping[str, str] = {
    "all": marked("all"),
    "approved_by": marked("Approved by"),
    "caption": marked("Findings, as they are chosen and sorted above."),
    "customer_id": marked("Customer id"),
    "decision": marked("Decision"),
    "finding": marked("Finding"),
    "first_seen": marked("First seen"),
    "gone": marked("Finding %(finding)s is not in this report."),
    "link": marked("Link to finding %(finding)s"),
    "many": marked("%(first)s to %(last)s of %(all)s"),
    "month": marked("%(money)s a month"),
    "nobody": marked("nobody"),
    "none": marked("No finding matches. Clear a filter or the search."),
    "note": marked("Note"),
    "nothing": marked("No finding tonight."),
    "now": marked("now"),
    "offer": marked("Offer"),
    "owner": marked("Owner"),
    "page": marked("Page %(page)s of %(pages)s"),
    "promised": marked("Promised for"),
    "reason": marked("Why it was accepted"),
    "reseller": marked("Reseller"),
    "scope": marked("Waiver"),
    "segment": marked("Segment"),
    "source": marked("Source row"),
    "subscription": marked("Subscription"),
    "tonight": marked("all of tonight"),
    "until": marked("Until"),
}

_Key = TypeVar("_Key")


def embedded(words: Words, audit: Audit, linked: Collection[str]) -> str:
    """Return all findings of an audit, packed; `linked` are the ids of the rules that have a section on the page."""
    return packed(document(words, audit, linked))


def document(words: Words, audit: Audit, linked: Collection[str]) -> dict[str, Plain]:
    """Return all findings of an audit, the most pressing first, as the script reads them.

    Columns have one value for each finding; days are places in `days`, -1 where there is none.
    """
    findings = by_pressure(audit.findings)
    days = sorted({day for item in findings for day in _days(item) if day})
    suspects = {item.rule.id for item in findings if item.suspect}
    place: dict[date | None, Cell] = {day: number for number, day in enumerate(days)}
    place[None] = _NO_DAY
    rules = {(item.rule.id, item.rule.version): item.rule for item in findings}
    triages, triage_of = _places([_triage_key(item.triage) for item in findings])
    waivers, waiver_of = _places([item.waiver for item in findings])
    customers, customer_of = _places([_customer(words, item) for item in findings])
    groups, group_of = _groups(words, findings)
    return {
        "n": len(findings),
        "header": FINDING_COLUMNS,
        "texts": {name: words.gettext(text) for name, text in _TEXTS.items()},
        "days": [_day(words, audit, day) for day in days],
        "hot": sum(day <= audit.as_of + timedelta(days=SOON) for day in days),
        "levels": {level.value: terms.level_name(words, level) for level in Level},
        "states": {state.value: terms.state_name(words, state) for state in State},
        "terms": _terms(words, findings),
        "rules": [_rule(words, rule, linked, suspects) for rule in rules.values()],
        "triages": [(visible(d), visible(o), place[day], visible(n), visible(at)) for d, o, day, n, at in triages],
        "waivers": [_waiver(words, item) for item in waivers],
        "customers": _customers(customers),
        "groups": groups,
        "columns": {
            "rule": column(_places([(item.rule.id, item.rule.version) for item in findings])[1]),
            "customer": column(customer_of),
            "group": column(group_of),
            "triage": column(triage_of),
            "waiver": column(waiver_of),
            "due": column([place[item.due_on] for item in findings]),
            "first": column([place[item.first_seen] for item in findings]),
            "since": column([place[since(item)] for item in findings]),
            **_columns(words, findings),
        },
    }


def _columns(words: Words, findings: Sequence[Finding]) -> dict[str, Plain]:
    sources = [_source(item.source) for item in findings]
    return {
        "id": column([item.finding_id for item in findings]),
        "state": column([item.state.value for item in findings]),
        "tag": column([state_text(words, item) for item in findings]),
        "unsure": column([", ".join(doubts(words, item)) for item in findings]),
        "cause": column([cause(words, item) for item in findings]),
        "subscription": column([item.subscription_id for item in findings]),
        "reseller": column([item.reseller_id for item in findings]),
        "offer": column([item.offer_name for item in findings]),
        "segment": column([item.segment for item in findings]),
        "seats": column([item.seats for item in findings]),
        "money": column([_money(words, item) for item in findings]),
        "file": column([file for file, _ in sources]),
        "line": column([line for _, line in sources]),
    }


def _groups(words: Words, findings: Sequence[Finding]) -> tuple[list[Plain], list[int]]:
    """Put findings with the same labels together: their messages, and a column for each label, in their order."""
    told: defaultdict[tuple[str, ...], list[tuple[str, ...]]] = defaultdict(list)
    keys: list[tuple[str, ...]] = []
    for item in findings:
        facts = evidence(words, item)
        keys.append((item.rule.id, *(clip(label, _LONGEST_LABEL) for label, _ in facts)))
        told[keys[-1]].append((message(words, item), *(clip(value, _LONGEST) for _, value in facts)))
    places = {key: number for number, key in enumerate(told)}
    groups: list[Plain] = []
    for key, rows in told.items():
        messages, *values = (column(texts) for texts in zip(*rows, strict=True))
        groups.append({"labels": [visible(label) for label in key[1:]], "message": messages, "values": values})
    return groups, [places[key] for key in keys]


def _places(keys: Sequence[_Key]) -> tuple[list[_Key], list[Cell]]:
    """Return the different keys, and for each key its place among them."""
    different = list(dict.fromkeys(keys))
    places: dict[_Key, Cell] = {key: number for number, key in enumerate(different)}
    return different, [places[key] for key in keys]


def _customer(words: Words, finding: Finding) -> tuple[Cell, ...]:
    shown = customer(words, finding)
    kind = PARTNER if finding.customer_id is None else finding.customer_type
    name = finding.company_name
    return finding.customer_id, name, kind, "" if shown == name else shown


def _customers(customers: Sequence[tuple[Cell, ...]]) -> dict[str, Plain]:
    names = ("id", "name", "type", "shown")
    columns = zip(*customers, strict=True) if customers else ((),) * len(names)
    return {name: column(values) for name, values in zip(names, columns, strict=True)}


def _days(finding: Finding) -> tuple[date | None, ...]:
    promised = finding.triage.promised_on if finding.triage else None
    return finding.due_on, finding.first_seen, finding.opened_on, promised


def _day(words: Words, audit: Audit, day: date) -> Plain:
    days = (audit.as_of - day).days
    return day.isoformat(), words.near_day(day, audit.as_of), words.day(day), age(words, days)


def _terms(words: Words, findings: Iterable[Finding]) -> dict[str, Plain]:
    """Return what customer types and segments are called; those that are called what they are have no entry."""
    names = {name for item in findings for name in (item.customer_type, item.segment) if name}
    called = {visible(name): visible(terms.term(words, name)) for name in sorted(names)}
    return {PARTNER: words.gettext("Partner"), **{name: text for name, text in called.items() if name != text}}


def _rule(words: Words, rule: Rule, linked: Collection[str], suspects: Collection[str]) -> Plain:
    return {
        "id": rule.id,
        "level": rule.level.value,
        "title": words.gettext(rule.title),
        "steps": [words.gettext(step) for step in rule.steps],
        "linked": rule.id in linked,
        "suspect": suspect_cell(is_suspect=rule.id in suspects),
    }


def _triage_key(triage: Triage | None) -> tuple[str, str, date | None, str, str]:
    if triage is None:
        return "", "", None, "", ""
    return triage.decision, triage.owner, triage.promised_on, triage.note, triage.decided_at


def _waiver(words: Words, waiver: AppliedWaiver | None) -> Plain:
    if waiver is None:
        return None
    return visible(scope(words, waiver)), visible(waiver.reason), visible(waiver.approved_by), words.day(waiver.expires)


def _money(words: Words, finding: Finding) -> str:
    if finding.monthly_amount is None or not finding.currency:
        return ""
    return words.money(finding.monthly_amount, finding.currency)


def _source(source: str) -> tuple[str, int | None]:
    """Return the file and the line of a source; one without a line is all file."""
    file, _, line = source.rpartition(":")
    return (file, int(line)) if file and line.isdecimal() and str(int(line)) == line else (source, None)
