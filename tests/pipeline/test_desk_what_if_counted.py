"""What a table of `what-if` only counts: the same numbers and the same first rows as where all is spelled out."""

from __future__ import annotations

import csv
import random
from collections import Counter
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import sql
from pipeline.config import Config
from pipeline.desk.supposing.whatif import Wanted, night_beside, what_if
from pipeline.rulefile import read_rules
from tests.pipeline.exports import guid, many_customers, night, run, write_folder
from tests.pipeline.supposed import add_older

if TYPE_CHECKING:
    from collections.abc import Callable

    from pipeline.desk.answer import Answer
    from tests.pipeline.exports import Night, Row

CUSTOMERS, SUBSCRIPTIONS = 30, 90
OFFERS = {
    segment: f"CFQ7TTC0LCHC:000{sku}:CFQ7TTC0TEST"
    for sku, segment in enumerate(("Commercial", "Education", "Nonprofit", "GovernmentCommunityCloud"), start=1)
}
# The matrix as if the one thing or the other had been so until 2019: more is forbidden, or less is listed.
MATRICES: dict[str, Callable[[Row], Row | None]] = {
    "nobody its own segment": lambda row: row | ({"allowed": "no"} if row["customer_type"] == row["segment"] else {}),
    "nothing without a qualification": lambda row: (
        row | ({"allowed": "no"} if row["customer_type"] == "(none)" else {})
    ),
    "two qualifications not listed": lambda row: row if "+" not in row["customer_type"] else None,
}


def random_night(seed: int) -> Night:
    """Return customers that have mostly what they may have, some of it with a scheduled change."""
    dice = random.Random(seed)
    tables = night()
    held = {
        number: dice.sample(("Education", "Nonprofit"), dice.choice((0, 1, 1, 2, 2)))
        for number in range(1, CUSTOMERS + 1)
    }
    return {
        "customers": many_customers(CUSTOMERS),
        "subscriptions": [
            tables["subscriptions"][0] | {"subscription_id": f"s-{number:02}"} | _sale(dice, held)
            for number in range(SUBSCRIPTIONS)
        ],
        "qualifications": [
            {"customer_id": guid(number), "qualification": name, "vetting_status": "Approved"}
            for number, names in held.items()
            for name in names
        ],
        "price_list": tables["price_list"],
    }


def _sale(dice: random.Random, held: dict[int, list[str]]) -> Row:
    customer = dice.randint(1, CUSTOMERS)
    may_have = [*held[customer], "Commercial"]
    return {
        "customer_id": guid(customer),
        "offer_id": OFFERS[dice.choice(may_have) if dice.random() < 0.9 else dice.choice([*OFFERS])],
        "offer_name": "",
        "segment": "",
        "quantity": str(dice.choice((1, 5, 5, 80))),
        "cancellation_allowed_until_date": dice.choice(("", "2026-11-21", "2026-11-24")),
        "scheduled_offer_id": dice.choice(("", "", OFFERS[dice.choice(may_have)])),
        "scheduled_action": "",
    }


@pytest.fixture(scope="module", params=[(seed, matrix) for seed in range(4) for matrix in MATRICES], ids=str)
def state(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the state of a random night, in whose warehouse another matrix was in force until 2019."""
    seed, matrix = request.param
    folder = tmp_path_factory.mktemp("counted")
    assert run(write_folder(folder / "exports", random_night(seed)), folder / "state").code == 1
    with (Path(sql.__file__).parent / "reference" / "purchase_matrix.csv").open(encoding="utf-8", newline="") as file:
        changed = [MATRICES[matrix](row) for row in csv.DictReader(file)]
    older = [row | {"valid_from": "0001-01-01", "valid_to": ""} for row in changed if row]
    add_older(folder / "state", "purchase_matrix", older)
    return folder / "state"


def ask(state: Path, *, all_rows: bool, without_waivers: bool = False) -> tuple[Answer, int]:
    """Return the answer, and how many findings were only counted for it."""
    wanted = Wanted(policy_as_of=date(2019, 6, 30), without_waivers=without_waivers, all_rows=all_rows)
    with night_beside(state / "warehouse.duckdb", Config()) as connection:
        answer = what_if(connection, Config(), read_rules(), wanted)
        ((only_counted,),) = connection.execute("select count(*) from counted").fetchall()
    return answer, only_counted


@pytest.mark.parametrize(("drawn", "many"), [(1, 0), (6, 0), (50, 0), (1, 8), (6, 8)])
def test_table_counts_what_a_list_spells_out(
    state: Path, drawn: int, many: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    everything, none = ask(state, all_rows=True)
    monkeypatch.setattr("pipeline.desk.supposing.judging.MANY", many)
    monkeypatch.setattr("pipeline.desk.supposing.whatif._MOST_DRAWN", drawn)
    table, some = ask(state, all_rows=False)
    assert (none, table.facts, table.lead) == (0, everything.facts, everything.lead)
    for shown, whole in zip(table.sections, everything.sections, strict=True):
        places = [whole.columns.index(name) for name in shown.columns]
        assert list(shown.rows) == [tuple(row[place] for place in places) for row in whole.rows[:drawn]]
    by_rule = Counter(row[1] for row in everything.sections[0].rows)
    assert some or many == 0 or max(by_rule.values(), default=0) < 20


def test_nothing_is_counted_where_there_is_not_much(state: Path) -> None:
    assert ask(state, all_rows=False)[1] == 0


def test_rule_that_reports_a_subscription_twice_is_judged(state: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pipeline.desk.supposing.judging.MANY", 0)
    monkeypatch.setattr("pipeline.desk.supposing.whatif._MOST_DRAWN", 1)
    twice = [replace(file, select=f"({file.select}\n) union all ({file.select}\n)") for file in read_rules()]
    monkeypatch.setattr("tests.pipeline.test_desk_what_if_counted.read_rules", lambda: twice)
    everything, _ = ask(state, all_rows=True)
    table, some = ask(state, all_rows=False)
    assert (some, table.facts) == (0, everything.facts)
