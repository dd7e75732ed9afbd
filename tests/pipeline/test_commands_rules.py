"""`csp-audit rules`: the rules, one in full, and the policy in force at a date."""

from __future__ import annotations

import csv
import io
import json
import os
import pty
import re
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from pipeline.commands.policy import POLICY_FILES
from pipeline.rulefile import read_rules
from pipeline.session import today
from pipeline.warehouse import POLICIES
from tests.pipeline.commandline import ROOT, call

if TYPE_CHECKING:
    from pathlib import Path

    from pipeline.rulefile import RuleFile

STEERING = re.compile(r"\x1b\[[0-9;?]*[a-zA-Z]")
RULES = read_rules()
DAY = "2026-11-20"


def policy(*words: str | Path) -> str:
    ended = call("rules", "policy", *words)
    assert (ended.code, ended.err) == (0, "")
    return ended.out


def sections(text: str) -> dict[str, list[str]]:
    """Return the lines under each title."""
    return {title: lines for title, *lines in (part.splitlines() for part in text.split("\n\n"))}


def section(text: str, title: str) -> list[str]:
    (lines,) = [lines for name, lines in sections(text).items() if name.startswith(title)]
    return lines


def configured(folder: Path) -> Path:
    path = folder / "csp-audit.toml"
    path.write_text("[answer_times]\nEducation = 5\n", encoding="utf-8")
    return path


def test_rules_lists_every_rule_with_its_level_and_title(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "120")
    ended = call("rules")
    assert (ended.code, ended.err) == (0, "")
    assert ended == call("rules", "list")
    assert ended.out.startswith(f"{len(RULES)} rules.\n")
    told = [re.split(r" {2,}", line.strip()) for line in ended.out.splitlines()]
    assert told[-len(RULES) :] == [[file.rule.id, file.rule.level, file.rule.title] for file in RULES]


def test_rules_as_csv_and_json_say_the_same() -> None:
    rows = list(csv.DictReader(io.StringIO(call("rules", "--format", "csv").out)))
    document = json.loads(call("rules", "list", "--format", "json").out)
    assert (document["schema_version"], document["rules_count"]) == (1, len(RULES))
    for file, row, item in zip(RULES, rows, document["rules"], strict=True):
        rule = file.rule
        assert (row["id"], row["level"], row["title"]) == (rule.id, rule.level, rule.title)
        assert (row["needs"], row["gives_way_to"]) == (", ".join(rule.needs), ", ".join(rule.gives_way_to))
        assert {name: str(cell) for name, cell in item.items()} == row


@pytest.mark.parametrize("form", ["csv", "json"])
def test_one_rule_in_a_format_is_the_whole_rule(form: str) -> None:
    (file,) = [file for file in RULES if file.rule.id == "GCC01"]
    ended = call("rules", "show", "gcc01", "--format", form)
    assert (ended.code, ended.err) == (0, "")
    for text in (file.rule.why, file.rule.source, *file.rule.steps, *file.rule.not_judged.values(), file.cases[0].name):
        assert text.replace('"', '""') in ended.out if form == "csv" else text in ended.out


def test_one_rule_as_json_has_its_facts() -> None:
    (rule,) = [file.rule for file in RULES if file.rule.id == "SEG01"]
    document = json.loads(call("rules", "show", "SEG01", "--format", "json").out)
    facts = {"rule": rule.id, "version": rule.version, "since": rule.since.isoformat(), "why": rule.why}
    assert facts.items() <= document.items()
    assert [item["step"] for item in document["steps"]] == list(rule.steps)
    assert document["cases"][0]["as_of"] == "2026-11-20"


@pytest.mark.parametrize("file", RULES, ids=lambda file: file.rule.id)
def test_rule_is_shown_in_full(file: RuleFile) -> None:
    rule = file.rule
    ended = call("rules", "show", rule.id.lower())
    assert (ended.code, ended.err) == (0, "")
    assert ended.out.startswith(f"{rule.id}  {rule.title}  ({rule.level}, version {rule.version}")
    for text in (rule.message, rule.why, rule.source, *rule.steps, *rule.needs, *rule.key):
        assert text in ended.out
    lines = ended.out.splitlines()
    assert [line for line in lines if line.startswith("Uses ")] == told("Uses     ", rule.uses)
    ways = [line.partition(", where")[0] for line in lines if line.startswith("Gives way to ")]
    assert ways == told("Gives way to  ", rule.gives_way_to)
    assert all(f"  {code}: {text}" in lines for code, text in rule.not_judged.items())
    assert ("May not be judged, subject by subject" in lines) is bool(rule.not_judged)
    assert [line for line in lines if line.startswith("  - ")] == [
        f"  - {case.name} ({case.as_of}): {finds(case.finds)}" for case in file.cases
    ]


def told(label: str, names: tuple[str, ...]) -> list[str]:
    return [f"{label}{', '.join(names)}"] if names else []


def finds(table: str) -> str:
    rows = len([line for line in table.splitlines() if line.strip()]) - 1
    return f"finds {rows}" if rows > 0 else "finds nothing"


@pytest.mark.parametrize(
    ("wrong", "like"),
    [("SEG1", "SEG01"), ("sego1", "SEG01"), ("REL-02", "REL02"), ("QUAL4", "QUAL04"), ("NP001", "NPO01")],
)
def test_rule_that_is_not_there_brings_up_the_one_that_is_like_it(wrong: str, like: str) -> None:
    ended = call("rules", "show", wrong)
    assert (ended.code, ended.out) == (2, "")
    assert ended.err == (f"csp-audit: there is no rule {wrong}. Did you mean {like}? csp-audit rules lists them all.\n")


def test_rule_that_is_like_none_brings_up_none() -> None:
    ended = call("rules", "show", "invoice")
    assert (ended.code, ended.err) == (2, "csp-audit: there is no rule invoice. csp-audit rules lists them all.\n")


def test_policy_shows_every_policy_file_by_default_for_today() -> None:
    assert set(POLICY_FILES) == set(POLICIES)
    text = policy("--as-of", DAY)
    assert text.startswith(f"Policy in force on {DAY}\n\nPurchase matrix: ")
    assert len(sections(text)) == len(POLICIES) + 2
    first, then = today(), policy().splitlines()[0]
    assert then in {f"Policy in force on {first}", f"Policy in force on {today()}"}


def test_policy_draws_the_matrix_by_customer_type_and_segment() -> None:
    head, *rows, note = section(policy("--as-of", DAY), "Purchase matrix")
    assert head.split("  ")[0] == "customer type"
    assert head.split()[2:6] == ["Commercial", "Nonprofit", "Education", "GovernmentCommunityCloud"]
    cells = [re.split(r" {2,}", row) for row in rows]
    by_type = {row[0]: "".join("+" if cell == "yes" else "-" for cell in row[1:5]) for row in cells}
    assert by_type == {
        "(none)": "+---",
        "Nonprofit": "++--",
        "Education": "+-+-",
        "Nonprofit + Education": "+++-",
        "GovernmentCommunityCloud": "---+",
        "StateOwnedEntity": "+---",
        "Education + StateOwnedEntity": "+-+-",
        "StateOwnedEntity + GovernmentCommunityCloud": "---+",
    }
    since = {row[0]: row[5] for row in cells}
    assert since.pop("Nonprofit + Education") == "since 2024-02-01"
    assert set(since.values()) == {"always"}
    assert all("purchase rules (Partner Center)" in row[6] for row in cells)
    assert note.count(";") == 7
    assert "Nonprofit + StateOwnedEntity;" in note


def test_policy_of_a_date_has_the_rows_in_force_then() -> None:
    before, on = policy("--as-of", "2024-01-31"), policy("--as-of", "2024-02-01")
    assert [row for row in section(before, "Purchase matrix") if row.startswith("Nonprofit + Education ")] == []
    assert "alone allows): Nonprofit + Education; " in section(before, "Purchase matrix")[-1]
    assert [row for row in section(on, "Purchase matrix") if row.startswith("Nonprofit + Education ")] != []
    assert section(on, "Extended Service Terms") == ["Nothing is in force on 2024-02-01."]
    before, on = policy("--as-of", "2026-05-03"), policy("--as-of", "2026-05-04")
    assert section(before, "Extended Service Terms") == ["Nothing is in force on 2026-05-03."]
    assert [row.split()[:2] for row in section(on, "Extended Service Terms")[1:]] == [["yes", "3"], ["no", "23"]]


def test_policy_says_what_the_configuration_sets(tmp_path: Path) -> None:
    plain, ours = policy("--as-of", DAY), policy("--as-of", DAY, "--config", configured(tmp_path))
    (before,) = [row for row in section(plain, "Answer times") if row.startswith("Education")]
    (after,) = [row for row in section(ours, "Answer times") if row.startswith("Education")]
    assert re.split(r" {2,}", before)[1:4] == ["3", "customer", "always"]
    assert re.split(r" {2,}", after)[1:] == ["5", "customer", "always", "The configuration: answer_times.Education"]
    del (first := sections(plain))["Answer times: business days in which a validation is answered"]
    assert first.items() < sections(ours).items()


def test_policy_with_a_wrong_configuration_is_one_line_and_2(tmp_path: Path) -> None:
    path = configured(tmp_path)
    path.write_text("answer_times.Educaton = 5", encoding="utf-8")
    ended = call("rules", "policy", "--config", path)
    assert (ended.code, ended.out, ended.err.count("\n")) == (2, "", 1)
    assert ended.err.startswith(f"csp-audit: {path}: answer_times: there is no answer time for Educaton; ")


def test_policy_lists_the_holidays_of_the_year_and_says_where_there_are_none() -> None:
    others = "Every other country: Mondays to Fridays only are counted."
    head, *rows, note = section(policy("--as-of", "2027-06-01"), "Holidays of 2027")
    assert head.split() == ["country", "day", "name", "source"]
    assert [row[9:23] for row in rows][-2:] == ["Fri 2027-12-24", "Fri 2027-12-31"]
    assert len(rows) == 12
    assert all("5 U.S.C. 6103" in row for row in rows)
    assert note == others
    none = "US: no holidays of 2031 are known. Mondays to Fridays only are counted."
    assert section(policy("--as-of", "2031-01-01"), "Holidays of 2031") == [none, others]


def test_policy_as_csv_and_json_say_the_same(tmp_path: Path) -> None:
    words = ("--as-of", DAY, "--config", configured(tmp_path))
    rows = list(csv.DictReader(io.StringIO(policy(*words, "--format", "csv"))))
    document = json.loads(policy(*words, "--format", "json"))
    assert (document["schema_version"], document["as_of"]) == (1, DAY)
    assert list(document["policies"]) == list(POLICY_FILES)
    for name, items in {**document["policies"], "holidays": document["holidays"]}.items():
        same = [row for row in rows if row["policy"] == name]
        assert [{column: row[column] for column in items[0]} for row in same] == [
            {column: as_cell(value) for column, value in item.items()} for item in items
        ]
        assert all(row["source"] for row in same)
    assert {"qualification": "Education", "business_days": 5}.items() <= document["policies"]["answer_times"][1].items()
    assert document["holidays"][0]["day"] == "2026-01-01"


def as_cell(value: object) -> str:
    return {True: "yes", False: "no"}[value] if isinstance(value, bool) else str("" if value is None else value)


def test_policy_is_drawn_as_wide_as_the_terminal() -> None:
    ours, theirs = pty.openpty()
    argv = [sys.executable, "-m", "pipeline.cli", "rules", "policy", "--as-of", DAY]
    environment = os.environ | {"TERM": "xterm-256color", "COLUMNS": "90"}
    sent = b""
    with subprocess.Popen(argv, cwd=ROOT, stdout=theirs, env=environment) as process:
        os.close(theirs)
        # A terminal whose other end is closed answers with an error on Linux, and with nothing elsewhere.
        try:
            while block := os.read(ours, 65536):
                sent += block
        except OSError:
            pass
        os.close(ours)
    assert process.returncode == 0
    shown = STEERING.sub("", sent.decode()).replace("\r\n", "\n")
    assert max(map(len, shown.splitlines())) <= 90
    words = " ".join(shown.split())
    for text in (
        "Purchase matrix: what each type of customer may be sold",
        "Source 1: Sell to specialized industries, purchase rules (Partner Center)",
        "Answer times: business days in which a validation is answered",
        "Fri 2026-12-25 Christmas Day",
        "Every other country: Mondays to Fridays only are counted.",
    ):
        assert text in words
