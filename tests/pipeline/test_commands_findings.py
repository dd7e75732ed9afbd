"""`csp-audit findings`: a table for people at any width, and the files' own bytes for programs."""

from __future__ import annotations

import csv
import io
import json
import shutil
import subprocess
import sys
from dataclasses import replace
from itertools import groupby
from typing import TYPE_CHECKING

import pytest

from pipeline.desk.listing.listing import Listing, OfLevel
from reports.exposure import exposure
from reports.order import by_pressure
from tests.pipeline.commandline import DAYS, ROOT, call
from tests.pipeline.exports import AS_OF, night, run, write_folder
from tests.pipeline.golden import check_golden
from tests.reports import examples

if TYPE_CHECKING:
    from pathlib import Path

    from schemas.finding import Audit, Finding, Level


def rows(state: Path) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO((state / "latest" / "findings.csv").read_text(encoding="utf-8"))))


def test_csv_and_json_are_those_of_the_night(audited: Path) -> None:
    for form in ("csv", "json"):
        ended = call("findings", "--state", audited, "--format", form)
        assert (ended.code, ended.err) == (0, "")
        assert ended.out == (audited / "latest" / f"findings.{form}").read_text(encoding="utf-8")


@pytest.mark.parametrize(("width", "chosen"), [(80, ("--level", "verify")), (120, ())])
def test_table_is_what_it_was(
    audited: Path, width: int, chosen: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", str(width))
    ended = call("findings", *chosen, "--state", audited)
    check_golden(f"findings_{width}.txt", ended.out)


@pytest.mark.parametrize("width", [64, 80, 120, 200])
def test_table_has_every_finding_whole_and_stays_in_its_width(
    audited: Path, width: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", str(width))
    lines = call("findings", "--state", audited).out.splitlines()
    assert max(map(len, lines)) <= width
    listed = {line.split()[0]: line.split() for line in lines if line.startswith("F-")}
    assert listed.keys() == {row["finding_id"] for row in rows(audited)}
    for row in rows(audited):
        cells = listed[row["finding_id"]]
        assert cells[1:3] == [row["rule"], row["state"]]
        assert cells[-1] == (row["due_on"] or row["seats"] or cells[-1])
    told = " ".join(" ".join(lines).split())
    assert all(f"{' '.join(row['message'].split())} (since {row['first_seen']}" in told for row in rows(audited))


def test_table_says_what_was_not_judged_and_not_read(tmp_path: Path) -> None:
    tables = night()
    del tables["nonprofit_notices"]
    tables["qualifications"][0]["customer_id"] = "not an id"
    run(write_folder(tmp_path / "exports", tables), tmp_path / "state")
    head = call("findings", "--state", tmp_path / "state").out.split("\n\n")[0]
    record = json.loads((tmp_path / "state" / "latest" / "run.json").read_text(encoding="utf-8"))
    unjudged = [rule["id"] for rule in record["rules"] if rule["judgement"].startswith("not judged")]
    assert "NPO01" in unjudged
    assert f"1 unread rows; not judged: {', '.join(unjudged)}" in " ".join(head.split())


@pytest.fixture
def partners(monkeypatch: pytest.MonkeyPatch) -> Audit:
    """Let the command read a night with prices, findings on a partner and rules that were partly judged."""
    made = examples.partners()
    listed = replace(made, findings=by_pressure(made.findings))
    levels = tuple(of_level(level, list(items)) for level, items in groupby(listed.findings, lambda item: item.level))
    found = Listing(listed, len(listed.findings), levels)
    monkeypatch.setattr("pipeline.desk.listing.listing.listing", lambda *_: found)
    return listed


def of_level(level: Level, findings: list[Finding]) -> OfLevel:
    current = sum(item.state.is_current for item in findings)
    return OfLevel(level, current, len(findings) - current, exposure(findings))


def test_table_says_what_was_partly_judged(audited: Path, partners: Audit) -> None:
    head = " ".join(call("findings", "--state", audited).out.split("\n\n")[0].split())
    assert partners.unread == 0
    assert head.endswith("0 unread rows; partly judged: GCC07, PART01.")


@pytest.mark.parametrize("width", [64, 120])
@pytest.mark.usefixtures("partners")
def test_table_says_what_findings_cost(audited: Path, width: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", str(width))
    out = call("findings", "--state", audited).out
    told = " ".join(out.split())
    assert max(map(len, out.splitlines())) <= width
    assert "invited to GCC High (since 2026-11-20), 21,600.00 PLN a month" in told
    assert (
        "violation: 4, 1 closed Exposure a month: 21,600.00 PLN, 310.50 USD; 1 subscription without a known price"
    ) in told
    assert told.count("Exposure") == 1


@pytest.mark.usefixtures("partners")
def test_partner_is_listed_where_no_customer_is_the_subject(audited: Path) -> None:
    listed = [line for line in call("findings", "--state", audited).out.splitlines() if " GCC06 " in line]
    assert [line.split()[3][:8] for line in listed] == ["Lipowa", "571c51e5"]
    assert all("None" not in line for line in listed)


@pytest.mark.usefixtures("partners")
def test_json_has_amounts_as_text(audited: Path) -> None:
    read = json.loads(
        call("findings", "--text", " ", "--due-by", "2099-12-31", "--state", audited, "--format", "json").out
    )["findings"]
    costs = {(item["monthly_amount"], item["currency"]) for item in read}
    assert costs == {("21600.00", "PLN"), ("310.50", "USD"), ("0.00", "PLN"), ("99.00", "PLN"), (None, None)}


def test_night_without_findings_is_said_to_be_clean(tmp_path: Path) -> None:
    tables = night()
    tables["subscriptions"] = tables["subscriptions"][1:2]
    tables["nonprofit_notices"] = []
    tables["qualifications"] = tables["qualifications"][1:]
    run(write_folder(tmp_path / "exports", {name: table for name, table in tables.items() if table}), tmp_path / "s")
    lines = call("findings", "--state", tmp_path / "s").out.splitlines()
    assert lines[0].startswith(f"{AS_OF}: audited, not everything was checked. 0 violations, 0 new;")
    assert not any(line.startswith(("finding", "F-")) for line in lines)


def test_names_from_exports_cannot_steer_the_terminal(tmp_path: Path) -> None:
    tables = night()
    tables["customers"][0]["company_name"] = "\x1b[2J\x07Lipowa 株式会社\u202e株式会社リポワ・ブジョザ"
    run(write_folder(tmp_path / "exports", tables), tmp_path / "state")
    out = call("findings", "--state", tmp_path / "state").out
    assert "Lipowa 株式会社" in out
    assert not {"\x1b", "\x07", "\u202e"} & set(out)


@pytest.mark.parametrize("form", ["table", "csv", "json"])
def test_reader_of_a_pipe_may_go_early(audited: Path, tmp_path: Path, form: str) -> None:
    # Three hundred times the findings do not fit into a pipe, so that the program meets its end.
    state = shutil.copytree(audited, tmp_path / "state", symlinks=True)
    program = (
        "from dataclasses import replace; import pipeline.desk.listing.listing as desk, pipeline.cli as cli\n"
        "read = desk.listing\n"
        "def many(*words):\n"
        "    found = read(*words)\n"
        "    return replace(found, audit=replace(found.audit, findings=found.findings * 300))\n"
        "desk.listing = many\n"
        "cli.main()"
    )
    argv = [sys.executable, "-c", program, "findings", "--state", str(state), "--format", form]
    with subprocess.Popen(argv, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout
        assert process.stderr
        assert process.stdout.readline()
        process.stdout.close()
        assert process.stderr.read() == ""
    assert process.returncode == 0


def test_newest_night_is_listed(audited: Path) -> None:
    assert call("findings", "--state", audited).out.startswith(f"{DAYS[-1]}: audited, with findings.")


def test_file_that_is_no_warehouse_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "warehouse.duckdb").write_text("finding_id,rule\n" * 1000)
    ended = call("findings", "--state", tmp_path)
    assert (ended.code, ended.out, ended.err.count("\n")) == (2, "", 1)
    assert ended.err.startswith(f"csp-audit: {tmp_path / 'warehouse.duckdb'}: cannot be read as a warehouse: ")
