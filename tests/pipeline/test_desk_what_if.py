"""`csp-audit what-if`: against the night audited again with exports and policy as supposed."""

from __future__ import annotations

import csv
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

import sql
from pipeline.config import Config
from pipeline.desk.supposing.affected import create_affected
from pipeline.desk.supposing.changes import Grant, Supposition
from pipeline.desk.supposing.policies import everything
from pipeline.desk.supposing.supposing import judge_part
from pipeline.desk.supposing.whatif import night_beside
from pipeline.rulefile import read_rules
from pipeline.warehouse import POLICIES, open_warehouse
from schemas.finding import Level
from tests.pipeline.commandline import audit, call, sample
from tests.pipeline.exports import guid, night, run, write_folder
from tests.pipeline.golden import check_golden
from tests.pipeline.supposed import SECTIONS, add_older, answered, ask, difference, found

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from tests.pipeline.exports import Night, Row

DAY = "2026-11-20"
PRODUCT = "CFQ7TTC0LCHC"
# A policy as it was until 2019, for each table of policy data.
UNTIL_2019: dict[str, Callable[[Row], Row | None]] = {
    "purchase_matrix": lambda row: row | ({"allowed": "no"} if row["customer_type"] == row["segment"] else {}),
    "answer_times": lambda row: row | {"business_days": "150"},
    "notice_periods": lambda row: row | {"days": "30"},
    "request_limits": lambda row: row | {"requests": "2"},
    "extended_service_terms": lambda row: row | {"surcharge_percent": "50"},
    "discountable_products": lambda row: row | {"discounted": "yes"},
    "gcc_countries": lambda row: row if row["country"] != "US" else None,
}


def parts(state: Path, customers: Iterable[str]) -> tuple[set[tuple[object, ...]], set[tuple[object, ...]]]:
    """Return what the night found on some customers, and what judging them alone finds."""
    columns = "finding_id, rule_id, customer_id, subscription_id, due_on, facts"
    with night_beside(state / "warehouse.duckdb", Config()) as connection:
        create_affected(connection, Supposition(tuple(Grant(customer, "Education") for customer in customers)))
        whole = connection.execute(f"""
            select {columns} from night.core.found
            where customer_id in (select customer_id from affected) or customer_id is null
        """).fetchall()
        judge_part(connection, "part", everything(read_rules()))
        part = connection.execute(f"""
            select {columns} from part.core.found
            where customer_id in (select customer_id from affected) or customer_id is null
        """).fetchall()
    return set(whole), set(part)


def customers_of(state: Path) -> list[str]:
    with night_beside(state / "warehouse.duckdb", Config()) as connection:
        rows = connection.execute("""
            select customer_id from core.customers union select customer_id from core.subscriptions
            union select customer_id from core.found where customer_id is not null order by 1
        """).fetchall()
    return [customer for (customer,) in rows]


def test_findings_that_would_appear_are_in_the_order_of_every_list(audited: Path) -> None:
    with open_warehouse(audited / "warehouse.duckdb") as connection:
        ((offer,),) = connection.execute("""
            select o.offer_key from core.subscriptions as s join core.offers as o on s.offer_id = o.offer_id
            group by o.offer_key order by count(*) desc, o.offer_key limit 1
        """).fetchall()
        seats = dict(connection.execute("select subscription_id, quantity from core.subscriptions").fetchall())
    rows = ask(audited, "--segment", f"{offer}=Education")["would_appear"]
    ranks = [level.value for level in Level]

    def pressing(row: dict[str, Any]) -> tuple[int, str, int, str]:
        sold = seats.get(row["subscription_id"]) or 0
        return ranks.index(row["level"]), row["due_on"] or "9999", -sold, row["finding_id"]

    assert rows == sorted(rows, key=pressing)
    assert len({seats.get(row["subscription_id"]) for row in rows}) > 2


@pytest.mark.parametrize("place", range(6))
def test_part_of_the_night_is_judged_as_the_whole_was(audited: Path, place: int) -> None:
    # Neighbours in one part differ from place to place; the last part of each is one customer.
    customers = customers_of(audited)[place::6]
    for some in (customers[:-1], customers[-1:]):
        whole, part = parts(audited, some)
        assert part == whole
        assert whole


def test_subscription_that_replaced_a_legacy_one_may_be_another_customers(tmp_path: Path) -> None:
    tables = night()
    legacy = "6fbad345-b7de-42a6-b6ab-79b363d0b371"
    for row in tables["subscriptions"]:
        row["migrated_from_subscription_id"] = "s-03" if row["subscription_id"] == "s-05" else ""
        if row["subscription_id"] in {"s-03", "s-09"}:
            row |= {"offer_id": legacy, "segment": "Nonprofit"}
    for row in tables["subscriptions"]:
        row["commitment_end_date"] = ""
    del tables["nonprofit_notices"]
    run(write_folder(tmp_path / "exports", tables), tmp_path / "state")
    whole, part = parts(tmp_path / "state", [guid(2)])
    assert part == whole
    assert [row[3] for row in whole if row[1] == "LEG01"] == ["s-09"]


# -- grants and segments


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("small")
    run(write_folder(folder / "exports"), folder / "state")
    return folder / "state"


def again(folder: Path, tables: Night) -> Path:
    run(write_folder(folder / "exports", tables), folder / "again")
    return folder / "again"


@pytest.mark.parametrize(
    ("customer", "name", "qualification"),
    [
        (1, "lipowa.example", "Education"),
        (2, "wolka.example", "GovernmentCommunityCloud"),
        (3, "elan.example", "Nonprofit"),
        (4, "Pine Hollow", "Education"),
        (5, guid(5), "StateOwnedEntity"),
    ],
)
def test_grant_is_as_if_the_export_said_it(
    small: Path, tmp_path: Path, customer: int, name: str, qualification: str
) -> None:
    tables = night()
    tables["qualifications"] = [
        row
        for row in tables["qualifications"]
        if row["customer_id"] != guid(customer) or row["qualification"] not in {qualification, "None"}
    ]
    tables["qualifications"].append(
        dict.fromkeys(tables["qualifications"][0], "")
        | {"customer_id": guid(customer), "qualification": qualification, "vetting_status": "Approved"}
    )
    expected = difference(found(small), found(again(tmp_path, tables)))
    assert answered(ask(small, "--grant", f"{name}={qualification.lower()}")) == expected


def of_segment(tables: Night, sku: str, segment: str, name: str) -> Night:
    for row in tables["price_list"]:
        row["segment"] = segment if row["sku_id"] == sku else row["segment"]
    for row in tables["subscriptions"]:
        if row["offer_id"].split(":")[1] == sku:
            row |= {"segment": "", "offer_name": name}
    return tables


@pytest.mark.parametrize(("sku", "name"), [("0001", "Microsoft 365 E3"), ("0002", ""), ("0003", ""), ("0009", "Other")])
@pytest.mark.parametrize("segment", ["Commercial", "GovernmentCommunityCloud"])
def test_segment_is_as_if_every_source_said_it(small: Path, tmp_path: Path, sku: str, name: str, segment: str) -> None:
    tables = of_segment(night(), sku, segment, name)
    if sku == "0009":
        tables["price_list"].append(
            dict.fromkeys(tables["price_list"][0], "") | {"product_id": PRODUCT, "sku_id": sku, "segment": segment}
        )
    expected = difference(found(small), found(again(tmp_path, tables)))
    given = answered(ask(small, "--segment", f"{PRODUCT}:{sku.lstrip('0')}:whatever={segment}"))
    assert given == expected
    assert any(given.values()) is ((sku, segment) != ("0001", "Commercial"))


def test_segment_of_one_subscription_leaves_its_offer(small: Path, tmp_path: Path) -> None:
    tables = night()
    tables["subscriptions"][1]["offer_id"] = f"{PRODUCT}:s-02:x"
    tables["price_list"].append(tables["price_list"][0] | {"sku_id": "s-02", "segment": "Education"})
    expected = difference(found(small), found(again(tmp_path, tables)))
    answer = ask(small, "--segment", "S-02=academic")
    assert answered(answer) == expected
    assert [row["subscription_id"] for row in answer["would_appear"]] == ["s-02"]


@pytest.mark.parametrize("asked", [f"{PRODUCT}:0001", "s-02"])
def test_segment_without_a_price_list_is_that_of_the_column(tmp_path: Path, asked: str) -> None:
    tables = night()
    del tables["price_list"]
    run(write_folder(tmp_path / "exports", tables), tmp_path / "state")
    for row in tables["subscriptions"]:
        if asked in {row["subscription_id"], row["offer_id"][: len(asked)]}:
            row["segment"] = "Education"
    expected = difference(found(tmp_path / "state"), found(again(tmp_path / "supposed", tables)))
    answer = ask(tmp_path / "state", "--segment", f"{asked}=Education")
    assert answered(answer) == expected
    assert answer["appear"]
    assert "SEG06" in answer["not_compared"]
    assert any(line.startswith("Not compared: SEG06, ") for line in answer["lead"])


@pytest.mark.parametrize("offer", ["6fbad345-b7de-42a6-b6ab-79b363d0b371", "MS-AZR-0145P"])
def test_one_subscription_of_another_kind_of_offer_stays_of_that_kind(tmp_path: Path, offer: str) -> None:
    tables = night()
    tables["subscriptions"][1]["offer_id"] = offer
    state = again(tmp_path, tables)
    answer = ask(state, "--segment", "s-02=nonprofit")
    assert {row["rule"] for row in answer["would_appear"]} == {"SEG01"}
    assert ask(state, "--segment", f"{offer}=nonprofit")["would_appear"] == answer["would_appear"]


def test_suppositions_hold_together(small: Path) -> None:
    alone = ask(small, "--segment", "s-02=Education")
    assert [(row["rule"], row["subscription_id"]) for row in alone["would_appear"]] == [("SEG01", "s-02")]
    both = ask(small, "--segment", "s-02=Education", "--grant", "lipowa.example=Education")
    assert both["appear"] == 0
    assert {row["subscription_id"] for row in both["would_vanish"]} == {"s-01"}
    one = ask(small, "--segment", f"{PRODUCT}:0001=Education", "--segment", "s-02=Commercial")
    assert "s-02" not in {row["subscription_id"] for row in one["would_appear"]}
    assert one["appear"]


# -- policy


@pytest.fixture(scope="module")
def one_night(tmp_path_factory: pytest.TempPathFactory) -> Path:
    state = tmp_path_factory.mktemp("one") / "state"
    audit(sample(DAY), DAY, state)
    return state


def reference(table: str) -> tuple[list[Row], list[Row]]:
    """Return the rows of a policy table, and those that were in force until 2019."""
    with (Path(sql.__file__).parent / "reference" / f"{table}.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    changed = (UNTIL_2019[table](row) for row in rows)
    return rows, [row | {"valid_from": "0001-01-01", "valid_to": ""} for row in changed if row]


def test_every_policy_has_a_second_one() -> None:
    assert UNTIL_2019.keys() == set(POLICIES)


@pytest.mark.parametrize("table", UNTIL_2019)
def test_policy_is_as_if_it_were_in_force(
    one_night: Path, tmp_path: Path, table: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows, older = reference(table)
    folder = shutil.copytree(Path(sql.__file__).parent, tmp_path / "sql", ignore=shutil.ignore_patterns("*.py*"))
    with (folder / "reference" / f"{table}.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(older)
    monkeypatch.setattr("pipeline.warehouse._FOLDER", folder)
    audit(sample(DAY), DAY, tmp_path / "again")
    monkeypatch.undo()
    state = shutil.copytree(one_night, tmp_path / "state", symlinks=True)
    add_older(state, table, older)
    expected = difference(found(one_night), found(tmp_path / "again"))
    answer = ask(state, "--policy-as-of", "2019-06-30")
    assert answer["lead"][1] == f"Supposed: the policy in force on 2019-06-30; it differs in {table}."
    assert answered(answer) == expected
    assert any(expected.values())


def test_policy_of_the_same_rows_changes_nothing(one_night: Path) -> None:
    answer = ask(one_night, "--policy-as-of", "2026-10-01")
    assert answer["lead"] == [
        "Nothing would change.",
        "The policy in force on 2026-10-01 is that of the night: it changes nothing.",
    ]


def test_night_of_other_rules_is_judged_as_it_is_too(one_night: Path, tmp_path: Path) -> None:
    config = tmp_path / "csp-audit.toml"
    config.write_text("[answer_times]\nEducation = 4\n")
    asked = ("--policy-as-of", "2024-01-31")
    assert ask(one_night, *asked, "--config", config) == ask(one_night, *asked)


# -- waivers


def test_waived_findings_appear_without_waivers(tmp_path: Path) -> None:
    state = tmp_path / "state"
    state.mkdir()
    (state / "waivers.toml").write_text(
        f'[[waiver]]\ncustomer = "{guid(1)}"\nrule = "SEG01"\nreason = "asked"\napproved_by = "Anna"\n'
        f"created = 2026-11-01\nexpires = 2026-12-31\n"
    )
    run(write_folder(tmp_path / "exports"), state)
    lifted = ask(state, "--without-waivers")
    assert [(row["rule"], row["subscription_id"]) for row in lifted["would_appear"]] == [("SEG01", "s-01")]
    assert lifted["would_appear"][0]["waived_until"] is None
    granted = ask(state, "--without-waivers", "--grant", "lipowa.example=edu")
    assert granted["appear"] == 0
    assert [(row["subscription_id"], row["waived_until"]) for row in granted["would_vanish"]] == [
        ("s-01", "2026-12-31")
    ]
    covered = ask(state, "--segment", "s-02=Education")
    assert [(row["subscription_id"], row["waived_until"]) for row in covered["would_appear"]] == [
        ("s-02", "2026-12-31")
    ]
    open_again = ask(state, "--segment", "s-02=Education", "--without-waivers")
    assert {(row["subscription_id"], row["waived_until"]) for row in open_again["would_appear"]} == {
        ("s-01", None),
        ("s-02", None),
    }


def test_waived_finding_that_would_change_appears_without_waivers(tmp_path: Path) -> None:
    state = tmp_path / "state"
    state.mkdir()
    (state / "waivers.toml").write_text(
        '[[waiver]]\nsubscription = "s-01"\nreason = "asked"\napproved_by = "Anna"\n'
        "created = 2026-11-01\nexpires = 2026-12-31\n"
    )
    run(write_folder(tmp_path / "exports"), state)
    asked = ("--grant", "lipowa.example=nonprofit")
    changed = ask(state, *asked)
    assert [row["subscription_id"] for row in changed["would_change"]] == ["s-01"]
    assert "customer type" in changed["would_change"][0]["changes"]
    lifted = ask(state, *asked, "--without-waivers")
    assert lifted["change"] == 0
    assert [row["subscription_id"] for row in lifted["would_appear"]] == ["s-01"]


# -- what people see


@pytest.mark.parametrize("form", ["table", "csv", "json"])
def test_answer_is_what_it_was(audited: Path, form: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "160")
    asked = ("--grant", "Fundacja Czysta Rzeka=Education", "--policy-as-of", "2024-01-31")
    ended = call("what-if", *asked, "--state", audited, "--format", form)
    assert (ended.code, ended.err) == (0, "")
    check_golden(f"what_if_{form}.txt", ended.out)


def test_many_rows_are_cut_in_a_table(small: Path, tmp_path: Path) -> None:
    tables = night()
    first = tables["subscriptions"][1]
    tables["subscriptions"] += [first | {"subscription_id": f"many-{n}"} for n in range(250)]
    state = again(tmp_path, tables)
    ended = call("what-if", "--segment", f"{PRODUCT}:0001=Nonprofit", "--state", state)
    total = ask(state, "--segment", f"{PRODUCT}:0001=Nonprofit")
    assert total["appear"] > 250
    assert len(total["would_appear"]) == total["appear"]
    assert f"{total['appear'] - 50:,} more: --format csv lists all." in ended.out
    assert small.exists()


def test_many_customers_take_longer(small: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    said: list[str] = []
    monkeypatch.setattr("pipeline.desk.supposing.whatif._MANY", 0)
    monkeypatch.setattr("pipeline.desk.supposing.whatif.say", said.append)
    ask(small, "--grant", "lipowa.example=edu")
    assert said == ["1 customers may be affected: this takes a few seconds."]


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ((), "nothing is supposed. Give --grant, --segment, --without-waivers or --policy-as-of."),
        (("--grant", "Lipowa"), "--grant Lipowa: write CUSTOMER=QUALIFICATION."),
        (("--grant", "=edu"), "--grant =edu: write CUSTOMER=QUALIFICATION."),
        (("--grant", "lipowa.example=None"), "None is the lack of a qualification."),
        (("--grant", "lipowa.example=Reklama"), "Reklama is no qualification. Name one of Education, Nonprofit,"),
        (("--grant", "nobody=edu"), "no customer"),
        (("--segment", "s-02=soe"), "soe is no segment. Name one of Commercial, Education, Nonprofit,"),
        (("--segment", "s-02"), "--segment s-02: write OFFER=SEGMENT or SUBSCRIPTION=SEGMENT."),
        (("--segment", "nowhere=edu"), "no subscription and no offer is nowhere. Offers are named"),
        (("--segment", f"{PRODUCT}:0010=edu"), f"Near it: Microsoft 365 E3 ({PRODUCT.lower()}:0001)"),
        (("--segment", "s-02=edu", "--segment", "s-02=npo"), "Education is supposed for s-02 too."),
    ],
)
def test_what_is_not_known_is_one_line(small: Path, words: tuple[str, ...], message: str) -> None:
    ended = call("what-if", *words, "--state", small)
    assert (ended.code, ended.out) == (2, "")
    assert message in ended.err
    assert ended.err.count("\n") == 1


@pytest.mark.parametrize("asked", ["Teams for GCCC", "cfq7ttc0lchc:77", "OFFICE 365 E1", "nothing of the kind"])
def test_offers_near_it_are_those_that_can_buy_names(small: Path, asked: str) -> None:
    errors = [
        call("what-if", "--segment", f"{asked}=edu", "--state", small).err,
        call("can-buy", "lipowa.example", asked, "--state", small).err,
    ]
    near = [error.partition("Near it: ")[2].partition(". ")[0] for error in errors]
    assert near[0] == near[1]
    assert bool(near[0]) is (asked != "nothing of the kind")


def test_offer_of_the_price_list_alone_is_near_and_known_however_its_id_is_written(tmp_path: Path) -> None:
    tables = night()
    tables["price_list"].append(tables["price_list"][0] | {"sku_id": "0042", "sku_title": "Visio Plan 2"})
    state = again(tmp_path, tables)
    ended = call("what-if", "--segment", "visio plan=edu", "--state", state)
    assert f"Near it: Visio Plan 2 ({PRODUCT.lower()}:0042)." in ended.err
    assert ask(state, "--segment", f" {PRODUCT} : 42 = edu")["appear"] == 0


def test_too_little_memory_is_said(small: Path, tmp_path: Path) -> None:
    config = tmp_path / "csp-audit.toml"
    config.write_text('memory_limit = "1MB"\n')
    ended = call("what-if", "--grant", "lipowa.example=edu", "--state", small, "--config", config)
    assert ended.code == 2
    assert "memory_limit = 1MB is too little" in ended.err


def test_nothing_is_stored(small: Path) -> None:
    before = {path: path.stat().st_mtime_ns for path in small.rglob("*")}
    call("what-if", "--grant", "lipowa.example=edu", "--without-waivers", "--state", small)
    assert {path: path.stat().st_mtime_ns for path in small.rglob("*")} == before


def test_sections_are_there_without_rows(small: Path) -> None:
    answer = ask(small, "--without-waivers")
    assert [answer[name] for name in SECTIONS] == [[], [], []]
