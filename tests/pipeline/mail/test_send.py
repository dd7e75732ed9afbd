"""`csp-audit send`: a night once more, or what waits; every line that it prints."""

from __future__ import annotations

import errno
import os
import re
import shutil
from typing import TYPE_CHECKING, Any

import pytest

from pipeline.mail.handed import set_down
from pipeline.mail.outbox import Handover, Outbox
from tests.pipeline.commandline import audit, call
from tests.pipeline.exports import AS_OF
from tests.pipeline.mail.nights import ANNA, BRUNO, CARLA, DAWID, forbid, read_mail, write_config, write_exports
from tests.pipeline.mail.servers import Breaking, free_port, keeping
from tests.pipeline.mail.test_delivery import message, server_at

if TYPE_CHECKING:
    from pathlib import Path

    from pipeline.mail.parcel import Parcel

NOT_AUDITED = "2026-11-21"


@pytest.fixture(scope="module")
def nights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a state directory with an audited night and a refused one, of which nobody was mailed."""
    folder = tmp_path_factory.mktemp("nights")
    config = write_config(folder, free_port())
    exports = write_exports(folder / "exports")
    (folder / "empty").mkdir()
    assert audit(exports, AS_OF, folder / "state", "--config", config, "--no-mail").code == 1
    assert audit(folder / "empty", NOT_AUDITED, folder / "state", "--config", config, "--no-mail").code == 3
    return folder / "state"


@pytest.fixture
def state(nights: Path, tmp_path: Path) -> Path:
    return shutil.copytree(nights, tmp_path / "state", symlinks=True)


def test_night_is_sent_again_under_the_same_id_as_often_as_asked_for(state: Path, tmp_path: Path) -> None:
    with keeping() as keeper:
        config = write_config(tmp_path, keeper.port)
        first = call("send", "--config", config, "--state", state)
        again = call("send", AS_OF, "--config", config, "--state", state)
    ids = {address: read_mail(content)["Message-ID"] for _, to, content in keeper.kept for address in to}
    assert (first.code, again.code, first.err, again.err) == (0, 0, "", "")
    assert keeper.recipients == sorted([ANNA, BRUNO, CARLA] * 2)
    lines = [f"{address}: handed over, {ids[address]}" for address in (ANNA, BRUNO, CARLA)]
    assert sorted(first.out.splitlines()) == sorted(again.out.splitlines()) == lines
    assert len({content for _, _, content in keeper.kept}) == 2
    assert "mail: anna@lipowa.example: handed over" in (state / "csp-audit.log").read_text()


def test_night_is_sent_to_one_recipient(state: Path, tmp_path: Path) -> None:
    with keeping() as keeper:
        config = write_config(tmp_path, keeper.port)
        ended = call("send", "latest", "--to", CARLA.upper(), "--config", config, "--state", state)
    assert (ended.code, ended.out.count("\n"), keeper.recipients) == (0, 1, [CARLA])


def test_refused_night_is_sent_again_to_those_who_want_failures(state: Path, tmp_path: Path) -> None:
    with keeping() as keeper:
        config = write_config(tmp_path, keeper.port)
        ended = call("send", NOT_AUDITED, "--config", config, "--state", state)
    assert (ended.code, keeper.recipients) == (0, [ANNA, BRUNO, DAWID])


def test_dry_run_says_what_would_go_to_whom_and_sends_nothing(state: Path, tmp_path: Path) -> None:
    config = write_config(tmp_path, free_port())
    ended = call("send", "--dry-run", "--config", config, "--state", state)
    folder = state / "runs" / AS_OF / "mail"
    assert (ended.code, ended.err) == (0, "")
    assert ended.out.splitlines() == [
        f"{ANNA}: en, verify: {folder / 'en-verify.eml'}",
        f"{BRUNO}: it, violation: {folder / 'it-violation.eml'}",
        f"{CARLA}: en, verify: {folder / 'en-verify.eml'}",
    ]
    assert not (state / "outbox").exists()


def test_what_cannot_be_handed_over_waits_and_goes_from_the_outbox_once(state: Path, tmp_path: Path) -> None:
    config = write_config(tmp_path, free_port())
    ended = call("send", "--to", ANNA, "--config", config, "--state", state)
    assert ended.code == 1
    assert re.fullmatch(rf"{ANNA}: waits in {state / 'outbox'}: 127\.0\.0\.1:\d+: connection refused\n", ended.out)
    listed = call("send", "--outbox", "--dry-run", "--config", config, "--state", state)
    assert re.fullmatch(
        rf"{ANNA}: waits since \d{{4}}-\d\d-\d\dT\d\d:\d\dZ, <.*@csp-audit.lipowa.example>\n", listed.out
    )
    with keeping() as keeper:
        config = write_config(tmp_path, keeper.port)
        sent = call("send", "--outbox", "--config", config, "--state", state)
        after = call("send", "--outbox", "--config", config, "--state", state)
    assert sent.out.startswith(f"{ANNA}: handed over, <")
    assert (sent.code, after.code, after.out, keeper.recipients) == (0, 0, "Nothing waits.\n", [ANNA])


def test_partial_refusal_is_told_by_address(state: Path, tmp_path: Path) -> None:
    with keeping() as keeper:
        keeper.replies[CARLA] = ["550 5.1.1 no such user"]
        ended = call("send", "--config", write_config(tmp_path, keeper.port), "--state", state)
    assert ended.code == 1
    assert keeper.recipients == [ANNA, BRUNO]
    assert f"{CARLA}: waits in {state / 'outbox'}: the server said 550 5.1.1 no such user\n" in ended.out


def test_recipient_of_whom_the_night_knew_nothing_is_told(state: Path, tmp_path: Path) -> None:
    with keeping() as keeper:
        new = '[[mail.recipients]]\naddress = "ewa@lipowa.example"\nlanguage = "pl"\n'
        ended = call("send", "--config", write_config(tmp_path, keeper.port, recipients=new), "--state", state)
    assert (ended.code, keeper.kept) == (1, [])
    assert ended.out == "ewa@lipowa.example: pl, verify: the night made no such mail; csp-audit run makes it\n"


def test_nothing_waits_where_nothing_ever_did(tmp_path: Path) -> None:
    ended = call("send", "--outbox", "--state", tmp_path / "none")
    assert (ended.code, ended.out, ended.err) == (0, "Nothing waits.\n", "")
    assert not (tmp_path / "none").exists()


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--to", "q@lipowa.example"], f"q@lipowa.example gets no mail of this night. Those who do: {ANNA}, {BRUNO}"),
        (["2026-11-01"], "no night 2026-11-01 was audited."),
        (["latest", "--outbox"], "--outbox sends what waits, of any night to anybody. Leave out RUN and --to"),
        (["--held"], "--held goes with --outbox. Add it, or leave out --held."),
        (["--to", ANNA, "--outbox"], "--outbox sends what waits, of any night to anybody. Leave out RUN and --to"),
    ],
)
def test_wrong_usage_is_one_line(state: Path, tmp_path: Path, words: list[str], said: str) -> None:
    ended = call("send", *words, "--config", write_config(tmp_path, free_port()), "--state", state)
    assert (ended.code, ended.out, ended.err.count("\n")) == (2, "", 1)
    assert ended.err.startswith(f"csp-audit: {said}")


def test_configuration_without_mail_is_said(state: Path) -> None:
    ended = call("send", "--state", state)
    assert (ended.code, ended.err) == (
        2,
        (
            "csp-audit: the configuration has no section [mail], so nobody is mailed. "
            "Add one, and name the file by --config.\n"
        ),
    )


def test_outbox_that_cannot_be_written_is_said(state: Path, tmp_path: Path) -> None:
    (state / "outbox").write_text("in the way")
    ended = call("send", "--config", write_config(tmp_path, free_port()), "--state", state)
    assert (ended.code, ended.err) == (
        2,
        f"csp-audit: {state / 'outbox'}: cannot be written: File exists. Check the folder and its permissions.\n",
    )


def test_nobody_to_send_to_is_said(state: Path, tmp_path: Path) -> None:
    with keeping() as keeper:
        only = f'[[mail.recipients]]\naddress = "{DAWID}"\nonly = "failure"\n'
        ended = call("send", "--config", write_config(tmp_path, keeper.port, recipients=only), "--state", state)
    assert (ended.code, ended.out, keeper.kept) == (0, "Nobody gets the mail of this night.\n", [])


def test_held_message_is_shown_and_sent_on_request_alone(state: Path, tmp_path: Path) -> None:
    with Breaking(reads_all=True).running() as broken:
        config = write_config(tmp_path, broken.port)
        call("send", "--to", ANNA, "--config", config, "--state", state)
        for _ in range(2):
            ended = call("send", "--outbox", "--config", config, "--state", state)
            assert ended.code == 1
            assert re.fullmatch(rf"{ANNA}: held, <.*>: nobody knows whether .* --outbox --held sends it\n", ended.out)
        listed = call("send", "--outbox", "--dry-run", "--config", config, "--state", state)
        assert listed.out.startswith(f"{ANNA}: held, in doubt since ")
    with keeping() as keeper:
        config = write_config(tmp_path, keeper.port)
        ended = call("send", "--outbox", "--held", "--config", config, "--state", state)
    assert (ended.code, keeper.recipients) == (0, [ANNA])
    assert call("send", "--outbox", "--state", state).out == "Nothing waits.\n"


def test_damaged_envelope_is_said_in_one_line(state: Path, tmp_path: Path) -> None:
    config = write_config(tmp_path, free_port())
    call("send", "--to", ANNA, "--config", config, "--state", state)
    (envelope,) = (state / "outbox").glob("*.json")
    envelope.write_text("")
    ended = call("send", "--outbox", "--config", config, "--state", state)
    said = "a message that waited is damaged and was not sent; csp-audit send RUN sends a night again"
    assert (ended.code, ended.out) == (1, f"{envelope}.damaged: {said}\n")
    assert call("send", "--outbox", "--config", config, "--state", state).out == "Nothing waits.\n"


def test_what_another_sender_took_meanwhile_is_said(
    state: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put = Outbox.put

    def taken(outbox: Outbox, *words: Any, **more: Any) -> list[Parcel]:  # noqa: ANN401
        parcels = put(outbox, *words, **more)
        outbox.flush(server_at(keeper.port))
        return parcels

    monkeypatch.setattr(Outbox, "put", taken)
    with keeping() as keeper:
        ended = call("send", "--to", ANNA, "--config", write_config(tmp_path, keeper.port), "--state", state)
    assert (ended.code, keeper.recipients) == (0, [ANNA])
    assert ended.out.startswith(f"{ANNA}: handed over by another sender, <")


def test_fault_leaves_its_diagnostics_in_the_state_directory(
    state: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise RuntimeError

    monkeypatch.setattr(Outbox, "put", fail)
    ended = call("send", "--config", write_config(tmp_path, free_port()), "--state", state)
    assert ended.code == 70
    assert len(list(state.glob("csp-audit-fault-*.txt"))) == 1


def test_file_of_the_night_that_cannot_be_read_is_said(state: Path, tmp_path: Path) -> None:
    file = state / "runs" / AS_OF / "mail" / "en-verify.eml"
    file.unlink()
    file.mkdir()
    ended = call("send", "--config", write_config(tmp_path, free_port()), "--state", state)
    assert (ended.code, ended.err) == (
        2,
        f"csp-audit: {file}: cannot be read: Is a directory. Check the file and its permissions.\n",
    )


@pytest.mark.parametrize("more", [(), ("--dry-run",)])
def test_outbox_that_may_not_be_read_is_said(
    state: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, more: tuple[str, ...]
) -> None:
    forbid(monkeypatch, state / "outbox")
    ended = call("send", "--outbox", *more, "--config", write_config(tmp_path, free_port()), "--state", state)
    said = "cannot be read: Permission denied. Check its permissions, or ask as the user that runs the audit."
    assert (ended.code, ended.out, ended.err) == (2, "", f"csp-audit: {state / 'outbox'}: {said}\n")


REFUSED_BY_THE_SYSTEM = {
    errno.EACCES: "may not be read or written. Check its permissions",
    errno.EROFS: "the file system has become read-only",
    errno.ENOSPC: "the disk is full",
    errno.EFBIG: "a file may not grow any further",
}


@pytest.mark.parametrize("number", REFUSED_BY_THE_SYSTEM)
@pytest.mark.parametrize(
    "step", ["pathlib.Path.exists", "pipeline.warehouse.is_file", "pipeline.mail.outbox.Outbox.has_delivered"]
)
def test_what_the_system_refuses_is_one_line(
    state: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: str, number: int
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise OSError(number, os.strerror(number), str(state / "runs" / AS_OF))

    config = write_config(tmp_path, free_port())
    monkeypatch.setattr(step, refuse)
    # So that somebody is looked for whom another sender has served.
    monkeypatch.setattr("pipeline.mail.outbox.Outbox.flush", lambda *_, **__: Handover())
    ended = call("send", AS_OF, "--config", config, "--state", state)
    assert (ended.code, ended.out, ended.err.count("\n")) == (2, "", 1)
    assert REFUSED_BY_THE_SYSTEM[number] in ended.err


def test_parcels_that_the_record_could_not_take_are_put_into_it(state: Path, tmp_path: Path) -> None:
    outbox = Outbox(state / "outbox")
    parcels = outbox.put([message(ANNA)])
    set_down(outbox.folder, parcels)
    config = write_config(tmp_path, free_port())
    ended = call("send", "--outbox", "--config", config, "--state", state)
    assert (ended.code, ended.out, outbox.is_empty(), outbox.has_delivered(parcels[0])) == (
        0,
        "Nothing waits.\n",
        True,
        True,
    )
