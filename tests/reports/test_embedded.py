"""What the page's script reads: whole, small, harmless, the same every time."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reports import columns, embedded
from reports.evidence import evidence
from reports.messages import message
from reports.order import by_pressure
from reports.tabular import FINDING_COLUMNS
from reports.text import clip, visible
from reports.wording import ENGLISH
from schemas.triage import Triage
from tests.reports import example_changes, examples
from tests.reports.example_changes import EVERY
from tests.reports.parts import finding
from tests.reports.rulebook import SEG01

UNSEEN = "\x00\x1b\u202e\u202c\ud800"


class Data:
    """The packed findings, read by the rules that `columns` states."""

    def __init__(self, text: str) -> None:
        document, self._heap = columns.unpacked(text).split("\n", 1)
        self.document: dict[str, Any] = json.loads(document)

    def column(self, spec: dict[str, Any], length: int) -> list[Any]:
        values = spec["v"]
        if isinstance(values, dict):
            width, begin = values["w"], values["at"]
            values = [self._heap[begin + width * k : begin + width * (k + 1)] for k in range(values["n"])]
        if "i" in spec:
            return [values[place] for place in spec["i"]]
        return values * length if len(values) == 1 else values

    def named(self, name: str) -> list[Any]:
        return self.column(self.document["columns"][name], self.document["n"])

    def facts(self) -> list[tuple[str, dict[str, str]]]:
        """The message and the evidence of each finding."""
        of = self.named("group")
        told = []
        for number, group in enumerate(self.document["groups"]):
            length = of.count(number)
            values = [self.column(spec, length) for spec in group["values"]]
            rows = zip(*values, strict=True) if values else [()] * length
            pairs = [tuple(zip(group["labels"], row, strict=True)) for row in rows]
            told.append(iter(zip(self.column(group["message"], length), pairs, strict=True)))
        return [next(told[number]) for number in of]


def read(name: str) -> Data:
    return Data(embedded.embedded(ENGLISH, EVERY[name](), {"SEG01"}))


@given(st.lists(st.one_of(st.none(), st.integers(), st.text(st.characters(), max_size=3)), max_size=30))
def test_a_column_gives_back_its_values(values: list[str | int | None]) -> None:
    if not values:
        return
    data = Data(columns.packed({"n": len(values), "columns": {"c": columns.column(values)}}))
    assert data.named("c") == [visible(value) if isinstance(value, str) else value for value in values]


def test_identifiers_stand_in_the_packed_text_as_they_are() -> None:
    audit = examples.busy()
    text = columns.unpacked(embedded.embedded(ENGLISH, audit, ()))
    for item in audit.findings:
        assert item.finding_id in text
        assert item.subscription_id is None or item.subscription_id in text
        assert item.customer_id is None or item.customer_id in text


@pytest.mark.parametrize("name", EVERY)
def test_every_finding_is_there_with_its_message_and_its_evidence(name: str) -> None:
    audit, data = EVERY[name](), read(name)
    findings = by_pressure(audit.findings)
    assert data.document["n"] == len(findings)
    if not findings:
        return
    assert data.named("id") == [item.finding_id for item in findings]
    assert data.named("seats") == [item.seats for item in findings]
    rules = [data.document["rules"][place]["id"] for place in data.named("rule")]
    assert rules == [item.rule.id for item in findings]
    for item, (said, facts) in zip(findings, data.facts(), strict=True):
        assert said == visible(message(ENGLISH, item))
        shown = tuple((visible(clip(a, 80)), visible(clip(b, 400))) for a, b in evidence(ENGLISH, item))
        assert facts == shown


def test_days_are_in_order_and_as_the_page_writes_them() -> None:
    data = read("busy")
    days = [iso for iso, *_ in data.document["days"]]
    assert days == sorted(days)
    assert ["2026-11-24", "24 Nov", "24 Nov 2026", ""] in data.document["days"]
    ages = {iso: age for iso, _, _, age in data.document["days"]}
    assert ages["2026-11-08"] == "open for 12 days"
    assert days[data.document["hot"] - 1] <= "2026-11-27" < days[data.document["hot"]]


def test_waivers_and_decisions_are_there() -> None:
    data = Data(embedded.embedded(ENGLISH, example_changes.eventful(), ()))
    assert [example_changes.ACCEPTED.scope, example_changes.ACCEPTED.reason, "Anna Nowak", "11 Dec 2026"] in (
        data.document["waivers"]
    )
    assert "Piotr Zieliński" in {owner for _, owner, *_ in data.document["triages"]}


def test_when_a_decision_was_made_is_harmless_too() -> None:
    decided = finding(1, triage=Triage("wait", "Anna", None, "", f"2026{UNSEEN}"))
    data = Data(embedded.embedded(ENGLISH, replace(examples.clean(), findings=(decided,)), ()))
    assert data.document["triages"] == [["wait", "Anna", -1, "", visible(f"2026{UNSEEN}")]]


def test_it_names_the_columns_of_findings_csv() -> None:
    assert tuple(read("busy").document["header"]) == FINDING_COLUMNS


def test_nothing_in_it_works_unseen_or_ends_the_script() -> None:
    text = embedded.embedded(ENGLISH, examples.hostile(), ())
    assert text.isascii()
    assert "<" not in text
    document = columns.unpacked(text)
    assert not set(UNSEEN) & set(document)
    assert "\\u00" not in document


@pytest.mark.parametrize("name", EVERY)
def test_the_same_audit_gives_the_same_text(name: str) -> None:
    assert embedded.embedded(ENGLISH, EVERY[name](), ("a",)) == embedded.embedded(ENGLISH, EVERY[name](), ("a",))


def test_a_source_without_a_line_is_a_file() -> None:
    sources = ("subscriptions.csv:14", "a:b", "", "x:007", "x:٣", "0", ":5")
    findings = tuple(finding(number, source=source) for number, source in enumerate(sources))
    data = Data(embedded.embedded(ENGLISH, replace(examples.clean(), findings=findings), ()))
    ids = [item.finding_id for item in findings]
    rows = dict(zip(data.named("id"), zip(data.named("file"), data.named("line"), strict=True), strict=True))
    assert [rows[name] for name in ids] == [
        ("subscriptions.csv", 14), ("a:b", None), ("", None), ("x:007", None), ("x:٣", None),
        ("0", None), (":5", None),
    ]  # fmt: skip


def test_a_rule_says_whether_the_page_has_it() -> None:
    rules = {rule["id"]: rule["linked"] for rule in read("busy").document["rules"]}
    assert rules["SEG01"] is True
    assert not any(linked for name, linked in rules.items() if name != "SEG01")


def test_many_findings_are_small() -> None:
    spread = tuple(finding(number, SEG01) for number in range(12_000))
    assert len(embedded.embedded(ENGLISH, replace(examples.clean(), findings=spread), ())) < 12_000 * 70
