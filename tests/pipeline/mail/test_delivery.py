"""A message is delivered exactly once, or waits in the outbox: against real servers on loopback."""

from __future__ import annotations

import errno
import fcntl
import json
import os
import smtplib
import stat
from dataclasses import asdict, replace
from datetime import UTC, datetime, timedelta
from threading import Thread
from typing import TYPE_CHECKING

import pytest

from pipeline.errors import LockedError, UsageError
from pipeline.mail.connect import Server
from pipeline.mail.outbox import DIGEST_KIND, EDITION_KIND, REFUSAL_KIND, Outbox
from pipeline.mail.post import trouble
from pipeline.mail.secret import Secret
from pipeline.mail.settings import Security
from pipeline.mail.smtp import Message
from tests.pipeline.mail.servers import HOST, PASSWORD, USER, Breaking, free_port, keeping

if TYPE_CHECKING:
    from pathlib import Path

    from tests.pipeline.mail.conftest import Certificates

A, B, C = "a@lipowa.example", "b@lipowa.example", "c@wolka.example"


def message(*recipients: str, name: str = "one", text: str = "Hello.") -> Message:
    head = f"From: audit@lipowa.example\r\nMessage-ID: <{name}@lipowa.example>\r\nSubject: test\r\n"
    return Message(f"{head}\r\n{text}\r\n".encode(), recipients)


def server_at(port: int, **more: object) -> Server:
    plain = Server(HOST, port, "audit@lipowa.example", Security.NONE, attempts=1, timeout=5, reply_timeout=0)
    return replace(plain, **more)  # type: ignore[arg-type]


@pytest.fixture
def outbox(tmp_path: Path) -> Outbox:
    return Outbox(tmp_path / "outbox")


def waits(outbox: Outbox) -> list[str]:
    return sorted(parcel.recipient for parcel in outbox.parcels())


def test_message_arrives_as_it_is_and_leaves_nothing_behind_but_the_record(outbox: Outbox) -> None:
    sent = message(A, B, text=".one dot\r\n..two\r\nlast")
    with keeping() as keeper:
        outbox.put([sent])
        assert waits(outbox) == [A, B]
        handover = outbox.flush(server_at(keeper.port))
    assert keeper.kept == [("audit@lipowa.example", (A, B), sent.content)]
    assert [parcel.recipient for parcel in handover.delivered] == [A, B]
    assert sorted(path.name for path in outbox.folder.iterdir()) == ["delivered.csv", "lock", "lock-put"]
    lines = (outbox.folder / "delivered.csv").read_text().splitlines()
    assert [line.split(",")[:2] for line in lines] == [["<one@lipowa.example>", A], ["<one@lipowa.example>", B]]


def test_all_messages_of_a_night_go_over_one_connection(outbox: Outbox) -> None:
    with keeping() as keeper:
        outbox.put([message(A), message(B, name="two"), message(C, name="three")])
        outbox.flush(server_at(keeper.port))
    assert (keeper.recipients, keeper.connections) == ([A, B, C], 1)


def test_same_message_is_not_sent_twice_unless_it_is_to_go_again(outbox: Outbox) -> None:
    with keeping() as keeper:
        for again in (False, False, True):
            outbox.put([message(A)], again=again)
            outbox.flush(server_at(keeper.port))
    assert keeper.recipients == [A, A]


def test_other_bytes_under_the_same_id_are_another_message(outbox: Outbox) -> None:
    with keeping() as keeper:
        for text in ("Hello.", "Hello again."):
            outbox.put([message(A, text=text)])
            outbox.flush(server_at(keeper.port))
    assert keeper.recipients == [A, A]


def test_starttls_and_a_password_on_the_protected_connection(outbox: Outbox, certificates: Certificates) -> None:
    with keeping(certificates.good, auth=True) as keeper:
        outbox.put([message(A)])
        server = server_at(keeper.port, security=Security.STARTTLS, ca_file=certificates.authority)
        handover = outbox.flush(replace(server, user=USER, password=Secret(PASSWORD)))
    assert (keeper.recipients, handover.waiting) == ([A], ())


# The server does not know that a connection which is TLS from its start is protected.
@pytest.mark.filterwarnings("ignore:Requiring AUTH while not requiring TLS:UserWarning")
def test_tls_from_the_start(outbox: Outbox, certificates: Certificates) -> None:
    with keeping(certificates.good, at_once=True, auth=True) as keeper:
        outbox.put([message(A)])
        server = server_at(keeper.port, security=Security.TLS, ca_file=certificates.authority)
        outbox.flush(replace(server, user=USER, password=Secret(PASSWORD)))
    assert keeper.recipients == [A]


def test_wrong_password_is_not_tried_again_and_is_shown_nowhere(outbox: Outbox, certificates: Certificates) -> None:
    waited: list[float] = []
    secret = Secret("wrong-Horse-3")
    with keeping(certificates.good, auth=True) as keeper:
        outbox.put([message(A)])
        server = server_at(keeper.port, security=Security.STARTTLS, ca_file=certificates.authority, attempts=3)
        server = replace(server, user=USER, password=secret)
        handover = outbox.flush(server, sleep=waited.append)
    assert (keeper.kept, waited, waits(outbox)) == ([], [], [A])
    assert handover.waiting[0].last_error == "the server did not accept user auditor and the password (reply 535)"
    assert secret.value not in repr((server, handover, secret))
    assert all(secret.value.encode() not in path.read_bytes() for path in outbox.folder.iterdir())


@pytest.mark.parametrize(
    ("certificate", "said"),
    [
        ("foreign", "the certificate is not accepted: unable to get local issuer certificate"),
        ("other_name", "the certificate is not accepted: IP address mismatch"),
    ],
)
@pytest.mark.parametrize("at_once", [False, True])
def test_certificate_that_does_not_prove_the_server_gets_nothing(
    outbox: Outbox,
    certificates: Certificates,
    certificate: str,
    said: str,
    at_once: bool,  # noqa: FBT001
) -> None:
    with keeping(getattr(certificates, certificate), at_once=at_once) as keeper:
        outbox.put([message(A)])
        security = Security.TLS if at_once else Security.STARTTLS
        handover = outbox.flush(server_at(keeper.port, security=security, ca_file=certificates.authority))
    assert keeper.kept == []
    assert said in handover.waiting[0].last_error
    assert waits(outbox) == [A]


def test_server_without_starttls_gets_nothing(outbox: Outbox) -> None:
    with keeping() as keeper:
        outbox.put([message(A)])
        handover = outbox.flush(server_at(keeper.port, security=Security.STARTTLS, attempts=3), sleep=pytest.fail)
    assert keeper.kept == []
    assert handover.waiting[0].last_error.startswith("the server offers no STARTTLS")


def test_tls_on_a_port_that_speaks_none_is_said_at_once(outbox: Outbox) -> None:
    with keeping() as keeper:
        outbox.put([message(A)])
        handover = outbox.flush(server_at(keeper.port, security=Security.TLS, attempts=3), sleep=pytest.fail)
    assert "no TLS could be agreed on" in handover.waiting[0].last_error


def test_user_on_a_server_that_knows_none(outbox: Outbox) -> None:
    with keeping() as keeper:
        outbox.put([message(A)])
        handover = outbox.flush(server_at(keeper.port, user=USER, password=Secret(PASSWORD)))
    assert handover.waiting[0].last_error == "the server takes no user and password on this connection"


@pytest.mark.parametrize("place", [A, "DATA"])
def test_refusal_in_passing_is_tried_again_after_a_while(outbox: Outbox, place: str) -> None:
    waited: list[float] = []
    with keeping() as keeper:
        keeper.replies[place] = ["451 try later", "451 try later"]
        outbox.put([message(A)])
        handover = outbox.flush(server_at(keeper.port, attempts=3), sleep=waited.append)
    assert (keeper.recipients, waited, handover.waiting) == ([A], [5, 20], ())


def test_refusal_in_passing_that_does_not_pass_waits_for_the_next_run(outbox: Outbox) -> None:
    with keeping() as keeper:
        keeper.replies["DATA"] = ["451 4.3.0 try later"] * 2
        outbox.put([message(A)])
        handover = outbox.flush(server_at(keeper.port, attempts=2), sleep=lambda _: None)
        assert handover.waiting[0].last_error == "the server said 451 4.3.0 try later"
        assert (handover.waiting[0].doubts, waits(outbox)) == (0, [A])
        outbox.flush(server_at(keeper.port))
        outbox.flush(server_at(keeper.port))
    assert keeper.recipients == [A]


def test_one_recipient_that_is_refused_keeps_no_other_from_getting_it(outbox: Outbox) -> None:
    with keeping() as keeper:
        keeper.replies[B] = ["550 5.1.1 no such user"]
        outbox.put([message(A, B, C)])
        handover = outbox.flush(server_at(keeper.port, attempts=3), sleep=pytest.fail)
        assert [(parcel.recipient, parcel.last_error) for parcel in handover.waiting] == [
            (B, "the server said 550 5.1.1 no such user")
        ]
        assert (keeper.recipients, waits(outbox)) == ([A, C], [B])
        outbox.flush(server_at(keeper.port))
    assert keeper.recipients == [A, B, C]


def test_one_recipient_that_is_put_off_gets_it_later_and_the_others_only_once(outbox: Outbox) -> None:
    with keeping() as keeper:
        keeper.replies[B] = ["450 greylisted"]
        keeper.replies[C] = ["550 no such user"]
        outbox.put([message(A, B, C)])
        outbox.flush(server_at(keeper.port, attempts=2), sleep=lambda _: None)
    assert (keeper.recipients, waits(outbox)) == ([A, B], [C])


def test_connection_refused_is_tried_again_and_then_waits(outbox: Outbox) -> None:
    waited: list[float] = []
    outbox.put([message(A, B)])
    handover = outbox.flush(server_at(free_port(), attempts=3), sleep=waited.append)
    assert (waited, waits(outbox)) == ([5, 20], [A, B])
    assert all("connection refused" in parcel.last_error for parcel in handover.waiting)


def test_server_gone_in_the_middle_of_the_text_again_and_again_has_nothing_and_is_in_no_doubt(outbox: Outbox) -> None:
    with Breaking(reads_all=False).running() as broken:
        outbox.put([message(A, text="x\r\n" * 2_000_000)])
        for _ in range(3):
            handover = outbox.flush(server_at(broken.port, attempts=2), sleep=lambda _: None)
            assert (handover.held, [parcel.doubts for parcel in handover.waiting]) == ((), [0])
    assert "before the end of the message: the server closed the connection" in handover.waiting[0].last_error
    assert len(broken.texts) == 6
    with keeping() as keeper:
        # The server of the test reads so long a message line by line.
        assert outbox.flush(server_at(keeper.port, timeout=120)).is_complete
    assert keeper.recipients == [A]


def test_server_gone_after_the_text_gets_the_message_once_more_from_the_next_run(outbox: Outbox) -> None:
    with Breaking(reads_all=True).running() as broken:
        outbox.put([message(A, text="x\r\n" * 100_000)])
        handover = outbox.flush(server_at(broken.port, attempts=3), sleep=pytest.fail)
    assert len(broken.texts) == 1
    assert handover.waiting[0].doubts == 1
    assert "before the server said whether it has the message" in handover.waiting[0].last_error
    with keeping() as keeper:
        outbox.flush(server_at(keeper.port))
        outbox.flush(server_at(keeper.port))
    assert keeper.recipients == [A]


def test_message_in_doubt_twice_is_held_keeps_nothing_else_back_and_goes_when_asked_for(outbox: Outbox) -> None:
    with Breaking(reads_all=True).running() as broken:
        outbox.put([message(A)])
        for held in ([], [A], [A]):
            handover = outbox.flush(server_at(broken.port))
            assert [parcel.recipient for parcel in handover.held] == held
            assert ("Held: 1 (a@lipowa.example): nobody knows" in trouble(handover, outbox.folder)) is bool(held)
    assert (len(broken.texts), waits(outbox)) == (2, [A])
    with keeping() as keeper:
        outbox.put([message(A), message(B, name="two")])
        assert [parcel.recipient for parcel in outbox.flush(server_at(keeper.port)).held] == [A]
        assert keeper.recipients == [B]
        assert outbox.flush(server_at(keeper.port), with_held=True).is_complete
    assert (keeper.recipients, waits(outbox)) == ([A, B], [])


def test_message_that_is_held_goes_where_it_is_sent_again_on_purpose(outbox: Outbox) -> None:
    with Breaking(reads_all=True).running() as broken:
        outbox.put([message(A)])
        for _ in range(2):
            outbox.flush(server_at(broken.port))
    with keeping() as keeper:
        outbox.put([message(A)], again=True)
        assert outbox.flush(server_at(keeper.port)).is_complete
    assert keeper.recipients == [A]


def test_messages_behind_the_one_at_which_the_server_broke_off_go_in_the_next_attempt(outbox: Outbox) -> None:
    with Breaking(reads_all=True).running() as broken:
        outbox.put([message(A), message(B, name="two")])
        handover = outbox.flush(server_at(broken.port, attempts=2), sleep=lambda _: None)
    assert len(broken.texts) == 2
    assert sorted(parcel.doubts for parcel in handover.waiting) == [1, 1]


def test_server_that_says_nothing_more_is_waited_for_only_so_long(outbox: Outbox) -> None:
    with Breaking(reads_all=True, silent=True).running() as broken:
        outbox.put([message(A)])
        handover = outbox.flush(server_at(broken.port, timeout=0.3))
    assert handover.waiting[0].doubts == 1
    assert handover.waiting[0].last_error.endswith("has the message: no answer in time")


def test_server_that_looks_at_a_message_for_long_is_waited_for(outbox: Outbox) -> None:
    with keeping() as keeper:
        keeper.seconds = 1.0
        outbox.put([message(A)])
        handover = outbox.flush(server_at(keeper.port, timeout=0.3, reply_timeout=10))
    assert (handover.is_complete, keeper.recipients) == (True, [A])
    assert Server(HOST, 25, "a@lipowa.example").reply_timeout == 600


def test_two_senders_at_once_send_each_message_once(outbox: Outbox) -> None:
    with keeping() as keeper:
        keeper.seconds = 0.2
        outbox.put([message(A), message(B, name="two")])
        senders = [Thread(target=outbox.flush, args=[server_at(keeper.port)]) for _ in range(3)]
        for sender in senders:
            sender.start()
        for sender in senders:
            sender.join()
    assert keeper.recipients == [A, B]


def test_what_waits_for_a_week_is_given_up(outbox: Outbox) -> None:
    put_at = datetime(2026, 11, 20, 2, tzinfo=UTC)
    outbox.put([message(A)], now=put_at)
    assert outbox.flush(server_at(free_port()), now=put_at + timedelta(days=7)).given_up == ()
    handover = outbox.flush(server_at(free_port()), now=put_at + timedelta(days=7, seconds=1))
    assert [parcel.recipient for parcel in handover.given_up] == [A]
    assert waits(outbox) == []


def test_outbox_is_its_owners_alone(outbox: Outbox) -> None:
    with keeping() as keeper:
        outbox.put([message(A), message(B, name="two")])
        keeper.replies[B] = ["550 no"]
        outbox.flush(server_at(keeper.port))
    assert stat.S_IMODE(outbox.folder.stat().st_mode) == 0o700
    assert {stat.S_IMODE(path.stat().st_mode) for path in outbox.folder.iterdir()} == {0o600}


def test_server_that_closes_after_each_message_uses_up_no_attempt(outbox: Outbox) -> None:
    with keeping() as keeper:
        keeper.each = 1
        outbox.put([message(A, name=f"{number}") for number in range(5)])
        handover = outbox.flush(server_at(keeper.port, attempts=1), sleep=pytest.fail)
    assert (len(handover.delivered), handover.is_complete, keeper.connections) == (5, True, 5)


def test_waits_between_attempts_grow_up_to_five_minutes(outbox: Outbox) -> None:
    waited: list[float] = []
    outbox.put([message(A)])
    outbox.flush(server_at(free_port(), attempts=6), sleep=waited.append)
    assert waited == [5, 20, 80, 300, 300]


def test_message_longer_than_the_server_takes_is_said_and_not_sent(outbox: Outbox) -> None:
    with keeping(size=1_000_000) as keeper:
        outbox.put([message(A, text="x" * 70 + "\r\n" * 600_000), message(B, name="two")])
        handover = outbox.flush(server_at(keeper.port, attempts=3), sleep=pytest.fail)
    assert (keeper.recipients, waits(outbox)) == ([B], [A])
    said = "the message has 1.20 MB, and the server takes at most 1.00 MB"
    assert [parcel.last_error for parcel in handover.waiting] == [said]


def test_way_to_log_in_that_is_not_known_is_said_at_once(outbox: Outbox, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise smtplib.SMTPException

    monkeypatch.setattr("smtplib.SMTP.login", fail)
    with keeping() as keeper:
        outbox.put([message(A)])
        server = server_at(keeper.port, user=USER, password=Secret(PASSWORD), attempts=3)
        handover = outbox.flush(server, sleep=pytest.fail)
    assert handover.waiting[0].last_error.startswith("the server offers no way to log in that csp-audit knows")


def damage(outbox: Outbox, recipient: str, suffix: str, content: bytes) -> Path:
    (parcel,) = (parcel for parcel in outbox.parcels() if parcel.recipient == recipient)
    file = outbox.folder / f"{parcel.key}{suffix}"
    file.write_bytes(content)
    return file


@pytest.mark.parametrize("content", [b"", b"Message-ID: <one@lipowa.example>\r\n\r\ncut", b"Message-ID: <x@y>\r\n"])
def test_message_file_that_is_damaged_is_given_up_and_keeps_no_other_back(outbox: Outbox, content: bytes) -> None:
    outbox.put([message(A, B), message(C, name="two")])
    damage(outbox, A, ".eml", content)
    with keeping() as keeper:
        handover = outbox.flush(server_at(keeper.port))
    assert keeper.recipients == [B, C]
    assert [(parcel.recipient, parcel.last_error) for parcel in handover.given_up] == [
        (A, "the message file is damaged")
    ]


@pytest.mark.parametrize("change", ["", "[]", '{"message_id": ', {"attempts": "one"}, {"created": 7}, {"more": 1}])
def test_envelope_that_is_damaged_is_said_once_and_set_aside(outbox: Outbox, change: str | dict[str, object]) -> None:
    outbox.put([message(A), message(B, name="two")])
    (parcel,) = (parcel for parcel in outbox.parcels() if parcel.recipient == A)
    content = change if isinstance(change, str) else json.dumps(asdict(parcel) | change)
    file = damage(outbox, A, ".json", content.encode())
    assert not outbox.is_empty()
    with keeping() as keeper:
        handover = outbox.flush(server_at(keeper.port))
        assert outbox.flush(server_at(keeper.port)).is_complete
    assert (keeper.recipients, handover.damaged) == ([B], (file.with_name(f"{file.name}.damaged"),))
    names = {path.name for path in outbox.folder.iterdir()} - {"lock", "lock-put", "delivered.csv"}
    assert names == {f"{file.name}.damaged", f"{file.stem}.eml.damaged"}


def test_second_sender_says_that_it_waits_and_does_not_wait_for_ever(outbox: Outbox) -> None:
    said: list[str] = []
    outbox.put([message(A)])
    with (outbox.folder / "lock").open("wb") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        with pytest.raises(LockedError, match=r"another sender has not finished in 0 seconds\. What waits is kept"):
            replace(outbox, patience=0.3).flush(server_at(free_port()), wait=lambda: said.append("waits"))
    assert (said, waits(outbox)) == (["waits"], [A])


def of(kind: str, *recipients: str, name: str, night: str = "2026-11-20") -> Message:
    return replace(message(*recipients, name=name), night=night, kind=kind)


def test_only_the_last_digest_of_a_night_goes_out(outbox: Outbox) -> None:
    outbox.put([of(DIGEST_KIND, A, B, name="first"), of(f"{EDITION_KIND} r-1", A, name="edition")])
    outbox.put([of(DIGEST_KIND, A, name="next-day", night="2026-11-21")])
    outbox.put([of(DIGEST_KIND, A, name="second")])
    found = sorted((parcel.recipient, parcel.message_id.partition("@")[0]) for parcel in outbox.parcels())
    assert found == [(A, "<edition"), (A, "<next-day"), (A, "<second"), (B, "<first")]


def test_night_that_was_audited_after_all_was_not_refused_and_the_other_way_round(outbox: Outbox) -> None:
    outbox.put([of(REFUSAL_KIND, A, C, name="refused")])
    outbox.put([of(DIGEST_KIND, A, B, name="audited")])
    assert waits(outbox) == [A, B]
    outbox.put([of(REFUSAL_KIND, A, name="refused-again")])
    assert sorted(parcel.message_id.partition("@")[0] for parcel in outbox.parcels()) == ["<audited", "<refused-again"]


def test_files_that_are_no_parcels_are_left_alone(outbox: Outbox) -> None:
    outbox.put([message(A)])
    (outbox.folder / "notes.json").write_text("{}")
    (outbox.folder / "torn.json").write_text('{"message_id": ')
    (outbox.folder / "list.json").write_text(json.dumps([1]))
    with keeping() as keeper:
        outbox.flush(server_at(keeper.port))
    assert keeper.recipients == [A]
    assert len(list(outbox.folder.glob("*.json"))) == 3


def test_line_of_the_record_that_a_crash_cut_off_spoils_no_other(outbox: Outbox) -> None:
    with keeping() as keeper:
        outbox.put([message(A)])
        outbox.flush(server_at(keeper.port))
        with outbox.record.open("a", encoding="utf-8") as record:
            record.write("<two@lipowa.example>,b@lip")
        outbox.put([message(B, name="two")])
        outbox.flush(server_at(keeper.port))
        outbox.put([message(A), message(B, name="two")])
        outbox.flush(server_at(keeper.port))
    assert keeper.recipients == [A, B]


@pytest.mark.parametrize("again", [False, True], ids=["the next run", "the same night again"])
def test_message_that_the_record_cannot_take_goes_once_all_the_same(
    outbox: Outbox, monkeypatch: pytest.MonkeyPatch, *, again: bool
) -> None:
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    outbox.put([message(A, B)])
    with keeping() as keeper:
        with monkeypatch.context() as patch:
            patch.setattr("pipeline.mail.outbox.add_to_record", full)
            with pytest.raises(OSError, match="No space"):
                outbox.flush(server_at(keeper.port))
        assert sorted(keeper.recipients) == [A, B]
        assert outbox.parcels() == []
        if again:
            assert outbox.put([message(A, B)]) == []
        assert outbox.flush(server_at(keeper.port)).is_complete
    assert sorted(keeper.recipients) == [A, B]
    assert {path.name for path in outbox.folder.iterdir()} == {"delivered.csv", "lock", "lock-put"}
    assert outbox.put([message(A, B)]) == []


def test_nothing_is_sent_that_the_record_could_not_take(outbox: Outbox) -> None:
    outbox.put([message(A)])
    outbox.record.mkdir()
    with keeping() as keeper:
        with pytest.raises(OSError, match="it is a folder, and has to be a file"):
            outbox.flush(server_at(keeper.port))
        assert keeper.recipients == []
        outbox.record.rmdir()
        assert outbox.flush(server_at(keeper.port)).is_complete
    assert keeper.recipients == [A]


def test_reply_of_the_server_cannot_act_on_a_terminal(outbox: Outbox) -> None:
    with keeping() as keeper:
        keeper.replies[A] = [f"550 no\x1b[2J {'x' * 400}"]
        outbox.put([message(A)])
        error = outbox.flush(server_at(keeper.port)).waiting[0].last_error
    assert error.isprintable()
    assert len(error) <= 200


def test_name_that_no_server_can_have_is_said_at_once(outbox: Outbox) -> None:
    outbox.put([message(A)])
    handover = outbox.flush(server_at(25, host=f"{'x' * 70}.example", attempts=3), sleep=pytest.fail)
    assert "no server of that name" in handover.waiting[0].last_error


def test_authority_that_cannot_be_read_is_wrong_usage(outbox: Outbox, tmp_path: Path) -> None:
    (tmp_path / "empty.pem").write_text("")
    # it would be waited for
    os.mkfifo(tmp_path / "pipe.pem")
    for name in ("none.pem", "empty.pem", "pipe.pem"):
        with pytest.raises(UsageError, match=r"no certificates can be read from it\. Correct mail\.ca_file"):
            outbox.flush(server_at(1, ca_file=tmp_path / name))
