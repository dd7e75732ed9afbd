"""Dead-man services on loopback: each records what it is asked, and answers well, badly, elsewhere, or never."""

from __future__ import annotations

import socket
import threading
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

HOST = "127.0.0.1"


@dataclass
class Service:
    """`answers` are given in turn, then 200; a text is where to look instead. `asked` has what was asked for."""

    answers: list[int | str] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)
    agents: set[str] = field(default_factory=set)
    port: int = 0

    @property
    def url(self) -> str:
        return f"http://{HOST}:{self.port}/s3cret-token"


@contextmanager
def serving(*answers: int | str) -> Iterator[Service]:
    """Give a service for as long as the block lasts."""
    service = Service([*answers])

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            service.asked.append(self.path)
            service.agents.add(self.headers["User-Agent"])
            answer = service.answers.pop(0) if service.answers else 200
            self.send_response(answer if isinstance(answer, int) else 302)
            if isinstance(answer, str):
                self.send_header("Location", answer)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    with ThreadingHTTPServer((HOST, 0), Handler) as server:
        service.port = server.server_port
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield service
        finally:
            server.shutdown()
            thread.join()


@contextmanager
def silent(trickle: bytes = b"") -> Iterator[str]:
    """Give the address of a server that accepts and never answers, or only some bytes, again and again."""
    over = threading.Event()
    held: list[socket.socket] = []

    def serve(listening: socket.socket) -> None:
        listening.settimeout(0.05)
        while not over.wait(0.02):
            with suppress(TimeoutError):
                held.append(listening.accept()[0])
            for each in held:
                with suppress(OSError):
                    each.sendall(trickle)

    with socket.create_server((HOST, 0)) as listening:
        thread = threading.Thread(target=serve, args=(listening,))
        thread.start()
        try:
            yield f"http://{HOST}:{listening.getsockname()[1]}/s3cret-token"
        finally:
            over.set()
            thread.join()
            for each in held:
                each.close()


def closed_port() -> int:
    """Return a port that nobody listens on."""
    with socket.create_server((HOST, 0)) as listening:
        port: int = listening.getsockname()[1]
        return port
