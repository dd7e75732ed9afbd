"""Columns that a page's script reads: small as text, and smaller still when packed."""

from __future__ import annotations

import base64
import gzip
import json
import struct
import zlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

from reports.text import encodable, visible

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

Plain: TypeAlias = "str | int | bool | Sequence[Plain] | Mapping[str, Plain] | Alike | None"
Cell: TypeAlias = "str | int | None"

# From so large a share of different values on, a list of them and of their places is longer than the values.
_HARDLY_REPEATED = 0.6
_HEADER = b"\x1f\x8b\x08\0\0\0\0\0\x02\xff"  # of gzip, without a time


@dataclass(frozen=True)
class Alike:
    """ASCII texts of one length, as identifiers have."""

    texts: tuple[str, ...]


def column(values: Sequence[Cell]) -> dict[str, Plain]:
    """Return values by place: `v` are values; with `i`, these are places in `v`; one value alone stands for all."""
    different = list(dict.fromkeys(values))
    if len(different) <= 1:
        return {"v": _seen(different)}
    if len(different) > _HARDLY_REPEATED * len(values):
        return {"v": _values(values)}
    places = {value: place for place, value in enumerate(different)}
    return {"v": _values(different), "i": [places[value] for value in values]}


def packed(document: Plain) -> str:
    """Return a document as text that a page can hold; the same document is the same text.

    It is base64 of gzip of one line of JSON and one line that holds the texts of one length, all together: random
    digits repeat nothing, and are smaller where nothing is looked for. In the JSON, such texts are their length `w`,
    where they begin `at`, and how many they are `n`.
    """
    heap: list[str] = []
    end = 0

    def put(alike: Alike) -> Plain:
        nonlocal end
        begin, width = end, len(alike.texts[0])
        heap.extend(alike.texts)
        end += width * len(alike.texts)
        return {"w": width, "at": begin, "n": len(alike.texts)}

    text = json.dumps(document, ensure_ascii=False, separators=(",", ":"), default=put) + "\n"
    return base64.b64encode(_gzipped(encodable(text).encode(), "".join(heap).encode())).decode()


def unpacked(text: str) -> str:
    """Return the two lines that `packed` made of a document, for whoever checks a page.

    Raises ValueError or OSError where the text is no such.
    """
    return gzip.decompress(base64.b64decode(text, validate=True)).decode()


def _gzipped(repeating: bytes, random: bytes) -> bytes:
    first = zlib.compressobj(9, zlib.DEFLATED, -15, 9)
    second = zlib.compressobj(9, zlib.DEFLATED, -15, 9, zlib.Z_HUFFMAN_ONLY)
    parts = (first.compress(repeating), first.flush(zlib.Z_FULL_FLUSH), second.compress(random), second.flush())
    check = zlib.crc32(random, zlib.crc32(repeating))
    return b"".join((_HEADER, *parts, struct.pack("<II", check, (len(repeating) + len(random)) & 0xFFFFFFFF)))


def _values(values: Sequence[Cell]) -> Plain:
    seen = _seen(values)
    texts = tuple(text for text in seen if isinstance(text, str) and text.isascii())
    if len(texts) == len(seen) and texts[0] and len({len(text) for text in texts}) == 1:
        return Alike(texts)
    return seen


def _seen(values: Iterable[Cell]) -> list[Cell]:
    return [value if not isinstance(value, str) or value.isprintable() else visible(value) for value in values]
