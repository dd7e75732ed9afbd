"""A run or a sender that is stopped loses no mail and sends none twice, and says how the rest goes."""

from __future__ import annotations

import errno
import os
import shutil
import signal
from typing import TYPE_CHECKING, Any

import pytest

import pipeline.mail.outbox
import pipeline.run
from pipeline.mail.outbox import Outbox
from tests.pipeline.commandline import audit, call
from tests.pipeline.exports import AS_OF
from tests.pipeline.mail.nights import ANNA, BRUNO, CARLA, DAWID, NORTH, write_config, write_exports
from tests.pipeline.mail.servers import free_port, keeping

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

REFUSED = "2026-12-13"
STOPPED = (
    "csp-audit: stopped by SIGTERM; what the run made is in its place; its mail that was not handed over waits: "
    "csp-audit send --outbox sends it, or the next run does.\n"
)


@pytest.fixture(scope="module")
def exports(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_exports(tmp_path_factory.mktemp("exports"))


@pytest.fixture(scope="module")
def audited(exports: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a state directory with one night that nobody was mailed yet."""
    folder = tmp_path_factory.mktemp("audited")
    config = write_config(folder, free_port())
    assert audit(exports, AS_OF, folder / "state", "--config", config, "--no-mail").code == 1
    return folder / "state"


@pytest.fixture
def state(audited: Path, tmp_path: Path) -> Path:
    return shutil.copytree(audited, tmp_path / "state", symlinks=True)


def stop(*_: object) -> None:
    os.kill(os.getpid(), signal.SIGTERM)


def before(monkeypatch: pytest.MonkeyPatch, module: object, name: str, act: Callable[[], object]) -> None:
    """Do something as a function is called."""
    real = getattr(module, name)

    def watched(*words: Any, **named: Any) -> Any:  # noqa: ANN401 - whatever the function takes and gives
        act()
        return real(*words, **named)

    monkeypatch.setattr(module, name, watched)


def test_run_stopped_while_it_writes_its_mail_has_written_all(
    exports: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    state = tmp_path / "state"
    with monkeypatch.context() as patch, keeping() as keeper:
        before(patch, pipeline.mail.outbox, "write_durably", stop)
        ended = audit(exports, AS_OF, state, "--config", write_config(tmp_path, keeper.port))
    assert (ended.code, ended.out, ended.err, keeper.kept) == (143, "", STOPPED, [])
    assert (state / "latest" / "report.html").exists()
    assert sent_afterwards(state, tmp_path) == [ANNA, BRUNO, CARLA]


def sent_afterwards(state: Path, tmp_path: Path, *words: str) -> list[str]:
    """Return who is mailed by `csp-audit send`, by default what waits."""
    with keeping() as keeper:
        config = write_config(tmp_path, keeper.port)
        assert call("send", *(words or ("--outbox",)), "--config", config, "--state", state).err == ""
    return keeper.recipients


def test_refused_run_stopped_while_it_writes_its_mail_has_written_all(
    state: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "empty").mkdir()
    with monkeypatch.context() as patch:
        before(patch, pipeline.mail.outbox, "write_durably", stop)
        ended = audit(tmp_path / "empty", REFUSED, state, "--config", write_config(tmp_path, free_port()))
    assert (ended.code, ended.out, ended.err) == (143, "", STOPPED)
    assert (state / "refused" / REFUSED / "run.json").exists()
    assert sent_afterwards(state, tmp_path) == [ANNA, BRUNO, DAWID]


def test_run_stopped_after_its_night_is_in_its_place_promises_no_mail_where_nobody_is_mailed(
    exports: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before(monkeypatch, pipeline.run, "put_in_place", stop)
    ended = audit(exports, AS_OF, tmp_path / "state")
    assert (ended.code, ended.err) == (143, "csp-audit: stopped by SIGTERM; tonight's night is in its place.\n")


def test_mail_is_written_down_before_anything_else_follows_the_night(
    exports: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found: list[list[str]] = []
    outbox = Outbox(tmp_path / "state" / "outbox")
    before(
        monkeypatch, pipeline.run, "prune_nights", lambda: found.append([each.recipient for each in outbox.parcels()])
    )
    with keeping() as keeper:
        audit(exports, AS_OF, tmp_path / "state", "--config", write_config(tmp_path, keeper.port))
    assert [sorted(each) for each in found] == [keeper.recipients] == [[ANNA, BRUNO, CARLA]]


def test_resellers_file_that_is_spoilt_during_the_night_keeps_no_mail_back(
    exports: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "resellers.csv"
    file.write_text(f"reseller_id,address\n{NORTH},n@north.example\nR-gone,g@gone.example\n", encoding="utf-8")
    before(monkeypatch, pipeline.run, "swap", lambda: file.write_text('reseller_id,address\n"R-n', encoding="utf-8"))
    with keeping() as keeper:
        config = write_config(tmp_path, keeper.port, f'resellers = "{file}"')
        ended = audit(exports, AS_OF, tmp_path / "state", "--config", config)
    assert (ended.code, keeper.recipients) == (1, [ANNA, BRUNO, CARLA, "n@north.example"])
    assert ended.err.endswith(f"no customer and no sale tonight, so no edition: r-gone. Check reseller_id in {file}.\n")


@pytest.mark.parametrize("at", [1, 3])
def test_disk_that_is_full_when_the_mail_is_written_loses_none(
    exports: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, at: int
) -> None:
    written: list[int] = []

    def fill() -> None:
        written.append(1)
        if len(written) >= at:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    state = tmp_path / "state"
    with monkeypatch.context() as patch, keeping() as keeper:
        before(patch, pipeline.mail.outbox, "write_durably", fill)
        ended = audit(exports, AS_OF, state, "--config", write_config(tmp_path, keeper.port))
    said = (
        f"{state / 'outbox'}: cannot be written: No space left on device. Mend that, then run csp-audit send {AS_OF}."
    )
    assert (ended.code, ended.err, keeper.kept) == (5, f"csp-audit: mail: {said}\n", [])
    assert (state / "latest" / "report.html").exists()
    assert sent_afterwards(state, tmp_path, AS_OF) == [ANNA, BRUNO, CARLA]


def test_stop_while_the_outbox_cannot_be_written_says_how_the_night_is_mailed(
    exports: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "state").mkdir()
    (tmp_path / "state" / "outbox").write_text("in the way")
    before(monkeypatch, pipeline.run, "prune_nights", stop)
    ended = audit(exports, AS_OF, tmp_path / "state", "--config", write_config(tmp_path, free_port()))
    said = "what the run made is in its place; its mail could not be written: run csp-audit send 2026-11-20."
    assert (ended.code, ended.err.splitlines()[1:]) == (143, [f"csp-audit: stopped by SIGTERM; {said}"])


def test_fault_in_writing_the_mail_is_one_line_and_changes_no_result(
    exports: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise RuntimeError

    state = tmp_path / "state"
    with monkeypatch.context() as patch:
        patch.setattr(Outbox, "put", fail)
        ended = audit(exports, AS_OF, state, "--config", write_config(tmp_path, free_port()))
    assert (ended.code, ended.err.count("\n"), len(list(state.glob("csp-audit-fault-*.txt")))) == (5, 1, 1)
    assert ended.err.startswith("csp-audit: mail: a fault of the program (RuntimeError); diagnostics are in ")
    assert ended.err.endswith(f". To mail the night, run csp-audit send {AS_OF}.\n")
    assert sent_afterwards(state, tmp_path, AS_OF) == [ANNA, BRUNO, CARLA]


@pytest.mark.parametrize("step", ["write_durably", "deliver"])
def test_sender_that_is_stopped_says_how_the_rest_goes(
    state: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    with monkeypatch.context() as patch, keeping() as keeper:
        before(patch, pipeline.mail.outbox, step, stop)
        ended = call("send", "--config", write_config(tmp_path, keeper.port), "--state", state)
    said = "what was not handed over waits: csp-audit send --outbox sends it."
    assert (ended.code, ended.err, keeper.kept) == (143, f"csp-audit: stopped by SIGTERM; {said}\n", [])
    assert sent_afterwards(state, tmp_path) == [ANNA, BRUNO, CARLA]


def test_sender_that_is_stopped_before_the_record_has_what_the_server_took_sends_nothing_twice(
    state: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch, keeping() as keeper:
        before(patch, pipeline.mail.outbox, "add_to_record", stop)
        ended = call("send", "--config", write_config(tmp_path, keeper.port), "--state", state)
    assert (ended.code, len(keeper.kept)) == (143, 1)
    assert sorted(keeper.recipients + sent_afterwards(state, tmp_path)) == [ANNA, BRUNO, CARLA]


def test_sender_that_cannot_go_on_says_how_the_rest_goes(
    state: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_: Path) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr("pipeline.mail.outbox.prepare_record", full)
    ended = call("send", "--config", write_config(tmp_path, free_port()), "--state", state)
    said = "cannot be written: No space left on device. Mend that, then run csp-audit send --outbox."
    assert (ended.code, ended.err) == (2, f"csp-audit: {state / 'outbox'}: {said}\n")
