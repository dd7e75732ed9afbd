"""A sender that is killed sends nothing twice, but where nobody can know whether the server has it."""

from __future__ import annotations

import signal
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from pipeline.mail.outbox import Outbox
from tests.pipeline.commandline import ROOT
from tests.pipeline.mail.servers import keeping
from tests.pipeline.mail.test_delivery import A, B, message, server_at

if TYPE_CHECKING:
    from pathlib import Path

# Sends from an outbox, and is killed when it comes to a step for the first time.
PROGRAM = """
import os, signal, sys
from pathlib import Path
from pipeline.mail import connect, outbox, smtp
from pipeline.mail.settings import Security

def killed(*_, **__):
    os.kill(os.getpid(), signal.SIGKILL)

folder, port, owner, step = sys.argv[1:]
setattr({"outbox": outbox, "Outbox": outbox.Outbox, "smtp": smtp}[owner], step, killed)
server = connect.Server("127.0.0.1", int(port), "audit@lipowa.example", Security.NONE, attempts=1)
outbox.Outbox(Path(folder)).flush(server)
"""


def send_and_die(outbox: Outbox, port: int, owner: str, step: str) -> None:
    argv = [sys.executable, "-c", PROGRAM, str(outbox.folder), str(port), owner, step]
    ended = subprocess.run(argv, cwd=ROOT, capture_output=True, check=False)
    assert ended.returncode == -signal.SIGKILL, ended.stderr


def test_killed_between_the_record_and_the_removal_sends_nothing_twice(tmp_path: Path) -> None:
    outbox = Outbox(tmp_path / "outbox")
    outbox.put([message(A, B)])
    with keeping() as keeper:
        send_and_die(outbox, keeper.port, "Outbox", "drop")
        assert len(outbox.parcels()) == 2
        handover = outbox.flush(server_at(keeper.port))
    assert keeper.recipients == [A, B]
    assert (handover, outbox.parcels()) == (type(handover)(), [])


def test_killed_before_the_text_went_sends_it_once(tmp_path: Path) -> None:
    outbox = Outbox(tmp_path / "outbox")
    outbox.put([message(A)])
    with keeping() as keeper:
        send_and_die(outbox, keeper.port, "smtp", "_stuffed")
        assert (keeper.kept, [parcel.doubts for parcel in outbox.parcels()]) == ([], [0])
        outbox.flush(server_at(keeper.port))
    assert keeper.recipients == [A]


def test_killed_between_the_reply_and_the_record_sends_it_once_more_under_the_same_id(tmp_path: Path) -> None:
    """The one place that SMTP leaves open: the second has the same Message-ID, by which a reader can know it."""
    outbox = Outbox(tmp_path / "outbox")
    outbox.put([message(A)])
    with keeping() as keeper:
        send_and_die(outbox, keeper.port, "outbox", "add_to_record")
        assert [parcel.doubts for parcel in outbox.parcels()] == [1]
        outbox.flush(server_at(keeper.port))
        outbox.flush(server_at(keeper.port))
    assert [content for _, _, content in keeper.kept] == [message(A).content] * 2


def test_killed_again_and_again_holds_it_after_the_second_time(tmp_path: Path) -> None:
    outbox = Outbox(tmp_path / "outbox")
    outbox.put([message(A)])
    with keeping() as keeper:
        for _ in range(2):
            send_and_die(outbox, keeper.port, "outbox", "add_to_record")
        handover = outbox.flush(server_at(keeper.port))
    assert ([parcel.recipient for parcel in handover.held], len(keeper.kept)) == ([A], 2)


@pytest.mark.parametrize("again", [False, True])
def test_message_sent_again_on_purpose_is_sent_again_once(
    tmp_path: Path,
    again: bool,  # noqa: FBT001
) -> None:
    outbox = Outbox(tmp_path / "outbox")
    with keeping() as keeper:
        outbox.put([message(A)])
        outbox.flush(server_at(keeper.port))
        outbox.put([message(A)], again=again)
        if again:
            send_and_die(outbox, keeper.port, "Outbox", "drop")
        outbox.flush(server_at(keeper.port))
    assert keeper.recipients == [A] * (1 + again)
