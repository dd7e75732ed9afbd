"""Files that no honest export is: refused by one message with file, place and the key that raises the bound."""

from __future__ import annotations

import gzip
import io
import os
import time
import tracemalloc
import zipfile
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from pipeline.config import Config, LimitsConfig
from pipeline.errors import NotAuditedError
from pipeline.gate import Question, admit
from pipeline.survey import LongLineError, survey
from tests.faults.fuzzing import SLOWEST
from tests.pipeline.exports import AS_OF, PLAIN, WRITTEN_AT, guid, night, records, write, write_folder

if TYPE_CHECKING:
    from pipeline.export import Export

CUSTOMERS = PLAIN.text(records(night()["customers"]))
HEADER, *ROWS = CUSTOMERS.splitlines(keepends=True)
RAISE = "Ask for the export to be run again, or set limits.{} in the configuration."


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder of exports; each test writes its own customers."""
    place = tmp_path_factory.mktemp("bounds")
    (place / "work").mkdir()
    return write_folder(place / "exports")


def admitted(folder: Path, **limits: float) -> list[Export]:
    config = Config(threads=1, limits=LimitsConfig.model_validate(limits))
    return admit(Question(folder, date.fromisoformat(AS_OF), {}), config, folder.parent / "work")


def said_of(folder: Path, **limits: float) -> str:
    with pytest.raises(NotAuditedError) as refusal:
        admitted(folder, **limits)
    return str(refusal.value)


def sparse(path: Path, size: int) -> Path:
    write(path, HEADER)
    os.truncate(path, size)
    os.utime(path, (WRITTEN_AT, WRITTEN_AT))
    return path


def characters_read() -> int:
    """Return how many bytes this process has asked for so far."""
    lines = Path("/proc/self/io").read_text(encoding="ascii").splitlines()
    return int(dict(line.split(": ") for line in lines)["rchar"])


@pytest.mark.parametrize(("ends", "line"), [("\n", 9), ("\r\n", 9), ("\r", 1)], ids=["LF", "CR LF", "CR"])
def test_line_over_the_bound_is_refused_and_one_at_it_is_read(ends: str, line: int, folder: Path) -> None:
    row = f"{guid(50)},{{}},x.example,Reseller,PL,"
    for length in (2_000, 2_001):
        long_row = row.format("x" * (length - len(row) + 2))
        write(folder / "customers.csv", CUSTOMERS.replace("\n", ends) + long_row + ends)
        if length == 2_000:
            assert admitted(folder, max_line_bytes=2_000)
    assert said_of(folder, max_line_bytes=2_000) == (
        f"customers.csv, line {line}: found a line of more than 2,000 bytes; "
        f"expected at most 2,000 bytes. {RAISE.format('max_line_bytes')}"
    )


@pytest.mark.parametrize("chunk", [1, 3, 7, 64])
def test_longest_line_is_told_wherever_the_chunks_end(
    chunk: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pipeline.survey.CHUNK", chunk)
    lines = ["a" * 5, "", "b" * 12, "c" * 11, "", "d" * 12]
    file = write(tmp_path / "x.csv", "\n".join(lines))
    assert survey(file, 12).lines == 6
    for most in range(1, 12):
        with pytest.raises(LongLineError) as error:
            survey(file, most)
        first = next(n for n, line in enumerate(lines, 1) if len(line) > most)
        assert (error.value.line, error.value.most) == (first, most)


@pytest.mark.parametrize("content", ["zeros", "letters"])
def test_single_line_of_four_gigabytes_is_refused_after_its_first_megabyte(content: str, folder: Path) -> None:
    """A hole of four gigabytes behind the header, or behind a line of letters that is too long already."""
    file = sparse(folder / "customers.csv", 4 * 1024**3)
    if content == "letters":
        write(file, HEADER + "x" * 3_000_000)
        os.truncate(file, 4 * 1024**3)
        os.utime(file, (WRITTEN_AT, WRITTEN_AT))
    before, start = characters_read(), time.process_time()
    tracemalloc.start()
    said = said_of(folder)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert said.startswith("customers.csv, line 2: found a line of more than 1,048,576 bytes")
    assert characters_read() - before < 16_000_000
    assert peak < 16_000_000
    assert time.process_time() - start < SLOWEST


def test_file_over_the_size_is_refused_unread(folder: Path) -> None:
    sparse(folder / "customers.csv", 21 * 10**9)
    before = characters_read()
    assert said_of(folder) == (
        "customers.csv: found a file of 21,000,000,000 bytes; expected at most 20,000,000,000 bytes. "
        f"{RAISE.format('max_file_gb')}"
    )
    assert characters_read() - before < 1_000_000
    write(folder / "customers.csv", CUSTOMERS)
    assert "a file of" in said_of(folder, max_file_gb=0.0000001)


def test_bound_that_is_larger_than_any_file_refuses_none(folder: Path) -> None:
    assert admitted(folder, max_file_gb=1e300)


@pytest.mark.parametrize("width", [1_001, 20_000])
def test_header_of_too_many_columns_is_refused(width: int, folder: Path) -> None:
    more = ",".join(f"x{n}" for n in range(width - 6))
    write(folder / "customers.csv", f"sep=,\n{HEADER.strip()},{more}\n" + ROWS[0])
    assert said_of(folder) == (
        f"customers.csv, line 2: found a header of {width:,} columns; expected at most 1,000 columns. "
        f"{RAISE.format('max_columns')}"
    )


def test_header_of_a_million_columns_is_refused_within_seconds(folder: Path) -> None:
    write(folder / "customers.csv", "," * 1_000_000 + "x\n" + HEADER)
    start = time.process_time()
    assert "customers.csv, line 1: found a header of 1,000,001 columns" in said_of(folder)
    write(folder / "customers.csv", ("," * 1_000_000 + "\n") * 30 + HEADER)
    assert "no line of text" in said_of(folder)
    assert time.process_time() - start < 2 * SLOWEST


def test_as_many_columns_as_are_allowed_are_read(folder: Path) -> None:
    more = ",".join(f"x{n}" for n in range(994))
    rows = [f"{guid(n)},Company {n},x.example,Reseller,PL,firm{',' * 994}\n" for n in range(1, 5)]
    write(folder / "customers.csv", f"{HEADER.strip()},{more}\n" + "".join(rows))
    export = next(export for export in admitted(folder) if export.table.name == "customers")
    assert (len(export.header.columns), len(export.header.ignored)) == (1_000, 994)


def zipped(text: str) -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("customers.csv", text)
    return content.getvalue()


def nothing_zipped() -> bytes:
    content = io.BytesIO()
    zipfile.ZipFile(content, "w").close()
    return content.getvalue()


def bomb() -> bytes:
    """Pack a hundred megabytes into a hundred kilobytes."""
    return gzip.compress(HEADER.encode() + b"0" * 100_000_000, compresslevel=1)


# content | what it is
PACKED = {
    "zip": (lambda: zipped(CUSTOMERS), "a zip archive or a workbook"),
    "empty zip": (nothing_zipped, "a zip archive or a workbook"),
    "gzip": (lambda: gzip.compress(CUSTOMERS.encode()), "a gzip archive"),
    "gzip bomb": (bomb, "a gzip archive"),
    "bzip2": (lambda: b"BZh91AY&SY" + bytes(20), "a bzip2 archive"),
    "xz": (lambda: b"\xfd7zXZ\0\0\4" + bytes(20), "an xz archive"),
    "zstd": (lambda: b"\x28\xb5\x2f\xfd" + bytes(20), "a zstd archive"),
    "7z": (lambda: b"7z\xbc\xaf\x27\x1c" + bytes(20), "a 7z archive"),
    "rar": (lambda: b"Rar!\x1a\x07\x01\x00", "a rar archive"),
    "old workbook": (lambda: b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(500), "an old workbook"),
    "PDF": (lambda: b"%PDF-1.7\n", "a PDF document"),
}


@pytest.mark.parametrize(("content", "kind"), PACKED.values(), ids=PACKED)
def test_archive_named_as_an_export_is_refused_for_what_it_is(content: object, kind: str, folder: Path) -> None:
    assert callable(content)
    write(folder / "customers.csv", content())
    before = characters_read()
    assert said_of(folder) == (
        f"customers.csv: found {kind}; expected a CSV text file. "
        "Unpack it, or save the workbook as CSV, then run again."
    )
    assert characters_read() - before < 1_000_000


def test_encoding_that_is_configured_and_wrong_is_refused(folder: Path) -> None:
    """Text without a mark, which the configuration calls UTF-16."""
    write(folder / "customers.csv", CUSTOMERS)
    config = Config.model_validate({"threads": 1, "tables": {"customers": {"encoding": "utf-16-le"}}})
    with pytest.raises(NotAuditedError, match=r"customers\.csv, line 1: found bytes that are not utf-16"):
        admit(Question(folder, date.fromisoformat(AS_OF), {}), config, folder.parent / "work")


def test_five_hundred_lines_of_a_megabyte_are_not_all_held_in_memory(folder: Path) -> None:
    filler = "x" * 1_000_000
    with write(folder / "customers.csv", HEADER).open("a", encoding="ascii") as file:
        for n in range(60):
            file.write(f"{guid(n)},{filler},x.example,Reseller,PL,\n")
    os.utime(folder / "customers.csv", (WRITTEN_AT, WRITTEN_AT))
    tracemalloc.start()
    assert admitted(folder)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 40_000_000
