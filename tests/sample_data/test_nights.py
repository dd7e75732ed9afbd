import csv
from pathlib import Path

import pytest
from click.testing import CliRunner

from sample_data.builder.data import NIGHTS, table
from sample_data.nights import build, main
from schemas.catalog import TABLES
from tests.sample_data.nights import ROOT, Found, Night, read_table, text_of

DAYS = [str(day) for day in NIGHTS]
LEFT_TO_TESTS = {"README.md"}


def expected(day: str) -> list[dict[str, str]]:
    with (ROOT / "expected.csv").open(encoding="utf-8", newline="") as file:
        return [row for row in csv.DictReader(file) if row["night"] == day]


def committed() -> dict[str, bytes]:
    files = [ROOT / "expected.csv", *(ROOT / "nights").rglob("*.*"), *(ROOT / "broken").rglob("*.*")]
    files = [file for file in files if file.is_file() and file.name not in LEFT_TO_TESTS]
    return {file.relative_to(ROOT).as_posix(): file.read_bytes() for file in files}


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
    night = Night(day)
    wanted = {
        Found(row["rule"], row["customer_id"], row["subscription_id"], row["due_on"])
        for row in expected(day)
        if row["state"] != "closed" and (row["rule"] != "NPO01" or night.notices)
    }
    assert night.findings() == wanted


def test_without_notices_the_findings_about_them_stay_open() -> None:
    first, second = ([row for row in expected(day) if row["rule"] == "NPO01"] for day in DAYS[:2])
    assert {row["state"] for row in second} == {"open"}
    assert [row["customer_id"] for row in second] == [row["customer_id"] for row in first]


def test_every_rule_is_tripped_and_every_state_is_shown() -> None:
    rows = [row for day in DAYS for row in expected(day)]
    rules = {"SEG01", "SEG02", "SEG03", "SEG04", "NPO01", "REL01", "REL02", "QUAL04"}
    assert {row["rule"] for row in rows} == rules
    assert {row["state"] for row in expected(DAYS[-1])} == {"new", "open", "closed", "reopened"}


@pytest.mark.parametrize("day", DAYS)
def test_headers_are_known_once_and_complete(day: str) -> None:
    for name, schema in TABLES.items():
        for path in (ROOT / "nights" / day).glob(f"{name}*.csv"):
            first = next(line for line in text_of(path).splitlines() if not line.startswith("#TYPE"))
            delimiter = max(",;\t", key=first.count)
            matched = [schema.match(cell.strip('"')) for cell in first.split(delimiter)]
            names = [column.name for column in matched if column]
            assert len(names) == len(set(names))
            assert {column.name for column in schema.columns if column.required} <= set(names)


@pytest.mark.parametrize("day", DAYS)
def test_world_is_large_enough(day: str) -> None:
    assert len({row["customer_id"].lower() for row in read_table(day, "customers")}) >= 60
    assert len({row["subscription_id"].lower() for row in read_table(day, "subscriptions")}) >= 200


def test_names_are_invented_and_say_so() -> None:
    assert "Everything in this folder is invented" in (ROOT / "README.md").read_text(encoding="utf-8")
    assert all(row["domain"].endswith(".example") for row in table("customers"))


def test_names_fit_the_code_page_of_the_second_night() -> None:
    assert all(row["name"].encode("cp1250") for row in table("customers"))


def test_each_broken_case_is_explained() -> None:
    explained = (ROOT / "broken" / "README.md").read_text(encoding="utf-8")
    cases = [path.name for path in (ROOT / "broken").iterdir() if path.is_dir()]
    assert len(cases) == 9
    assert all(f"| `{case}` |" in explained for case in cases)


def test_sample_data_stays_small() -> None:
    assert sum(len(content) for content in committed().values()) < 600_000
