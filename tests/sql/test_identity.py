"""A finding's identity comes from its rule's id and its key, and from nothing else."""

from __future__ import annotations

import hashlib
from datetime import date
from typing import TYPE_CHECKING

import pytest

from pipeline.rulefile import read_rules
from tests.sql.case_tables import parse
from tests.sql.rule_text import rule_file
from tests.sql.world import found, judge, world

if TYPE_CHECKING:
    from pathlib import Path

    from pipeline.rulefile import RuleFile

DAY = date(2026, 11, 20)
SUBSCRIPTIONS = """
subscription_id | customer_id | quantity | offer_id
s1              | c1          | 5        | p1:0001:x
s2              | c1          | 7        | p1:0002:x
"""
PLAIN = "select s.customer_id, s.subscription_id, null as due_on, s.quantity from core.subscriptions as s"


def identify(file: RuleFile, subscriptions: str = SUBSCRIPTIONS, as_of: date = DAY) -> dict[str, str]:
    """Return each finding's id by its subscription."""
    with world(as_of, {"subscriptions": parse(subscriptions)[1]}) as connection:
        (result,) = judge(connection, [file])
        rows = found(connection)
    assert result.found == len(rows)
    return {str(row["subscription_id"]): str(row["finding_id"]) for row in rows}


def test_an_id_is_a_short_hash_of_rule_and_key(tmp_path: Path) -> None:
    """It is written down here once more, because tickets and waivers outlive the program's version."""
    hashed = {key: hashlib.sha256(f"TST01\x1f{key}".encode()).hexdigest()[:12] for key in ("s1", "s2")}
    assert identify(rule_file(tmp_path)) == {key: f"F-{digits}" for key, digits in hashed.items()}
    assert hashed["s1"] == "f7850d85e6b9"


SAME = {
    "another message": {"message": '"{quantity}: look"'},
    "another version, level, title and date": {
        "version": "2",
        "level": '"violation"',
        "title": '"T"',
        "since": "2027-01-01",
    },
    "columns in another order": {
        "select": "select s.quantity, null as due_on, s.subscription_id, s.customer_id from core.subscriptions as s"
    },
    "a due date and another fact": {
        "select": "select s.customer_id, s.subscription_id, s.creation_date as due_on, 9 as quantity, 1 as more "
        "from core.subscriptions as s"
    },
    "rows in another order": {"select": f"{PLAIN} order by s.subscription_id desc"},
}


@pytest.mark.parametrize("change", SAME.values(), ids=SAME.keys())
def test_what_a_rule_says_does_not_change_an_id(tmp_path: Path, change: dict[str, str]) -> None:
    assert identify(rule_file(tmp_path, **change)) == identify(rule_file(tmp_path))


def test_another_night_another_count_and_another_line_do_not_change_an_id(tmp_path: Path) -> None:
    header, first, second = SUBSCRIPTIONS.strip().split("\n")
    turned = "\n".join((header, second.replace("7  ", "700"), first))
    file = rule_file(tmp_path)
    assert identify(file, turned, date(2027, 3, 1)) == identify(file)


def test_another_rule_or_another_key_is_another_finding(tmp_path: Path) -> None:
    two = "\nsubscription_id | customer_id | reseller_id\ns1 | c1 | a\n"
    select = (
        "select s.customer_id, s.subscription_id, null as due_on, s.reseller_id, s.line from core.subscriptions as s"
    )
    files = [
        rule_file(tmp_path, select, key='["subscription_id"]'),
        rule_file(tmp_path, select, key='["customer_id"]'),
        rule_file(tmp_path, select, key='["customer_id", "subscription_id"]'),
        rule_file(tmp_path, select, key='["subscription_id", "customer_id"]'),
        rule_file(tmp_path, select, key='["subscription_id", "reseller_id"]'),
        rule_file(tmp_path, select, name="TST02_other.sql", id='"TST02"'),
    ]
    ids = [identify(file, two)["s1"] for file in files]
    assert len(set(ids)) == len(files)


def test_the_parts_of_a_key_do_not_run_together(tmp_path: Path) -> None:
    rows = "\nsubscription_id | customer_id\ns1 | 1c\ns11 | c\n"
    ids = identify(rule_file(tmp_path, key='["subscription_id", "customer_id"]'), rows)
    assert len(set(ids.values())) == 2


def test_two_rows_of_one_key_give_one_finding_the_same_whatever_their_order(tmp_path: Path) -> None:
    header, *rows = SUBSCRIPTIONS.strip().split("\n")
    file = rule_file(tmp_path, key='["customer_id"]')
    kept = [identify(file, "\n".join((header, *order))) for order in (rows, rows[::-1])]
    assert len(kept[0]) == 1
    assert kept[0] == kept[1]


def test_of_two_rows_of_one_key_the_one_that_is_due_first_is_kept(tmp_path: Path) -> None:
    select = (
        "select s.customer_id, s.subscription_id, s.creation_date as due_on, s.quantity from core.subscriptions as s"
    )
    rows = """
    subscription_id | customer_id | creation_date
    s1              | c1          | 2026-12-02
    s2              | c1          | 2026-12-01
    s3              | c1          | 2026-12-03
    """
    assert list(identify(rule_file(tmp_path, select, key='["customer_id"]'), rows)) == ["s2"]


def test_every_rule_keys_its_findings_by_what_they_are_about() -> None:
    """Ids and names only: a date or a count in a key would make an old finding look new."""
    subjects = {"subscription_id", "customer_id", "qualification", "submitted_tenant_id", "tenant_id", "validation"}
    keys = {file.rule.id: set(file.rule.key) for file in read_rules()}
    assert {name: key - subjects for name, key in keys.items() if key - subjects} == {}
    assert {name for name, key in keys.items() if not key & {"subscription_id", "customer_id"}} == set()
