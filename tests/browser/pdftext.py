"""What stands on the pages of a PDF that Chromium has printed: their text, and how far they were shrunk."""

from __future__ import annotations

import re
import unicodedata
import zlib
from dataclasses import dataclass

_OBJECT = re.compile(rb"^(\d+) 0 obj\s(.*?)^endobj", re.DOTALL | re.MULTILINE)
_STREAM = re.compile(rb"stream\r?\n(.*?)endstream", re.DOTALL)
_FONTS = re.compile(rb"/Font <<(.*?)>>", re.DOTALL)
_FONT = re.compile(rb"/(F\d+) (\d+) 0 R")
_SHOWN = re.compile(rb"/(F\d+) [\d.]+ Tf|<([0-9A-F]+)> Tj")
_MAPPED = re.compile(rb"<([0-9A-F]+)> (?:<([0-9A-F]+)> )?<([0-9A-F]+)>\n")
_SCALE = re.compile(rb"^([.\d]+) 0 0 -[.\d]+ .*? cm.*?^([.\d]+) 0 0 [.\d]+ .*? cm", re.DOTALL | re.MULTILINE)


@dataclass(frozen=True)
class PrintedPage:
    """One page: its text without any space, and how many points one CSS pixel takes (0.75 where nothing was shrunk)."""

    text: str
    scale: float


def printed_pages(pdf: bytes) -> list[PrintedPage]:
    """Return the pages in their order."""
    objects = {int(number): body for number, body in _OBJECT.findall(pdf)}
    pages = [body for body in objects.values() if re.search(rb"/Type /Page\b", body)]
    return [_page(objects, body) for body in pages]


def _page(objects: dict[int, bytes], page: bytes) -> PrintedPage:
    content = _unpacked(objects[_reference(page, b"Contents")])
    named = _FONTS.search(page)
    fonts = _FONT.findall(named[1]) if named else []
    signs = {name: _signs(objects, objects[int(number)]) for name, number in fonts}
    scale = _SCALE.search(content)
    assert scale, "a page begins with its scale"
    return PrintedPage(_text(content, signs), round(float(scale[1]) * float(scale[2]), 3))


def _text(content: bytes, signs: dict[bytes, dict[int, str]]) -> str:
    text, font = [], b""
    for name, shown in _SHOWN.findall(content):
        font = name or font
        glyphs = (int(shown[at : at + 4], 16) for at in range(0, len(shown), 4))
        text.extend(signs.get(font, {}).get(glyph, "") for glyph in glyphs)
    return "".join(unicodedata.normalize("NFKC", "".join(text)).split())


def _signs(objects: dict[int, bytes], font: bytes) -> dict[int, str]:
    """Return the text of each glyph of a font."""
    signs: dict[int, str] = {}
    for first, last, meant in _MAPPED.findall(_unpacked(objects[_reference(font, b"ToUnicode")])):
        start = bytes.fromhex(meant.decode()).decode("utf-16-be")
        for place in range(int(last or first, 16) - int(first, 16) + 1):
            signs[int(first, 16) + place] = start[:-1] + chr(ord(start[-1]) + place)
    return signs


def _reference(body: bytes, name: bytes) -> int:
    found = re.search(rb"/" + name + rb" (\d+) 0 R", body)
    assert found, name
    return int(found[1])


def _unpacked(body: bytes) -> bytes:
    found = _STREAM.search(body)
    assert found, "a stream"
    return zlib.decompress(found[1]) if b"FlateDecode" in body else found[1]
