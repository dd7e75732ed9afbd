"""Rules are judged one by one: what a rule lacks or breaks is its own reason, and the others go on."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

import pytest

from schemas.finding import Judgement
from tests.sql.case_tables import parse
from tests.sql.rule_text import SELECT, rule_file
from tests.sql.world import EVERYTHING, found, judge, world

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from pipeline.database import Connection

SUBSCRIPTIONS = """
subscription_id | customer_id | quantity
s1              | c1          | 5
s2              | c2          |
"""


@pytest.fixture
def night() -> Iterator[Connection]:
    with world(date(2026, 11, 20), {"subscriptions": parse(SUBSCRIPTIONS)[1]}) as connection:
        yield connection


def test_a_judged_rule_counts_and_keeps_what_it_finds(night: Connection, tmp_path: Path) -> None:
    (result,) = judge(night, [rule_file(tmp_path)])
    assert (result.judgement, result.reason, result.found) == (Judgement.JUDGED, "", 2)
    rows = {row["subscription_id"]: row for row in found(night)}
    assert rows.keys() == {"s1", "s2"}
    assert [rows["s1"][name] for name in ("rule_id", "customer_id", "due_on", "quantity")] == ["TST01", "c1", None, 5]
    assert rows["s2"]["quantity"] is None


def test_facts_keep_their_kinds(night: Connection, tmp_path: Path) -> None:
    select = """
        select s.customer_id, s.subscription_id, r.as_of as due_on, r.as_of as day, 1 as number, true as truth,
            'zażółć "x"' as words, cast(1.50 as decimal(18, 6)) as price, 'customers' as evidence_table,
            7 as evidence_line
        from core.subscriptions as s cross join core.run as r where s.line = 1
    """
    judge(night, [rule_file(tmp_path, select, message='"x"')])
    (row,) = found(night)
    assert row == {
        "finding_id": row["finding_id"], "rule_id": "TST01", "customer_id": "c1", "subscription_id": "s1",
        "due_on": date(2026, 11, 20), "evidence_table": "customers", "evidence_line": 7,
        "day": "2026-11-20", "number": 1, "truth": True, "words": 'zażółć "x"', "price": 1.5,
    }  # fmt: skip


BROKEN = {
    "a table that is not there": (f"{SELECT} cross join core.nowhere as n", "nowhere"),
    "a syntax that is none": ("selekt 1", "selekt"),
    "a cast that fails": (f"{SELECT} where cast(s.subscription_id as bigint) = 1", "Could not convert"),
    "a due date that is no date": (SELECT.replace("null as due_on", "'soon' as due_on"), "soon"),
    "no customer": (SELECT.replace("s.customer_id", "s.customer_id as customer"), "no column customer_id"),
    "no subscription": (SELECT.replace("s.subscription_id", "s.subscription_id as s"), "no column subscription_id"),
    "no due date": (SELECT.replace("null as due_on", "null as due"), "no column due_on"),
}


@pytest.mark.parametrize(("select", "reason"), BROKEN.values(), ids=BROKEN.keys())
def test_a_broken_rule_is_not_judged_and_the_others_go_on(
    night: Connection, tmp_path: Path, select: str, reason: str
) -> None:
    before = rule_file(tmp_path, name="TST00_before.sql", id='"TST00"')
    broken = rule_file(tmp_path, select)
    after = rule_file(tmp_path, name="TST02_after.sql", id='"TST02"')
    results = judge(night, [before, broken, after])
    assert [result.judgement for result in results] == [Judgement.JUDGED, Judgement.ERROR, Judgement.JUDGED]
    assert reason in results[1].reason
    assert [(result.rule.id, result.found) for result in results] == [("TST00", 2), ("TST01", 0), ("TST02", 2)]
    assert {row["rule_id"] for row in found(night)} == {"TST00", "TST02"}


def test_a_key_that_the_select_does_not_give_is_an_error(night: Connection, tmp_path: Path) -> None:
    (result,) = judge(night, [rule_file(tmp_path, key='["subscription_id", "offer_id"]')])
    assert (result.judgement, result.reason) == (Judgement.ERROR, "the SELECT has no column offer_id")
    assert found(night) == []


NEEDS = {
    '["subscriptions", "price_list"]': "price_list was not supplied",
    '["price_list.market"]': "price_list was not supplied",
    '["subscriptions.quantity"]': "subscriptions was supplied without the column quantity",
    '["subscriptions", "subscriptions.segment", "subscriptions.quantity"]': (
        "subscriptions was supplied without the column quantity"
    ),
}


@pytest.mark.parametrize(("needs", "reason"), NEEDS.items(), ids=NEEDS.keys())
def test_a_rule_whose_input_is_missing_is_not_judged(
    night: Connection, tmp_path: Path, needs: str, reason: str
) -> None:
    supplied = {"customers": ["customer_id"], "subscriptions": ["subscription_id", "customer_id", "segment"]}
    lacking = rule_file(tmp_path, needs=needs)
    other = rule_file(tmp_path, name="TST02_other.sql", id='"TST02"', needs='["subscriptions.segment", "customers"]')
    results = judge(night, [lacking, other], supplied)
    assert (results[0].judgement, results[0].reason, results[0].found) == (Judgement.INPUT_MISSING, reason, 0)
    assert not results[0].is_judged
    assert (results[1].judgement, results[1].found) == (Judgement.JUDGED, 2)
    assert {row["rule_id"] for row in found(night)} == {"TST02"}


def test_every_table_and_column_that_a_rule_may_need_can_be_supplied(night: Connection, tmp_path: Path) -> None:
    needs = [*EVERYTHING, *(f"{table}.{column}" for table, columns in EVERYTHING.items() for column in columns)]
    (result,) = judge(night, [rule_file(tmp_path, needs=str(needs).replace("'", '"'))])
    assert result.judgement is Judgement.JUDGED
