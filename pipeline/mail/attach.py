"""Adds a page to a finished message, which is otherwise left byte by byte as it is."""

from __future__ import annotations

import re
from base64 import encodebytes
from hashlib import sha256

_BETWEEN_FIELDS = re.compile(rb"\r\n(?![ \t])")
# Fields that are about the body, and go with it; the language is that of the message.
_OF_THE_BODY = re.compile(rb"content-(?!language)", re.IGNORECASE)


def with_page(content: bytes, name: str, page: bytes) -> bytes:
    """Return a message (CRLF) with an HTML page attached; the same arguments give the same bytes."""
    head, _, body = content.partition(b"\r\n\r\n")
    fields = _BETWEEN_FIELDS.split(head)
    inner = [field for field in fields if _OF_THE_BODY.match(field)]
    outer = [field for field in fields if not _OF_THE_BODY.match(field)]
    # No line of quoted-printable or base64 can begin so, and no boundary inside is the same.
    mark = b"=_" + sha256(content + page).hexdigest()[:32].encode()
    outer.append(b'Content-Type: multipart/mixed; boundary="' + mark + b'"')
    attached = [
        b'Content-Type: text/html; charset="utf-8"; name="' + name.encode("ascii") + b'"',
        b"Content-Transfer-Encoding: base64",
        b'Content-Disposition: attachment; filename="' + name.encode("ascii") + b'"',
    ]
    parts = [
        *outer, b"",
        b"--" + mark, *inner, b"", body,
        b"--" + mark, *attached, b"", encodebytes(page).rstrip().replace(b"\n", b"\r\n"),
        b"--" + mark + b"--", b"",
    ]  # fmt: skip
    return b"\r\n".join(parts)
