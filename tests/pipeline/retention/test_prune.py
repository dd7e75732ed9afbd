"""What is kept no longer goes, and nothing else; the newest night never does."""

from __future__ import annotations

import os
import shutil
from datetime import UTC, date, datetime, timedelta
from email.message import EmailMessage
from typing import TYPE_CHECKING

import pytest

from pipeline.config import RetentionConfig
from pipeline.mail.outbox import Outbox
from pipeline.mail.smtp import Message
from pipeline.retention.pruning import prune_nights
from pipeline.state import State
from tests.pipeline.commandline import call

if TYPE_CHECKING:
    from pathlib import Path

DAYS = [date(2026, 1, 1) + timedelta(days=n) for n in range(6)]


@pytest.fixture
def state(tmp_path: Path) -> Path:
    """Return a state directory of six nights, three refusals, four earlier warehouses and two mails that wait."""
    root = tmp_path / "state"
    for kind, days in (("runs", DAYS), ("refused", DAYS[:3])):
        for day in days:
            (root / kind / day.isoformat() / "mail").mkdir(parents=True)
            (root / kind / day.isoformat() / "run.json").write_text("{}", encoding="utf-8")
    (root / "runs" / "notes").mkdir()
    (root / "latest").symlink_to(f"runs/{DAYS[-1]}")
    (root / "kept").mkdir()
    for day in DAYS[:4]:
        (root / "kept" / f"warehouse-{day:%Y%m%d}T000000.000000Z.duckdb").write_bytes(b"12345")
    (root / "kept" / f"warehouse-{DAYS[0]:%Y%m%d}T000000.000000Z.duckdb.wal").write_bytes(b"1")
    (root / "kept" / "damaged-20260101T000000Z.duckdb").write_bytes(b"123")
    for age in (31, 29):
        Outbox(root / "outbox").put([mail(age)], now=datetime.now(UTC) - timedelta(days=age))
    return root


def mail(age: int) -> Message:
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = "csp@partner.example", "lead@partner.example", f"{age}"
    message["Message-ID"] = f"<{age}@partner.example>"
    message.set_content("A night.")
    return Message(message.as_bytes(), ("lead@partner.example",))


def config(folder: Path, text: str) -> Path:
    path = folder / "csp-audit.toml"
    path.write_text(text, encoding="utf-8")
    return path


def names(folder: Path) -> set[str]:
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*")}


def test_what_is_kept_no_longer_goes(state: Path, tmp_path: Path) -> None:
    small = config(tmp_path, "keep = 2\nretention = { runs = 2, refused = 1 }\n")
    ended = call("prune", "--state", state, "--config", small)
    assert (ended.code, ended.err) == (0, "")
    assert {path.name for path in (state / "runs").iterdir()} == {"2026-01-05", "2026-01-06", "notes"}
    assert {path.name for path in (state / "refused").iterdir()} == {"2026-01-03"}
    assert {path.name for path in (state / "kept").iterdir()} == {
        "damaged-20260101T000000Z.duckdb",
        "warehouse-20260103T000000.000000Z.duckdb",
        "warehouse-20260104T000000.000000Z.duckdb",
    }
    assert not [*state.glob("work-*")]
    assert "runs/2026-01-01" in ended.out
    assert "bytes freed" in ended.out
    assert call("prune", "--state", state, "--config", small).out == "Nothing to remove.\n"


def test_mail_that_waits_for_too_long_is_moved_aside_and_not_lost(state: Path) -> None:
    ended = call("prune", "--state", state)
    assert "(to outbox/expired)" in ended.out
    (left,) = Outbox(state / "outbox").parcels()
    assert left.message_id == "<29@partner.example>"
    (aside,) = Outbox(state / "outbox" / "expired").parcels()
    assert aside.message_id == "<31@partner.example>"
    assert (state / "outbox" / "expired" / f"{aside.key}.eml").read_bytes() == mail(31).content


def test_dry_run_lists_the_same_and_changes_nothing(state: Path, tmp_path: Path) -> None:
    small = config(tmp_path, "keep = 0\nretention = { runs = 1, refused = 1, mail_days = 1 }\n")
    before = names(state)
    told = call("prune", "--dry-run", "--damaged", "--state", state, "--config", small)
    assert (told.code, told.err, names(state)) == (0, "", before)
    done = call("prune", "--damaged", "--state", state, "--config", small)
    assert done.out == told.out.replace("would be freed", "freed")
    assert names(state) != before


def test_night_that_latest_points_at_stays_though_newer_ones_are_there(state: Path, tmp_path: Path) -> None:
    (state / "latest").unlink()
    (state / "latest").symlink_to(f"runs/{DAYS[0]}")
    assert call("prune", "--state", state, "--config", config(tmp_path, "retention = { runs = 1 }\n")).code == 0
    assert {path.name for path in (state / "runs").iterdir()} == {"2026-01-01", "2026-01-06", "notes"}


def test_keep_of_the_command_goes_before_the_configuration(state: Path) -> None:
    assert call("prune", "--keep", "0", "--state", state).code == 0
    assert {path.name for path in (state / "kept").iterdir()} == {"damaged-20260101T000000Z.duckdb"}


def test_end_of_a_run_takes_old_nights_away_and_never_fails(state: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(*_: object) -> None:
        raise OSError(30, os.strerror(30))

    with monkeypatch.context() as patched:
        patched.setattr(shutil, "rmtree", refused)
        prune_nights(State(state), RetentionConfig(runs=2, refused=1))
    assert "2026-01-01" not in {path.name for path in (state / "runs").iterdir()}
    prune_nights(State(state), RetentionConfig(runs=2, refused=1))
    assert {path.name for path in (state / "runs").iterdir()} == {"2026-01-05", "2026-01-06", "notes"}


def test_run_at_work_and_a_directory_that_is_not_there_are_said(state: Path, tmp_path: Path) -> None:
    with State(state).locked():
        assert call("prune", "--state", state).code == 4
    ended = call("prune", "--state", tmp_path / "nowhere")
    assert (ended.code, (tmp_path / "nowhere").exists()) == (2, False)


def test_linked_place_is_pruned_and_nothing_behind_any_other_link_is_deleted(state: Path, tmp_path: Path) -> None:
    theirs = tmp_path / "theirs"
    theirs.mkdir()
    (theirs / "notes.txt").write_text("kept", encoding="utf-8")
    for place in ("runs", "kept", "outbox"):
        (state / place).rename(tmp_path / place)
        (state / place).symlink_to(tmp_path / place)
    (state / "runs" / "2026-01-01" / "more").symlink_to(theirs)
    (state / "runs" / "2025-12-31").symlink_to(theirs)
    (state / "kept" / "damaged-theirs").symlink_to(theirs)
    # A kept copy that is a link has a log beside what it leads to, which is somebody's.
    for name in ("warehouse.duckdb", "warehouse.duckdb.wal"):
        (theirs / name).write_text("theirs", encoding="utf-8")
    (state / "kept" / "warehouse-20251201T000000.000000Z.duckdb").symlink_to(theirs / "warehouse.duckdb")
    small = config(tmp_path, "keep = 1\nretention = { runs = 1 }\n")
    ended = call("prune", "--damaged", "--state", state, "--config", small)
    assert (ended.code, ended.err) == (0, "")
    assert {path.name for path in (tmp_path / "runs").iterdir()} == {"2025-12-31", "2026-01-06", "notes"}
    assert {path.name for path in (tmp_path / "kept").iterdir()} == {"warehouse-20260104T000000.000000Z.duckdb"}
    assert (tmp_path / "outbox" / "expired").is_dir()
    assert names(theirs) == {"notes.txt", "warehouse.duckdb", "warehouse.duckdb.wal"}
    assert not [*state.glob("work-*")]
