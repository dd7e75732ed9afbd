"""Mail servers on loopback: one that keeps what it gets and replies as it is told, and one that breaks off."""

from __future__ import annotations

import socket
import ssl
import subprocess
import threading
from collections import defaultdict
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult, Envelope, LoginPassword

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

HOST = "127.0.0.1"
USER, PASSWORD = "auditor", "corretto-Batteria-7"


def free_port() -> int:
    with socket.create_server((HOST, 0)) as listening:
        port: int = listening.getsockname()[1]
        return port


@dataclass
class Keeper:
    """Keeps each message that it accepts; `replies` are given in turn, by address or for "DATA", before 250.

    After `each` messages it closes a connection.
    """

    kept: list[tuple[str, tuple[str, ...], bytes]] = field(default_factory=list)
    replies: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    connections: int = 0
    port: int = 0
    seconds: float = 0
    each: int | None = None
    kept_now: int = 0

    @property
    def recipients(self) -> list[str]:
        return sorted(address for _, addresses, _ in self.kept for address in addresses)

    async def handle_EHLO(self, server: Any, session: Any, _: Any, hostname: str, responses: list[str]) -> list[str]:  # noqa: N802, ANN401
        del server
        session.host_name = hostname
        self.connections += 1
        self.kept_now = 0
        return responses

    async def handle_MAIL(self, server: Any, session: Any, envelope: Envelope, address: str, options: Any) -> str:  # noqa: N802, ANN401
        del session, options
        if self.each is not None and self.kept_now >= self.each:
            server.transport.write(b"421 4.7.0 too many messages in one connection\r\n")
            server.transport.close()
        envelope.mail_from = address
        return "250 OK"

    async def handle_RCPT(self, server: Any, session: Any, envelope: Envelope, address: str, options: Any) -> str:  # noqa: N802, ANN401
        del server, session, options
        if self.replies[address]:
            return self.replies[address].pop(0)
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: Any, session: Any, envelope: Envelope) -> str:  # noqa: N802, ANN401
        del server, session
        threading.Event().wait(self.seconds)
        if self.replies["DATA"]:
            return self.replies["DATA"].pop(0)
        assert isinstance(envelope.original_content, bytes)
        self.kept_now += 1
        self.kept.append((str(envelope.mail_from), tuple(envelope.rcpt_tos), envelope.original_content))
        return "250 OK"


def _check(server: Any, session: Any, envelope: Any, mechanism: str, data: Any) -> AuthResult:  # noqa: ANN401
    del server, session, envelope, mechanism
    is_right = isinstance(data, LoginPassword) and (data.login, data.password) == (USER.encode(), PASSWORD.encode())
    return AuthResult(success=is_right, handled=is_right)


class _Controller(Controller):
    def _trigger_server(self) -> None:
        """Look whether it is up without TLS, which would trust no authority of a test."""
        socket.create_connection((self.hostname, self.port), timeout=5).close()


@contextmanager
def keeping(
    certificate: Path | None = None, *, at_once: bool = False, auth: bool = False, size: int | None = None
) -> Iterator[Keeper]:
    """Run a server: plain, with STARTTLS where there is a certificate, or with TLS at once; it may ask for a user."""
    keeper = Keeper(port=free_port())
    context = None
    if certificate:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate)
    options: dict[str, Any] = {"hostname": HOST, "port": keeper.port, "auth_required": auth}
    options |= {"data_size_limit": size} if size else {}
    options |= {"authenticator": _check, "auth_require_tls": bool(context) and not at_once} if auth else {}
    options |= {"ssl_context": context} if at_once else {"tls_context": context, "require_starttls": bool(context)}
    controller = _Controller(keeper, **options)
    controller.start()
    try:
        yield keeper
    finally:
        controller.stop()


class Breaking:
    """Speaks SMTP up to the text of a message, and then is gone, or says nothing more; counts what it has taken."""

    def __init__(self, *, reads_all: bool, silent: bool = False) -> None:
        self.reads_all, self.silent = reads_all, silent
        self.texts: list[bytes] = []
        self.listening = socket.create_server((HOST, 0))
        self.port: int = self.listening.getsockname()[1]
        self.over = threading.Event()
        self.thread = threading.Thread(target=self._serve, daemon=True)

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self.listening.accept()
            except OSError:
                return
            with connection, connection.makefile("rb") as lines:
                self._speak(connection, lines)

    def _speak(self, connection: socket.socket, lines: Any) -> None:  # noqa: ANN401
        connection.sendall(b"220 here\r\n")
        for line in lines:
            if line.upper().startswith(b"DATA"):
                connection.sendall(b"354 go on\r\n")
                text = b""
                for part in lines:
                    text += part
                    if part == b".\r\n" or not self.reads_all:
                        break
                self.texts.append(text)
                if self.silent:
                    self.over.wait(10)
                return
            connection.sendall(b"250 OK\r\n")

    @contextmanager
    def running(self) -> Iterator[Breaking]:
        self.thread.start()
        try:
            yield self
        finally:
            self.over.set()
            self.listening.shutdown(socket.SHUT_RDWR)
            self.listening.close()
            self.thread.join(5)


def _openssl(folder: Path, *words: str) -> None:
    subprocess.run(["openssl", *words], cwd=folder, check=True, capture_output=True)


def make_authority(folder: Path) -> Path:
    """Make an authority of the test's own, and return its certificate."""
    key = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-keyout", "ca.key")
    limits = ("-addext", "basicConstraints=critical,CA:TRUE", "-addext", "keyUsage=critical,keyCertSign,cRLSign")
    _openssl(folder, "req", "-x509", *key, "-subj", "/CN=Test authority", "-days", "30", *limits, "-out", "ca.pem")
    return folder / "ca.pem"


def make_certificate(folder: Path, name: str, alternative: str, days: int = 30) -> Path:
    """Make a certificate by the authority in the folder, with its key in the same file."""
    key = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-keyout", f"{name}.key")
    _openssl(folder, "req", *key, "-subj", f"/CN={name}", "-out", f"{name}.csr")
    (folder / f"{name}.ext").write_text(f"subjectAltName={alternative}\nauthorityKeyIdentifier=keyid\n")
    by = ("-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial", "-days", str(days), "-extfile", f"{name}.ext")
    _openssl(folder, "x509", "-req", "-in", f"{name}.csr", *by, "-out", f"{name}.crt")
    both = folder / f"{name}.pem"
    both.write_bytes((folder / f"{name}.key").read_bytes() + (folder / f"{name}.crt").read_bytes())
    return both
