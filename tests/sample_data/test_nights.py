import csv
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner

from pipeline.rulefile import read_rules
from sample_data.builder.customers import customer_id
from sample_data.builder.data import NIGHTS, table
from sample_data.builder.partners import tenant_of
from sample_data.builder.sales import sales
from sample_data.nights import build, main
from schemas.catalog import TABLES
from tests.sample_data.judge import Found, judge
from tests.sample_data.nights import ROOT, Night, cells_of, read_table
from tests.sql.causes import SAME_CAUSE

DAYS = [str(day) for day in NIGHTS]
LEFT_TO_TESTS = {"README.md"}
RULES = {file.rule.id for file in read_rules()}
# What these rules found on the first night stays on the second, which lacks an input of theirs.
SILENT = {DAYS[1]: {"NPO01", "NPO02", "NPO03", "NPO04", "NPO05", "SEG05"}}


def all_expected() -> list[dict[str, str]]:
    with (ROOT / "expected.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def expected(day: str) -> list[dict[str, str]]:
    return [row for row in all_expected() if row["night"] == day]


def committed() -> dict[str, bytes]:
    files = [ROOT / "expected.csv", *(ROOT / "nights").rglob("*.*"), *(ROOT / "broken").rglob("*.*")]
    files = [file for file in files if file.is_file() and file.name not in LEFT_TO_TESTS]
    return {file.relative_to(ROOT).as_posix(): file.read_bytes() for file in files}


def night_of(day: str) -> Night:
    before = DAYS[DAYS.index(day) - 1] if day != DAYS[0] else None
    return Night(day, night_of(before) if before else None)


def test_committed_files_are_what_the_builder_writes() -> None:
    assert build() == committed()


def test_command_writes_them_and_talks_to_stderr(tmp_path: Path) -> None:
    result = CliRunner().invoke(main, ["--out", str(tmp_path)])
    assert result.exit_code == 0
    assert result.stdout == ""
    written = {file.relative_to(tmp_path).as_posix(): file.read_bytes() for file in tmp_path.rglob("*.csv")}
    assert written == build()


@pytest.mark.parametrize("day", DAYS)
def test_obvious_loops_find_what_is_expected(day: str) -> None:
    wanted = {
        Found(row["rule"], row["customer_id"], row["subscription_id"], row["about"], row["due_on"])
        for row in expected(day)
        if row["state"] != "closed"
    }
    assert judge(night_of(day), SILENT.get(day, set())) == wanted


@pytest.mark.parametrize("rule", ["NPO01", "NPO02", "NPO05"])
def test_without_notices_the_findings_about_them_stay_open(rule: str) -> None:
    first, second = ([row for row in expected(day) if row["rule"] == rule] for day in DAYS[:2])
    assert {row["state"] for row in second} == {"open"}
    assert [row["customer_id"] for row in second] == [row["customer_id"] for row in first]


def test_every_rule_is_tripped_and_every_state_is_shown() -> None:
    assert {row["rule"] for row in all_expected()} == RULES
    assert {row["state"] for row in expected(DAYS[-1])} == {"new", "open", "closed", "reopened"}


def near_misses() -> Iterator[Found]:
    """Return, for each line that is marked so, what a rule would find in it if it did not miss."""
    for sale in sales():
        if sale.near:
            # This one is about customers.
            yield Found(sale.near, customer_id(sale.customer), "" if sale.near == "REL01" else sale.subscription_id)
    for row in (*table("notices"), *table("qualifications"), *table("requests")):
        if row["near"]:
            about = row["qualification"] if row["near"] in {"QUAL01", "QUAL02"} else ""
            yield Found(row["near"], customer_id(row["customer"]), "", about)
    for row in table("validations"):
        if row["near"]:
            yield Found(row["near"], customer_id(row["customer"]), "", tenant_of(row["tenant"]))
    for row in table("partners"):
        if row["near"]:
            yield Found(row["near"], "", "", tenant_of(row["key"]))


def test_every_rule_is_nearly_tripped_by_something_that_it_does_not_find() -> None:
    near = set(near_misses())
    names = ("rule", "customer_id", "subscription_id", "about")
    assert {found.rule for found in near} == RULES
    assert not near & {Found(*(row[name] for name in names)) for row in all_expected()}


@pytest.mark.parametrize("day", DAYS)
def test_near_misses_are_in_the_exports(day: str) -> None:
    ids = {cell for name in TABLES for row in read_table(day, name) for cell in row.values()}
    late = {found for found in near_misses() if not {found.customer_id, found.subscription_id} - {""} <= ids}
    assert {found.rule for found in late} <= ({"NPO03"} if day == DAYS[0] else set())


@pytest.mark.parametrize("day", DAYS)
def test_headers_are_known_once_and_complete(day: str) -> None:
    for name, schema in TABLES.items():
        for path in (ROOT / "nights" / day).glob(f"{name}*.csv"):
            matched = [schema.match(cell) for cell in cells_of(path)[0]]
            names = [column.name for column in matched if column]
            assert len(names) == len(set(names))
            assert {column.name for column in schema.columns if column.required} <= set(names)


def test_each_night_lacks_at_most_one_table_and_together_they_have_all() -> None:
    supplied = [{name for name in TABLES if read_table(day, name)} for day in DAYS]
    assert [TABLES.keys() - tables for tables in supplied] == [{"qualification_requests"}, {"nonprofit_notices"}, set()]


@pytest.mark.parametrize("day", DAYS)
def test_world_is_large_enough(day: str) -> None:
    assert len({row["customer_id"] for row in read_table(day, "customers")}) >= 60
    assert len({row["subscription_id"] for row in read_table(day, "subscriptions")}) >= 200


def test_names_are_invented_and_say_so() -> None:
    assert "Everything in this folder is invented" in (ROOT / "README.md").read_text(encoding="utf-8")
    assert all(row["domain"].endswith(".example") for row in table("customers"))


def test_names_fit_the_code_page_of_the_second_night() -> None:
    assert all(row["name"].encode("cp1250") for row in (*table("customers"), *table("partners")))


def test_each_broken_case_is_explained() -> None:
    explained = (ROOT / "broken" / "README.md").read_text(encoding="utf-8")
    cases = [path.name for path in (ROOT / "broken").iterdir() if path.is_dir()]
    assert len(cases) == 9
    assert all(f"| `{case}` |" in explained for case in cases)


def test_sample_data_stays_small() -> None:
    assert sum(len(content) for content in committed().values()) < 750_000


@pytest.mark.parametrize("day", DAYS)
def test_no_subscription_is_reported_twice_for_the_same_cause(day: str) -> None:
    reporting: dict[str, set[str]] = {}
    for row in expected(day):
        if row["subscription_id"] and row["state"] != "closed":
            reporting.setdefault(row["subscription_id"], set()).add(row["rule"])
    causes = [rules for columns, rules in SAME_CAUSE if columns == ("subscription_id",)]
    assert reporting
    assert [rules for rules in reporting.values() if any(len(rules & cause) > 1 for cause in causes)] == []
