"""Triage: what people fill in comes back whole, or not at all."""

from __future__ import annotations

import codecs
import csv
import io
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.errors import UsageError
from pipeline.triage.importing import import_sheet
from pipeline.triage.sheet import read_sheet
from pipeline.triage.triage import DECISIONS, read_entries, read_triage, usable_triage
from reports import render
from schemas.triage import Triage
from tests.pipeline.exports import Style
from tests.reports import examples
from tests.reports.parts import finding

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence
    from pathlib import Path

    from pipeline.triage.importing import Plan

NOW = datetime(2026, 11, 20, 9, 30, tzinfo=UTC)
HEADER = ("finding_id", "company_name", "decision", "owner", "promised_on", "note")
IDS = tuple(f"F-{number:012x}" for number in range(9))
PLAIN = Style()
STYLES = {
    "commas": PLAIN,
    "semicolons": Style(delimiter=";"),
    "tabs": Style(delimiter="\t"),
    "mark and Windows line ends": Style(bom=codecs.BOM_UTF8, newlines=("\r\n",)),
    "old Mac line ends": Style(newlines=("\r",)),
    "UTF-16 of a spreadsheet": Style("utf-16-le", codecs.BOM_UTF16_LE, "\t", ("\r\n",)),
    "UTF-16, other byte order": Style("utf-16-be", codecs.BOM_UTF16_BE),
    "Windows-1250": Style("cp1250", delimiter=";", newlines=("\r\n",)),
    "all in quotes": Style(quote_all=True),
    "delimiter told before": Style(delimiter=";", preamble="sep=;"),
}


def line(name: str, *filled: str) -> list[str]:
    """Return a line of findings.csv with what people filled in."""
    return [name, "Żabka, Łódź", *filled, *("" for _ in range(4 - len(filled)))]


def written(folder: Path, rows: Sequence[Sequence[str]], style: Style = PLAIN, header: Sequence[str] = HEADER) -> Path:
    path = folder / "findings.csv"
    path.write_bytes(style.content([header, *rows]))
    return path


def known(ids: Collection[str]) -> set[str]:
    return set(ids) & set(IDS)


def take(path: Path, at: datetime = NOW) -> Plan:
    return import_sheet(path.name, read_sheet(path), path.with_name("triage.csv"), known, at)


def stored(folder: Path) -> dict[str, Triage]:
    return {name: triage for name, triage in read_triage(folder / "triage.csv").items() if triage}


@pytest.mark.parametrize("style", STYLES.values(), ids=STYLES.keys())
def test_what_is_filled_in_comes_back_however_it_is_written(tmp_path: Path, style: Style) -> None:
    rows = [
        line(IDS[0], "Fix", "Anna Łośś", "20.11.2026", 'says "no"; ask again'),
        line(IDS[1]),
        line(IDS[2], "FALSE-positive", "", "2026-12-01T00:00:00Z"),
        line(IDS[3], "", "Śliwa"),
    ]
    plan = take(written(tmp_path, rows, style))
    assert (len(plan.changes), plan.unchanged, plan.empty, plan.problems) == (3, 0, 1, ())
    assert stored(tmp_path) == {
        IDS[0]: Triage("fix", "Anna Łośś", date(2026, 11, 20), 'says "no"; ask again'),
        IDS[2]: Triage("false positive", "", date(2026, 12, 1)),
        IDS[3]: Triage(owner="Śliwa"),
    }


@pytest.mark.parametrize(
    ("cells", "days"),
    [
        (("11/20/2026", "3/4/2026"), (date(2026, 11, 20), date(2026, 3, 4))),
        (("20/11/2026", "3/4/2026"), (date(2026, 11, 20), date(2026, 4, 3))),
        (("3/4/2026", "20/11/2026 0:00"), (date(2026, 4, 3), date(2026, 11, 20))),
    ],
)
def test_slashed_dates_are_read_where_one_of_them_tells_the_order(
    tmp_path: Path, cells: tuple[str, str], days: tuple[date, date]
) -> None:
    take(written(tmp_path, [line(name, "fix", "", cell) for name, cell in zip(IDS, cells, strict=False)]))
    assert tuple(triage.promised_on for triage in stored(tmp_path).values()) == days


@pytest.mark.parametrize("word", DECISIONS)
def test_every_decision_is_accepted_in_any_case(tmp_path: Path, word: str) -> None:
    take(written(tmp_path, [line(IDS[0], f" {word.upper()} ")]))
    assert stored(tmp_path)[IDS[0]].decision == word


# The rows, and what is told of them.
REFUSED = {
    "finding that is not known": (
        [line("F-ffffffffffff", "fix")],
        ['line 2, finding_id: found "F-ffffffffffff", which is no finding of this warehouse; expected the id of a'],
    ),
    "no finding": ([line("", "fix")], ["line 2, finding_id: found an empty cell; expected the id of a finding."]),
    "decision like another": (
        [line(IDS[0], "contes")],
        ['line 2, decision: found "contes"; expected one of fix, wait, accept, contest, false positive. Did you mean '],
    ),
    "decision like no other": (
        [line(IDS[0], "42")],
        ['line 2, decision: found "42"; expected one of fix, wait, accept, contest, false positive. Choose one of'],
    ),
    "no date": (
        [line(IDS[0], "", "", "next week")],
        ['line 2, promised_on: found "next week"; expected a date. Write the date as 2026-11-20.'],
    ),
    "day that is not": ([line(IDS[0], "", "", "31.11.2026")], ['line 2, promised_on: found "31.11.2026"; expected a']),
    "undecided dates": (
        [line(IDS[0], "", "", "03/04/2026"), line(IDS[1], "", "", "2026-11-20"), line(IDS[2], "", "", "1/2/2026")],
        [
            'line 2, promised_on: found "03/04/2026", which could be day/month or month/day: no date in the file has a',
            'line 4, promised_on: found "1/2/2026", which could be',
        ],
    ),
    "dates of both orders": (
        [line(IDS[0], "", "", "13/01/2026"), line(IDS[1], "", "", "01/13/2026")],
        [
            'line 2, promised_on: found "13/01/2026", in a file with slashed dates of both orders; expected a date',
            'line 3, promised_on: found "01/13/2026", in a file with',
        ],
    ),
    "slashed day that is not": (
        [line(IDS[0], "", "", "13/01/2026"), line(IDS[1], "", "", "31/04/2026")],
        ['line 3, promised_on: found "31/04/2026"; expected a date.'],
    ),
    "two of one finding": (
        [line(IDS[0], "fix"), line(IDS[1]), line(IDS[0].upper(), "wait")],
        [f"line 4, finding_id: found a second row of {IDS[0]}, which says something else than line 2; expected one"],
    ),
    "more cells than columns": (
        [[*line(IDS[0], "fix"), "", "rest"]],
        ["line 2: found 8 cells; expected 6, as in the header. Put the cell that has its delimiter in it into quotes."],
    ),
    "long note": (
        [line(IDS[0], "", "", "", "x" * 2001)], ["line 2, note: found 2,001 characters; expected at most 2,000."]),
    "line break before": (
        [line(IDS[0], "", "", "", "one\ntwo"), line("F-1", "fix")],
        ['line 4, finding_id: found "F-1", which is no finding'],
    ),
}  # fmt: skip


@pytest.mark.parametrize(("rows", "told"), REFUSED.values(), ids=REFUSED.keys())
def test_one_refused_line_keeps_all_others_out(tmp_path: Path, rows: list[list[str]], told: list[str]) -> None:
    plan = take(written(tmp_path, [*rows, line(IDS[8], "fix")]))
    problems = [str(problem).removeprefix("findings.csv, ") for problem in plan.problems]
    assert len(problems) == len(told)
    assert all(problem.startswith(text) for problem, text in zip(problems, told, strict=True))
    assert not (tmp_path / "triage.csv").exists()


# A file's bytes, and what is told of it.
UNREADABLE = {
    "nothing": (b"", "found no line of text; expected a header line and rows."),
    "blank lines": (b"\n\n;;\n", "found no line of text; expected a header line and rows."),
    "workbook": (b"PK\x03\x04\x14\0", "found a workbook; expected a CSV file. Save it in the spreadsheet as CSV UTF-8"),
    "binary": (b"finding_id,note\n\0", "found a NUL byte: the file is no text, or UTF-16 without its mark; expected"),
    "either code page": (
        "finding_id,note\nF-1,bęben\n".encode("cp1250"), "found letters that could be Windows-1250 or Windows-1252;"),
    "UTF-16 cut off": (codecs.BOM_UTF16_LE + b"f\0i", "line 1: found bytes that are not utf-16"),
    "other table": (b"customer_id,note\n1,x\n", "line 1: found the columns note; expected finding_id and at least one"),
    "no known column": (b"a,b\n1,2\n", "line 1: found no column that is known; expected finding_id and at least"),
    "nothing to fill in": (b"finding_id,rule\n1,2\n", "line 1: found the columns finding_id; expected finding_id and"),
    "column twice": (b"finding_id,note,Note\n", "line 1: found the columns finding_id, note, note; expected"),
    "open quote": (b'finding_id,note\nF-1,"x\n', "line 2: found a row that cannot be split (unexpected end of data);"),
    "quote in a cell": (b'finding_id,note\nF-1,"x" y\n', "line 2: found a row that cannot be split ("),
}  # fmt: skip


@pytest.mark.parametrize(("content", "told"), UNREADABLE.values(), ids=UNREADABLE.keys())
def test_a_file_that_is_no_list_of_findings_is_one_problem(tmp_path: Path, content: bytes, told: str) -> None:
    path = tmp_path / "findings.csv"
    path.write_bytes(content)
    (problem,) = take(path).problems
    assert str(problem).removeprefix("findings.csv, ").removeprefix("findings.csv: ").startswith(told)


def test_damaged_text_is_refused_only_where_it_would_be_kept(tmp_path: Path) -> None:
    path = tmp_path / "findings.csv"
    row = b"%s,Zelazna \xc5,,%s,,\n"
    path.write_bytes(
        "finding_id,company_name,decision,owner,promised_on,note,śćź\n".encode() + row % (IDS[0].encode(), b"Bo")
    )
    assert not take(path).problems
    path.write_bytes(path.read_bytes() + row % (IDS[1].encode(), b"Bo \xff"))
    (problem,) = take(path).problems
    assert str(problem).startswith(
        "findings.csv, line 3, owner: found bytes that are not UTF-8; expected text in UTF-8."
    )


def test_an_empty_cell_leaves_and_a_dash_empties_what_was_said(tmp_path: Path) -> None:
    take(written(tmp_path, [line(IDS[0], "fix", "Bo", "2026-12-01", "why"), line(IDS[1], "wait")]))
    take(written(tmp_path, [line(IDS[0], "", "Al", "-"), line(IDS[1], "-")]))
    assert stored(tmp_path) == {IDS[0]: Triage("fix", "Al", None, "why")}
    take(written(tmp_path, [line(IDS[0], "-", "\u2013", "'-", " - ")]))
    assert stored(tmp_path) == {}


def test_columns_may_be_few_and_in_any_order(tmp_path: Path) -> None:
    plan = take(written(tmp_path, [["x", IDS[0]], ["", IDS[1]]], header=("Note", "Finding ID")))
    assert (plan.changes, plan.empty) == ({IDS[0]: Triage(note="x")}, 1)


def test_rows_may_end_early_and_blank_ones_are_no_lines(tmp_path: Path) -> None:
    plan = take(written(tmp_path, [line(IDS[0], "fix"), [IDS[1], "x", "wait"], [""] * 6, [], [IDS[2], "x"]]))
    assert (len(plan.changes), plan.unchanged, plan.empty, plan.problems) == (2, 0, 1, ())


def test_what_is_said_again_is_unchanged_and_adds_nothing(tmp_path: Path) -> None:
    path = written(tmp_path, [line(IDS[0], "fix", "Bo"), line(IDS[1], "wait"), line(IDS[1], "Wait"), line(IDS[2])])
    first = take(path)
    assert (len(first.changes), first.unchanged, first.empty) == (2, 1, 1)
    before = (tmp_path / "triage.csv").read_bytes()
    again = take(path)
    assert (len(again.changes), again.unchanged, again.empty) == (0, 3, 1)
    assert (tmp_path / "triage.csv").read_bytes() == before


def test_earlier_entries_stay_as_history(tmp_path: Path) -> None:
    take(written(tmp_path, [line(IDS[0], "wait", "Bo")]))
    take(written(tmp_path, [line(IDS[0], "fix"), line(IDS[1], "", "", "", "=1+1")]), NOW.replace(hour=10))
    assert (tmp_path / "triage.csv").read_text(encoding="utf-8") == (
        "finding_id,decision,owner,promised_on,note,imported_at\n"
        f"{IDS[0]},wait,Bo,,,2026-11-20T09:30:00Z\n"
        f"{IDS[0]},fix,Bo,,,2026-11-20T10:30:00Z\n"
        f"{IDS[1]},,,,'=1+1,2026-11-20T10:30:00Z\n"
    )
    assert [entry.triage.decision for entry in read_entries(tmp_path / "triage.csv")] == ["wait", "fix", ""]
    assert stored(tmp_path)[IDS[1]].note == "=1+1"


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("finding,note\n", "line 1: the header is not finding_id,decision,owner,promised_on,note,imported_at."),
        ("{header}F-1,fix\n", "line 2: there are 2 cells in place of 6."),
        ("{header}F-1,maybe,,,,2026-11-20T09:30:00Z\n", "line 2: the decision is none of fix, wait, "),
        ("{header}F-1,fix,,soon,,2026-11-20T09:30:00Z\n", "line 2: Invalid isoformat string"),
        ('{header}F-1,fix,,,"x,2026-11-20T09:30:00Z\n', "line 2: unexpected end of data."),
    ],
)
def test_a_store_that_somebody_has_spoilt_is_named_with_its_line(tmp_path: Path, text: str, told: str) -> None:
    store = tmp_path / "triage.csv"
    store.write_text(text.replace("{header}", "finding_id,decision,owner,promised_on,note,imported_at\n"))
    with pytest.raises(UsageError) as caught:
        read_triage(store)
    assert str(caught.value).startswith(f"{store}, {told}")


def test_a_store_that_cannot_be_read_is_one_line(tmp_path: Path) -> None:
    assert read_triage(tmp_path / "none.csv") == {}
    (tmp_path / "latin").write_bytes(b"\xff")
    for path in (tmp_path, tmp_path / "latin"):
        with pytest.raises(UsageError, match="cannot be read: "):
            read_triage(path)


def test_what_cannot_be_read_is_a_reason_and_no_triage(tmp_path: Path) -> None:
    store = tmp_path / "triage.csv"
    assert usable_triage(store) == ({}, "")
    take(written(tmp_path, [line(IDS[0], "fix")]))
    assert usable_triage(store) == ({IDS[0]: Triage("fix")}, "")
    with store.open("a", encoding="utf-8") as file:
        file.write(f"{IDS[1]},fix,,,,0001-01-01T00:00:00+05:00\n")
    triage, reason = usable_triage(store)
    assert triage == {}
    assert reason.startswith(f"{store}, line 3: ")
    assert "\n" not in reason


def take_list(folder: Path, text: str, name: str, *filled: str, at: datetime = NOW) -> list[str]:
    """Fill in one finding of an exported list, import it, and return the problems."""
    path = folder / "list.csv"
    path.write_bytes(fill(text, {name: (*filled, *("" for _ in range(4 - len(filled))))}, PLAIN))
    return [str(problem) for problem in take(path, at).problems]


def test_an_older_list_does_not_undo_what_was_decided_since(tmp_path: Path) -> None:
    before = exported({})
    assert take_list(tmp_path, before, IDS[0], "fix", "Anna") == []
    of_anna = exported(dict(read_triage(tmp_path / "triage.csv")))
    assert take_list(tmp_path, of_anna, IDS[0], "wait", "Bob", at=NOW + timedelta(hours=1)) == []
    end = (
        "but the finding was decided on at 2026-11-20T10:30:00Z (wait, owner Bob); expected the time of its newest "
        "decision. Export the findings again, and fill in that list."
    )
    (told,) = take_list(tmp_path, of_anna, IDS[0], "fix", "Anna", at=NOW + timedelta(hours=2))
    assert told.endswith(f', decided_at: found "2026-11-20T09:30:00Z", {end}')
    (told,) = take_list(tmp_path, before, IDS[0], "fix", at=NOW + timedelta(hours=2))
    assert told.endswith(f", decided_at: found an empty cell, {end}")
    assert stored(tmp_path) == {IDS[0]: Triage("wait", "Bob")}
    assert take_list(tmp_path, of_anna, IDS[0], "wait", "", at=NOW + timedelta(hours=2)) == []
    of_bob = exported(dict(read_triage(tmp_path / "triage.csv")))
    assert take_list(tmp_path, of_bob, IDS[0], "fix", "Anna", at=NOW + timedelta(hours=2)) == []
    assert stored(tmp_path) == {IDS[0]: Triage("fix", "Anna")}


def test_what_was_emptied_since_is_a_decision_too(tmp_path: Path) -> None:
    take_list(tmp_path, exported({}), IDS[0], "fix", "Anna")
    of_anna = exported(dict(read_triage(tmp_path / "triage.csv")))
    assert take_list(tmp_path, of_anna, IDS[0], "-", "-", at=NOW + timedelta(hours=1)) == []
    assert stored(tmp_path) == {}
    (told,) = take_list(tmp_path, of_anna, IDS[0], "fix", "Anna", at=NOW + timedelta(hours=2))
    assert "decided on at 2026-11-20T10:30:00Z (emptied)" in told
    again = exported(dict(read_triage(tmp_path / "triage.csv")))
    assert take_list(tmp_path, again, IDS[0], "fix", "Anna", at=NOW + timedelta(hours=2)) == []


@pytest.mark.parametrize("minutes", [0, -90], ids=["the same second", "a clock set back"])
def test_times_of_one_finding_rise_whatever_the_clock_says(tmp_path: Path, minutes: int) -> None:
    take_list(tmp_path, exported({}), IDS[0], "fix", "Anna")
    of_anna = exported(dict(read_triage(tmp_path / "triage.csv")))
    at = NOW + timedelta(minutes=minutes)
    assert take_list(tmp_path, of_anna, IDS[0], "wait", at=at) == []
    (told,) = take_list(tmp_path, of_anna, IDS[0], "contest", at=at)
    assert "decided on at 2026-11-20T09:30:01Z (wait, owner Anna)" in told


@pytest.mark.parametrize(
    ("cell", "is_taken"),
    [
        ("2026-11-20T09:30:00Z", True),
        ("2026-11-20 09:30:00", True),
        ("2026-11-20T10:30:00+01:00", True),
        ("2026-11-20 09:30", True),
        ("2026-11-20T09:29:59Z", False),
        ("2026-11-20", False),
        ("yesterday", False),
        (None, False),
    ],
)
def test_a_time_is_read_however_a_spreadsheet_writes_it(tmp_path: Path, cell: str | None, is_taken: bool) -> None:  # noqa: FBT001
    take(written(tmp_path, [line(IDS[0], "fix")]))
    row = [*line(IDS[0], "wait"), *([] if cell is None else [cell])]
    plan = take(written(tmp_path, [row], header=(*HEADER, "Decided At")))
    assert (not plan.problems) is is_taken
    assert stored(tmp_path)[IDS[0]].decision == ("wait" if is_taken else "fix")


def test_a_list_without_times_is_taken_as_it_is(tmp_path: Path) -> None:
    take(written(tmp_path, [line(IDS[0], "fix", "Anna")]))
    assert take(written(tmp_path, [line(IDS[0], "wait")])).problems == ()
    assert stored(tmp_path) == {IDS[0]: Triage("wait", "Anna")}


# Whatever a keyboard, a clipboard or a hostile colleague can put into a cell.
CELL = st.text(st.characters(exclude_characters="\0"), max_size=20) | st.text(
    "=+-@;' \t\u200b\uff1dab\"\n", max_size=12
)
DAYS = st.dates(date(1950, 1, 1), date(2190, 1, 1)).map(date.isoformat) | st.just("")
FILLED = st.lists(st.tuples(st.sampled_from(["", *DECISIONS]), CELL, DAYS, CELL), min_size=1, max_size=len(IDS))


def exported(triages: dict[str, Triage]) -> str:
    """Return findings.csv with what was decided."""
    findings = [replace(finding(n), finding_id=name, triage=triages.get(name)) for n, name in enumerate(IDS)]
    return render.findings_csv(replace(examples.clean(), findings=tuple(findings)))


def fill(text: str, filled: dict[str, tuple[str, ...]], style: Style) -> bytes:
    """Fill in the four columns before the last, and save the list as a spreadsheet would."""
    header, *rows = csv.reader(io.StringIO(text))
    rows = [[*row[:-5], *filled.get(row[0], row[-5:-1]), row[-1]] for row in rows]
    return style.bom + style.text([header, *rows]).encode(style.encoding, "replace")


@settings(max_examples=40, deadline=None)
@given(FILLED, st.sampled_from([PLAIN, STYLES["UTF-16 of a spreadsheet"], STYLES["mark and Windows line ends"]]))
def test_exports_after_the_import_have_the_cells_that_were_imported(
    tmp_path_factory: pytest.TempPathFactory, cells: list[tuple[str, ...]], style: Style
) -> None:
    folder = tmp_path_factory.mktemp("triage")
    path, filled = folder / "findings.csv", dict(zip(IDS, cells, strict=False))
    path.write_bytes(fill(exported({}), filled, style))
    plan = take(path)
    assert plan.problems == ()
    first = exported(dict(read_triage(folder / "triage.csv")))
    path.write_bytes(first.encode())
    again = take(path)
    assert (again.changes, again.problems) == ({}, ())
    assert exported(dict(read_triage(folder / "triage.csv"))) == first
    for row in csv.DictReader(io.StringIO(first)):
        decision, _, promised_on, _ = filled.get(row["finding_id"], ("",) * 4)
        assert (row["decision"], row["promised_on"]) == (decision, promised_on)


@settings(max_examples=40, deadline=None)
@given(st.text('abc łé;,"x=-', min_size=1, max_size=20).map(str.strip).filter(lambda text: text not in {"", "-"}))
def test_a_note_is_kept_as_it_was_typed(tmp_path_factory: pytest.TempPathFactory, note: str) -> None:
    folder = tmp_path_factory.mktemp("triage")
    take(written(folder, [line(IDS[0], "", "", "", note)]))
    assert stored(folder)[IDS[0]].note == note
