"""Everything that a file says: also what is packed into a page, encoded in a mail or compressed."""

from __future__ import annotations

import gzip
import io
import json
import re
import zipfile
import zlib
from email.parser import BytesParser
from email.policy import default
from typing import TYPE_CHECKING, Any

from reports.columns import unpacked

if TYPE_CHECKING:
    from collections.abc import Iterator

_PACKED = re.compile(r'id="findings-data">([A-Za-z0-9+/=\s]+)<')
_HEADER = re.compile(rb"[A-Za-z][A-Za-z0-9-]*:[ \t]")
# An attachment of a message in an archive goes deeper than anything that the program writes.
_DEEPEST = 6
_DEPTH = "packed too deep to be looked into"


def texts(content: bytes, depth: int = 0) -> Iterator[str]:
    """Return the texts of a file: as it is, and each that is packed in it."""
    if depth > _DEEPEST:
        raise ValueError(_DEPTH)
    text = content.decode("utf-8", "replace")
    # A line of a mail that ends so goes on in the next one.
    yield text.replace("=\r\n", "").replace("=\n", "") if _is_mail(content, text) else text
    for inner in _inner(content, text):
        yield from texts(inner, depth + 1)
    for found in _PACKED.finditer(text):
        yield _page_data(found[1])


def _inner(content: bytes, text: str) -> Iterator[bytes]:
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        yield content.decode("utf-16", "replace").encode("utf-8", "replace")
    elif content.startswith(b"\x1f\x8b"):
        yield from _unzipped(content)
    elif zipfile.is_zipfile(io.BytesIO(content)):
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            for member in archive.infolist():
                yield member.filename.encode("utf-8", "replace")
                yield archive.read(member)
    elif _is_mail(content, text):
        yield from _parts(content)


def _is_mail(content: bytes, text: str) -> bool:
    return _HEADER.match(content) is not None and "content-type:" in text.lower()


def _unzipped(content: bytes) -> Iterator[bytes]:
    try:
        yield gzip.decompress(content)
    except (OSError, EOFError, zlib.error):
        # Cut off: what is there can be read all the same.
        yield zlib.decompressobj(31).decompress(content)


def _parts(message: bytes) -> Iterator[bytes]:
    """Return the headers and the parts of a mail, decoded."""
    for part in BytesParser(policy=default).parsebytes(message).walk():
        yield "\n".join(str(value) for value in part.values()).encode("utf-8", "replace")
        if not part.is_multipart():
            payload: Any = part.get_payload(decode=True)
            charset = part.get_content_charset() or "utf-8"
            yield _recoded(payload or b"", charset)


def _recoded(payload: bytes, charset: str) -> bytes:
    try:
        return payload if charset in {"utf-8", "us-ascii"} else payload.decode(charset).encode()
    except (LookupError, UnicodeDecodeError):
        return payload


def _page_data(packed: str) -> str:
    """Return all texts of a page's data, one a line."""
    document, _, heap = unpacked("".join(packed.split())).partition("\n")
    return "\n".join(_strings(json.loads(document), heap))


def _strings(value: Any, heap: str) -> Iterator[str]:  # noqa: ANN401 - any JSON
    if isinstance(value, str):
        yield value
    elif isinstance(value, list):
        for each in value:
            yield from _strings(each, heap)
    elif isinstance(value, dict) and value.keys() == {"w", "at", "n"}:
        width, begin = value["w"], value["at"]
        yield from (heap[begin + place * width :][:width] for place in range(value["n"]))
    elif isinstance(value, dict):
        yield from value
        for each in value.values():
            yield from _strings(each, heap)
