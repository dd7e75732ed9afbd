"""What a table of `what-if` only counts: the same numbers and the same first rows as where all is spelled out."""

from __future__ import annotations

import csv
import random
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import sql
from pipeline.config import Config
from pipeline.database import connect_in_memory
from pipeline.desk.supposing.counted import create_counted, judge_known
from pipeline.desk.supposing.whatif import Wanted, night_beside, what_if
from pipeline.rulefile import read_rules
from schemas.finding import Judgement
from tests.pipeline.commandline import audit
from tests.pipeline.exports import guid, night, write_folder
from tests.pipeline.nightworlds import random_night, random_policy, spoilt, waive
from tests.pipeline.supposed import add_older

if TYPE_CHECKING:
    from collections.abc import Callable

    from pipeline.desk.answer import Answer
    from pipeline.rulefile import RuleFile
    from tests.pipeline.exports import Night, Row

DAYS = ("2026-11-19", "2026-11-20")
# The matrix twice as often as others: only what it forbids can be of many subscriptions.
POLICIES = ("purchase_matrix", "purchase_matrix", "gcc_countries", "extended_service_terms", "discountable_products")


def none_its_own(row: Row) -> Row | None:
    """Return a row of the matrix as if no type of customer might be sold the segment of its own name."""
    return row | ({"allowed": "no"} if row["customer_type"] == row["segment"] else {})


def alone(row: Row) -> Row | None:
    """Return the rows of types with one qualification, as if no others were listed."""
    return row if "+" not in row["customer_type"] else None


@dataclass(frozen=True)
class Asked:
    """An answer, and how many findings were only counted for it."""

    answer: Answer
    counted: int

    def first(self, most: int) -> list[list[str | None]]:
        return [[str(row[0]) for row in section.rows[:most]] for section in self.answer.sections]


@dataclass(frozen=True)
class Desk:
    """Asks what policy of 2019 would change; `many` and `drawn` are how much is judged, and shown."""

    state: Path
    patch: pytest.MonkeyPatch
    files: tuple[RuleFile, ...] = tuple(read_rules())

    def table(self, *, many: int, drawn: int, without_waivers: bool = False) -> Asked:
        self.patch.setattr("pipeline.desk.supposing.judging.MANY", many)
        self.patch.setattr("pipeline.desk.supposing.whatif._MOST_DRAWN", drawn)
        return self._ask(Wanted(policy_as_of=date(2019, 6, 30), without_waivers=without_waivers, all_rows=False))

    def everything(self, *, without_waivers: bool = False) -> Asked:
        return self._ask(Wanted(policy_as_of=date(2019, 6, 30), without_waivers=without_waivers))

    def _ask(self, wanted: Wanted) -> Asked:
        with night_beside(self.state / "warehouse.duckdb", Config()) as connection:
            answer = what_if(connection, Config(), self.files, wanted)
            ((counted,),) = connection.execute("select count(*) from counted").fetchall()
        return Asked(answer, counted)


def reference(table: str) -> list[Row]:
    with (Path(sql.__file__).parent / "reference" / f"{table}.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def suppose(state: Path, table: str, rows: list[Row]) -> None:
    add_older(state, table, [row | {"valid_from": "0001-01-01", "valid_to": ""} for row in rows])


def suppose_matrix(state: Path, change: Callable[[Row], Row | None]) -> None:
    suppose(state, "purchase_matrix", [row for row in map(change, reference("purchase_matrix")) if row])


def two_nights(folder: Path, first: Night, second: Night) -> Path:
    for day, tables in zip(DAYS, (first, second), strict=True):
        assert audit(write_folder(folder / day, tables), day, folder / "state").code in {0, 1}
    return folder / "state"


def assert_same(table: Asked, everything: Asked, drawn: int) -> None:
    assert everything.counted == 0
    assert (table.answer.facts, table.answer.lead) == (everything.answer.facts, everything.answer.lead)
    assert table.first(drawn) == everything.first(drawn)
    for section in everything.answer.sections:
        ids = [row[0] for row in section.rows]
        assert len(ids) == len(set(ids)) == everything.answer.facts[section.name.removeprefix("would_")]


@pytest.fixture(scope="module", params=range(12))
def random_state(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the state of two random nights, in whose warehouse a policy was another one until 2019."""
    dice = random.Random(request.param)
    folder = tmp_path_factory.mktemp("counted")
    waive(dice, folder / "state" / "waivers.toml")
    first = random_night(dice)
    state = two_nights(folder, first, spoilt(dice, first))
    table = dice.choice(POLICIES)
    suppose(state, table, random_policy(dice, table, reference(table)))
    return state


@pytest.mark.parametrize("without_waivers", [False, True], ids=["", "without waivers"])
def test_table_counts_what_a_list_spells_out(
    random_state: Path,
    without_waivers: bool,  # noqa: FBT001 - a parameter of the test
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    desk = Desk(random_state, monkeypatch)
    everything = desk.everything(without_waivers=without_waivers)
    for many, drawn in ((0, 1), (3, 4), (6, 50)):
        assert_same(desk.table(many=many, drawn=drawn, without_waivers=without_waivers), everything, drawn)


def sold(number: int, customer: int, sku: int, **more: str) -> Row:
    row = night()["subscriptions"][0] | {"offer_name": "", "segment": ""}
    offer = f"CFQ7TTC0LCHC:000{sku}:CFQ7TTC0TEST"
    return row | {"subscription_id": f"s-{number:02}", "customer_id": guid(customer), "offer_id": offer} | more


def of_type(*names: str, sku: int, customers: int = 30, **more: str) -> Night:
    """Return customers that all hold the same qualifications, each with one subscription."""
    numbers = range(1, customers + 1)
    return {
        "customers": [{"customer_id": guid(n), "company_name": f"Company {n}", "country": "DE"} for n in numbers],
        "subscriptions": [sold(n, n, sku, **more) for n in numbers],
        "qualifications": [
            {"customer_id": guid(n), "qualification": name, "vetting_status": "Approved"}
            for n in numbers
            for name in names
        ],
        "price_list": night()["price_list"],
    }


@pytest.fixture
def schools(tmp_path: Path) -> Path:
    """Return the state of a night on which thirty schools have what schools may have, and until 2019 might not."""
    tables = of_type("Education", sku=2)
    for row, day in zip(tables["subscriptions"], ("9999-12-31", "", "2026-11-24") * 10, strict=True):
        row["cancellation_allowed_until_date"] = day
    state = two_nights(tmp_path, tables, tables)
    suppose_matrix(state, none_its_own)
    return state


def test_much_is_only_counted(schools: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    desk = Desk(schools, monkeypatch)
    table = desk.table(many=29, drawn=4)
    assert (table.counted, table.answer.facts["appear"]) == (26, 30)
    assert desk.table(many=30, drawn=4).counted == 0


def test_a_day_far_off_comes_before_none(schools: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    desk = Desk(schools, monkeypatch)
    everything = desk.everything()
    days = [row[7] for row in everything.answer.sections[0].rows]
    assert days == [date(2026, 11, 24)] * 10 + [date(9999, 12, 31)] * 10 + [None] * 10
    assert_same(desk.table(many=0, drawn=15), everything, 15)


def test_what_stays_open_unjudged_is_given_way_to(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = of_type("GovernmentCommunityCloud", sku=4)
    second = first | {"customers": [{k: v for k, v in row.items() if k != "country"} for row in first["customers"]]}
    state = two_nights(tmp_path, first, second)
    suppose_matrix(state, none_its_own)
    desk = Desk(state, monkeypatch)
    everything = desk.everything()
    assert everything.answer.facts["appear"] == 0
    assert_same(desk.table(many=0, drawn=50), everything, 50)


def test_waived_finding_that_is_given_way_to_is_listed_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    waive(random.Random(0), tmp_path / "state" / "waivers.toml")
    outside = of_type("GovernmentCommunityCloud", sku=4)
    state = two_nights(tmp_path, outside, outside)
    suppose_matrix(state, none_its_own)
    desk = Desk(state, monkeypatch)
    everything = desk.everything(without_waivers=True)
    assert [row[1] for row in everything.answer.sections[0].rows] == ["GCC05"] * 6
    assert_same(desk.table(many=0, drawn=50, without_waivers=True), everything, 50)


def test_rules_judged_only_to_be_given_way_to_take_no_room(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tables = of_type("Nonprofit", "Education", sku=2)
    notices = range(31, 51)
    tables["customers"] += [{"customer_id": guid(n), "company_name": f"N{n}", "country": "US"} for n in (*notices, 99)]
    tables["qualifications"] += [
        {"customer_id": guid(n), "qualification": "Nonprofit", "vetting_status": "Approved"} for n in notices
    ]
    tables["nonprofit_notices"] = [
        {"customer_id": guid(n), "notice_date": "2026-11-01", "removal_date": ""} for n in notices
    ]
    ending = {"auto_renew_enabled": "false", "commitment_end_date": "2027-11-20", "creation_date": "2026-01-01"}
    tables["subscriptions"] += [sold(n, n, 3, **ending) for n in notices]
    legacy = {"offer_id": "91fd106f-4b2c-4938-95ac-f54f74e9a230", "segment": "Education"}
    tables["subscriptions"] += [sold(n, 99, 1, **legacy) for n in (91, 92, 93)]
    state = two_nights(tmp_path, tables, tables)
    suppose_matrix(state, alone)
    desk = Desk(state, monkeypatch)
    everything = desk.everything()
    assert everything.answer.facts["appear"]
    assert_same(desk.table(many=5, drawn=15), everything, 15)


def changed(rule: str, select: str) -> tuple[RuleFile, ...]:
    """Return the rules, one of them with its SELECT inside another."""
    files = read_rules()
    return tuple(replace(one, select=select.format(one.select)) if one.rule.id == rule else one for one in files)


def test_rule_that_reports_a_subscription_twice_is_judged(schools: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    desk = Desk(schools, monkeypatch, changed("SEG01", "({0}\n) union all ({0}\n)"))
    table = desk.table(many=3, drawn=4)
    assert (table.counted, table.answer.facts["appear"]) == (0, 30)
    assert_same(table, desk.everything(), 4)


def test_rule_that_fails_is_not_compared(schools: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fails = "select * replace (if(subscription_id = 's-30', 'no day', null)::date as due_on) from ({0}\n)"
    desk = Desk(schools, monkeypatch, changed("SEG01", fails))
    for asked in (desk.table(many=3, drawn=4), desk.everything()):
        assert asked.counted == 0
        assert "SEG01" in str(asked.answer.facts["not_compared"])


def test_rule_that_fails_while_it_is_counted_counts_nothing() -> None:
    (seg01,) = (file for file in read_rules() if file.rule.id == "SEG01")
    fails = (
        "select 's-' || range as subscription_id, if(range = 9999, 'no day', null)::date as due_on, 'c' as customer_id"
    )
    file = replace(seg01, rule=replace(seg01.rule, needs=()), select=f"{fails} from range(10000)")
    with connect_in_memory() as connection:
        connection.execute("attach ':memory:' as night; create schema night.core; create schema core")
        for table in ("night.core.states", "core.found"):
            connection.execute(f"create table {table} (subscription_id varchar)")
        create_counted(connection)
        result = judge_known(connection, file, {})
        assert (result.judgement, connection.execute("select count(*) from counted").fetchall()) == (
            Judgement.ERROR,
            [(0,)],
        )
