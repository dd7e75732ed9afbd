"""`csp-audit triage`: decisions on the findings of the sample nights, imported and listed."""

from __future__ import annotations

import csv
import io
import json
import re
from typing import TYPE_CHECKING

import pytest

from tests.pipeline.commandline import call
from tests.pipeline.golden import check_golden

if TYPE_CHECKING:
    from pathlib import Path

    from tests.pipeline.commandline import Ended

# By finding: what is filled in. The last one but one was closed tonight; the last is new.
FILLED = {
    "F-76f6d4574cd6": ("fix", "Anna Łoś", "2026-11-19", "asks the customer; ticket 40"),
    "F-25fc0fe11027": ("Accept", "B. Rossi", "", "=agreed with the board"),
    "F-b3fa3be79666": ("wait", "B. Rossi", "20.11.2026", ""),
    "F-8768b9daf463": ("contest", "Anna Łoś", "2026-11-01", ""),
    "F-82e5265042a1": ("", "", "", "who knows the offer?"),
}


def export(state: Path) -> list[list[str]]:
    text = call("findings", "--state", state, "--format", "csv").out
    return list(csv.reader(io.StringIO(text)))


def fill(state: Path, filled: dict[str, tuple[str, ...]], name: str = "filled.csv") -> Path:
    """Fill in the last night's list as a spreadsheet in Poland saves it."""
    rows = [[*row[:-5], *filled.get(row[0], row[-5:-1]), row[-1]] for row in export(state)]
    out = io.StringIO()
    csv.writer(out, delimiter=";").writerows(rows)
    path = state / name
    path.write_bytes(out.getvalue().encode("utf-8-sig"))
    return path


def import_filled(state: Path, filled: dict[str, tuple[str, ...]]) -> Ended:
    return call("triage", "import", fill(state, filled), "--state", state)


def test_import_counts_what_it_has_done(state: Path) -> None:
    lines = len(export(state)) - 1
    ended = import_filled(state, FILLED)
    assert (ended.code, ended.err) == (0, "")
    assert ended.out == f"imported 5, unchanged 0, empty {lines - 5}\n"
    again = import_filled(state, FILLED | {"F-82e5265042a1": ("fix", "", "", "")})
    assert again.out == f"imported 1, unchanged 4, empty {lines - 5}\n"
    assert call("triage", "import", state / "latest" / "findings.csv", "--state", state).out == (
        f"imported 0, unchanged 0, empty {lines}\n"
    )


def test_a_list_of_before_does_not_undo_what_was_decided_since(state: Path) -> None:
    old = fill(state, {"F-76f6d4574cd6": ("fix", "Anna", "", "")})
    of_bob = fill(state, {"F-76f6d4574cd6": ("wait", "Bob \x1b[31m", "", "")}, "of-bob.csv")
    assert call("triage", "import", of_bob, "--state", state).code == 0
    ended = call("triage", "import", old, "--state", state)
    assert (ended.code, ended.out) == (2, "")
    first, last = ended.err.splitlines()
    assert first.startswith(
        "csp-audit: filled.csv, line 2, decided_at: found an empty cell, but the finding was decided on at 20"
    )
    assert first.endswith("Export the findings again, and fill in that list.")
    assert last == "csp-audit: nothing is imported: 1 problem."
    assert "Anna" not in (state / "triage.csv").read_text(encoding="utf-8")


def test_every_refused_line_is_listed_and_nothing_is_imported(state: Path) -> None:
    wrong = {"F-76f6d4574cd6": ("maybe", "", "31.11.2026", ""), "F-82e5265042a1": ("", "", "1/2/2026", "")}
    ended = import_filled(state, FILLED | wrong)
    assert (ended.code, ended.out) == (2, "")
    told = ended.err.splitlines()
    assert [line.split(": found")[0] for line in told[:-1]] == [
        "csp-audit: filled.csv, line 2, decision",
        "csp-audit: filled.csv, line 2, promised_on",
        f"csp-audit: filled.csv, line {[row[0] for row in export(state)].index('F-82e5265042a1') + 1}, promised_on",
    ]
    assert told[-1] == "csp-audit: nothing is imported: 3 problems."
    assert not (state / "triage.csv").exists()


def test_a_finding_that_was_closed_long_ago_is_still_known(state: Path) -> None:
    known = {row[0] for row in export(state)}
    text = (state / "runs" / "2026-11-19" / "findings.csv").read_text(encoding="utf-8")
    closed = [row for row in csv.DictReader(io.StringIO(text)) if row["finding_id"] not in known]
    assert closed
    path = state / "filled.csv"
    path.write_text(f"finding_id,owner\n{closed[0]['finding_id']},Bo\nF-000000000000,Bo\n", encoding="utf-8")
    ended = call("triage", "import", path, "--state", state)
    assert ended.err.count("\n") == 2
    assert ended.err.startswith(
        'csp-audit: filled.csv, line 3, finding_id: found "F-000000000000", which is no finding'
    )


@pytest.mark.parametrize("form", ["table", "csv", "json"])
def test_list_is_what_it_was(state: Path, monkeypatch: pytest.MonkeyPatch, form: str) -> None:
    monkeypatch.setenv("COLUMNS", "160")
    import_filled(state, FILLED)
    store = state / "triage.csv"
    text = store.read_text(encoding="utf-8")
    store.write_text(re.sub(r"\d{4}-\d\d-\d\dT[\d:]+Z", "2026-11-20T09:30:00Z", text), encoding="utf-8")
    ended = call("triage", "list", "--state", state, "--format", form)
    assert (ended.code, ended.err) == (0, "")
    check_golden(f"triage_list_{form}.txt", ended.out)


def test_only_promises_on_current_findings_are_overdue(state: Path) -> None:
    import_filled(state, FILLED)
    read = json.loads(call("triage", "list", "--state", state, "--overdue", "--format", "json").out)
    assert [item["finding_id"] for item in read["decisions"]] == ["F-76f6d4574cd6"]
    assert (read["count"], read["overdue"]) == (5, 1)
    import_filled(state, {"F-76f6d4574cd6": ("", "", "2026-12-01", "")})
    assert call("triage", "list", "--state", state, "--overdue").out == (
        "2026-11-20: 5 findings have a triage; 0 promises are overdue.\n\nOverdue promises\nNo promise is overdue.\n"
    )


def test_list_without_decisions_says_so(audited: Path) -> None:
    assert call("triage", "list", "--state", audited).out == (
        "2026-11-20: 0 findings have a triage; 0 promises are overdue.\n\nDecisions\nNothing is decided.\n"
    )


def test_decisions_on_findings_that_the_warehouse_does_not_know_are_listed_all_the_same(state: Path) -> None:
    (state / "triage.csv").write_text(
        "finding_id,decision,owner,promised_on,note,imported_at\nF-000000000000,fix,Bo,2026-01-01,,2026-11-20T09:30:00Z\n"
    )
    out = call("triage", "list", "--state", state, "--format", "csv").out
    assert out.splitlines()[1:] == ["F-000000000000,,,,fix,Bo,2026-01-01,no,,2026-11-20T09:30:00Z"]


@pytest.mark.parametrize("missing", ["nothing.csv", "."])
def test_a_file_that_cannot_be_read_is_one_line(state: Path, missing: str) -> None:
    ended = call("triage", "import", state / missing, "--state", state)
    assert (ended.code, ended.out, ended.err.count("\n")) == (2, "", 1)
    assert f"{state / missing}: cannot be read: " in ended.err


def test_file_that_is_cut_off_is_refused(state: Path, tmp_path: Path) -> None:
    whole = call("findings", "--state", state, "--format", "csv").out
    sheet = tmp_path / "sheet.csv"
    sheet.write_text(whole.rstrip("\n")[:-60], encoding="utf-8")
    ended = call("triage", "import", sheet, "--state", state)
    assert (ended.code, ended.out) == (2, "")
    assert "found the end of the file after " in ended.err
    assert "The file is cut off: save or copy it again." in ended.err
