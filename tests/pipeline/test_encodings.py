"""The same exports in every encoding, delimiter, newline style, quoting and order give the same findings."""

from __future__ import annotations

import csv
import io
from itertools import islice
from typing import TYPE_CHECKING

import pytest

from tests.pipeline.exports import (
    PLAIN,
    UTF_8_MARK,
    UTF_16_BE_MARK,
    UTF_16_LE_MARK,
    Night,
    Style,
    guid,
    many_customers,
    night,
    records,
    run,
    shuffled,
    write,
    write_folder,
)
from tests.pipeline.loading import load_content

if TYPE_CHECKING:
    from pathlib import Path

# Each style differs from the others in several ways at once; together they hold every way.
STYLES = {
    "UTF-8, mark, comma, CRLF": Style(bom=UTF_8_MARK, newlines=("\r\n",)),
    "UTF-8, semicolon, quoted": Style(delimiter=";", quote_all=True),
    "UTF-8, tab, mixed newlines": Style(delimiter="\t", newlines=("\n", "\r\n")),
    "UTF-8, CR": Style(newlines=("\r",)),
    "UTF-8, sep= line": Style(delimiter=";", preamble="sep=;", newlines=("\r\n",)),
    "UTF-16 LE, #TYPE line, quoted": Style(
        "utf-16-le", UTF_16_LE_MARK, newlines=("\r\n",), quote_all=True, preamble="#TYPE System.Management.Automation"
    ),
    "UTF-16 BE, tab": Style("utf-16-be", UTF_16_BE_MARK, delimiter="\t"),
    "Windows-1250, semicolon, CRLF": Style("cp1250", delimiter=";", newlines=("\r\n",)),
    "Windows-1252, comma": Style("cp1252"),
}
# Letters that one of the two code pages has, and the file's own letters decide which.
LETTERS = {"cp1250": "Fundacja Łąka Żółtych Świerków", "cp1252": "Società Più Caffè"}


def named(name: str) -> Night:
    exports = night()
    exports["customers"][0]["company_name"] = name
    return exports


def findings(folder: Path, state: Path) -> str:
    """Return findings.csv without the column source."""
    ended = run(folder, state)
    assert (ended.code, ended.err) == (1, "")
    with (state / "latest" / "findings.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.reader(file))
    source = rows[0].index("source")
    out = io.StringIO()
    csv.writer(out).writerows([*row[:source], *row[source + 1 :]] for row in rows)
    return out.getvalue()


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> str:
    place = tmp_path_factory.mktemp("plain")
    return findings(write_folder(place / "exports"), place / "state")


def test_plain_exports_trip_every_rule(plain: str) -> None:
    rules = {row["rule"] for row in csv.DictReader(io.StringIO(plain, newline=""))}
    assert rules >= {"SEG01", "SEG02", "SEG03", "SEG04", "NPO01", "REL01", "REL02"}


@pytest.mark.parametrize("style", STYLES.values(), ids=STYLES)
def test_every_style_gives_the_same_findings(style: Style, plain: str, tmp_path: Path) -> None:
    assert findings(write_folder(tmp_path / "exports", style=style), tmp_path / "state") == plain


@pytest.mark.parametrize("seed", range(3))
def test_every_order_of_rows_and_columns_gives_the_same_findings(seed: int, plain: str, tmp_path: Path) -> None:
    folder = write_folder(tmp_path / "exports", shuffled(night(), seed))
    assert findings(folder, tmp_path / "state") == plain


@pytest.mark.parametrize("page", LETTERS)
def test_code_page_is_told_by_its_own_letters(page: str, tmp_path: Path) -> None:
    exports = named(LETTERS[page])
    unicode = findings(write_folder(tmp_path / "unicode", exports), tmp_path / "state")
    paged = findings(write_folder(tmp_path / "paged", exports, Style(page, delimiter=";")), tmp_path / "state-2")
    assert LETTERS[page] in unicode
    assert paged == unicode


def test_undecidable_code_page_is_refused_until_it_is_set(tmp_path: Path) -> None:
    exports = named("Chęć")
    folder = write_folder(tmp_path / "exports", exports)
    write(folder / "customers.csv", Style("cp1250").content(records(exports["customers"])))
    ended = run(folder, tmp_path / "state")
    assert ended.code == 3
    assert "customers.csv: found letters that could be Windows-1250 or Windows-1252" in ended.err
    assert 'Set tables.customers.encoding = "cp1250" or "cp1252" in the configuration.' in ended.err
    config = tmp_path / "csp-audit.toml"
    config.write_text('[tables.customers]\nencoding = "cp1250"\n', encoding="utf-8")
    assert run(folder, tmp_path / "state", "--config", config).code == 1
    assert "Chęć" in (tmp_path / "state" / "latest" / "findings.csv").read_text(encoding="utf-8")


def test_code_page_that_nobody_knows_is_wrong_configuration(tmp_path: Path) -> None:
    config = tmp_path / "csp-audit.toml"
    config.write_text('[tables.customers]\nencoding = "koi8-r"\n', encoding="utf-8")
    ended = run(write_folder(tmp_path / "exports"), tmp_path / "state", "--config", config)
    assert ended.code == 2
    assert "tables.customers.encoding" in ended.err


@pytest.mark.parametrize("newline", ["\n", "\r\n"], ids=["LF", "CRLF"])
def test_of_damaged_utf_8_only_the_damaged_rows_are_unread(newline: str) -> None:
    rows = many_customers(40)
    for row in rows:
        row["company_name"] = "Łódź " + row["company_name"]
    content = Style(newlines=(newline,)).content(records(rows))
    damaged = content.replace("Łódź Company 7,".encode(), b"\xc5\x81\xf3d\xc5 Company 7,")
    loaded = load_content("customers", damaged)
    assert loaded.lines_loaded == [line for line in range(2, 42) if line != 8]
    assert loaded.lines_unread == [8]
    assert "bytes that are not text in this encoding" in loaded.unread[0][3]
    assert all("\ufffd" not in str(row["company_name"]) for row in loaded.rows)


@pytest.mark.parametrize("page", ["cp1250", "cp1252"])
def test_letter_at_the_very_end_of_a_file_tells_its_code_page(page: str) -> None:
    last = {"cp1250": "ł", "cp1252": "è"}[page]
    content = f"customer_id,company_name\n{guid(1)},Caff{last}".encode(page)
    (row,) = load_content("customers", content).rows
    assert row["company_name"] == f"Caff{last}"


def test_line_break_inside_a_value_stays_in_every_newline_style() -> None:
    rows = [{"customer_id": guid(1), "company_name": "two\nlines\n\nand three"}]
    for newline in ("\n", "\r\n", "\r"):
        content = PLAIN.text(records(rows)).replace("\n", newline)
        (row,) = load_content("customers", content).rows
        # The blank line keeps a space, so that DuckDB does not skip it.
        assert row["company_name"] == "two\nlines\n \nand three"


def test_styles_hold_every_way_that_is_accepted() -> None:
    styles = list(islice(STYLES.values(), None))
    assert {style.encoding for style in styles} == {"utf-8", "utf-16-le", "utf-16-be", "cp1250", "cp1252"}
    assert {style.delimiter for style in styles} == {",", ";", "\t"}
    assert {style.newlines for style in styles} == {("\n",), ("\r\n",), ("\n", "\r\n"), ("\r",)}
    assert {style.quote_all for style in styles} == {True, False}
