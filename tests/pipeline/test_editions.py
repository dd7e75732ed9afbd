"""What a reseller's edition says: its own findings, counts and sales, and what it says where it may not say more."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import pytest

from pipeline.audit import read_audit
from pipeline.editions import read_edition, reseller_ids
from pipeline.nights import nights
from pipeline.rulefile import read_rules
from pipeline.warehouse import open_warehouse
from reports import render
from reports.languages import words_of
from reports.sentences import TORN
from schemas.finding import Judgement, Level, State, Verdict
from tests.pipeline.commandline import audit, sample
from tests.pipeline.exports import AS_OF, guid, night, write_folder

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date
    from pathlib import Path

    from schemas.finding import Audit, Finding
    from schemas.triage import Triage

# The resellers of the sample nights.
ROVERE, KASZTAN, LARCH = "5201102", "5200417", "5203377"


@dataclass(frozen=True)
class Editions:
    """The newest night as a whole, its editions, and the nights before: each as a whole, and one reseller's edition."""

    whole: Audit
    by_reseller: Mapping[str, Audit]
    earlier: Mapping[date, Audit]
    whole_before: Mapping[date, Audit]


def editions(state: Path, reseller: str, triage: Mapping[str, Triage] | None = None) -> Editions:
    rules = [file.rule for file in read_rules()]
    with open_warehouse(state / "warehouse.duckdb") as connection:
        newest, *older = nights(connection)
        whole = read_audit(connection, rules, newest, triage)
        by_reseller = {one: read_edition(connection, whole, one, newest) for one in reseller_ids(connection)}
        before = {one.as_of: read_audit(connection, rules, one) for one in older}
        earlier = {one.as_of: read_edition(connection, before[one.as_of], reseller, one) for one in older}
    return Editions(whole, by_reseller, earlier, before)


@pytest.fixture(scope="module")
def sampled(audited: Path) -> Editions:
    return editions(audited, ROVERE)


def open_of(found: tuple[Finding, ...]) -> Counter[Level]:
    return Counter(item.level for item in found if item.state not in {State.CLOSED, State.WAIVED})


def test_every_finding_with_a_reseller_is_in_its_edition_and_in_no_other(sampled: Editions) -> None:
    shared_out = Counter(item.finding_id for one in sampled.by_reseller.values() for item in one.findings)
    assert set(shared_out) == {item.finding_id for item in sampled.whole.findings if item.reseller_id}
    assert set(shared_out.values()) == {1}
    for reseller, edition in sampled.by_reseller.items():
        assert {item.reseller_id for item in edition.findings} == {reseller}


def test_counts_rules_weeks_and_nights_are_those_of_its_own_findings(sampled: Editions) -> None:
    for edition in sampled.by_reseller.values():
        opened = open_of(edition.findings)
        assert {level: counts.found for level, counts in edition.counts.items()} == {lv: opened[lv] for lv in Level}
        assert sum(item.found for item in edition.rules) == opened.total()
        assert sum(item.closed for item in edition.rules) == sum(c.closed for c in edition.counts.values())
        assert edition.nights[-1].open == {lv: opened[lv] for lv in Level}
        assert sum(week.customers for week in edition.weeks) <= opened[Level.DEADLINE]
        assert {result.rule.id for result in edition.rules} == {result.rule.id for result in sampled.whole.rules}


def test_chart_counts_on_each_night_what_was_said_to_be_the_resellers_then_or_next(sampled: Editions) -> None:
    newest = sampled.by_reseller[ROVERE]
    assert [night.as_of for night in newest.nights] == sorted([*sampled.earlier, newest.as_of])
    named_next = {item.finding_id: item.reseller_id for item in sampled.whole.findings}
    nobodys = 0
    for shown in newest.nights[-2::-1]:
        found = sampled.whole_before[shown.as_of].findings
        named_next |= {item.finding_id: item.reseller_id for item in found if item.reseller_id}
        own = tuple(item for item in found if named_next.get(item.finding_id) == ROVERE)
        nobodys += sum(item.reseller_id is None for item in own)
        assert shown.open == {level: open_of(own)[level] for level in Level}
    assert nobodys


def test_editions_share_out_the_matrix_and_the_rows(sampled: Editions) -> None:
    whole = {(cell.customer_type, cell.segment): cell for cell in sampled.whole.matrix}
    sold, reported = Counter[tuple[str, str]](), Counter[tuple[str, str]]()
    for edition in sampled.by_reseller.values():
        for cell in edition.matrix:
            sold[cell.customer_type, cell.segment] += cell.sold
            reported[cell.customer_type, cell.segment] += cell.reported
            assert cell.outcome is whole[cell.customer_type, cell.segment].outcome
    assert all(sold[place] <= cell.sold for place, cell in whole.items())
    assert sum(cell.sold for cell in whole.values()) - sold.total() <= 1
    assert sum(reported.values()) == sum(cell.reported for cell in whole.values())
    rows = {item.table: item.rows for item in sampled.by_reseller[KASZTAN].inputs}
    assert rows == {
        "customers": 16, "subscriptions": 51, "qualifications": 14, "gcc_validations": 0, "nonprofit_notices": 4,
        "qualification_requests": 6,
    }  # fmt: skip


def test_edition_says_whose_it_is_and_not_how_or_from_what_it_was_made(sampled: Editions) -> None:
    edition = sampled.by_reseller[ROVERE]
    assert (edition.edition, edition.partner) == ("Rovere Informatica S.r.l.", sampled.whole.partner)
    assert (edition.command, edition.triage_sha256, edition.unread_rows, edition.unread_before) == ("", "", (), 0)
    assert {item.source for item in edition.findings} == {""}
    assert {(item.sha256, item.bytes, item.encoding) for item in edition.inputs} == {("", 0, "")}
    assert {item.file for item in edition.inputs} <= {item.table for item in edition.inputs}


def test_row_that_nobody_can_read_may_be_its_own_and_is_said_without_a_number(sampled: Editions) -> None:
    assert sampled.whole.unread > 0
    for edition in sampled.by_reseller.values():
        assert edition.unread == 0
        judged = {result.rule.id: result.judgement for result in edition.rules}
        assert judged["SEG01"] is Judgement.PARTLY
        notes = {item.table: item.notes for item in edition.inputs}
        assert notes["subscriptions"] == ("Some rows could not be read, and may be about these customers.",)
        assert notes["qualifications"] == ()
        assert "could be judged only in part" in render.report_html(edition)


def test_what_a_rule_could_not_judge_is_counted_among_its_own_subjects(sampled: Editions) -> None:
    for result in sampled.whole.rules:
        own = [next(one for one in e.rules if one.rule == result.rule) for e in sampled.by_reseller.values()]
        for code, subjects in result.gaps.items():
            assert sum(one.gaps.get(code, 0) for one in own) <= subjects
    gcc01 = next(one for one in sampled.by_reseller[LARCH].rules if one.rule.id == "GCC01")
    assert gcc01.gaps == {"not_stated": 1}
    assert next(one for one in sampled.by_reseller[ROVERE].rules if one.rule.id == "GCC01").gaps == {}


def test_changes_are_those_of_its_own_customers(sampled: Editions) -> None:
    told = [change for edition in sampled.by_reseller.values() for change in edition.changes]
    assert told
    assert set(told) <= set(sampled.whole.changes)
    assert len(told) == sum(sum(e.change_counts.values()) for e in sampled.by_reseller.values())


def test_older_night_leaves_out_what_is_not_known_of_it_any_more(sampled: Editions) -> None:
    for edition in sampled.earlier.values():
        assert (edition.inputs, edition.matrix, edition.changes) == ((), (), ())
        assert edition.findings
        assert {item.seats for item in edition.findings if item.subscription_id is None} <= {None}


def test_reseller_without_anything_has_an_empty_edition_that_is_not_called_clean(audited: Path) -> None:
    rules = [file.rule for file in read_rules()]
    with open_warehouse(audited / "warehouse.duckdb") as connection:
        edition = read_edition(connection, read_audit(connection, rules), "0000000")
        assert "0000000" not in reseller_ids(connection)
    assert (edition.edition, edition.findings, edition.exit_code) == ("0000000", (), 0)
    assert edition.verdict is Verdict.INCOMPLETE
    assert sum(cell.sold for cell in edition.matrix) == 0


WAIVERS = """
[[waiver]]
subscription = "s-01"
reason = "own sale"
approved_by = "A"
created = 2026-11-01
expires = 2026-12-31

[[waiver]]
customer = "{shared}"
reason = "the other reseller asked for it"
approved_by = "B"
created = 2026-11-01
expires = 2026-12-31
"""


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Editions:
    """Audit a night of two resellers that share customer 2; A is in charge of 1, 2 and 3, B of the others."""
    root = tmp_path_factory.mktemp("small")
    tables = night()
    for row in tables["customers"]:
        row["reseller_id"] = "A" if row["customer_id"] in {guid(1), guid(2), guid(3)} else "B"
    for row in tables["subscriptions"]:
        row["reseller_id"] = "B" if row["subscription_id"] == "s-09" else ""
    (root / "state").mkdir()
    (root / "state" / "waivers.toml").write_text(WAIVERS.format(shared=guid(2)), encoding="utf-8")
    assert audit(write_folder(root / "exports", tables), AS_OF, root / "state", "--fail-on", "deadline").code == 1
    return editions(root / "state", "A")


def finding_of(edition: Audit, rule: str, customer: str) -> Finding:
    (found,) = (item for item in edition.findings if (item.rule.id, item.customer_id) == (rule, customer))
    return found


def test_customer_of_two_resellers_shows_no_number_over_the_sales_of_both(small: Editions) -> None:
    whole, own = (finding_of(one, "NPO01", guid(2)) for one in (small.whole, small.by_reseller["a"]))
    assert (whole.seats, whole.facts["subscriptions"]) == (40, 1)
    assert (own.seats, own.facts.get("subscriptions"), own.due_on) == (None, None, whole.due_on)
    assert {item.subscription_id for item in small.by_reseller["b"].findings if item.customer_id == guid(2)} == {"s-09"}


def test_waivers_are_shown_where_they_are_for_its_own_alone(small: Editions) -> None:
    edition = small.by_reseller["a"]
    assert [(use.waiver.subscription, use.waiver.reason, use.waiver.line) for use in edition.waivers] == [
        ("s-01", "own sale", 0)
    ]
    waived = {item.customer_id: item.waiver for item in edition.findings if item.state is State.WAIVED}
    assert {reason.reason for reason in waived.values() if reason} == {"own sale", ""}
    assert small.by_reseller["b"].waivers == ()


def test_sale_that_names_no_reseller_is_that_of_the_customers(small: Editions) -> None:
    sales = {item.subscription_id for item in small.by_reseller["a"].findings if item.subscription_id}
    assert {"s-01", "s-10"} <= sales
    assert "s-09" not in sales


def test_exit_code_and_verdict_follow_from_its_own_findings_and_what_the_run_was_asked(small: Editions) -> None:
    edition = small.by_reseller["a"]
    assert "--fail-on deadline" in small.whole.command
    current = {item.level for item in edition.findings if item.state not in {State.CLOSED, State.WAIVED}}
    assert edition.exit_code == int(bool(current & {Level.VIOLATION, Level.DEADLINE}))
    assert edition.verdict is Verdict.FINDINGS


def test_edition_is_made_of_the_audit_that_is_given(audited: Path) -> None:
    """What an audit says that no warehouse holds (decisions, a failed rule) is kept, but for foreign words."""
    rules = [file.rule for file in read_rules()]
    with open_warehouse(audited / "warehouse.duckdb") as connection:
        whole = read_audit(connection, rules)
        failed = replace(whole.rules[0], judgement=Judgement.ERROR, reason="could not read 'Firma X'")
        missing = replace(whole.rules[1], judgement=Judgement.INPUT_MISSING, reason="partners was not supplied")
        spoilt = replace(whole, rules=(failed, missing, *whole.rules[2:]), triage_fault="line 7: Firma X")
        edition = read_edition(connection, spoilt, ROVERE)
    first, second, *_ = edition.rules
    assert (first.judgement, first.reason) == (Judgement.ERROR, "")
    assert (second.judgement, second.reason) == (Judgement.INPUT_MISSING, "partners was not supplied")
    assert edition.triage_fault
    assert "Firma X" not in edition.triage_fault
    assert edition.exit_code == 1


def test_rules_judged_in_part_for_unread_rows_say_so_and_the_page_says_it_once(tmp_path: Path) -> None:
    tables = night()
    for row in tables["customers"]:
        row["reseller_id"] = "A"
    tables["subscriptions"][3]["quantity"] = "many"
    tables["subscriptions"][3]["customer_id"] = "nobody's"
    assert audit(write_folder(tmp_path / "exports", tables), AS_OF, tmp_path / "state").code in {0, 1}
    edition = editions(tmp_path / "state", "a").by_reseller["a"]
    partly = [item for item in edition.rules if item.judgement is Judgement.PARTLY and not item.gaps]
    assert partly
    assert {item.reason for item in partly} == {TORN}
    assert render.report_html(edition).count(TORN) == 1
    assert words_of("it").gettext(TORN) in render.report_html(edition, words_of("it"))


def test_sample_nights_have_their_resellers(audited: Path) -> None:
    assert sample(AS_OF).is_dir()
    with open_warehouse(audited / "warehouse.duckdb") as connection:
        assert reseller_ids(connection) == ["5200417", "5200960", "5200961", "5201102", "5203377"]
