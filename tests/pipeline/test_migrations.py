"""A warehouse of an older layout: a run takes all its nights over, and never writes into it; a newer one is refused."""

from __future__ import annotations

import csv
import shutil
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from pipeline.database import connect_in_memory, reading
from pipeline.migrations import STEPS
from pipeline.warehouse import LASTING, LAYOUT, create_fixed_tables, open_warehouse
from tests.pipeline.commandline import Ended, audit, call
from tests.pipeline.exports import contents, night, write_folder
from tests.pipeline.layouts import released_layouts, write_warehouse

if TYPE_CHECKING:
    from pathlib import Path

NEWEST, NEXT, BETWEEN = "2026-11-20", "2026-11-21", "2026-11-19"
Rows = dict[str, list[dict[str, object]]]


@pytest.fixture(scope="module")
def config(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a configuration that takes any exports for any night."""
    file = tmp_path_factory.mktemp("config") / "any.toml"
    file.write_text("gate = { max_age_hours = 1000, max_shrink_share = 1 }\n")
    return file


@pytest.fixture(scope="module")
def exports(tmp_path_factory: pytest.TempPathFactory) -> Path:
    tables = night()
    tables["subscriptions"] = tables["subscriptions"][:-1]
    return write_folder(tmp_path_factory.mktemp("exports"), tables)


@pytest.fixture(scope="module", params=released_layouts(), ids=lambda layout: f"layout {layout}")
def old(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a state directory with the warehouse of a released layout; leave it as it is."""
    state = tmp_path_factory.mktemp("old") / "state"
    write_warehouse(request.param, state / "warehouse.duckdb")
    return state


@pytest.fixture(scope="module")
def taken_over(old: Path, exports: Path, config: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the same state directory after the next night; leave it as it is."""
    state = shutil.copytree(old, tmp_path_factory.mktemp("taken over") / "state")
    assert audit(exports, NEXT, state, "--config", config) == Ended(1, "", "")
    return state


def rows(warehouse: Path, before: str) -> Rows:
    """Return the rows of every lasting table that nights before a date have left, by the names of their columns."""
    nights = {"audit.findings": "recorded_on", "history.qualifications": "first_night"}
    found: Rows = {}
    with reading(warehouse) as connection:
        for table in LASTING:
            spans = table in {"audit.unseen", "audit.waived", "history.qualifications"}
            column = "first_night" if spans else nights.get(table, "as_of")
            # a span that goes on may end on the next night
            kept = "* replace (if(gone_on < $before, gone_on, null) as gone_on)" if spans else "*"
            cursor = connection.execute(
                f"select {kept} from {table} where {column} < $before order by all", {"before": before}
            )
            names = [name for name, *_ in cursor.description or ()]
            found[table] = [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
    return found


def columns(connection: object) -> list[tuple[str, ...]]:
    found: list[tuple[str, ...]] = connection.execute(  # type: ignore[attr-defined]
        "select concat(schema_name, '.', table_name), column_name, data_type, column_index from duckdb_columns() "
        "where schema_name in ('audit', 'history', 'backfill') order by all"
    ).fetchall()
    return found


def test_every_layout_that_was_released_has_a_step_and_a_warehouse() -> None:
    assert [step.layout for step in STEPS] == list(range(STEPS[0].layout, LAYOUT))
    assert [step.layout for step in STEPS] == released_layouts()


def test_run_takes_over_every_night_of_an_older_layout(old: Path, taken_over: Path) -> None:
    was, now = rows(old / "warehouse.duckdb", NEXT), rows(taken_over / "warehouse.duckdb", NEXT)
    assert all(was[table] for table in ("audit.runs", "audit.events", "backfill.states", "history.qualifications"))
    for table, before in was.items():
        known = list(before[0]) if before else []
        assert [{name: row[name] for name in known} for row in now[table]] == before, table
        assert {value for row in now[table] for name, value in row.items() if name not in known} <= {None}


def test_states_of_the_next_night_are_those_that_the_old_nights_lead_to(old: Path, taken_over: Path) -> None:
    """Worked out here from the events that the old warehouse holds."""
    first: dict[str, str] = {}
    last: dict[str, str] = {}
    for event in sorted(rows(old / "warehouse.duckdb", NEXT)["audit.events"], key=lambda row: str(row["as_of"])):
        first.setdefault(str(event["finding_id"]), str(event["as_of"]))
        last[str(event["finding_id"])] = str(event["event"])
    text = (taken_over / "runs" / NEXT / "findings.csv").read_text(encoding="utf-8-sig")
    told = {row["finding_id"]: row for row in csv.DictReader(text.splitlines())}
    known = {finding for finding, event in last.items() if event != "closed"}
    assert known
    assert known <= set(told)
    for finding, row in told.items():
        assert row["first_seen"] == first.get(finding, NEXT)
        assert row["state"] in ({"open", "closed"} if finding in known else {"new", "new rule"})
    closed = {row["subscription_id"] for row in told.values() if row["state"] == "closed"}
    assert closed <= {night()["subscriptions"][-1]["subscription_id"]}


def test_old_file_is_kept_as_it_was(old: Path, taken_over: Path) -> None:
    (kept,) = (taken_over / "kept").iterdir()
    assert kept.read_bytes() == (old / "warehouse.duckdb").read_bytes()
    assert not list(taken_over.glob("work-*"))


def test_log_of_a_session_beside_an_older_layout_is_left_out(
    old: Path, taken_over: Path, exports: Path, config: Path, tmp_path: Path
) -> None:
    """It belongs to the file and says that this is of today's layout: the file alone says what a night left."""
    state = shutil.copytree(old, tmp_path / "state")
    (state / "warehouse.duckdb").chmod(0o600)
    write = (
        "import duckdb, os, sys; connection = duckdb.connect(sys.argv[1]); "
        "connection.execute(f'update audit.layout set version = {sys.argv[2]}'); os._exit(0)"
    )
    subprocess.run([sys.executable, "-c", write, state / "warehouse.duckdb", str(LAYOUT)], check=True)
    assert (state / "warehouse.duckdb.wal").stat().st_size > 0
    assert audit(exports, NEXT, state, "--config", config) == Ended(1, "", "")
    assert rows(state / "warehouse.duckdb", NEXT) == rows(taken_over / "warehouse.duckdb", NEXT)
    assert [path.suffix for path in (state / "kept").glob("stray-*")] == [".wal"]


def test_night_beside_an_older_layout_leaves_a_warehouse_of_today(
    old: Path, exports: Path, config: Path, tmp_path: Path
) -> None:
    state = shutil.copytree(old, tmp_path / "state")
    assert audit(exports, BETWEEN, state, "--config", config) == Ended(1, "", "")
    fresh = connect_in_memory()
    create_fixed_tables(fresh)
    with open_warehouse(state / "warehouse.duckdb") as connection:
        assert columns(connection) == columns(fresh)
    was, now = rows(old / "warehouse.duckdb", NEXT), rows(state / "warehouse.duckdb", NEXT)
    for table in was:
        if table.startswith("audit.") and table != "audit.runs":
            pairs = zip(now[table], was[table], strict=True)
            assert [{name: after[name] for name in before} for after, before in pairs] == was[table]
    assert [row["run_id"] for row in now["audit.runs"]] == [row["run_id"] for row in was["audit.runs"]]
    assert [row["run_id"] for row in now["backfill.runs"]] != [row["run_id"] for row in was["backfill.runs"]]
    assert call("findings", "--state", state).code == 0


def test_dry_run_on_an_older_layout_changes_nothing(old: Path, exports: Path, config: Path, tmp_path: Path) -> None:
    state = shutil.copytree(old, tmp_path / "state")
    assert audit(exports, NEXT, state, "--config", config, "--dry-run").code == 1
    assert (state / "warehouse.duckdb").read_bytes() == (old / "warehouse.duckdb").read_bytes()
    assert not (state / "kept").exists()


def test_question_on_an_older_layout_asks_for_a_run_first(old: Path) -> None:
    for words in (("findings",), ("sql", "select 1"), ("what-if", "--without-waivers"), ("runs",)):
        ended = call(*words, "--state", old)
        assert ended == Ended(
            2,
            "",
            f"csp-audit: {old / 'warehouse.duckdb'}: written by an older version of csp-audit. Run csp-audit run once, "
            "then ask again.\n",
        )


_MASK = 2**64 - 1


def with_format(content: bytes, version: int) -> bytes:
    """Return a database file of another version of the file format: the main header, and its checksum, are new."""
    header = content[8:12] + version.to_bytes(8, "little") + content[20:4096]
    words = (int.from_bytes(header[at : at + 8], "little") for at in range(0, len(header), 8))
    checksum = 5381
    for word in words:
        checksum ^= word * 0xBF58476D1CE4E5B9 & _MASK
    return checksum.to_bytes(8, "little") + header + content[4096:]


def test_file_of_a_newer_database_is_refused_and_stays(audited: Path, exports: Path, tmp_path: Path) -> None:
    state = tmp_path / "state"
    state.mkdir()
    content = (audited / "warehouse.duckdb").read_bytes()
    version = int.from_bytes(content[12:20], "little")
    assert with_format(content, version) == content
    (state / "warehouse.duckdb").write_bytes(with_format(content, 9999))
    (state / "runs").mkdir()
    before = contents(state)
    for ended in (audit(exports, NEXT, state), call("findings", "--state", state)):
        assert (ended.code, ended.out, ended.err.count("\n")) == (2, "", 1)
        assert "warehouse.duckdb: written by a newer version of csp-audit. Use that version" in ended.err
    after = contents(state)
    assert {name: after[name] for name in before} == before
    assert not (state / "kept").exists()
