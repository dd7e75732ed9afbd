"""A whole message from its headers and its parts: the same bytes for the same parts, in lines that any relay takes."""

from __future__ import annotations

from email.charset import QP, Charset
from email.mime.application import MIMEApplication
from email.mime.multipart import MIMEMultipart
from email.mime.nonmultipart import MIMENonMultipart
from email.policy import compat32
from hashlib import sha256
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping
    from email.message import Message

_ON_THE_WIRE = compat32.clone(linesep="\r\n")


def plain(text: str) -> Message:
    """Return a text as the part of a message."""
    return _text(text, "plain")


def alternative(text: str, html: str) -> Message:
    """Return a written text and the same as HTML, of which a reader shows the better one that it can."""
    return _several("alternative", [_text(text, "plain"), _text(html, "html")])


def with_file(body: Message, name: str, content: str) -> Message:
    """Return a body with a CSV file attached."""
    attached = MIMEApplication(content.encode(), "octet-stream")
    attached.replace_header("Content-Type", f'text/csv; charset="utf-8"; name="{name}"')
    attached.add_header("Content-Disposition", "attachment", filename=name)
    return _several("mixed", [body, attached])


def message(headers: Mapping[str, str], body: Message) -> bytes:
    """Return the message as it goes to the server, with CRLF line ends; the headers are encoded and folded already."""
    lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    return lines.encode("ascii") + body.as_bytes(policy=_ON_THE_WIRE)


def _several(kind: str, parts: list[Message]) -> Message:
    content = b"".join(part.as_bytes() for part in parts)
    # No line of quoted-printable or base64 can begin so.
    made = MIMEMultipart(kind, boundary=f"=_{sha256(content).hexdigest()[:32]}")
    for part in parts:
        del part["MIME-Version"]
        made.attach(part)
    return made


def _text(text: str, kind: str) -> Message:
    charset = Charset("utf-8")
    charset.body_encoding = QP
    made = MIMENonMultipart("text", kind)
    made.set_payload(text, charset)
    return made
