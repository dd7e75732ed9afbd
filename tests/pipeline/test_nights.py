"""The sample nights find exactly what sample_data/expected.csv says, every time and with either engine."""

from __future__ import annotations

import csv
from typing import TYPE_CHECKING

import pytest

from tests.pipeline.commandline import DAYS, SAMPLES, audit, call, sample

if TYPE_CHECKING:
    from pathlib import Path

COLUMNS = ("rule", "state", "customer_id", "subscription_id", "due_on")


def read(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def told(rows: list[dict[str, str]]) -> list[tuple[str, ...]]:
    """Return what both files say; of a closed finding expected.csv names no date, and findings.csv its last one."""
    dated = [row | {"due_on": "" if row["state"] == "closed" else row["due_on"]} for row in rows]
    return sorted(tuple(row[name] for name in COLUMNS) for row in dated)


def names(rows: list[dict[str, str]]) -> dict[str, str]:
    return {row["customer_id"]: row["company_name"].lstrip("'") for row in rows if row["state"] != "closed"}


@pytest.mark.parametrize("day", DAYS)
def test_each_night_finds_exactly_what_is_expected(audited: Path, day: str) -> None:
    expected = [row for row in read(SAMPLES / "expected.csv") if row["night"] == day]
    found = read(audited / "runs" / day / "findings.csv")
    assert told(found) == told(expected)
    # A spreadsheet would run "+48 Studio" as a formula, so the file has it with an apostrophe.
    assert names(found) == names(expected)


def test_newest_night_again_writes_the_same_bytes(state: Path) -> None:
    before = (state / "latest" / "findings.csv").read_bytes()
    audit(sample(DAYS[-1]), DAYS[-1], state)
    assert (state / "latest" / "findings.csv").read_bytes() == before


@pytest.mark.parametrize("day", DAYS)
def test_pandera_engine_writes_the_same_bytes(audited: Path, every_row_by_pandera: Path, day: str) -> None:
    for name in ("findings.csv", "quarantine.csv"):
        written = (every_row_by_pandera / "runs" / day / name).read_bytes()
        assert written == (audited / "runs" / day / name).read_bytes()


@pytest.fixture(scope="module")
def every_row_by_pandera(tmp_path_factory: pytest.TempPathFactory) -> Path:
    state = tmp_path_factory.mktemp("pandera")
    for day in DAYS:
        assert audit(sample(day), day, state, "--engine", "pandera").code == 1
    return state


def test_demo_audits_the_three_nights_and_ends_with_the_path_of_the_report(audited: Path, tmp_path: Path) -> None:
    state = tmp_path / "demo"
    first = call("demo", "--state", state)
    second = call("demo", "--state", state)
    assert first == second
    assert (first.code, first.err) == (0, "")
    assert first.out.splitlines()[-1] == str(state / "latest" / "report.html")
    assert "<html" in (state / "latest" / "report.html").read_text(encoding="utf-8")
    for day in DAYS:
        assert f"{day}: audited, with findings." in first.out
        written = (state / "runs" / day / "findings.csv").read_bytes()
        assert written == (audited / "runs" / day / "findings.csv").read_bytes()


def test_demo_leaves_a_folder_alone_that_no_demo_wrote(tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("the only copy")
    ended = call("demo", "--state", tmp_path)
    assert (ended.code, ended.out) == (2, "")
    assert ended.err == (
        f"csp-audit: {tmp_path}: holds something that no demo wrote. Name another directory with --state.\n"
    )
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.txt"]


def test_demo_says_when_a_file_is_in_its_way(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_text("not a directory")
    ended = call("demo", "--state", file)
    assert (ended.code, ended.err.count("\n")) == (2, 1)
    assert str(file) in ended.err
    assert file.read_text() == "not a directory"
