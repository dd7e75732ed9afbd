"""The gate refuses what cannot be trusted: exit 3, a message that says what to do, and last night untouched."""

from __future__ import annotations

import json
import os
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from tests.pipeline.commandline import SAMPLES, call
from tests.pipeline.exports import (
    AS_OF,
    PLAIN,
    contents,
    guid,
    logged,
    night,
    records,
    run,
    write,
    write_folder,
)

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

CUSTOMERS = PLAIN.text(records(night()["customers"]))
PRIVATE = "Wojciech Tajny"


def replace_file(name: str, content: str | bytes) -> Callable[[Path], object]:
    return lambda folder: write(folder / f"{name}.csv", content)


def header_and_blank_lines(folder: Path) -> None:
    write(folder / "customers.csv", CUSTOMERS.split("\n")[0] + "\n\n  \n\n")


def two_undecidable_columns(folder: Path) -> None:
    rows = night()["subscriptions"]
    for row in rows:
        row["creation_date"], row["commitment_end_date"] = "1/2/2026", "1/2/2027"
    write(folder / "subscriptions.csv", PLAIN.text(records(rows)))


def stale(folder: Path) -> None:
    old = datetime(2026, 11, 18, 12, tzinfo=UTC).timestamp()
    os.utime(folder / "customers.csv", (old, old))


def directory(folder: Path) -> None:
    (folder / "customers.csv").unlink()
    (folder / "customers.csv").mkdir()


def link_to_nothing(folder: Path) -> None:
    (folder / "customers.csv").unlink()
    (folder / "customers.csv").symlink_to(folder / "gone.csv")


def same_content_twice(folder: Path) -> None:
    rows = [{"customer_id": guid(n), "company_name": PRIVATE, "qualification": "None"} for n in range(1, 5)]
    for name in ("customers", "qualifications"):
        write(folder / f"{name}.csv", PLAIN.text(records(rows)))


def wrong_width(folder: Path) -> None:
    header, *rows = CUSTOMERS.replace("\nÉlan", "Élan").splitlines()
    write(folder / "customers.csv", "\n".join([header, *(f"{row},more" for row in rows[:-1]), rows[-1]]) + "\n")


# What is done to the folder, and the pieces that its message must hold.
REFUSED: dict[str, tuple[Callable[[Path], object], list[str]]] = {
    "missing": (
        lambda folder: (folder / "customers.csv").unlink(),
        ["customers.csv: found no file of that name", "qualifications.csv", "expected an export named customers*.csv"],
    ),
    "empty": (replace_file("customers", b""), ["customers.csv: found an empty file", "a header line and rows"]),
    "only a mark": (replace_file("customers", b"\xef\xbb\xbf"), ["customers.csv", "no line of text"]),
    "only blank lines": (replace_file("customers", "\n\n\n"), ["customers.csv", "no line of text"]),
    "header only": (
        replace_file("customers", CUSTOMERS.split("\n")[0] + "\n"),
        ["customers.csv, line 1: found a header and no rows", "at least one row", "gate.may_be_empty"],
    ),
    "header and blank lines": (header_and_blank_lines, ["customers.csv, line 1: found a header and no rows"]),
    "stale": (
        stale,
        [
            "customers.csv: found a file written 2026-11-18 12:00 UTC, 60 hours",
            "at most 36 hours",
            "tables.customers.max_age_hours",
        ],
    ),
    "one header twice": (
        replace_file("customers", f"Customer Id,TenantId,Company Name\n{guid(1)},{guid(2)},{PRIVATE}\n"),
        ["customers.csv, line 1: found two columns for customer_id: Customer Id and TenantId", "expected one"],
    ),
    "required column missing": (
        replace_file("customers", f"CustomerId,Tags\n{guid(1)},{PRIVATE}\n"),
        ["customers.csv, line 1: found no column company_name among 2 columns", "Name or CustomerName"],
    ),
    "no header": (
        replace_file("customers", f"{guid(1)},{PRIVATE}\n{guid(2)},{PRIVATE}\n"),
        ["customers.csv, line 1: found 2 column(s), none with a header", "customer_id, company_name"],
    ),
    "no delimiter": (
        replace_file("customers", f"CustomerId|Name\n{guid(1)}|{PRIVATE}\n"),
        ["customers.csv, line 1: found one column", "a comma, a semicolon, a tab", "tables.customers.delimiter"],
    ),
    "undecidable dates": (
        two_undecidable_columns,
        [
            "subscriptions.csv, column creation_date: found slashed dates",
            "tables.subscriptions.date_order.creation_date",
        ],
    ),
    "binary": (
        replace_file("customers", b"\x7fELF\n\x00\x00" + os.urandom(200)),
        ["customers.csv, line 2: found a NUL byte", "expected a CSV text file", "UTF-16 needs a byte order mark"],
    ),
    "UTF-16 without a mark": (
        replace_file("customers", CUSTOMERS.encode("utf-16-le")),
        ["customers.csv, line 1: found a NUL byte", "UTF-16 needs a byte order mark"],
    ),
    "UTF-16 cut in a letter": (
        replace_file("customers", CUSTOMERS.encode("utf-16")[:-1]),
        ["customers.csv, line 8: found the file ends in the middle of a character", "utf-16-le", "it looks cut off"],
    ),
    "UTF-16 with a byte too many": (
        replace_file("customers", CUSTOMERS.encode("utf-16") + b"\0"),
        ["customers.csv, line 9: found the file ends in the middle of a character"],
    ),
    "UTF-16 that is none in the middle": (
        replace_file("customers", CUSTOMERS.encode("utf-16").replace("É".encode("utf-16-le"), b"\0\xdc")),
        ["customers.csv, line 5: found bytes that are not utf-16-le", "expected text in that encoding"],
    ),
    "Windows-1250 with a byte that means nothing": (
        replace_file(
            "customers", CUSTOMERS.replace("Lipowa", "Łąka ").encode("cp1250").replace(b"Brzoza", b"Brz\x81za")
        ),
        ["customers.csv, line 2: found bytes that are not cp1250"],
    ),
    "directory": (directory, ["customers.csv: found a folder", "expected a CSV file"]),
    "link to nothing": (link_to_nothing, ["customers.csv: found no such file or directory", "Check the file"]),
    "same content twice": (
        same_content_twice,
        ["qualifications.csv: found the same content as customers.csv", "a file of its own for each table"],
    ),
    "wrong width": (wrong_width, ["customers.csv, line 2: found 7 columns in most of", "expected 6, as in the header"]),
    "open quote": (
        replace_file("customers", CUSTOMERS + f'{guid(50)},"{PRIVATE},x.example,Reseller,PL,\n'),
        ["customers.csv, line 9", "ends in the middle of a row", "expected 6 columns", "looks cut off"],
    ),
}


@pytest.fixture(scope="module")
def last_night(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a state directory in which a good night has been audited."""
    place = tmp_path_factory.mktemp("last-night")
    assert run(write_folder(place / "exports"), place / "state").code == 1
    return place / "state"


@pytest.mark.parametrize(("spoil", "pieces"), REFUSED.values(), ids=REFUSED)
def test_folder_is_refused_and_last_night_stays(
    spoil: Callable[[Path], object], pieces: list[str], last_night: Path, tmp_path: Path
) -> None:
    folder = write_folder(tmp_path / "exports")
    spoil(folder)
    assert_refused(folder, last_night, pieces)


def assert_refused(folder: Path, state: Path, pieces: list[str]) -> None:
    before, link = contents(state), (state / "latest").readlink()
    (state / "csp-audit.log").write_text("", encoding="utf-8")
    ended = run(folder, state)
    assert (ended.code, ended.out, ended.err.count("\n")) == (3, "", 1)
    record = json.loads((state / "refused" / AS_OF / "run.json").read_text(encoding="utf-8"))
    assert record["exit_code"] == 3
    log = "\n".join(logged(state))
    for piece in pieces:
        assert piece in ended.err
        assert piece in log
    assert PRIVATE not in ended.err + log
    after = {name: content for name, content in contents(state).items() if not name.startswith("refused/")}
    assert after == {name: content for name, content in before.items() if not name.startswith("refused/")}
    assert (state / "latest").readlink() == link


@pytest.mark.parametrize("case", sorted(path.name for path in (SAMPLES / "broken").iterdir() if path.is_dir()))
def test_each_broken_sample_is_refused_with_file_and_place(case: str, tmp_path: Path) -> None:
    """The table in sample_data/broken/README.md says which file is broken in each case."""
    readme = (SAMPLES / "broken" / "README.md").read_text(encoding="utf-8")
    (line,) = [line for line in readme.splitlines() if line.startswith(f"| `{case}` |")]
    file = line.split("|")[2].strip(" `")
    folder = tmp_path / "exports"
    for path in (SAMPLES / "broken" / case).iterdir():
        write(folder / path.name, path.read_bytes())
    ended = run(folder, tmp_path / "state")
    assert (ended.code, ended.out) == (3, "")
    assert ended.err.startswith(f"csp-audit: {file}")
    assert all(word in ended.err for word in ("found ", "expected ", ". "))
    assert not (tmp_path / "state" / "warehouse.duckdb").exists()


def test_all_problems_of_all_files_are_listed_at_once(tmp_path: Path) -> None:
    folder = write_folder(tmp_path / "exports")
    (folder / "qualifications.csv").unlink()
    write(folder / "customers.csv", "CustomerId,CustomerId,Tags\na,b,c\n")
    two_undecidable_columns(folder)
    ended = run(folder, tmp_path / "state")
    assert ended.code == 3
    assert ended.err.endswith("(the first of 5 problems)\n")
    log = "\n".join(logged(tmp_path / "state"))
    record = json.loads((tmp_path / "state" / "refused" / AS_OF / "run.json").read_text(encoding="utf-8"))
    assert len(record["problems"]) == 5
    for place in (
        "qualifications.csv: found no file",
        "customers.csv, line 1: found two columns for customer_id",
        "customers.csv, line 1: found no column company_name",
        "subscriptions.csv, column creation_date",
        "subscriptions.csv, column commitment_end_date",
    ):
        assert place in log


def test_check_says_the_same_and_writes_nothing(tmp_path: Path) -> None:
    folder = write_folder(tmp_path / "exports")
    good = call("check", folder, "--as-of", AS_OF, "--state", tmp_path / "state")
    assert (good.code, good.out.count(" ok ")) == (0, 5)
    (folder / "customers.csv").unlink()
    bad = call("check", folder, "--as-of", AS_OF, "--state", tmp_path / "state")
    assert (bad.code, bad.out) == (3, "")
    assert "customers.csv: found no file" in bad.err
    assert not (tmp_path / "state").exists()
