"""Whatever an export holds, its lines are loaded or in the quarantine, or it is refused; its values stay values."""

from __future__ import annotations

import csv
import io
import json
import random
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.config import Config, UnreadConfig
from pipeline.database import connect_in_memory
from pipeline.errors import NotAuditedError
from pipeline.load import Engine, load
from pipeline.warehouse import create_fixed_tables
from tests.faults.fuzzing import (
    ROUNDS,
    Tally,
    good_content,
    quick_folder,
    share,
    spoiled,
)
from tests.faults.test_fuzz_gate import examine
from tests.pipeline.commandline import call
from tests.pipeline.exports import guid, night, run, write_folder
from tests.pipeline.fuzz import STEADY

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from pipeline.database import Connection
    from schemas.reading import Input, Problem

# What is covered is told by other tests; measuring it would double the time.
pytestmark = pytest.mark.no_cover
NAMES = ["customers", "qualifications", "subscriptions", "price_list", "nonprofit_notices"]
ANY_UNREAD = Config(threads=1, unread=UnreadConfig(max_share=1))


@pytest.fixture(scope="module")
def database() -> Iterator[Connection]:
    with connect_in_memory() as connection:
        create_fixed_tables(connection)
        connection.execute("set threads = 1")
        yield connection


def loaded(connection: Connection, place: Path, table: str, content: bytes) -> Input:
    """Load one file into a table of its own, and leave nothing behind. Raises what the program raises."""
    export = examine(place, table, content, ANY_UNREAD)
    try:
        item = load(connection, export, Engine.SIEVE, ANY_UNREAD.unread, "core.fuzzed")
        (rows,) = connection.execute("select count(*) from core.fuzzed").fetchall()[0]
        (places,) = connection.execute("select count(distinct line) from quarantine.rows").fetchall()[0]
        assert rows == item.loaded
        assert places <= item.unread + item.duplicates
        assert item.rows == item.loaded + item.unread + item.duplicates <= export.data_lines
        return item
    finally:
        for name in ("core.fuzzed", "reject_errors", "reject_scans", "rejects", "rejected", "shifts", "steps", "spans"):
            connection.execute(f"drop table if exists {name}")
        connection.execute("delete from quarantine.rows")


@pytest.mark.parametrize("seed", range(ROUNDS["load"]))
def test_every_line_is_loaded_or_unread_or_the_file_is_refused(seed: int, database: Connection) -> None:
    dice, tally = random.Random(seed + 2_000), Tally()
    with quick_folder() as place:
        for _ in range(share("load")):
            table = dice.choice(NAMES)
            with tally.one(NotAuditedError):
                loaded(database, place, table, spoiled(dice, good_content(dice, table)))
    tally.end("load", least=0.1)


# Text that somebody would like to be run: by the database, a template, a page, a shell, a log or a spreadsheet.
TRICKS = [
    "'; drop table core.customers; --", "' union select * from read_csv('/etc/passwd') --", "\"; attach 'x' as y; --",
    "$$ || getenv('HOME') || $$", "{{ 7*7 }}", "{% include '/etc/passwd' %}", "{0.__class__}", "%(name)s %s %n",
    "${HOME}", "<script>alert(1)</script>", "</script><!--", "javascript:alert(1)", '" onload="x', "&lt;&#x41;",
    "]]>", "=cmd|' /C calc'!A0", "+1+1", "-2+3", "@SUM(1;2)", "\u202egnp.exe", "\x1b[2J", "a\u2028b", "`id`; $(id)",
    "../../etc", "C:\\x\\..\\y", "\\N", "NULL", "None", "\ufeffx", "\u0130\u212a", "x" * 3_000, "|", "\\", "''", "#",
    "--", "/*", "*/",
]  # fmt: skip
FREE_TEXT = {
    "customers": ("company_name", "domain", "tags"),
    "subscriptions": ("offer_name", "status"),
    "qualifications": ("vetting_reason",),
}


def tricky_night(seed: int) -> dict[str, list[dict[str, str]]]:
    """Return the night with a trick in every cell that may hold any text, and rows for those that may not."""
    dice, tables = random.Random(seed), night()
    for name, columns in FREE_TEXT.items():
        for row in tables[name]:
            row.update({column: dice.choice(TRICKS) for column in columns if column in row})
    return tables


@pytest.mark.parametrize("seed", range(2))
def test_tricks_in_every_text_come_out_as_they_went_in(seed: int, tmp_path: Path) -> None:
    tables = tricky_night(seed)
    folder, state = write_folder(tmp_path / "exports", tables), tmp_path / "state"
    ended = run(folder, state)
    assert ended.code in {0, 1}, ended.err
    names = {row["company_name"] for row in tables["customers"]}
    found = json.loads((state / "latest" / "findings.json").read_text(encoding="utf-8"))["findings"]
    assert found
    assert {finding["company_name"] for finding in found if finding["company_name"]} <= names
    cells = csv.reader(io.StringIO((state / "latest" / "findings.csv").read_text(encoding="utf-8-sig"), newline=""))
    assert [cell for row in cells for cell in row if cell.lstrip(" ").startswith(("=", "+", "-", "@"))] == []
    page = (state / "latest" / "report.html").read_text(encoding="utf-8")
    assert "<script>alert" not in page
    assert page.count("</script><!--") == 0
    kept = call("sql", "select company_name from core.customers order by line", "--format", "json", "--state", state)
    assert [row["company_name"] for row in json.loads(kept.out)["rows"]] == [
        row["company_name"] for row in tables["customers"]
    ]


@pytest.mark.parametrize("seed", range(2))
def test_tricks_in_every_cell_of_all_columns_are_unread_or_refused(seed: int, tmp_path: Path) -> None:
    dice, tables = random.Random(seed), night()
    spoiled_rows = {
        name: [*rows, *({column: dice.choice(TRICKS) for column in rows[0]} for _ in range(3))]
        for name, rows in tables.items()
    }
    ended = run(write_folder(tmp_path / "exports", spoiled_rows), tmp_path / "state")
    assert ended.code in {0, 1, 3}, ended.err
    assert ended.err.count("\n") <= 1


header_cells = st.lists(
    st.one_of(
        st.sampled_from(["CustomerId", "Customer Id", "company_name", "Name", *TRICKS]),
        st.text(st.characters(exclude_categories=["Cs"]), max_size=12),
    ),
    min_size=1,
    max_size=12,
)


@STEADY
@given(header_cells, st.sampled_from([",", ";", "\t"]))
def test_any_header_is_read_or_refused_on_one_line_for_each_problem(cells: list[str], mark: str) -> None:
    rows = [[guid(n), *["x"] * (len(cells) - 1)] for n in range(1, 6)]
    text = "\n".join([mark.join(cells), *map(mark.join, rows)]) + "\n"
    with quick_folder() as place:
        said, problems, names = outcome_of(place, text)
    assert len(said) == len(problems)
    assert problems or {"customer_id", "company_name"} <= names


def outcome_of(place: Path, text: str) -> tuple[list[str], Sequence[Problem], frozenset[str]]:
    """Return the lines of the refusal and its problems, or the columns that were found."""
    try:
        return [], (), examine(place, "customers", text.encode(), ANY_UNREAD).header.present
    except NotAuditedError as error:
        return str(error).splitlines(), error.problems, frozenset()
