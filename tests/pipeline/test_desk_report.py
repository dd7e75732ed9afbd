"""`csp-audit report`: the page of any night, written again."""

from __future__ import annotations

import os
import pty
import shutil
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from tests.pipeline.commandline import DAYS, ROOT, audit, call, sample
from tests.pipeline.decisions import decide

if TYPE_CHECKING:
    from pathlib import Path


def page(state: Path, day: str) -> str:
    return (state / "runs" / day / "report.html").read_text(encoding="utf-8")


def unrecorded(state: Path, place: Path) -> Path:
    """Copy a state directory without the records of its runs, so that every page has to be made again."""
    copy = shutil.copytree(state, place / "unrecorded", symlinks=True)
    for record in copy.glob("runs/*/run.json"):
        record.unlink()
    return copy


@pytest.mark.parametrize("words", [[], ["latest"], [DAYS[-1]]])
def test_newest_report_is_the_same_to_the_byte(audited: Path, tmp_path: Path, words: list[str]) -> None:
    for state in (audited, unrecorded(audited, tmp_path)):
        ended = call("report", *words, "--state", state)
        assert (ended.code, ended.err) == (0, "")
        assert ended.out == page(audited, DAYS[-1])


@pytest.mark.parametrize(
    ("changed", "name", "content"),
    [
        ("the run", "run.json", '{"run_id": "another", "version": "0.1.0", "rule_set": "00000000"}'),
        ("its record", "run.json", "[]"),
        ("a decision", "../../triage.csv", "finding_id,decision,owner,promised_on,note,imported_at\n"),
    ],
)
@pytest.mark.parametrize("words", [("report",), ("findings", "--format", "csv"), ("findings", "--format", "json")])
def test_what_the_run_wrote_is_handed_out_until_something_changes(
    audited: Path, tmp_path: Path, changed: str, name: str, content: str, words: tuple[str, ...]
) -> None:
    state = shutil.copytree(audited, tmp_path / "state", symlinks=True)
    night = state / "runs" / DAYS[-1]
    file = night / (f"findings.{words[-1]}" if "--format" in words else "report.html")
    file.write_text("as written", encoding="utf-8")
    assert call(*words, "--state", state).out == "as written"
    (night / name).write_text(content, encoding="utf-8")
    made = call(*words, "--state", state)
    assert (made.code, len(made.out) > 1000) == (0, True), changed


def test_report_goes_into_a_file_in_one_step(audited: Path, tmp_path: Path) -> None:
    out = tmp_path / "report.html"
    out.write_text("an older one", encoding="utf-8")
    ended = call("report", "--state", audited, "--out", out)
    assert (ended.code, ended.out, ended.err) == (0, f"{out}\n", "")
    assert out.read_bytes() == page(audited, DAYS[-1]).encode()
    assert list(tmp_path.iterdir()) == [out]


def test_report_of_an_older_night_is_of_that_night(audited: Path, tmp_path: Path) -> None:
    then, again = page(audited, DAYS[0]), call("report", DAYS[0], "--state", unrecorded(audited, tmp_path)).out
    title = f"<title>{then.partition('<title>')[2].partition('</title>')[0]}</title>"
    assert title in again
    assert len(again) > len(then) / 2
    assert again.count("F-") == then.count("F-")


def test_report_of_a_backfill_says_so(tmp_path: Path) -> None:
    state = tmp_path / "state"
    for day in (DAYS[0], DAYS[2], DAYS[1]):
        assert audit(sample(day), day, state).code == 1
    for place in (state, unrecorded(state, tmp_path)):
        again = call("report", DAYS[1], "--state", place).out
        assert again == page(state, DAYS[1])
    assert "after 20 Nov 2026 had been" in again


def test_report_has_the_triage_of_today(audited: Path, tmp_path: Path) -> None:
    state = decide(audited, tmp_path)
    assert "M. Rossi" not in page(state, DAYS[-1])
    assert "M. Rossi" in call("report", "--state", state).out


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["2026-11-17"], "no night 2026-11-17 was audited. The nearest: 2026-11-18, 2026-11-19, 2026-11-20. "),
        (["yesterday"], "no night yesterday was audited. The nearest: 2026-11-18, 2026-11-19, 2026-11-20. "),
        (["--out", "no/such/folder/report.html"], "no/such/folder/report.html: cannot be written: "),
    ],
)
def test_what_cannot_be_done_is_one_line(audited: Path, words: list[str], said: str) -> None:
    ended = call("report", "--state", audited, *words)
    assert (ended.code, ended.out, ended.err.count("\n")) == (2, "", 1)
    assert ended.err.startswith(f"csp-audit: {said}")


def test_page_is_not_poured_over_a_terminal(audited: Path) -> None:
    ours, theirs = pty.openpty()
    argv = [sys.executable, "-m", "pipeline.cli", "report", "--state", str(audited)]
    ended = subprocess.run(argv, cwd=ROOT, stdout=theirs, stderr=subprocess.PIPE, text=True, check=False)
    os.close(theirs)
    os.close(ours)
    assert ended.returncode == 2
    assert ended.stderr == (
        "csp-audit: the report is a page for a browser. Name a file with --out, or send it into one with >.\n"
    )
