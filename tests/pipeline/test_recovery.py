"""A damaged warehouse: the run goes on from the newest kept copy that can be read, keeps the file, and says so."""

from __future__ import annotations

import errno
import json
import os
import shutil
import subprocess
import sys
from email import message_from_bytes
from email.policy import default
from typing import TYPE_CHECKING, cast

import duckdb
import pytest

from pipeline.cli import COMMANDS
from pipeline.database import reading
from pipeline.warehouse import LASTING, open_warehouse
from tests.pipeline.commandline import Ended, audit, call
from tests.pipeline.exports import contents, night, write_folder
from tests.pipeline.questions import QUESTIONS

if TYPE_CHECKING:
    from collections.abc import Callable
    from email.message import EmailMessage
    from pathlib import Path

FIRST, SECOND, THIRD, TONIGHT, NEXT = (f"2026-11-{day}" for day in (17, 18, 19, 20, 21))
_HEADERS, _BLOCK = 3 * 4096, 262144


@pytest.fixture(scope="module")
def config(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a configuration that takes any exports for any night."""
    file = tmp_path_factory.mktemp("config") / "any.toml"
    file.write_text("gate = { max_age_hours = 1000, max_shrink_share = 1 }\n")
    return file


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Return exports for each night: one more subscription each."""
    root = tmp_path_factory.mktemp("exports")
    made = {}
    for number, day in enumerate((FIRST, SECOND, THIRD, TONIGHT, NEXT)):
        tables = night()
        tables["subscriptions"] = tables["subscriptions"][: 6 + number]
        made[day] = write_folder(root / day, tables)
    return made


@pytest.fixture(scope="module")
def three(folders: dict[str, Path], config: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a state directory that holds three nights, two of them in kept copies; leave it as it is."""
    state = tmp_path_factory.mktemp("three") / "state"
    for day in (FIRST, SECOND, THIRD):
        assert audit(folders[day], day, state, "--config", config) == Ended(1, "", "")
    return state


@pytest.fixture
def own(three: Path, tmp_path: Path) -> Path:
    return shutil.copytree(three, tmp_path / "state", symlinks=True)


@pytest.fixture(scope="module")
def tonight(
    three: Path, folders: dict[str, Path], config: Path, tmp_path_factory: pytest.TempPathFactory
) -> dict[str, Path]:
    """Return, by the night that history ends with, a state directory after tonight; by hand, of whole files alone."""
    states = {}
    copies = {SECOND: kept(three)[-1], FIRST: kept(three)[-2], "none": None}
    for day, copy in copies.items():
        state = tmp_path_factory.mktemp("by hand") / "state"
        state.mkdir()
        if copy:
            shutil.copy2(copy, state / "warehouse.duckdb")
        assert audit(folders[TONIGHT], TONIGHT, state, "--config", config).code == 1
        states[day] = state
    return states


def kept(state: Path) -> list[Path]:
    return sorted((state / "kept").glob("warehouse-*"))


def damaged_files(state: Path) -> list[Path]:
    return sorted((state / "kept").glob("damaged-*"))


def flipped(content: bytes, place: int) -> bytes:
    return content[:place] + bytes([content[place] ^ 4]) + content[place + 1 :]


def in_table(content: bytes, path: Path, table: str) -> bytes:
    """Flip one bit in a block that holds rows of a table."""
    with duckdb.connect(str(path), read_only=True) as connection:
        blocks = connection.execute(
            f"select block_id from pragma_storage_info('{table}') where block_id >= 0 order by block_id desc"
        ).fetchall()
    return flipped(content, _HEADERS + blocks[0][0] * _BLOCK + 100)


DAMAGES: dict[str, Callable[[bytes, Path], bytes]] = {
    "nothing in it": lambda *_: b"",
    "not a database": lambda *_: b"as_of,verdict\n" * 9000,
    "zeros": lambda content, _: bytes(len(content)),
    "cut short": lambda content, _: content[: len(content) // 2],
    "one header left": lambda content, _: content[:4096],
    "a bit of the first header": lambda content, _: flipped(content, 100),
    "a bit of the last header": lambda content, _: flipped(content, 2 * 4096 + 8),
    "a bit of the events": lambda content, path: in_table(content, path, "audit.events"),
    "a bit of last night's customers": lambda content, path: in_table(content, path, "core.customers"),
}


def damage(path: Path, how: str) -> bytes:
    """Damage a warehouse as it may happen to one that is read-only; return what is left."""
    left = DAMAGES[how](path.read_bytes(), path)
    path.chmod(0o600)
    path.write_bytes(left)
    path.chmod(0o400)
    return left


def lasting(state: Path) -> dict[str, list[tuple[object, ...]]]:
    """Return what later nights will know, but for what a run says of itself."""
    left_out = {"audit.runs": " exclude (run_id, started_at, command, damaged_file, restored_from)"}
    with open_warehouse(state / "warehouse.duckdb") as connection:
        return {
            table: connection.execute(f"select *{left_out.get(table, '')} from {table} order by all").fetchall()
            for table in LASTING
        }


def recorded(state: Path, day: str) -> tuple[object, ...]:
    with open_warehouse(state / "warehouse.duckdb") as connection:
        return connection.execute(
            "select damaged_file, restored_from::varchar from audit.runs where as_of = ?", [day]
        ).fetchall()[0]


def said(state: Path, day: str) -> list[str]:
    """Return the report, and both parts of the mail, as texts of one line."""
    folder = state / "runs" / day
    mail = cast("EmailMessage", message_from_bytes((folder / "digest.eml").read_bytes(), policy=default))
    parts = [part.get_content() for part in mail.walk() if part.get_content_maintype() == "text"]
    assert len(parts) == 2
    return [" ".join(text.split()) for text in ((folder / "report.html").read_text(encoding="utf-8"), *parts)]


def told(state: Path, history: str) -> str:
    (file,) = damaged_files(state)
    return f"csp-audit: warehouse.duckdb was damaged: {history}. The damaged file goes to kept/{file.name}.\n"


def copy_of(day: str) -> str:
    return f"history is that of the night of {day}, the newest kept copy that could be read"


BEGINS_ANEW = "no kept copy could be read, so history begins anew"


@pytest.mark.parametrize("how", DAMAGES)
def test_history_is_that_of_the_newest_kept_copy(
    how: str, own: Path, tonight: dict[str, Path], folders: dict[str, Path], config: Path
) -> None:
    left = damage(own / "warehouse.duckdb", how)
    ended = audit(folders[TONIGHT], TONIGHT, own, "--config", config)
    assert ended == Ended(1, "", told(own, copy_of(SECOND)))
    (file,) = damaged_files(own)
    assert file.read_bytes() == left
    assert recorded(own, TONIGHT) == (file.name, SECOND)
    assert lasting(own) == lasting(tonight[SECOND])
    name = f"runs/{TONIGHT}/findings.csv"
    assert (own / name).read_bytes() == (tonight[SECOND] / name).read_bytes()
    for text in said(own, TONIGHT):
        assert "The history of the audit was damaged and was restored as of 18 Nov 2026." in text
    assert told(own, copy_of(SECOND)).removeprefix("csp-audit: ").strip() in (own / "csp-audit.log").read_text()
    assert not list(own.glob("work-*"))


def test_copy_that_is_damaged_too_is_passed_over(
    own: Path, tonight: dict[str, Path], folders: dict[str, Path], config: Path
) -> None:
    damage(own / "warehouse.duckdb", "cut short")
    damage(kept(own)[-1], "a bit of the events")
    ended = audit(folders[TONIGHT], TONIGHT, own, "--config", config)
    assert ended == Ended(1, "", told(own, copy_of(FIRST)))
    assert lasting(own) == lasting(tonight[FIRST])


def test_audit_begins_anew_where_no_copy_can_be_read(
    own: Path, tonight: dict[str, Path], folders: dict[str, Path], config: Path
) -> None:
    for path in (*kept(own), own / "warehouse.duckdb"):
        damage(path, "zeros")
    ended = audit(folders[TONIGHT], TONIGHT, own, "--config", config)
    assert ended == Ended(1, "", told(own, BEGINS_ANEW))
    assert recorded(own, TONIGHT) == (damaged_files(own)[0].name, None)
    assert lasting(own) == lasting(tonight["none"])
    for text in said(own, TONIGHT):
        assert "The history of the audit was damaged and could not be restored: this audit begins anew." in text


def test_rerun_says_it_again_and_the_next_night_does_not(own: Path, folders: dict[str, Path], config: Path) -> None:
    left = damage(own / "warehouse.duckdb", "zeros")
    assert audit(folders[TONIGHT], TONIGHT, own, "--config", config).code == 1
    reports = []
    for day in (TONIGHT, NEXT):
        ended = audit(folders[day], day, own, "--config", config)
        reports.append((ended.err.count("\n"), "was damaged and was restored" in said(own, day)[0]))
    assert reports == [(1, True), (0, False)]
    assert recorded(own, TONIGHT) == (damaged_files(own)[0].name, SECOND)
    assert recorded(own, NEXT) == (None, None)
    assert damaged_files(own)[0].read_bytes() == left


def test_damaged_file_is_not_counted_among_those_that_are_kept(
    own: Path, folders: dict[str, Path], tmp_path: Path
) -> None:
    strict = tmp_path / "keep.toml"
    strict.write_text("keep = 1\ngate = { max_age_hours = 1000, max_shrink_share = 1 }\n")
    damage(own / "warehouse.duckdb", "zeros")
    for day in (TONIGHT, NEXT):
        assert audit(folders[day], day, own, "--config", strict).code == 1
    assert (len(kept(own)), len(damaged_files(own))) == (1, 1)


def test_refused_night_leaves_the_damaged_file_and_knows_the_last_good_night(
    own: Path, config: Path, tmp_path: Path
) -> None:
    damage(own / "warehouse.duckdb", "zeros")
    (tmp_path / "empty").mkdir()
    before = {path.name: path.read_bytes() for path in (own / "warehouse.duckdb", *kept(own))}
    assert audit(tmp_path / "empty", TONIGHT, own, "--config", config).code == 3
    assert {path.name: path.read_bytes() for path in (own / "warehouse.duckdb", *kept(own))} == before
    assert not damaged_files(own)
    refusal = json.loads((own / "refused" / TONIGHT / "run.json").read_text())
    assert refusal["last_good"] == SECOND


def test_dry_run_leaves_the_damaged_file(own: Path, folders: dict[str, Path], config: Path) -> None:
    damage(own / "warehouse.duckdb", "a bit of the events")
    before = contents(own)
    assert audit(folders[TONIGHT], TONIGHT, own, "--config", config, "--dry-run").code == 1
    assert contents(own) == before


def test_run_that_fails_at_the_end_leaves_everything_to_the_next_one(
    own: Path, folders: dict[str, Path], config: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object, **__: object) -> None:
        message = "no space left"
        raise OSError(message)

    damage(own / "warehouse.duckdb", "a bit of last night's customers")
    before = {path.name: path.read_bytes() for path in (own / "warehouse.duckdb", *kept(own))}
    with monkeypatch.context() as patch:
        patch.setattr("pipeline.run.swap", full)
        assert audit(folders[TONIGHT], TONIGHT, own, "--config", config).code == 70
    assert {path.name: path.read_bytes() for path in (own / "warehouse.duckdb", *kept(own))} == before
    assert audit(folders[TONIGHT], TONIGHT, own, "--config", config) == Ended(1, "", told(own, copy_of(SECOND)))


def test_night_beside_a_newer_one_goes_on_from_the_kept_copy(
    own: Path, folders: dict[str, Path], config: Path, tmp_path: Path
) -> None:
    by_hand = tmp_path / "by hand"
    by_hand.mkdir()
    shutil.copy2(kept(own)[-1], by_hand / "warehouse.duckdb")
    damage(own / "warehouse.duckdb", "cut short")
    for state in (own, by_hand):
        assert audit(folders[FIRST], "2026-11-16", state, "--config", config).code == 1
    with reading(own / "warehouse.duckdb") as connection:
        rows = connection.execute("select damaged_file, restored_from::varchar from backfill.runs").fetchall()
        assert rows == [(damaged_files(own)[0].name, SECOND)]
    assert {name: found for name, found in lasting(own).items() if not name.endswith(".runs")} == {
        name: found for name, found in lasting(by_hand).items() if not name.endswith(".runs")
    }


def test_healthy_night_reads_no_warehouse_to_the_end(
    own: Path, folders: dict[str, Path], config: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Only a run that stumbles over damage looks for it, and for a copy."""

    def looked(*_: object) -> None:
        raise AssertionError

    monkeypatch.setattr("pipeline.recovery.read_to_the_end", looked)
    assert audit(folders[TONIGHT], TONIGHT, own, "--config", config) == Ended(1, "", "")
    assert not damaged_files(own)


def test_failure_that_is_no_damage_restores_nothing(
    own: Path, folders: dict[str, Path], config: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        message = "Corrupt database file: the new one"
        raise duckdb.IOException(message)

    monkeypatch.setattr("pipeline.run.record_changes", fail)
    assert audit(folders[TONIGHT], TONIGHT, own, "--config", config).code == 70
    assert not damaged_files(own)


def test_warehouse_that_the_system_does_not_let_read_is_not_damaged(
    tmp_path: Path, folders: dict[str, Path], config: Path
) -> None:
    state = tmp_path / "state"
    (state / "warehouse.duckdb").mkdir(parents=True)
    for ended in (audit(folders[TONIGHT], TONIGHT, state, "--config", config), call("findings", "--state", state)):
        assert ended == Ended(
            2,
            "",
            f"csp-audit: {state / 'warehouse.duckdb'}: it is a folder, and has to be a file. "
            "Put the file back, or move away what is in its place, then run again.\n",
        )


@pytest.mark.parametrize("how", ["nothing in it", "one header left", "a bit of the first header"])
def test_question_to_a_damaged_warehouse_says_what_to_do(
    three: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, how: str
) -> None:
    state = tmp_path / "state"
    state.mkdir()
    shutil.copy2(three / "warehouse.duckdb", state / "warehouse.duckdb")
    damage(state / "warehouse.duckdb", how)
    monkeypatch.chdir(tmp_path)
    told_of = f"csp-audit: {state / 'warehouse.duckdb'}: cannot be read as a warehouse: "
    for command, words in QUESTIONS.items():
        assert command in COMMANDS
        # a rule is explained without a warehouse too
        asked = ("F-0123456789ab",) if command == "explain" else words
        ended = call(command, *asked, "--state", state)
        assert (command, ended.code, ended.out, ended.err.count("\n")) == (command, 2, "", 1)
        assert ended.err.startswith(told_of)
        assert ended.err.endswith(
            "The next csp-audit run keeps the file aside and restores history from kept/; or name another --state.\n"
        )


@pytest.mark.parametrize("command", ["customer", "what-if", "sql"])
def test_block_that_an_answer_stumbles_over_is_said_to_be_damaged(own: Path, command: str) -> None:
    damage(own / "warehouse.duckdb", "a bit of last night's customers")
    ended = call(command, *QUESTIONS[command], "--state", own)
    assert (ended.code, ended.out, ended.err.count("\n")) == (2, "", 1)
    assert "warehouse.duckdb: cannot be read as a warehouse: Corrupt database file" in ended.err


@pytest.fixture(scope="module")
def log_of_an_older_one(three: Path, tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """Return the log that a session which writes leaves beside an older warehouse when it is killed."""
    file = shutil.copy(kept(three)[0], tmp_path_factory.mktemp("older") / "warehouse.duckdb")
    file.chmod(0o600)
    write = (
        "import duckdb, os, sys; connection = duckdb.connect(sys.argv[1]); "
        "connection.execute('delete from audit.runs'); os._exit(0)"
    )
    subprocess.run([sys.executable, "-c", write, file], check=True)
    return file.with_name("warehouse.duckdb.wal").read_bytes()


@pytest.fixture
def with_log(own: Path, log_of_an_older_one: bytes) -> Path:
    (own / "warehouse.duckdb.wal").write_bytes(log_of_an_older_one)
    return own


def test_log_of_another_file_beside_the_warehouse_is_put_aside(
    with_log: Path, three: Path, folders: dict[str, Path], config: Path, log_of_an_older_one: bytes, tmp_path: Path
) -> None:
    healthy = shutil.copytree(three, tmp_path / "healthy", symlinks=True)
    for state in (with_log, healthy):
        assert audit(folders[TONIGHT], TONIGHT, state, "--config", config) == Ended(1, "", "")
    assert lasting(with_log) == lasting(healthy)
    (aside,) = (with_log / "kept").glob("stray-*")
    assert (aside.suffix, aside.read_bytes()) == (".wal", log_of_an_older_one)
    assert "warehouse.duckdb.wal" in (with_log / "csp-audit.log").read_text()
    assert f"kept/{aside.name}" in (with_log / "csp-audit.log").read_text()
    assert not damaged_files(with_log)
    assert not (with_log / "warehouse.duckdb.wal").exists()
    assert kept(with_log)[-1].read_bytes() == (three / "warehouse.duckdb").read_bytes()
    assert not list(with_log.glob("work-*"))


def test_night_beside_a_newer_one_leaves_a_log_of_another_file_out(
    with_log: Path, three: Path, folders: dict[str, Path], config: Path, tmp_path: Path
) -> None:
    healthy = shutil.copytree(three, tmp_path / "healthy", symlinks=True)
    for state in (with_log, healthy):
        assert audit(folders[FIRST], "2026-11-16", state, "--config", config) == Ended(1, "", "")
    assert {name: found for name, found in lasting(with_log).items() if not name.endswith(".runs")} == {
        name: found for name, found in lasting(healthy).items() if not name.endswith(".runs")
    }


def test_warehouse_that_is_damaged_beside_a_log_is_damaged(
    with_log: Path, folders: dict[str, Path], config: Path, log_of_an_older_one: bytes
) -> None:
    left = damage(with_log / "warehouse.duckdb", "cut short")
    ended = audit(folders[TONIGHT], TONIGHT, with_log, "--config", config)
    file, log = damaged_files(with_log)
    assert ended.err.startswith(f"csp-audit: warehouse.duckdb was damaged: {copy_of(SECOND)}.")
    assert (file.read_bytes(), log.read_bytes()) == (left, log_of_an_older_one)


def test_kept_copy_is_read_without_a_log_beside_it(
    own: Path, folders: dict[str, Path], config: Path, log_of_an_older_one: bytes
) -> None:
    damage(own / "warehouse.duckdb", "zeros")
    kept(own)[-1].with_suffix(".duckdb.wal").write_bytes(log_of_an_older_one)
    assert audit(folders[TONIGHT], TONIGHT, own, "--config", config) == Ended(1, "", told(own, copy_of(SECOND)))


def test_nothing_is_put_aside_by_a_run_that_comes_to_nothing(
    with_log: Path, folders: dict[str, Path], config: Path, tmp_path: Path
) -> None:
    (tmp_path / "empty").mkdir()
    before = contents(with_log)
    assert audit(folders[TONIGHT], TONIGHT, with_log, "--config", config, "--dry-run").code == 1
    assert {name: content for name, content in contents(with_log).items() if name in before} == before
    assert audit(tmp_path / "empty", TONIGHT, with_log, "--config", config).code == 3
    assert json.loads((with_log / "refused" / TONIGHT / "run.json").read_text())["last_good"] == THIRD
    assert (with_log / "warehouse.duckdb.wal").exists()


def test_question_names_a_log_of_another_file(with_log: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    for command, words in QUESTIONS.items():
        # a rule is explained without a warehouse too
        asked = ("F-0123456789ab",) if command == "explain" else words
        assert (command, call(command, *asked, "--state", with_log)) == (
            command,
            Ended(
                2,
                "",
                f"csp-audit: {with_log / 'warehouse.duckdb'}: cannot be read with warehouse.duckdb.wal beside it, a "
                "log of another file. The next csp-audit run puts that log aside; or move it away, then ask again.\n",
            ),
        )


def not_opened(copy: Path, error: int) -> Callable[..., object]:
    """Let the database not open a copy, or not read it further, for what the system says."""

    def refuse(path: Path, *words: object) -> object:
        if path == copy:
            message = f'IO Error: Cannot open file "{path}": {os.strerror(error)}'
            raise duckdb.IOException(message)
        return reading(path, *words)  # type: ignore[arg-type]

    return refuse


@pytest.mark.parametrize("error", [errno.EACCES, errno.EIO, errno.EMFILE])
@pytest.mark.parametrize("module", ["warehouse", "recovery"])
def test_copy_that_the_system_does_not_let_read_is_not_passed_over(
    own: Path, folders: dict[str, Path], config: Path, monkeypatch: pytest.MonkeyPatch, module: str, error: int
) -> None:
    damage(own / "warehouse.duckdb", "zeros")
    before = contents(own)
    with monkeypatch.context() as patch:
        patch.setattr(f"pipeline.{module}.reading", not_opened(kept(own)[-1], error))
        ended = audit(folders[TONIGHT], TONIGHT, own, "--config", config)
    line = f"{kept(own)[-1]}: cannot be read: {os.strerror(error)}. Check its permissions and the disk, then run again."
    assert ended == Ended(2, "", f"csp-audit: {line}\n")
    assert {name: content for name, content in contents(own).items() if name in before} == before
    assert audit(folders[TONIGHT], TONIGHT, own, "--config", config) == Ended(1, "", told(own, copy_of(SECOND)))


def test_copy_that_another_program_writes_is_waited_for(own: Path, folders: dict[str, Path], config: Path) -> None:
    damage(own / "warehouse.duckdb", "zeros")
    copy = kept(own)[-1]
    copy.chmod(0o600)
    hold = "import duckdb, sys; c = duckdb.connect(sys.argv[1]); print(flush=True); input()"
    argv = [sys.executable, "-c", hold, copy]
    with subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as writer:
        assert writer.stdout is not None
        writer.stdout.readline()
        ended = audit(folders[TONIGHT], TONIGHT, own, "--config", config)
        writer.communicate(b"\n")
    assert (ended.code, ended.err.count("\n")) == (4, 1)
    assert f"{copy} is open for writing in another program. " in ended.err
    assert not damaged_files(own)


def test_copy_that_is_a_link_to_nowhere_is_named(own: Path, folders: dict[str, Path], config: Path) -> None:
    damage(own / "warehouse.duckdb", "zeros")
    copy = kept(own)[-1]
    copy.unlink()
    copy.symlink_to("gone.duckdb")
    ended = audit(folders[TONIGHT], TONIGHT, own, "--config", config)
    assert (ended.code, ended.err.startswith(f"csp-audit: {copy}: it is a link that leads nowhere")) == (2, True)


def test_copy_that_is_another_database_is_passed_over(own: Path, folders: dict[str, Path], config: Path) -> None:
    damage(own / "warehouse.duckdb", "zeros")
    copy = kept(own)[-1]
    copy.unlink()
    with duckdb.connect(str(copy)) as connection:
        connection.execute("create schema audit")
        connection.execute("create table audit.layout as select 4 as version")
    ended = audit(folders[TONIGHT], TONIGHT, own, "--config", config)
    assert ended == Ended(1, "", told(own, copy_of(FIRST)))


def test_copy_that_cannot_be_brought_up_to_date_is_passed_over(
    own: Path, folders: dict[str, Path], config: Path
) -> None:
    newest, second = sorted((own / "kept").glob("warehouse-*.duckdb"), reverse=True)[:2]
    newest.chmod(0o600)
    with duckdb.connect(str(newest)) as connection:
        connection.execute("update audit.layout set version = version - 1")
        connection.execute("drop table audit.rule_results")
    damage(own / "warehouse.duckdb", "zeros")
    ended = audit(folders[TONIGHT], TONIGHT, own, "--config", config)
    assert (ended.code, ended.err) == (1, told(own, copy_of(FIRST)))
    assert second.exists()


def fatal(what: str, number: int) -> duckdb.FatalException:
    """Return how DuckDB takes an error of the system for fatal."""
    said = f'Failed to create checkpoint because of error: {what} "work-1/migrated.duckdb": {os.strerror(number)}'
    return duckdb.FatalException(f"FATAL Error: {said}")


@pytest.mark.parametrize(
    ("error", "line"),
    [
        (duckdb.IOException("Could not write all bytes to file: No space left on device"), "the disk is full"),
        (duckdb.FatalException("FATAL Error: fsync failed!"), "the disk gives errors"),
        (fatal("Could not fsync file", errno.EIO), "the disk gives errors"),
        (fatal("Could not write file", errno.EIO), "the disk gives errors"),
        (fatal("Could not write to file", errno.ESTALE), "the disk gives errors"),
        (fatal("Could not read from file", errno.ENXIO), "the disk gives errors"),
        (fatal("Could not truncate file", errno.EIO), "the disk gives errors"),
        (fatal("Could not seek to location 4096 in file", errno.EREMOTEIO), "the disk gives errors"),
        (fatal("Could not truncate file", errno.EROFS), "the file system has become read-only"),
    ],
    ids=["full", "failing", "sync", "write", "write to", "read", "truncate", "seek", "read-only"],
)
def test_disk_is_no_reason_to_pass_a_copy_over(
    own: Path, folders: dict[str, Path], config: Path, monkeypatch: pytest.MonkeyPatch, error: duckdb.Error, line: str
) -> None:
    def fail(*_: object) -> None:
        raise error

    newest = max((own / "kept").glob("warehouse-*.duckdb"))
    newest.chmod(0o600)
    with duckdb.connect(str(newest)) as connection:
        connection.execute("update audit.layout set version = version - 1")
    damage(own / "warehouse.duckdb", "zeros")
    monkeypatch.setattr("pipeline.migrations._from", fail)
    ended = audit(folders[TONIGHT], TONIGHT, own, "--config", config)
    assert (ended.code, line in ended.err, damaged_files(own)) == (2, True, [])


def test_refusal_after_damage_says_that_deadlines_are_not_known(own: Path, tmp_path: Path, config: Path) -> None:
    shutil.rmtree(own / "kept")
    damage(own / "warehouse.duckdb", "zeros")
    (tmp_path / "empty").mkdir()
    assert audit(tmp_path / "empty", TONIGHT, own, "--config", config).code == 3
    said = " ".join((own / "refused" / TONIGHT / "not_audited.eml").read_text(encoding="utf-8").split())
    assert "not known, the last good night cannot be read" in said
