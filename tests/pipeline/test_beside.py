"""Files that are written beside their place: what a killed program leaves goes, and nothing else ever does."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.beside import alone, drop_halves, lock_of, make_owned_folder, replace_text, sweep
from pipeline.mail.outbox import Outbox
from pipeline.mail.record import add_to_record
from pipeline.mail.smtp import Message
from pipeline.privacy import masking_key
from pipeline.state import State
from tests.pipeline.commandline import audit, call, sample

if TYPE_CHECKING:
    from pathlib import Path

NIGHT = "2026-11-20"
OWNER = 65_534
# Of what a run that begins finds half written, by the file that it was to become; D is a night.
SWEPT = (
    ".csp-audit.log", ".csp-audit.log.3", ".csp-audit-fault-20261120T020000.txt", ".status.json", ".triage.csv",
    ".waivers.toml", ".masking.key", "runs/D/.run.json", "runs/D/.FORGOTTEN.txt", "refused/D/.run.json",
    "outbox/.delivered.csv",
)  # fmt: skip
# What is no half of ours: {} is the number of a process that has ended.
NEVER = (
    ".status.json.lock", "csp-audit.log.{}", ".csp-audit.log", ".notes.toml.{}", "waivers.toml.{}", ".waivers.toml.{}~",
    ".waivers.toml.0{}", ".waivers.toml.x{}", ".triage.csv.{}.bak", "runs/.run.json.{}", "runs/D/run.json.{}",
    "runs/D/.findings.csv.{}", "outbox/.delivered.csv.0", "kept/.warehouse.duckdb.{}", "mine/.run.json.{}",
    ".waivers.toml.20261120", ".triage.csv.20260101",
)  # fmt: skip


def ended() -> int:
    """Return the number of a process that has ended."""
    with subprocess.Popen([sys.executable, "-c", ""]) as process:
        process.wait()
    return process.pid


def put(path: Path, text: str = "half") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


@pytest.mark.parametrize("name", SWEPT)
def test_half_of_a_program_that_was_killed_goes_and_that_of_one_at_work_stays(name: str, tmp_path: Path) -> None:
    dead, own = (put(tmp_path / f"{name}.{number}") for number in (ended(), os.getpid()))
    alive = put(tmp_path / f"{name}.{os.getppid()}")
    with State(tmp_path).locked(), State(tmp_path).work():
        assert (dead.exists(), own.exists(), alive.exists()) == (False, False, True)


def test_what_is_no_half_stays(tmp_path: Path) -> None:
    number = ended()
    files = {put(tmp_path / name.format(number)) for name in NEVER}
    sweep(tmp_path)
    drop_halves(tmp_path / "waivers.toml.4")
    assert {path for path in files if not path.exists()} == set()


@settings(max_examples=60, deadline=None)
@given(st.text(st.characters(blacklist_characters="/\0", codec="utf-8"), min_size=1, max_size=30))
def test_half_goes_only_with_the_name_that_its_writer_gives_it(
    tmp_path_factory: pytest.TempPathFactory, name: str
) -> None:
    folder = tmp_path_factory.mktemp("beside")
    if name in {".", ".."}:
        return
    mine, half = put(folder / f"_{name}"), put(folder / f".{name}.4711")
    drop_halves(folder / name)
    assert (mine.exists(), half.exists()) == (True, False)
    other = put(folder / f".{name}.x.4711")
    drop_halves(folder / name)
    assert other.exists()


def test_halves_beside_what_a_link_leads_to_go(tmp_path: Path) -> None:
    half = put(tmp_path / "elsewhere" / f".audit.log.{ended()}")
    put(half.with_name("audit.log"))
    state = tmp_path / "state"
    state.mkdir()
    (state / "csp-audit.log").symlink_to(half.with_name("audit.log"))
    (state / "waivers.toml").symlink_to(half.with_name("w.toml"))
    other = put(half.with_name(f".w.toml.{ended()}"))
    sweep(state)
    assert (half.exists(), other.exists()) == (False, False)


def test_writer_that_is_alone_clears_what_killed_ones_have_left(tmp_path: Path) -> None:
    half = put(tmp_path / ".waivers.toml.123")
    with alone(tmp_path / "waivers.toml"):
        assert not half.exists()
    assert [path.name for path in tmp_path.iterdir()] == [".waivers.toml.lock"]


def test_forget_is_not_stopped_by_what_a_killed_one_has_left(state: Path) -> None:
    put(state / f".csp-audit.log.{ended()}", "Hospicjum Świt, of 08c5e47f-3c1c-4cd2-9b2d-9f5c1a8f4f10")
    told = call("forget", "08c5e47f-3c1c-4cd2-9b2d-9f5c1a8f4f10", "--state", state, "--yes")
    assert "by hand" not in told.out + told.err
    assert not list(state.glob(".csp-audit.log.*"))


def test_a_key_that_cannot_be_written_leaves_no_half(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(_: int) -> None:
        raise OSError(28, os.strerror(28))

    monkeypatch.setattr("pipeline.privacy.os.fsync", fail)
    with pytest.raises(Exception, match="the key for masking cannot be used: No space left"):
        masking_key(tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_loop_of_links_is_no_fault(state: Path) -> None:
    for name in ("status.json", "waivers.toml", "triage.csv"):
        (state / name).unlink(missing_ok=True)
        (state / name).symlink_to(name)
    line = f"csp-audit: {state / 'waivers.toml'}: cannot be read: Too many levels of symbolic links. "
    words = ("--approved-by", "A", "--reason", "B", "--created", NIGHT, "--until", "2027-01-01")
    added = call("waive", "add", "--finding", "F-de70638c9c9a", *words, "--state", state)
    assert (added.code, added.err.startswith(line)) == (2, True)
    sheet = put(state.parent / "sheet.csv", "finding_id,decision\nF-de70638c9c9a,fix\n")
    imported = call("triage", "import", sheet, "--state", state)
    assert (imported.code, imported.err.startswith(f"csp-audit: {state / 'triage.csv'}: cannot be read: ")) == (2, True)
    (state / "waivers.toml").unlink()
    ran = audit(sample(NIGHT), NIGHT, state)
    assert (ran.code, "status.json cannot be used: it is a link that leads back to itself" in ran.err) == (1, True)


def test_loop_of_latest_keeps_nobody_from_pruning(state: Path) -> None:
    (state / "latest").unlink()
    (state / "latest").symlink_to("latest")
    assert call("prune", "--dry-run", "--state", state).code == 0


def owners(monkeypatch: pytest.MonkeyPatch) -> list[tuple[int, int]]:
    """Let this process think that it is root, and return to whom it gives files away."""
    given_to: list[tuple[int, int]] = []
    monkeypatch.setattr("pipeline.beside.os.geteuid", lambda: 0)
    monkeypatch.setattr("pipeline.beside.os.fchown", lambda _, user, group: given_to.append((user, group)))
    return given_to


def test_root_gives_a_file_to_its_owner_and_a_new_one_to_its_folders(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    given_to = owners(monkeypatch)
    seen = put(tmp_path / "a").stat()
    replace_text(tmp_path / "a", "new")
    replace_text(tmp_path / "b", "new")
    masking_key(tmp_path)
    with alone(tmp_path / "c"):
        pass
    folder = tmp_path.stat()
    assert given_to == [(seen.st_uid, seen.st_gid), *[(folder.st_uid, folder.st_gid)] * 3]


def test_root_gives_nothing_away_that_a_link_leads_to(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    given_to = owners(monkeypatch)
    (tmp_path / ".a.lock").symlink_to(tmp_path / "new")
    with alone(tmp_path / "a"):
        pass
    assert given_to == []


def test_file_that_root_may_not_give_away_is_written_all_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise PermissionError(1, os.strerror(1))

    monkeypatch.setattr("pipeline.beside.os.geteuid", lambda: 0)
    monkeypatch.setattr("pipeline.beside.os.fchown", fail)
    replace_text(tmp_path / "a", "new")
    assert (tmp_path / "a").read_text(encoding="utf-8") == "new"


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files away")
def test_what_root_writes_belongs_to_the_user_of_the_nights(tmp_path: Path) -> None:
    folder, file = tmp_path / "state", tmp_path / "state" / "waivers.toml"
    put(file).chmod(0o640)
    for path in (folder, file):
        os.chown(path, OWNER, OWNER)
    with alone(file), alone(folder / "triage.csv"):
        replace_text(file, "new")
        replace_text(folder / "triage.csv", "new")
    masking_key(folder)
    assert {path.name: (path.stat().st_uid, path.stat().st_gid) for path in folder.iterdir()} == dict.fromkeys(
        ["waivers.toml", "triage.csv", ".waivers.toml.lock", ".triage.csv.lock", "masking.key"], (OWNER, OWNER)
    )
    assert stat.S_IMODE(file.stat().st_mode) == 0o640


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files away")
def test_mail_that_root_writes_down_belongs_to_the_user_of_the_nights(tmp_path: Path) -> None:
    outbox = Outbox(tmp_path / "outbox")
    outbox.folder.mkdir(mode=0o700)
    os.chown(outbox.folder, OWNER, OWNER)
    (parcel,) = outbox.put([Message(b"Message-ID: <1@lipowa.example>\r\n\r\nText\r\n", ("a@lipowa.example",))])
    add_to_record(outbox.record, [parcel.delivery], "2026-11-20T02:00:00Z")
    owners = {path.name: path.stat().st_uid for path in outbox.folder.iterdir()}
    assert owners == dict.fromkeys([f"{parcel.key}.json", f"{parcel.key}.eml", "delivered.csv", "lock-put"], OWNER)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files away")
def test_folder_that_root_makes_belongs_to_the_user_of_the_nights(tmp_path: Path) -> None:
    os.chown(tmp_path, OWNER, OWNER)
    for _ in range(2):
        make_owned_folder(tmp_path / "outbox")
        seen = (tmp_path / "outbox").stat()
        assert (seen.st_uid, stat.S_IMODE(seen.st_mode)) == (OWNER, 0o700)


def test_writer_never_follows_a_link_that_is_left_in_its_place(tmp_path: Path) -> None:
    mine = put(tmp_path / "mine", "mine")
    (tmp_path / f".a.{os.getpid()}").symlink_to(mine)
    replace_text(tmp_path / "a", "new")
    assert ((tmp_path / "a").is_symlink(), mine.read_text(encoding="utf-8")) == (False, "mine")


def test_lock_is_beside_what_a_link_leads_to(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(tmp_path / "other" / "file")
    assert lock_of(tmp_path / "link") == tmp_path / "other" / ".file.lock"
