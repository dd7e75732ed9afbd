"""What every rule file of the house keeps to, beyond what its reader demands."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from pipeline.rulefile import RULES_FOLDER, SUBJECT_FIELDS, message_fields, read_rules, sharper
from reports.messages import message
from reports.wording import Words
from schemas.subscriptions import STATUS
from tests.reports.parts import finding
from tests.sql.case_tables import parse
from tests.sql.test_rule_cases import run_case

if TYPE_CHECKING:
    from pipeline.rulecases import Case
    from pipeline.rulefile import RuleFile

RULES = read_rules()
EACH_RULE = pytest.mark.parametrize("file", RULES, ids=lambda file: file.rule.id)
FINDING_CASES = [
    pytest.param(file, case, id=f"{file.rule.id}: {case.name}")
    for file in RULES
    for case in file.cases
    if case.finds.strip()
]


def test_every_file_of_the_folder_is_a_rule() -> None:
    names = {path.name for path in RULES_FOLDER.iterdir() if not path.name.startswith("__")}
    assert names - {"RETIRED.md"} == {path.name for path in RULES_FOLDER.glob("*.sql")}
    assert len(RULES) == len(names) - 1


def test_an_id_is_used_once_and_never_after_it_was_retired() -> None:
    ids = [file.rule.id for file in RULES]
    retired = re.findall(r"\b[A-Z]+[0-9]{2}\b", (RULES_FOLDER / "RETIRED.md").read_text(encoding="utf-8"))
    assert sorted({*ids, *retired}) == sorted(ids + retired)
    assert [name for name in ids if not re.fullmatch(r"[A-Z]{3,4}[0-9]{2}", name)] == []


@EACH_RULE
def test_a_rule_has_two_cases_that_find_and_two_that_do_not(file: RuleFile) -> None:
    finding = [case.name for case in file.cases if case.finds.strip()]
    assert len(finding) >= 2
    assert len(file.cases) - len(finding) >= 2
    assert len({case.name for case in file.cases}) == len(file.cases)


@pytest.mark.parametrize(
    "file", [file for file in RULES if "subscriptions" in file.rule.needs], ids=lambda file: file.rule.id
)
def test_a_rule_has_a_case_with_a_status_that_nobody_knows(file: RuleFile) -> None:
    """An unknown status is live: a rule that reads subscriptions shows that it takes it so."""
    statuses = {row.get("status") for case in file.cases for row in parse(case.tables.get("subscriptions", ""))[1]}
    assert statuses - STATUS.known - {None}, "no case with an unknown status"
    assert statuses & {"expired", "deleted", "disabled", "none"}, "no case with a subscription that has ended"


@EACH_RULE
def test_a_rule_needs_the_tables_that_its_cases_draw(file: RuleFile) -> None:
    """What only adds evidence may be drawn without being needed, and so may what a sharper rule needs."""
    rules = [file.rule, *(one.rule for one in sharper(file, RULES))]
    inputs = {need.partition(".")[0] for rule in rules for need in (*rule.needs, *rule.uses)}
    drawn = {name for case in file.cases for name in case.tables}
    assert drawn - inputs <= {"price_list", "qualifications", "unread_customers", "unread_tables", "history"}


@pytest.mark.parametrize(("file", "case"), FINDING_CASES)
def test_the_message_is_filled_in_every_case_that_finds(file: RuleFile, case: Case) -> None:
    rows = run_case(file, case)
    fields = message_fields(file.rule)
    assert [name for name in fields if name not in {*rows[0], *SUBJECT_FIELDS}] == [], "fields that nothing fills"
    facts = fields & rows[0].keys()
    assert [name for name in facts if all(row[name] is None for row in rows)] == [], "fields that no finding fills"


@pytest.mark.parametrize(("file", "case"), FINDING_CASES)
def test_the_message_reads_as_a_sentence_in_every_case_that_finds(file: RuleFile, case: Case) -> None:
    subject = {"customer_id", "subscription_id", "due_on"}
    for row in run_case(file, case):
        attributes = {name: row[name] for name in {*subject, "segment", "customer_type"} & row.keys()}
        facts = {name: value for name, value in row.items() if name not in subject}
        text = message(Words(), finding(0, file.rule, **attributes, facts=facts))
        assert text[0].isupper() or text[0].isdecimal()
        assert not re.search(r"[{}]|None|\.$", text), text


@EACH_RULE
def test_texts_for_people_are_whole(file: RuleFile) -> None:
    rule = file.rule
    assert rule.title[0].isupper()
    assert not rule.title.endswith(".")
    assert rule.why.endswith(".")
    assert rule.steps
    assert all(step[0].isupper() and step.endswith(".") for step in rule.steps)
