"""Raw lines are found again in every encoding, whatever stands inside quotes."""

from __future__ import annotations

import codecs
import csv
import io
import json
import zipfile
from pathlib import Path
from tempfile import TemporaryDirectory
from unittest.mock import patch

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from pipeline.desk.evidence.rawlines import RawFile
from pipeline.encoding import Encoding
from pipeline.survey import MARK_CHUNKS, survey
from schemas.catalog import TABLES
from tests.pipeline.commandline import call
from tests.pipeline.exports import (
    PLAIN,
    UTF_8_MARK,
    UTF_16_BE_MARK,
    UTF_16_LE_MARK,
    Style,
    guid,
    night,
    run,
    write,
    write_folder,
)

STYLES = {
    "plain": PLAIN,
    "mark, semicolons, CR LF": Style(bom=UTF_8_MARK, delimiter=";", newlines=("\r\n",)),
    "mixed breaks": Style(newlines=("\n", "\r\n"), quote_all=True),
    "lone CR": Style(newlines=("\r",)),
    "UTF-16 LE, tabs": Style("utf-16-le", UTF_16_LE_MARK, "\t", ("\r\n",), preamble="#TYPE System.Object"),
    "UTF-16 BE": Style("utf-16-be", UTF_16_BE_MARK, newlines=("\n",)),
    "Windows-1250": Style("cp1250", delimiter=";", newlines=("\r\n",), preamble="sep=;"),
}
# A name over several lines, one of them blank, with quotes and every delimiter.
NAME = 'Zażółć, "gęślą";\n\n\tjaźń'


@pytest.mark.parametrize("name", STYLES)
def test_a_record_of_many_lines_is_packed_whole(name: str, tmp_path: Path) -> None:
    style, tables = STYLES[name], night()
    tables["customers"][2]["company_name"] = NAME
    folder = write_folder(tmp_path / "exports", tables, style)
    assert run(folder, tmp_path / "state").code == 1
    for customer, lines in ((3, 3), (4, 1), (6, 1)):
        ended = call("evidence", guid(customer), "--out", tmp_path / "pack.zip", "--state", tmp_path / "state")
        assert (ended.code, ended.err) == (0, "")
        with zipfile.ZipFile(tmp_path / "pack.zip") as archive:
            row = next(csv.DictReader(io.StringIO(archive.read("rows.csv").decode())))
            (loaded, *_) = json.loads(archive.read("rows.json"))
            raw = archive.read(row["raw_file"])
        record = (folder / "customers.csv").read_bytes()[int(row["offset"]) :][: int(row["bytes"])]
        assert raw.endswith(record)
        text = record.decode(style.encoding)
        assert len(text.splitlines()) == int(row["lines"]) == lines
        (cells,) = csv.reader(io.StringIO(text, newline=""), delimiter=style.delimiter)
        assert cells[:2] == [guid(customer), tables["customers"][customer - 1]["company_name"]]
        assert loaded["columns"]["company_name"].split() == cells[1].split()
        # What is packed is an export of its own.
        whole = raw.decode(style.encoding).removeprefix("\ufeff")
        header = list(csv.reader(io.StringIO(whole, newline=""), delimiter=style.delimiter))[bool(style.preamble)]
        assert header == list(tables["customers"][0])


def test_rows_that_could_not_be_split_do_not_shift_the_others(tmp_path: Path) -> None:
    folder = write_folder(tmp_path / "exports")
    header, *lines = (folder / "subscriptions.csv").read_text(encoding="utf-8").splitlines(keepends=True)
    write(folder / "subscriptions.csv", "".join([header, '"torn"row,\n', *lines[:4], "too,short\n", "\n", *lines[4:]]))
    assert run(folder, tmp_path / "state").code == 1
    ended = call("evidence", guid(6), "--out", tmp_path / "pack.zip", "--state", tmp_path / "state")
    assert (ended.code, ended.err) == (0, "")
    with zipfile.ZipFile(tmp_path / "pack.zip") as archive:
        assert archive.read("raw/02_subscriptions.csv").decode().splitlines()[1].startswith("s-07,")


def test_the_configured_delimiter_is_used(tmp_path: Path) -> None:
    style = Style(delimiter="|")
    tables = night()
    tables["customers"][0]["company_name"] = "one\ntwo | three"
    config = write(
        tmp_path / "config.toml",
        "".join(f"[tables.{name}]\ndelimiter = '|'\n" for name in tables),
    )
    run(write_folder(tmp_path / "exports", tables, style), tmp_path / "state", "--config", config)
    words = ["--out", tmp_path / "pack.zip", "--state", tmp_path / "state", "--config", config]
    assert call("evidence", guid(1), *words).err == ""
    with zipfile.ZipFile(tmp_path / "pack.zip") as archive:
        row, *_ = csv.DictReader(io.StringIO(archive.read("rows.csv").decode()))
    assert (row["lines"], row["read_from"]) == ("2", "export")


CELLS = st.text(st.sampled_from('ab",;\t\n\r 1ł'), max_size=6)
BREAKS = st.sampled_from(["\n", "\r\n", "\r"])
MARKS = {
    Encoding.UTF_8: codecs.BOM_UTF8,
    Encoding.UTF_16_LE: codecs.BOM_UTF16_LE,
    Encoding.UTF_16_BE: codecs.BOM_UTF16_BE,
    Encoding.WINDOWS_1250: b"",
}
WIDE = {Encoding.UTF_16_LE, Encoding.UTF_16_BE}


def breaks(text: str) -> int:
    """Count line breaks of all three kinds."""
    return text.replace("\r\n", "\n").replace("\r", "\n").count("\n")


@given(
    rows=st.lists(st.tuples(CELLS, CELLS), min_size=1, max_size=6),
    line_break=BREAKS,
    delimiter=st.sampled_from([",", ";", "\t"]),
    encoding=st.sampled_from(sorted(MARKS)),
    piece=st.sampled_from([2, 6, 16, 1 << 16]),
    is_cut=st.booleans(),
)
@example(
    rows=[("a\r\nb", "\r"), ("", "ł")], line_break="\r\n", delimiter=",", encoding=Encoding.UTF_16_LE, piece=2,
    is_cut=False,
)  # fmt: skip
@example(rows=[("a", "b")] * 6, line_break="\n", delimiter=",", encoding=Encoding.UTF_8, piece=2, is_cut=False)
def test_every_record_is_found_by_its_line(
    rows: list[tuple[str, str]], line_break: str, delimiter: str, encoding: Encoding, piece: int, *, is_cut: bool
) -> None:
    """A file in small pieces, against the texts that it was put together from."""
    texts = []
    for cells in [("customer_id", "company_name"), *rows]:
        out = io.StringIO(newline="")
        csv.writer(out, delimiter=delimiter, lineterminator=line_break, quoting=csv.QUOTE_ALL).writerow(cells)
        texts.append(out.getvalue())
    if is_cut:
        texts[-1] = texts[-1].removesuffix(line_break)
    pieces = [MARKS[encoding] + texts[0].encode(encoding), *(text.encode(encoding) for text in texts[1:])]
    starts = [breaks("".join(texts[:n])) + 1 for n in range(1, len(texts))]
    with (
        TemporaryDirectory() as folder,
        patch("pipeline.desk.evidence.rawlines._CHUNK", piece),
        patch("pipeline.desk.evidence.rawlines._WINDOW", piece),
        patch("pipeline.survey.CHUNK", piece),
    ):
        path = f"{folder}/customers.csv"
        with open(path, "wb") as file:  # noqa: PTH123 - a name in a folder of this example alone
            file.write(b"".join(pieces))
        marks = survey(Path(path)).marks
        is_long = sum(map(len, pieces)) > MARK_CHUNKS * piece
        assert bool(marks) is (is_long and encoding not in WIDE and "\r" not in "".join(texts))
        with io.FileIO(path) as file:
            places = [((number + 1) * MARK_CHUNKS * piece, lines) for number, lines in enumerate(marks)]
            raw = RawFile(file, encoding, TABLES["customers"], marks=places)
            assert raw.head() == pieces[0]
            found = raw.records([*starts, starts[-1] + breaks(texts[-1]) + 1])
    assert list(found) == starts
    for start, text, piece_of_it in zip(starts, texts[1:], pieces[1:], strict=True):
        record = found[start]
        assert record.content == piece_of_it
        assert record.lines == breaks(text) + (not text.endswith(line_break))
        assert record.offset == sum(map(len, pieces[: starts.index(start) + 1]))
