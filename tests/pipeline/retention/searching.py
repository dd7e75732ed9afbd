"""Reads everything that a state directory holds, by other means than the program does."""

from __future__ import annotations

import email
import gzip
import html
import io
import json
import re
import unicodedata
import zipfile
from base64 import b64decode
from typing import TYPE_CHECKING

import duckdb

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


def everything(state: Path) -> dict[Path, str]:
    """Return all texts of every file, in lower case and composed, with escapes undone."""
    files = [path for path in sorted(state.rglob("*")) if path.is_file() and not path.is_symlink()]
    return {path: "\n".join(map(plain, _texts(path))) for path in files}


def plain(text: str) -> str:
    text = text.replace("=\r\n", "").replace("=\n", "")
    text = re.sub(r"\\u([0-9a-f]{4})", lambda found: chr(int(found[1], 16)), html.unescape(text))
    text = " ".join(text.replace('\\"', '"').replace('""', '"').replace("\\n", " ").split())
    return unicodedata.normalize("NFC", text).lower()


def holding(texts: dict[Path, str], *signs: str, but: tuple[str, ...] = ()) -> list[tuple[str, str]]:
    """Return the files that have one of the signs, and which; a sign inside one of `but` does not count."""
    found = []
    for path, text in texts.items():
        own = text
        for other in but:
            own = own.replace(plain(other), "")
        found += [(path.as_posix(), sign) for sign in signs if plain(sign) in own]
    return found


def _texts(path: Path) -> Iterator[str]:
    content = path.read_bytes()
    yield content.decode("utf-8", "replace")
    yield content.decode("latin-1")
    if path.suffix == ".duckdb":
        yield from _rows(path)
    else:
        yield from _unpacked(content)


def _rows(path: Path) -> Iterator[str]:
    with duckdb.connect(str(path), read_only=True) as connection:
        # What is in ref comes with the program: a hundred thousand days, and the policy.
        tables = connection.execute(
            "select database_name, schema_name, table_name from duckdb_tables() "
            "where not temporary and schema_name <> 'ref'"
        ).fetchall()
        for database, schema, table in tables:
            rows = connection.execute(f'select * from "{database}"."{schema}"."{table}"').fetchall()
            yield "\n".join(" ".join(map(str, row)) for row in rows)


def _unpacked(content: bytes) -> Iterator[str]:
    if zipfile.is_zipfile(io.BytesIO(content)):
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            for name in archive.namelist():
                yield from _unpacked(archive.read(name))
        return
    text = content.decode("utf-8", "replace")
    yield text
    for packed in re.findall(r'id="findings-data">([^<]+)<', text):
        yield gzip.decompress(b64decode(packed)).decode()
    if "\nContent-Type: " in text.replace("\r\n", "\n"):
        for part in email.message_from_bytes(content).walk():
            yield " ".join(str(email.header.make_header(email.header.decode_header(v))) for v in part.values())
            payload = part.get_payload(decode=True)
            if isinstance(payload, bytes):
                yield from _unpacked(payload)
    if text.startswith("{"):
        try:
            yield str(json.loads(text))
        except ValueError:
            return
