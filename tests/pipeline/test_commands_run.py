"""The options of `csp-audit run`: from which findings on it fails, and the run that leaves no trace."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from pipeline.order import FailOn, exit_code
from schemas.finding import Level, State
from tests.pipeline.commandline import DAYS, SAMPLES, audit, sample
from tests.pipeline.exports import Night, contents, night, run, write_folder

if TYPE_CHECKING:
    from pathlib import Path

# What a night found, and the exit code under each --fail-on.
FAIL_ON = """
    found                           | violation | deadline | verify | new | none
    nothing                         | 0         | 0        | 0      | 0   | 0
    new verify                      | 0         | 0        | 1      | 1   | 0
    open verify                     | 0         | 0        | 1      | 0   | 0
    new deadline                    | 0         | 1        | 1      | 1   | 0
    open deadline, new verify       | 0         | 1        | 1      | 1   | 0
    new violation                   | 1         | 1        | 1      | 1   | 0
    open violation                  | 1         | 1        | 1      | 0   | 0
    reopened violation              | 1         | 1        | 1      | 1   | 0
    closed violation                | 0         | 0        | 0      | 0   | 0
    closed violation, open deadline | 0         | 1        | 1      | 0   | 0
    waived violation, open verify   | 0         | 0        | 1      | 0   | 0
"""
HEADER, *LINES = [[cell.strip() for cell in line.split("|")] for line in FAIL_ON.strip().splitlines()]


@pytest.mark.parametrize("line", LINES, ids=[line[0] for line in LINES])
def test_exit_code_is_1_from_the_chosen_findings_on(line: list[str]) -> None:
    told = [finding.split() for finding in line[0].split(", ") if finding != "nothing"]
    found = [(Level(level), State(state)) for state, level in told]
    assert [str(exit_code(FailOn(name), found)) for name in HEADER[1:]] == line[1:]


def exports(*subscriptions: str) -> Night:
    """Return the small exports with these subscriptions; s-01 violates a rule, s-06 is to verify, s-02 is in order."""
    tables = night()
    tables["subscriptions"] = [row for row in tables["subscriptions"] if row["subscription_id"] in subscriptions]
    del tables["nonprofit_notices"]
    return tables


def test_night_to_verify_fails_only_where_that_is_asked_for(tmp_path: Path) -> None:
    folder = write_folder(tmp_path / "exports", exports("s-02", "s-06"))
    asked = ([], ["--fail-on", "verify"], ["--fail-on", "none"])
    assert [run(folder, tmp_path / "state", *words).code for words in asked] == [0, 1, 0]


def test_what_was_found_the_night_before_is_not_new(tmp_path: Path) -> None:
    folder = write_folder(tmp_path / "exports")
    assert audit(folder, "2026-11-19", tmp_path / "state", "--fail-on", "new").code == 1
    assert audit(folder, "2026-11-20", tmp_path / "state", "--fail-on", "new").code == 0
    assert audit(folder, "2026-11-20", tmp_path / "state", "--fail-on", "verify").code == 1


def test_reopened_finding_counts_as_new(tmp_path: Path) -> None:
    with_finding = write_folder(tmp_path / "with", exports("s-01"))
    without = write_folder(tmp_path / "without", exports("s-02"))
    codes = [
        audit(folder, f"2026-11-{day}", tmp_path / "state", "--fail-on", "new").code
        for day, folder in ((18, with_finding), (19, without), (20, with_finding))
    ]
    assert codes == [1, 0, 1]


def test_dry_run_judges_and_leaves_everything_as_it_was(state: Path) -> None:
    before = contents(state)
    ended = audit(sample(DAYS[2]), "2026-11-21", state, "--dry-run")
    assert (ended.code, ended.out, ended.err) == (1, "", "")
    assert contents(state) == before
    assert (state / "latest").readlink().name == DAYS[2]


def test_refused_dry_run_leaves_everything_as_it_was(state: Path) -> None:
    before = contents(state)
    ended = audit(SAMPLES / "broken" / "missing_file", "2026-11-21", state, "--dry-run")
    assert (ended.code, ended.err.count("\n")) == (3, 1)
    assert contents(state) == before


def test_refused_run_leaves_its_record_and_nothing_else(state: Path) -> None:
    before = contents(state)
    assert audit(SAMPLES / "broken" / "missing_file", "2026-11-21", state).code == 3
    assert contents(state).items() > before.items()
    new = contents(state).keys() - before.keys()
    assert new == {f"refused/2026-11-21/{name}" for name in ("not_audited.eml", "quarantine.csv", "run.json")}
