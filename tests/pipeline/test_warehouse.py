"""The warehouse is built beside the old one and swapped in: readers, reruns and kept files."""

from __future__ import annotations

import subprocess
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING

import duckdb
import pytest

from pipeline.database import building, reading
from pipeline.errors import UsageError
from pipeline.warehouse import last_night, open_warehouse, swap
from tests.pipeline.commandline import DAYS, ROOT, audit, call, sample
from tests.pipeline.exports import AS_OF, contents, night, run, write, write_folder

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import date
    from pathlib import Path

READER = """
import sys, duckdb
connection = duckdb.connect(sys.argv[1], read_only=True)
connection.execute("set enable_progress_bar = false")
result = connection.execute("select b.day from ref.calendar as a, ref.calendar as b limit 300000")
print(len(result.fetchmany(10)), flush=True)
sys.stdin.readline()
rest = 10
while rows := result.fetchmany(10000):
    rest += len(rows)
print(rest, connection.execute("select max(as_of) from audit.runs").fetchone()[0], flush=True)
"""


def nights(state: Path) -> list[date]:
    with reading(state / "warehouse.duckdb") as connection:
        return [row[0] for row in connection.execute("select as_of from audit.runs order by as_of").fetchall()]


def test_open_reader_neither_blocks_the_run_nor_is_disturbed_by_it(tmp_path: Path) -> None:
    state = tmp_path / "state"
    folder = write_folder(tmp_path / "exports")
    assert audit(folder, "2026-11-19", state).code == 1
    argv = [sys.executable, "-c", READER, str(state / "warehouse.duckdb")]
    with subprocess.Popen(argv, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as reader:
        assert reader.stdin
        assert reader.stdout
        assert reader.stdout.readline() == "10\n"
        assert run(folder, state).code == 1
        assert [str(day) for day in nights(state)] == ["2026-11-19", "2026-11-20"]
        reader.stdin.write("go on\n")
        reader.stdin.close()
        assert reader.stdout.read() == "300000 2026-11-19\n"
    assert reader.returncode == 0


def test_run_never_writes_into_the_old_file(tmp_path: Path) -> None:
    state, held = tmp_path / "state", tmp_path / "held by a reader.duckdb"
    folder = write_folder(tmp_path / "exports")
    assert audit(folder, "2026-11-19", state).code == 1
    held.hardlink_to(state / "warehouse.duckdb")
    before = held.read_bytes()
    assert run(folder, state).code == 1
    assert held.read_bytes() == before
    assert not held.samefile(state / "warehouse.duckdb")


def test_state_directory_holds_what_it_should_and_no_more(audited: Path) -> None:
    assert {path.name for path in audited.iterdir()} == {
        ".status.json.lock", "csp-audit.log", "csp-audit.log.1", "csp-audit.log.2", "kept", "latest", "lock", "runs",
        "status.json", "warehouse.duckdb",
    }  # fmt: skip
    assert not list(audited.rglob("*.wal"))
    assert sorted(path.name for path in (audited / "runs").iterdir()) == list(DAYS)


@pytest.mark.parametrize("keep", [0, 1, 2])
def test_so_many_old_warehouses_are_kept_and_no_more(tmp_path: Path, keep: int) -> None:
    state, kept = tmp_path / "state", tmp_path / "kept"
    state.mkdir()
    for number in range(5):
        new = tmp_path / "new.duckdb"
        new.write_text(f"night {number}")
        swap(new, state / "warehouse.duckdb", kept, keep)
    assert (state / "warehouse.duckdb").read_text() == "night 4"
    assert [path.read_text() for path in sorted(kept.glob("*"))] == [f"night {n}" for n in range(4 - keep, 4)]


def test_keep_of_the_configuration_is_obeyed(tmp_path: Path) -> None:
    folder, state = write_folder(tmp_path / "exports"), tmp_path / "state"
    config = tmp_path / "csp-audit.toml"
    config.write_text("keep = 1\ngate.max_age_hours = 1000\n")
    for day in ("2026-11-20", "2026-11-21", "2026-11-22"):
        assert audit(folder, day, state, "--config", config).code == 1
    (kept,) = (state / "kept").iterdir()
    with reading(kept) as connection:
        rows = connection.execute("select max(as_of)::varchar from audit.runs").fetchall()
    assert rows == [("2026-11-21",)]


def lasting(state: Path) -> dict[str, list[tuple[object, ...]]]:
    """Return what outlives a night, but for the moment at which its run began and its command."""
    with open_warehouse(state / "warehouse.duckdb") as connection:
        tables = {
            "audit.runs": "* exclude (run_id, started_at, command)",
            "audit.inputs": "* exclude (modified_at)",
            "audit.rule_results": "*",
            "audit.findings": "*",
            "audit.events": "*",
            "history.qualifications": "*",
        }
        return {
            name: connection.execute(f"select {columns} from {name} order by all").fetchall()
            for name, columns in tables.items()
        }


def test_rerun_of_a_date_leaves_nothing_of_its_first_run(tmp_path: Path, audited: Path) -> None:
    once, twice = audited, tmp_path / "twice"
    for day in DAYS:
        first = write_folder(tmp_path / day, night())
        config = tmp_path / "any.toml"
        config.write_text("gate = { max_age_hours = 1000, max_shrink_share = 1 }\n")
        assert audit(first, day, twice, "--config", config).code == 1
        assert audit(sample(day), day, twice).code == 1
    assert lasting(twice) == lasting(once)
    for day in DAYS:
        assert (twice / "runs" / day / "findings.csv").read_bytes() == (
            once / "runs" / day / "findings.csv"
        ).read_bytes()


def test_gate_compares_a_rerun_with_the_night_before_it(audited: Path) -> None:
    newest = last_night(audited / "warehouse.duckdb", nights(audited)[-1])
    earlier = last_night(audited / "warehouse.duckdb", nights(audited)[-1].replace(day=21))
    assert newest.newest == earlier.newest == nights(audited)[-1]
    assert newest.lines["subscriptions"] == 277
    assert earlier.lines["subscriptions"] == 280
    assert last_night(audited / "none.duckdb", newest.newest) == type(newest)(None, {})


def test_warehouse_of_another_version_is_refused_by_name(state: Path) -> None:
    with duckdb.connect(str(state / "warehouse.duckdb")) as connection:
        connection.execute("update audit.layout set version = 99")
    ended = call("run", sample(DAYS[2]), "--as-of", DAYS[2], "--state", state)
    assert (ended.code, ended.out, ended.err.count("\n")) == (2, "", 1)
    assert f"{state / 'warehouse.duckdb'}: written by a newer version of csp-audit." in ended.err
    with pytest.raises(UsageError), open_warehouse(state / "warehouse.duckdb"):
        pass


def test_warehouse_that_did_not_close_cleanly_is_not_put_into_place(
    state: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    @contextmanager
    def unclean(path: Path, memory_limit: str, threads: int, spill: Path) -> Iterator[duckdb.DuckDBPyConnection]:
        with building(path, memory_limit, threads, spill) as connection:
            yield connection
        path.with_suffix(".duckdb.wal").touch()

    monkeypatch.setattr("pipeline.warehouse.building", unclean)
    before = contents(state)
    ended = call("run", sample(DAYS[2]), "--as-of", DAYS[2], "--state", state)
    assert (ended.code, ended.out) == (70, "")
    assert ended.err.startswith("csp-audit: the new warehouse did not close cleanly; last night's is untouched; ")
    assert {name: content for name, content in contents(state).items() if "fault" not in name} == before


def test_analyst_cannot_write_through_the_program(audited: Path) -> None:
    with reading(audited / "warehouse.duckdb") as connection:
        for statement in ("delete from audit.runs", "copy audit.runs to 'runs.csv'", "attach 'other.duckdb'"):
            with pytest.raises(duckdb.Error):
                connection.execute(statement)


def gone(state: Path) -> set[str]:
    """Return the customers with a qualification that ended tonight."""
    with open_warehouse(state / "warehouse.duckdb") as connection:
        rows = connection.execute("select customer_id, gone_on::varchar from history.qualifications").fetchall()
    assert len({customer for customer, _ in rows}) == 6
    return {customer for customer, gone_on in rows if gone_on == AS_OF}


def test_unread_row_ends_no_span_of_a_qualification(tmp_path: Path) -> None:
    """Neither one that breaks its schema nor one that breaks off, behind the id; what is gone without a trace ends."""
    state, tables = tmp_path / "state", night()
    assert audit(write_folder(tmp_path / "exports", tables), "2026-11-19", state).code == 1
    file = tmp_path / "exports" / "qualifications.csv"
    whole = file.read_text().splitlines()
    missing = tables["qualifications"][3]["customer_id"]
    not_a_day = [*whole[:2], whole[2].replace("2024-10-01", "2024-13-77"), whole[3], *whole[5:]]
    broken_off = [*whole[:2], whole[2].rsplit(",", 2)[0], whole[3], *whole[5:]]
    anybodys = [*whole[:2], whole[2].replace(tables["qualifications"][1]["customer_id"], "who"), whole[3], *whole[5:]]
    for lines, ended in (
        (not_a_day, {missing}),
        (broken_off, {missing}),
        (anybodys, set()),
        ([*whole[:4], *whole[5:]], {missing}),
    ):
        write(file, "\n".join(lines) + "\n")
        run(tmp_path / "exports", state)
        assert gone(state) == ended
