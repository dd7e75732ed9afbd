"""What the system refuses in the middle of a run ends with one line and exit code 2, and loses nothing."""

from __future__ import annotations

import errno
import json
import os
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

import duckdb
import pytest

from pipeline.errors import LockedError
from pipeline.gate import admit
from tests.pipeline.commandline import Ended, audit, sample
from tests.pipeline.exports import contents
from tests.pipeline.mail.nights import write_config
from tests.pipeline.mail.servers import free_port

if TYPE_CHECKING:
    from collections.abc import Callable

ROOM = "Make room (csp-audit prune removes what is kept no longer), then run again."
CHECK = "Check the disk, then run again."
TROUBLES = {
    "a full disk": (errno.ENOSPC, f"the disk is full; the warehouse holds a whole night. {ROOM}"),
    "a quota": (errno.EDQUOT, f"the disk quota is used up; the warehouse holds a whole night. {ROOM}"),
    "read-only": (errno.EROFS, f"the file system has become read-only; the warehouse holds a whole night. {CHECK}"),
    "a bad disk": (errno.EIO, f"the disk gives errors; the warehouse holds a whole night. {CHECK}"),
}
# Where a night writes with Python, and where with DuckDB.
STEPS = ("load_all", "create_views", "write_files", "swap")


@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize(("number", "line"), TROUBLES.values(), ids=TROUBLES.keys())
def test_what_the_system_refuses_is_one_line_that_says_the_next_step(
    state: Path, monkeypatch: pytest.MonkeyPatch, step: str, number: int, line: str
) -> None:
    def fail(*_: object, **__: object) -> None:
        if step in {"load_all", "create_views"}:
            message = f'Could not write to file "{state}/work-1/warehouse.duckdb": {os.strerror(number)}'
            raise duckdb.IOException(message)
        raise OSError(number, os.strerror(number), str(state))

    before = contents(state)
    monkeypatch.setattr(f"pipeline.run.{step}", fail)
    ended = audit(sample("2026-11-20"), "2026-11-20", state)
    assert (ended.code, ended.out, ended.err) == (2, "", f"csp-audit: {line}\n")
    assert contents(state) == before


def invalidated(original: str) -> str:
    """Return what DuckDB says of every statement after one that it takes for fatal."""
    return f'Failed: database has been invalidated because of a previous fatal error.\nOriginal error: "{original}"'


@pytest.mark.parametrize(
    "said",
    [
        "FATAL Error: fsync failed!",
        invalidated("Failed to create checkpoint because of error: fsync failed!"),
        invalidated(f'Could not write file "work-1/warehouse.duckdb": {os.strerror(errno.EIO)}'),
    ],
)
def test_disk_that_fails_under_the_database_is_no_fault_of_the_program(
    state: Path, monkeypatch: pytest.MonkeyPatch, said: str
) -> None:
    def fail(*_: object) -> None:
        raise duckdb.FatalException(said)

    before = contents(state)
    monkeypatch.setattr("pipeline.run.create_views", fail)
    ended = audit(sample("2026-11-20"), "2026-11-20", state)
    line = f"the disk gives errors; the warehouse holds a whole night. {CHECK}"
    assert ended == Ended(2, "", f"csp-audit: {line}\n")
    assert contents(state) == before


@pytest.mark.parametrize(
    "said", ["Failed to delete all rows from index.", f'Could not write file "w": {os.strerror(errno.EBADF)}']
)
def test_other_fatal_error_of_the_database_is_a_fault(state: Path, monkeypatch: pytest.MonkeyPatch, said: str) -> None:
    def fail(*_: object) -> None:
        raise duckdb.FatalException(invalidated(said))

    monkeypatch.setattr("pipeline.run.create_views", fail)
    ended = audit(sample("2026-11-20"), "2026-11-20", state)
    assert ended.code == 70
    assert ended.err.startswith("csp-audit: a fault of the program (FatalException); diagnostics are in ")


def test_error_of_another_kind_is_a_fault(state: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise OSError(errno.ELOOP, os.strerror(errno.ELOOP))

    monkeypatch.setattr("pipeline.run.write_files", fail)
    ended = audit(sample("2026-11-20"), "2026-11-20", state)
    assert ended.code == 70
    assert ended.err.startswith("csp-audit: a fault of the program (OSError); diagnostics are in ")


@pytest.mark.parametrize("said", ["Cannot open file", "Could not read from file"])
def test_a_warehouse_that_the_system_does_not_let_be_read_is_not_taken_for_a_damaged_one(
    state: Path, monkeypatch: pytest.MonkeyPatch, said: str
) -> None:
    def refuse(path: Path, *_: object) -> None:
        message = f'IO Error: {said} "{path}": Input/output error'
        raise duckdb.IOException(message)

    before = contents(state)
    monkeypatch.setattr("pipeline.warehouse.reading", refuse)
    ended = audit(sample("2026-11-20"), "2026-11-20", state)
    assert (ended.code, ended.err.count("\n")) == (2, 1)
    assert ended.err.endswith("Input/output error. Check its permissions and the disk, then run again.\n")
    assert contents(state) == before


def test_first_night_is_not_said_to_be_in_the_warehouse(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr("pipeline.run.write_files", full)
    ended = audit(sample("2026-11-20"), "2026-11-20", tmp_path / "state")
    assert ended == Ended(2, "", f"csp-audit: the disk is full. {ROOM}\n")


def fill_memory_and_disk(*_: object) -> None:
    """Let the database spill until there is no room left, by its own words the room of the disk."""
    with duckdb.connect(":memory:", config={"memory_limit": "30MB", "threads": 1}) as connection:
        connection.execute("set max_temp_directory_size = '1MB'")
        connection.execute("create table t as select i, md5(i::varchar) from range(2000000) r(i)")


def test_disk_that_is_full_while_the_database_spills_is_not_taken_for_little_memory(
    state: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("pipeline.run.judge_rules", fill_memory_and_disk)
    ended = audit(sample("2026-11-20"), "2026-11-20", state)
    assert ended == Ended(2, "", f"csp-audit: the disk is full; the warehouse holds a whole night. {ROOM}\n")


def a_folder_for_latest(state: Path, _: pytest.MonkeyPatch) -> str:
    (state / "latest").unlink()
    (state / "latest").mkdir()
    return f"{state / 'latest'}: is in the way of tonight's report. Move it away, then run again."


def a_file_for_the_night(state: Path, _: pytest.MonkeyPatch) -> str:
    shutil.rmtree(state / "runs" / "2026-11-20")
    (state / "runs" / "2026-11-20").write_text("")
    return f"{state / 'runs' / '2026-11-20'}: is in the way of tonight's report. Move it away, then run again."


def runs_that_cannot_be_written(state: Path, patch: pytest.MonkeyPatch) -> str:
    # Who runs the tests may be allowed everything.
    patch.setattr("pipeline.publish.os.access", lambda path, _: path != state / "runs")
    return f"{state / 'runs'}: cannot be written. Check its permissions, then run again."


def on_another_disk(place: Path, patch: pytest.MonkeyPatch) -> str:
    looked = Path.stat

    def stat(path: Path, **how: bool) -> os.stat_result:
        seen = looked(path, **how)
        if path != place:
            return seen
        return os.stat_result((seen[0], seen[1], seen.st_dev + 1, *seen[3:]))

    patch.setattr(Path, "stat", stat)
    return f"{place}: is on another disk than {place.parent}. Move it back, or move both, then run again."


def runs_on_another_disk(state: Path, patch: pytest.MonkeyPatch) -> str:
    return on_another_disk(state / "runs", patch)


def a_warehouse_on_another_disk(state: Path, patch: pytest.MonkeyPatch) -> str:
    (state / "warehouse.duckdb").rename(state / "elsewhere.duckdb")
    (state / "warehouse.duckdb").symlink_to("elsewhere.duckdb")
    return on_another_disk(state / "warehouse.duckdb", patch)


def kept_on_a_disk_that_is_away(state: Path, _: pytest.MonkeyPatch) -> str:
    shutil.rmtree(state / "kept")
    (state / "kept").symlink_to(state.parent / "unmounted")
    return (
        f"{state / 'kept'}: it is a link that leads to no folder. Bring back the disk that it is on, or move it away, "
        "then run again."
    )


def a_file_for_kept(state: Path, _: pytest.MonkeyPatch) -> str:
    shutil.rmtree(state / "kept")
    (state / "kept").write_text("")
    return f"{state / 'kept'}: it is no folder. Bring back the disk that it is on, or move it away, then run again."


def kept_that_cannot_be_written(state: Path, patch: pytest.MonkeyPatch) -> str:
    patch.setattr("pipeline.publish.os.access", lambda path, _: path != state / "kept")
    return f"{state / 'kept'}: cannot be written. Check its permissions, then run again."


@pytest.mark.parametrize(
    "bring_about",
    [
        a_folder_for_latest,
        a_file_for_the_night,
        runs_that_cannot_be_written,
        runs_on_another_disk,
        a_warehouse_on_another_disk,
        kept_on_a_disk_that_is_away,
        a_file_for_kept,
        kept_that_cannot_be_written,
    ],
)
def test_what_is_in_the_way_of_the_report_is_found_before_the_warehouse_is_changed(
    state: Path, monkeypatch: pytest.MonkeyPatch, bring_about: Callable[[Path, pytest.MonkeyPatch], str]
) -> None:
    with monkeypatch.context() as patch:
        said = bring_about(state, patch)
        before = contents(state)
        ended = audit(sample("2026-11-20"), "2026-11-20", state)
    assert ended == Ended(2, "", f"csp-audit: {said}\n")
    assert contents(state) == before


@pytest.mark.parametrize("number", [errno.EACCES, errno.EXDEV, errno.ENOTDIR, errno.ENOSPC])
def test_failure_after_the_swap_says_what_is_missing_and_a_run_mends_it(
    state: Path, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise OSError(number, os.strerror(number), str(state / "runs"))

    good = json.loads((state / "status.json").read_text())["last_good"]
    before = (state / "warehouse.duckdb").read_bytes()
    with monkeypatch.context() as patch:
        patch.setattr("pipeline.run.put_in_place", fail)
        ended = audit(sample("2026-11-20"), "2026-11-20", state)
    assert ended == Ended(
        2,
        "",
        f"csp-audit: tonight is in the warehouse, without its report and its mail: {state / 'runs'}: "
        f"{os.strerror(number)}. Mend that, then run again with --as-of 2026-11-20, which makes both.\n",
    )
    assert (state / "warehouse.duckdb").read_bytes() != before
    status = json.loads((state / "status.json").read_text())
    assert (status["last_good"], status["last_attempt"]["exit_code"]) == (good, 2)
    assert audit(sample("2026-11-20"), "2026-11-20", state) == Ended(1, "", "")
    assert json.loads((state / "status.json").read_text())["last_good"]["run_id"] != good["run_id"]


def test_old_copy_that_cannot_be_removed_holds_no_night_up(state: Path, tmp_path: Path) -> None:
    config = tmp_path / "keep.toml"
    config.write_text("keep = 1\n")
    (state / "kept" / "warehouse-19990101T000000.000000Z.duckdb").mkdir()
    ended = audit(sample("2026-11-20"), "2026-11-20", state, "--config", config)
    assert ended == Ended(1, "", "")
    assert "warehouse-19990101T000000.000000Z.duckdb: cannot be removed: " in (state / "csp-audit.log").read_text()


@pytest.mark.parametrize("number", [errno.EEXIST, errno.ENOTDIR, errno.EXDEV, errno.ENOENT, errno.EBUSY])
def test_what_is_wrong_with_a_file_of_the_state_directory_is_the_users_to_mend(
    state: Path, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise OSError(number, os.strerror(number), str(state / f"work-{os.getpid()}" / "x"), None, str(state / "kept"))

    monkeypatch.setattr("pipeline.run.swap", fail)
    ended = audit(sample("2026-11-20"), "2026-11-20", state)
    line = f"{state / 'kept'}: {os.strerror(number)}. Look what is there, and at its disk, then run again."
    assert ended == Ended(2, "", f"csp-audit: {line}\n")


@pytest.mark.parametrize("place", ["work-{pid}/x", "../elsewhere", "work-gone-runs-2026-11-20/x"])
def test_what_only_the_run_touches_is_a_fault_where_it_is_not_there(
    state: Path, monkeypatch: pytest.MonkeyPatch, place: str
) -> None:
    def fail(*_: object, **__: object) -> None:
        path = state / place.format(pid=os.getpid())
        raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), str(path))

    monkeypatch.setattr("pipeline.run.write_files", fail)
    ended = audit(sample("2026-11-20"), "2026-11-20", state)
    assert ended.code == 70
    assert ended.err.startswith("csp-audit: a fault of the program (FileNotFoundError); diagnostics are in ")


def a_link_for_refused(state: Path, _: pytest.MonkeyPatch) -> str:
    (state / "refused").symlink_to(state.parent / "unmounted")
    return (
        f"{state / 'refused'}: it is a link that leads to no folder. Bring back the disk that it is on, "
        "or move it away, then run again."
    )


def a_file_for_refused(state: Path, _: pytest.MonkeyPatch) -> str:
    (state / "refused").write_text("")
    return f"{state / 'refused'}: it is no folder. Bring back the disk that it is on, or move it away, then run again."


def refused_on_another_disk(state: Path, patch: pytest.MonkeyPatch) -> str:
    (state / "refused").mkdir()
    return on_another_disk(state / "refused", patch)


def a_file_for_the_refused_night(state: Path, _: pytest.MonkeyPatch) -> str:
    (state / "refused").mkdir()
    (state / "refused" / "2026-11-20").write_text("notes")
    return f"{state / 'refused' / '2026-11-20'}: is in the way of the record. Move it away, then run again."


def a_full_disk(_: Path, patch: pytest.MonkeyPatch) -> str:
    def fail(*_: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), "run.json")

    patch.setattr("pipeline.publish.render.refusal_json", fail)
    return "run.json: No space left on device. Mend that before the next run."


def no_room_for_its_mail(_: Path, patch: pytest.MonkeyPatch) -> str:
    real = Path.write_bytes

    def write(path: Path, content: bytes) -> int:
        if path.name == "not_audited.eml":
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), path.name)
        return real(path, content)

    patch.setattr(Path, "write_bytes", write)
    return "not_audited.eml: No space left on device. Mend that before the next run."


def no_room_to_build_it(state: Path, patch: pytest.MonkeyPatch) -> str:
    real, place = Path.mkdir, state / f"work-{os.getpid()}" / "refused"

    def mkdir(path: Path, *how: object, **named: object) -> None:
        if path == place:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(path))
        real(path, *how, **named)  # type: ignore[arg-type]

    patch.setattr(Path, "mkdir", mkdir)
    return f"{place}: No space left on device. Mend that before the next run."


@pytest.mark.parametrize(
    "bring_about",
    [
        no_room_for_its_mail,
        no_room_to_build_it,
        a_link_for_refused,
        a_file_for_refused,
        refused_on_another_disk,
        a_file_for_the_refused_night,
        a_full_disk,
    ],
)
def test_refusal_is_told_and_mailed_also_where_its_record_cannot_be_left(
    state: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, bring_about: Callable[[Path, pytest.MonkeyPatch], str]
) -> None:
    (tmp_path / "empty").mkdir()
    config = write_config(tmp_path, free_port())
    with monkeypatch.context() as patch:
        said = bring_about(state, patch)
        ended = audit(tmp_path / "empty", "2026-11-20", state, "--config", config)
    record, mail, why = ended.err.splitlines()
    assert (ended.code, ended.out) == (3, "")
    assert record == f"csp-audit: no record of this refusal could be left: {said}"
    assert mail.startswith("csp-audit: mail: 3 of 3 mails not handed over")
    assert why.startswith("csp-audit: customers.csv: found no file of that name")


def test_refusal_is_mailed_where_nobody_can_be_told_that_it_has_no_record(
    state: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def gone(*_: object, **__: object) -> None:
        raise BrokenPipeError(errno.EPIPE, os.strerror(errno.EPIPE))

    (tmp_path / "empty").mkdir()
    a_file_for_refused(state, monkeypatch)
    monkeypatch.setattr("pipeline.publish.click.echo", gone)
    ended = audit(tmp_path / "empty", "2026-11-20", state, "--config", write_config(tmp_path, free_port()))
    assert ended == Ended(3, "", "")
    assert len(list((state / "outbox").glob("*.eml"))) == 3


@pytest.mark.parametrize("error", [LockedError("somebody writes it"), duckdb.IOException("Stale file handle")])
def test_refusal_stands_where_the_warehouse_cannot_be_read_again(
    state: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    def fail(*_: object) -> None:
        raise error

    def fail_from_now_on(*given: Any) -> object:  # noqa: ANN401 - whatever the gate is given
        monkeypatch.setattr("pipeline.mail.refused.open_warehouse", fail)
        monkeypatch.setattr("pipeline.warehouse.open_warehouse", fail)
        return admit(*given)

    (tmp_path / "empty").mkdir()
    monkeypatch.setattr("pipeline.run.admit", fail_from_now_on)
    ended = audit(tmp_path / "empty", "2026-11-20", state)
    assert (ended.code, (state / "refused" / "2026-11-20" / "run.json").is_file()) == (3, True)


def test_refusal_stands_where_it_cannot_be_masked(state: Path, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    (state / "masking.key").mkdir()
    ended = audit(tmp_path / "empty", "2026-11-20", state, "--mask", "--config", write_config(tmp_path, free_port()))
    lost, why = ended.err.splitlines()
    assert (ended.code, ended.out, (state / "refused").exists()) == (3, "", False)
    said = f"this refusal could be neither recorded nor mailed: {state / 'masking.key'}: the key for masking cannot be"
    assert lost.startswith(f"csp-audit: {said}")
    assert lost.removeprefix("csp-audit: ") in (state / "csp-audit.log").read_text()
    assert why.startswith("csp-audit: customers.csv: found no file of that name")


def test_too_little_memory_of_the_machine_is_not_said_to_be_too_low_a_limit(
    state: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    errors = (
        MemoryError(),
        duckdb.OutOfMemoryException("Failed to allocate block of 262144 bytes (bad allocation)"),
    )
    for error in errors:

        def fail(*_: object, error: Exception = error) -> None:
            raise error

        with monkeypatch.context() as patch:
            patch.setattr("pipeline.run.load_all", fail)
            assert audit(sample("2026-11-20"), "2026-11-20", state) == Ended(
                2,
                "",
                "csp-audit: the machine gave no more memory, with memory_limit = 1GB: other programs or a limit of the "
                "job (ulimit -v, MemoryMax) leave too little. Lower memory_limit, or give the job more, then run "
                "again.\n",
            )
