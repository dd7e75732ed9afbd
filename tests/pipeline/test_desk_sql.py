"""`csp-audit sql`: reads the warehouse, and nothing else by any way that we could think of."""

from __future__ import annotations

import csv
import io
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from pipeline.database import building
from tests.pipeline.commandline import ROOT, call, spawn
from tests.pipeline.golden import check_golden

if TYPE_CHECKING:
    from tests.pipeline.commandline import Ended

COUNTS = "select rule_id, count(*) as findings from core.found group by rule_id order by rule_id"
ALLOWED = "Only one SELECT is allowed, on the tables of the warehouse"
TABLES = 'List the tables with csp-audit sql "show all tables".'
VALUES = """
    select 1 as a, 2 as a, [1, null] as l, {'on': date '2026-11-20', 'at': [1.5]} as s, map {'k': true} as m,
        timestamp '2026-11-20 03:04:05' as t, time '03:04:05' as c, 1.50 as d, 'nan'::double as n, 2.5::double as f,
        '\\xAB'::blob as b, interval 1 day as i, null as nothing, true as yes, '=1+1' as q,
        170141183460469231731687303715884105727 as h
"""


def ask(state: Path, query: str, form: str = "table") -> Ended:
    return call("sql", query, "--state", state, "--format", form)


def records(ended: Ended) -> list[dict[str, Any]]:
    assert (ended.code, ended.err) == (0, "")
    rows: list[dict[str, Any]] = json.loads(ended.out)["rows"]
    return rows


@pytest.mark.parametrize("form", ["table", "csv", "json"])
def test_answer_is_what_it_was(audited: Path, form: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "100")
    ended = ask(audited, COUNTS, form)
    assert (ended.code, ended.err) == (0, "")
    check_golden(f"sql_{form}.txt", ended.out)


def test_values_are_written_for_programs(audited: Path) -> None:
    expected = {
        "a": 1, "a_2": 2, "l": "[1, null]", "s": '{"on": "2026-11-20", "at": ["1.5"]}', "m": '{"k": true}',
        "t": "2026-11-20T03:04:05", "c": "03:04:05", "d": "1.50", "n": "nan", "f": 2.5, "b": "ab",
        "i": "1 day, 0:00:00", "nothing": None, "yes": True, "q": "=1+1",
        "h": 170141183460469231731687303715884105727,
    }  # fmt: skip
    assert records(ask(audited, VALUES, "json")) == [expected]
    (row,) = csv.DictReader(io.StringIO(ask(audited, VALUES, "csv").out))
    texts = {name: "" if value is None else str(value) for name, value in expected.items()}
    assert row == {**texts, "yes": "true", "q": "'=1+1"}
    assert "=1+1" in ask(audited, VALUES).out


def test_long_result_is_cut_in_a_table_and_nowhere_else(audited: Path) -> None:
    query = "select range as n from range(2500)"
    table = ask(audited, query).out
    assert table.startswith("The first 200 rows.")
    assert "There are more rows than these 200: --format csv lists all." in table
    assert "199\n" in table
    assert "200\n" not in table
    assert [row["n"] for row in records(ask(audited, query, "json"))] == list(range(2500))
    assert ask(audited, query, "csv").out.split() == ["n", *map(str, range(2500))]


def test_no_rows_and_one_row_are_said(audited: Path) -> None:
    assert ask(audited, "select 1 as n where false").out == "0 rows.\n\nResult\nNo rows.\n"
    assert records(ask(audited, "select 1 as n where false", "json")) == []
    assert ask(audited, "select 1 as n where false", "csv").out == "n\n"
    assert ask(audited, "select 1 as n").out.startswith("1 row.")


@pytest.mark.parametrize(
    "query",
    [
        "show all tables",
        "describe core.customers",
        "summarize core.customers",
        "explain select 1",
        "from core.run",
        "with one as (select 1 as n) select n from one;",
        "values (1, 2)",
        "/* a note */ select 1 -- and another",
        "select * from query('select 1')",
        "select finding_id, state from core.states order by all",
    ],
)
def test_reading_is_allowed(audited: Path, query: str) -> None:
    ended = ask(audited, query)
    assert (ended.code, ended.err) == (0, "")


@pytest.fixture
def folder(audited: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a working directory with things that a query must not reach."""
    assert audited.exists()
    (tmp_path / "secret.csv").write_text("word\nhunter2\n")
    with building(tmp_path / "other.duckdb", "1GB", 1, tmp_path) as connection:
        connection.execute("create table secret as select 'hunter2' as word")
    (tmp_path / "other.duckdb.tmp").mkdir(exist_ok=True)
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize(
    "query",
    [
        "from 'secret.csv'",
        'from "secret.csv"',
        "from read_csv('secret.csv')",
        "from read_csv_auto(['secret.csv'])",
        "from read_text('secret.csv')",
        "from read_blob('secret.csv')",
        "from read_json('secret.csv')",
        "from read_parquet('secret.csv')",
        "from parquet_metadata('secret.csv')",
        "from sniff_csv('secret.csv')",
        "from glob('*')",
        "from 'other.duckdb'",
        "from read_duckdb('other.duckdb')",
        "from read_duckdb('other.duckdb', table_name='secret')",
        "from 'https://example.invalid/secret.csv'",
        "from query('from read_text(''secret.csv'')')",
        "from query_table('secret.csv')",
        "from json_execute_serialized_sql(json_serialize_sql('from read_text(''secret.csv'')'))",
        "select (select content from read_text('secret.csv')) as word",
        "with t as materialized (from read_csv('secret.csv')) from t",
        "select getenv('HOME')",
        "from duckdb_secrets()",
        "from which_secret('s3://a', 's3')",
        "from audited",
        "from tables",
        "from connection",
        "explain analyze select * from read_text('secret.csv')",
        "explain analyze copy core.run to 'stolen.csv'",
        "copy core.run to 'stolen.csv'",
        "copy core.run from 'secret.csv'",
        "copy (select 1) to '/dev/stdout'",
        "export database 'stolen'",
        "import database 'stolen'",
        "attach 'other.duckdb' as other",
        "attach ':memory:' as other",
        "detach warehouse",
        "use memory",
        "install httpfs",
        "load httpfs",
        "load './evil.so'",
        "from load_aws_credentials()",
        "set enable_external_access = true",
        "set memory_limit = '1TB'",
        "reset lock_configuration",
        "pragma enable_profiling",
        "pragma database_list",
        "call pragma_version()",
        "call enable_logging()",
        "from enable_logging()",
        "from enable_profiling()",
        "from force_checkpoint()",
        "checkpoint",
        "vacuum",
        "begin",
        "prepare p as select 1",
        "create table t (a integer)",
        "create temp table t (a integer)",
        "create secret (type s3)",
        "create macro m() as 1",
        "insert into core.run values (date '2026-01-01', true)",
        "with t as (insert into core.run values (date '2026-01-01', true) returning as_of) from t",
        "update core.run set as_of = date '2026-01-01'",
        "delete from core.run",
        "drop table core.found",
        "truncate core.found",
        "alter table core.run add column a integer",
        "comment on table core.run is 'x'",
        "update extensions",
        "select 1; copy core.run to 'stolen.csv'",
        "select 1; select 2",
        "set variable a = 1",
        "",
        "  ;  ",
        "/* nothing */",
    ],
)
def test_nothing_else_is_in_reach(audited: Path, folder: Path, query: str) -> None:
    before = sorted(folder.rglob("*"))
    ended = ask(audited, query, "csv")
    assert (ended.code, ended.err.count("\n")) == (2, 1)
    assert "hunter2" not in ended.out + ended.err
    assert ALLOWED in ended.err or TABLES in ended.err
    assert sorted(folder.rglob("*")) == before


def test_refusal_says_what_is_allowed(audited: Path, folder: Path) -> None:
    ended = ask(audited, f"from read_csv('{folder}/secret.csv')")
    assert ended.err.startswith("csp-audit: the query reaches outside the warehouse, or changes something (Permission")
    assert ALLOWED in ended.err
    assert ask(audited, "copy core.run to 'x.csv'").err == (
        f"csp-audit: the query is 1 statement (COPY). {ALLOWED} (also DESCRIBE, SHOW, SUMMARIZE and EXPLAIN).\n"
    )
    assert "2 statements (SELECT)" in ask(audited, "select 1; select 2").err


def test_slips_are_one_line_with_the_next_step(audited: Path) -> None:
    for query, word in (
        ("selec 1", "syntax error"),
        ("from core.nowhere", "nowhere"),
        ("select nope from core.run", "nope"),
    ):
        ended = ask(audited, query)
        assert (ended.code, ended.out, ended.err.count("\n")) == (2, "", 1)
        assert word in ended.err
        assert ended.err.endswith(f"{TABLES}\n")


def test_time_with_a_zone_is_to_be_cast(audited: Path) -> None:
    assert (
        "Cast it to timestamp, or to varchar." in ask(audited, "select timestamptz '2026-11-20 00:00:00+00' as t").err
    )
    cast = "select cast(timestamptz '2026-11-20 00:00:00+00' as timestamp) as t"
    assert records(ask(audited, cast, "json")) == [{"t": "2026-11-20T00:00:00"}]


def test_fault_in_the_middle_is_one_line(audited: Path) -> None:
    ended = ask(audited, "select cast(if(range < 50000, '1', 'x') as integer) as n from range(60000)", "csv")
    assert ended.code == 2
    assert ended.err.startswith("csp-audit: Conversion Error: ")


def test_query_from_standard_input(audited: Path) -> None:
    words = [sys.executable, "-m", "pipeline.cli", "sql", "-", "--state", str(audited), "--format", "csv"]
    ended = subprocess.run(
        words, cwd=ROOT, input=b"\xef\xbb\xbfselect '\xc5\x82' as word\n", capture_output=True, check=False
    )
    assert (ended.returncode, ended.stdout.decode(), ended.stderr) == (0, "word\nł\n", b"")
    ended = subprocess.run(words, cwd=ROOT, input=b"select '\xb3'", capture_output=True, check=False)
    assert ended.returncode == 2
    assert b"not text in UTF-8" in ended.stderr


def test_without_a_warehouse_there_is_nothing_to_ask(tmp_path: Path) -> None:
    assert "there is no warehouse yet" in ask(tmp_path, "select 1").err


def test_memory_limit_is_the_configurations(audited: Path, tmp_path: Path) -> None:
    config = tmp_path / "csp-audit.toml"
    config.write_text('memory_limit = "20MB"\nthreads = 1\n')
    words = ("--state", audited, "--config", config, "--format", "json")
    setting = "select current_setting('memory_limit') as m, current_setting('threads') as t"
    assert records(call("sql", setting, *words)) == [{"m": "19.0 MiB", "t": 1}]
    ended = call("sql", "select list(range) as l from range(20000000)", *words)
    assert ended.code == 2
    assert "memory_limit = 20MB is too little for this query." in ended.err


def test_what_was_spilled_is_removed(audited: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    (folder,) = records(ask(audited, "select current_setting('temp_directory') as folder", "json"))
    assert Path(folder["folder"]).parent == tmp_path
    assert list(tmp_path.iterdir()) == []
    assert ask(audited, "from read_text('x')").code == 2
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "query",
    [
        "select range from range(100000000000) where hash(range) % 700000000 = 1",
        "select count(*) from range(100000000) as a, range(1000) as b where hash(a.range) % 7 = b.range",
    ],
)
def test_interrupt_stops_a_long_query(audited: Path, tmp_path: Path, query: str) -> None:
    words = [sys.executable, "-m", "pipeline.cli", "sql", query, "--state", str(audited), "--format", "csv"]
    environment = os.environ | {"TMPDIR": str(tmp_path)}
    with subprocess.Popen(words, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment) as process:
        while not list(tmp_path.iterdir()):
            time.sleep(0.05)
        time.sleep(0.5)
        process.send_signal(signal.SIGINT)
        try:
            _, err = process.communicate(timeout=60)
        finally:
            process.kill()
    assert process.returncode == 130
    assert b"Traceback" not in err
    assert list(tmp_path.iterdir()) == []


def test_reader_of_a_pipe_may_go_early(audited: Path) -> None:
    words = [
        sys.executable,
        "-m",
        "pipeline.cli",
        "sql",
        "from range(3000000)",
        "--state",
        str(audited),
        "--format",
        "csv",
    ]
    with subprocess.Popen(words, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout
        assert process.stderr
        assert process.stdout.readline() == b"range\n"
        process.stdout.close()
        assert process.stderr.read() == b""
    assert process.returncode == 0


def test_help_shows_examples() -> None:
    for name in ("sql", "what-if"):
        ended = spawn(name, "--help")
        assert ended.code == 0
        assert "Examples:" in ended.out
        assert "Exit codes:" in ended.out
