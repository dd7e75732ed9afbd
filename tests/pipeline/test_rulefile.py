"""A rule file is read as it stands, or refused with the file's name and the key that is wrong."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

import pytest

from pipeline.rulefile import RuleFileError, message_fields, read_rule, read_rules
from schemas.finding import Level
from tests.sql.rule_text import CASES, CLEAN_CASE, FINDING_CASE, KEYS, SELECT, rule_file, rule_text

if TYPE_CHECKING:
    from pathlib import Path

NAME = "TST01_test.sql"
LONG = '"' + 61 * "x" + '"'
REFUSED = {
    "an unknown key": (rule_text(colour='"red"'), "colour"),
    "uses that no schema has": (rule_text(uses='["invoices"]'), "invoices"),
    "uses that is no list": (rule_text(uses='"price_list"'), "uses"),
    "a title of more than sixty characters": (rule_text(title=LONG), "title"),
    "an empty title": (rule_text(title='""'), "title"),
    "steps that are no list": (rule_text(steps='"Look."'), "steps"),
    "steps that are no texts": (rule_text(steps="[1]"), "steps"),
    "a version that is no number": (rule_text(version='"one"'), "version"),
    "a level that is none": (rule_text(level='"fatal"'), "level"),
    "a date that is a text": (rule_text(since='"2026-11-20"'), "since"),
    "a need that is no table": (rule_text(needs='["invoices"]'), "needs"),
    "a need that is no column": (rule_text(needs='["subscriptions.colour"]'), "needs"),
    "a need that is no text": (rule_text(needs="[1]"), "needs"),
    "a key that is no text": (rule_text(key="[1]"), "key"),
    "a message with a brace that is not closed": (rule_text(message='"{quantity seats"'), "message"),
    "no cases": (rule_text(cases=""), "case"),
    "only cases that find": (rule_text(cases=FINDING_CASE), "case"),
    "only cases that do not find": (rule_text(cases=CLEAN_CASE), "case"),
    "a case with an unknown table": (rule_text(cases=CASES + 'invoices = ""'), "invoices"),
    "a case without a date": (rule_text(cases=CASES.replace("as_of = 2026-11-20\nfinds", "finds")), "as_of"),
    "a case whose date is a text": (rule_text(cases=CASES.replace("2026-11-20\nfinds", '"today"\nfinds')), "as_of"),
    "a case whose table is no text": (rule_text(cases=CASES + "customers = 1"), "customers"),
    "a case whose TOML is broken": (rule_text(cases=CASES + "customers = ]"), "line 30"),
    "an id that is not the file's": (rule_text(id='"TST02"'), "TST02"),
    "TOML that is broken": (rule_text(title='"no end'), "line 5"),
    "no header": (SELECT, "block comment"),
    "a header that is not closed": (rule_text().replace("*/", ""), "block comment"),
    "no SELECT": (rule_text(select=""), "SELECT"),
}


@pytest.mark.parametrize(("text", "key"), REFUSED.values(), ids=REFUSED.keys())
def test_a_rule_file_that_is_wrong_is_refused_by_file_and_key(tmp_path: Path, text: str, key: str) -> None:
    (tmp_path / NAME).write_text(text, encoding="utf-8")
    with pytest.raises(RuleFileError) as refusal:
        read_rule(tmp_path / NAME)
    assert str(refusal.value).startswith(f"{NAME}: ")
    assert key in str(refusal.value)


@pytest.mark.parametrize("key", KEYS)
def test_a_missing_key_is_named(tmp_path: Path, key: str) -> None:
    with pytest.raises(RuleFileError, match=rf"^{NAME}: .*missing keys \['{key}'\]"):
        rule_file(tmp_path, **{key: None})


def test_a_file_whose_name_does_not_begin_with_the_id_is_refused(tmp_path: Path) -> None:
    with pytest.raises(RuleFileError, match=r"^test\.sql: the file's name must start with the id TST01"):
        rule_file(tmp_path, name="test.sql")


def test_a_file_that_is_not_utf_8_is_refused_by_name(tmp_path: Path) -> None:
    (tmp_path / NAME).write_bytes(rule_text(title='"Dębowa"').encode("cp1250"))
    with pytest.raises(RuleFileError, match=rf"^{NAME}: .*utf-8"):
        read_rule(tmp_path / NAME)


def test_a_title_of_sixty_characters_is_accepted(tmp_path: Path) -> None:
    assert rule_file(tmp_path, title='"' + 60 * "x" + '"').rule.title == 60 * "x"


def test_a_rule_file_is_read_as_it_stands(tmp_path: Path) -> None:
    why = '"""\nFirst line, \\\n  continued.\n\nSecond.\n"""'
    file = rule_file(tmp_path, level='"deadline"', why=why, needs='["customers.country", "price_list"]')
    rule = file.rule
    assert (rule.id, rule.version, rule.level, rule.title) == ("TST01", 1, Level.DEADLINE, "A rule for tests")
    assert (rule.message, rule.steps, rule.source) == ("{quantity} seats", ("Look.",), "Nobody")
    assert rule.why == "First line, continued. Second."
    assert rule.needs == ("customers.country", "price_list")
    assert (rule.key, rule.since) == (("subscription_id",), date(2026, 11, 20))
    assert file.select == SELECT
    assert [(case.name, case.as_of, sorted(case.tables)) for case in file.cases] == [
        ("one", date(2026, 11, 20), ["subscriptions"]),
        ("none", date(2026, 11, 20), []),
    ]
    assert [case.finds.split() for case in file.cases] == [["subscription_id", "s1"], []]


def test_the_fields_of_a_message_are_what_stands_in_braces(tmp_path: Path) -> None:
    message = '"{seats} of {company_name}, {seats} in all, {{not this}}"'
    assert message_fields(rule_file(tmp_path, message=message).rule) == {"seats", "company_name"}


def test_a_folder_is_read_by_id_and_other_files_are_left_alone(tmp_path: Path) -> None:
    for name in ("TST02", "TST01", "TST10"):
        rule_file(tmp_path, name=f"{name}_test.sql", id=f'"{name}"')
    (tmp_path / "RETIRED.md").write_text("TST03", encoding="utf-8")
    assert [file.rule.id for file in read_rules(tmp_path)] == ["TST01", "TST02", "TST10"]


def test_an_id_that_two_files_use_is_refused(tmp_path: Path) -> None:
    rule_file(tmp_path, name="TST01_one.sql")
    rule_file(tmp_path, name="TST01_two.sql")
    with pytest.raises(RuleFileError, match="an id is used twice among TST01, TST01"):
        read_rules(tmp_path)
