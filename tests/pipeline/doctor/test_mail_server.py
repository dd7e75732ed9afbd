"""The doctor's look at the mail server: real servers on loopback, and no mail is ever sent."""

from __future__ import annotations

import os
import socket
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from tests.pipeline.doctor.worlds import World, healthy, said_of
from tests.pipeline.mail.nights import forbid
from tests.pipeline.mail.servers import (
    HOST,
    PASSWORD,
    USER,
    Keeper,
    free_port,
    keeping,
    make_authority,
    make_certificate,
)

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with an authority and certificates by it."""
    folder = tmp_path_factory.mktemp("certificates")
    make_authority(folder)
    make_certificate(folder, "good", "IP:127.0.0.1")
    make_certificate(folder, "other", "DNS:mail.lipowa.example")
    make_certificate(folder, "ending", "IP:127.0.0.1", days=5)
    return folder


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    return healthy(tmp_path_factory.mktemp("healthy") / "world")


def configure(world: World, port: int, security: str = "none", more: str = "") -> None:
    world.configure(
        f'[mail]\nhost = "{HOST}"\nport = {port}\nsecurity = "{security}"\nsender = "audit@lipowa.example"\n{more}\n'
        '[[mail.recipients]]\naddress = "anna@lipowa.example"\n'
    )


def server_line(world: World) -> tuple[str, str, str]:
    """Return what the doctor says of the server, which is all that can be wrong in this world."""
    said = said_of(world)
    assert said.wrong <= {"mail server"}
    return said.lines["mail server"]


@pytest.fixture
def guarded(folder: Path, world: World) -> Iterator[Keeper]:
    """Run a server that asks for STARTTLS, a user and a password, and configure it."""
    with keeping(folder / "good.pem", auth=True) as keeper:
        configure(world, keeper.port, "starttls", f'user = "{USER}"\nca_file = "{folder / "ca.pem"}"')
        yield keeper


def test_pipe_in_the_place_of_the_authority_is_not_waited_for(world: World, tmp_path: Path) -> None:
    pipe = tmp_path / "pipe.pem"
    os.mkfifo(pipe)
    configure(world, 25, "starttls", f'ca_file = "{pipe}"')
    mark, found, _ = server_line(world)
    assert (mark, found) == ("failed", f"{pipe}: no certificates can be read from it. Correct mail.ca_file")


def test_server_that_takes_the_mail_is_ok_and_gets_none(
    world: World, guarded: Keeper, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CSP_AUDIT_SMTP_PASSWORD", PASSWORD)
    mark, found, _ = server_line(world)
    ends = datetime.now(UTC) + timedelta(days=30)
    assert mark == "ok"
    assert found == (
        f"{HOST}:{guarded.port} answers and accepts user {USER}; its certificate is valid until {ends:%Y-%m-%d}"
    )
    assert (guarded.kept, guarded.connections > 0) == ([], True)


def test_wrong_password_is_said_and_never_shown(world: World, guarded: Keeper, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CSP_AUDIT_SMTP_PASSWORD", "sbagliato-Batteria-8")
    mark, found, step = server_line(world)
    assert (mark, f"did not accept user {USER} and the password" in found) == ("failed", True)
    assert "Correct [mail]" in step
    assert "sbagliato" not in world.doctor().out + world.doctor("--json").out
    assert guarded.kept == []


def test_password_that_is_missing_is_said(world: World, guarded: Keeper) -> None:
    mark, found, _ = server_line(world)
    assert (mark, "there is no password" in found, guarded.connections) == ("failed", True, 0)


def test_password_file_that_others_may_read_is_said(world: World, folder: Path, tmp_path: Path) -> None:
    file = tmp_path / "password"
    file.write_text(PASSWORD)
    file.chmod(0o644)
    with keeping(folder / "good.pem", auth=True) as keeper:
        configure(world, keeper.port, "starttls", f'user = "{USER}"\npassword_file = "{file}"')
        mark, found, _ = server_line(world)
    assert (mark, f"{file}: others may read the password" in found) == ("failed", True)


@pytest.mark.parametrize(
    ("certificate", "trusted", "mark", "told"),
    [
        ("good", True, "ok", "its certificate is valid until"),
        ("ending", True, "warning", "its certificate ends on"),
        ("other", True, "failed", "the certificate is not accepted: IP address mismatch"),
        ("good", False, "failed", "the certificate is not accepted: "),
    ],
)
def test_certificate_is_judged(
    world: World,
    folder: Path,
    certificate: str,
    trusted: bool,  # noqa: FBT001 - a case
    mark: str,
    told: str,
) -> None:
    with keeping(folder / f"{certificate}.pem", at_once=True) as keeper:
        configure(world, keeper.port, "tls", f'ca_file = "{folder / "ca.pem"}"' if trusted else "")
        line = server_line(world)
    assert (line[0], told in line[1], keeper.kept) == (mark, True, [])


def test_server_without_tls_is_said(world: World) -> None:
    with keeping() as keeper:
        configure(world, keeper.port)
        assert server_line(world)[:2] == (
            "ok",
            f'{HOST}:{keeper.port} answers; without TLS, as mail.security = "none" says',
        )
        configure(world, keeper.port, "starttls")
        line = server_line(world)
    assert (line[0], "the server offers no STARTTLS" in line[1], keeper.kept) == ("failed", True, [])


def test_closed_port_is_said(world: World) -> None:
    port = free_port()
    configure(world, port)
    mark, found, step = server_line(world)
    assert (mark, found) == ("failed", f"{HOST}:{port}: connection refused; mail waits in the outbox")
    assert step.startswith(f"Ask who runs {HOST}; ")


def test_server_that_says_nothing_is_not_waited_for(world: World) -> None:
    with socket.create_server((HOST, 0)) as listening:
        configure(world, listening.getsockname()[1], more="timeout_seconds = 0.2")
        mark, found, _ = server_line(world)
    assert (mark, "no answer in time" in found) == ("failed", True)


def test_outbox_that_may_not_be_read_is_no_empty_one(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    forbid(monkeypatch, world.state / "outbox")
    assert said_of(world).lines["outbox"] == (
        "failed",
        f"{world.state / 'outbox'}: permission denied",
        "Check the file and its permissions",
    )
