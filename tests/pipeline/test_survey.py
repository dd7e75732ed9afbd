"""The survey of a file's bytes: its lines, its encoding, and whether anything in it needs rewriting."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline import survey as module
from pipeline.survey import Survey, survey
from tests.pipeline.fuzz import STEADY

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("survey")


def look(place: Path, content: bytes) -> Survey:
    path = place / "file.csv"
    path.write_bytes(content)
    return survey(path)


# content | encoding; none: it cannot be told
ENCODINGS = {
    "plain letters": (b"abc\n", "utf-8"),
    "UTF-8": ("Łódź\n".encode(), "utf-8"),
    "UTF-8 with a mark": ("\ufeffabc".encode(), "utf-8"),
    "damaged UTF-8": ("Łódź ".encode() * 20 + b"\xff\n", "utf-8"),
    "UTF-8 cut in a letter": ("Łódź ".encode() * 20 + "ó".encode()[:-1], "utf-8"),
    "UTF-16 LE": ("abc".encode("utf-16-le").join([b"\xff\xfe", b""]), "utf-16-le"),
    "UTF-16 BE": (b"\xfe\xff" + "abc".encode("utf-16-be"), "utf-16-be"),
    "Polish": ("żółć".encode("cp1250"), "cp1250"),
    "Polish capitals": ("ŚWIĘTOKRZYSKIE".encode("cp1250"), "cp1250"),
    "Italian": ("perché più".encode("cp1252"), "cp1252"),
    "Italian at the end": ("caffè".encode("cp1252"), "cp1252"),
    "same in both": ("Zürich, André, Wólka".encode("cp1252"), "cp1252"),
    "either": ("Chęć".encode("cp1250"), None),
    "both": ("ł".encode("cp1250") + "à".encode("cp1252"), None),
}


@pytest.mark.parametrize(("content", "encoding"), ENCODINGS.values(), ids=ENCODINGS)
def test_encoding_is_told_from_the_bytes(content: bytes, encoding: str | None, place: Path) -> None:
    assert look(place, content).encoding == encoding


@pytest.mark.parametrize("chunk", [1, 2, 3, 7])
@pytest.mark.parametrize(("content", "encoding"), ENCODINGS.values(), ids=ENCODINGS)
def test_encoding_is_told_wherever_the_chunks_end(
    chunk: int, content: bytes, encoding: str | None, place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "CHUNK", chunk)
    assert look(place, content).encoding == encoding


@STEADY
@given(
    content=st.lists(st.sampled_from([b"a", b"\n", b"\n", b"\r", b",", b"1", b"/"])).map(b"".join),
    chunk=st.integers(1, 9),
)
def test_counts_and_marks_do_not_depend_on_where_the_chunks_end(content: bytes, chunk: int, place: Path) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "CHUNK", chunk)
        seen = look(place, content)
    assert (seen.size, seen.sha256) == (len(content), hashlib.sha256(content).hexdigest())
    assert seen.lines == len(content.splitlines()) if b"\r" not in content else seen.lines >= content.count(b"\n")
    assert seen.is_plain == (b"\r" not in content and b"\n\n" not in content)
    text = content.decode()
    assert seen.is_slashed or not any(f"/{n}/" in text for n in (1, 11))
    assert seen.nul_line is None


@pytest.mark.parametrize(("content", "line"), [(b"\0", 1), (b"a\nb\nc\0", 3), (b"a\n\0\n\0", 2), (b"abc", None)])
def test_first_nul_byte_has_a_line(content: bytes, line: int | None, place: Path) -> None:
    assert look(place, content).nul_line == line


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "cp1250"])
def test_slashed_dates_are_seen_in_every_encoding(encoding: str, place: Path) -> None:
    assert look(place, "ż,1/25/2026".encode(encoding)).is_slashed
    assert not look(place, "ż/b,2026-01-25,A/S".encode(encoding)).is_slashed
