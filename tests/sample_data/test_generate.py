import csv
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

import pandas as pd
import pytest
from click.testing import CliRunner

from sample_data.generate import Fleet, main, write
from schemas.catalog import TABLES
from schemas.conditions import Condition, IsDate
from schemas.dates import parse_date

ROWS = 20_000


def rows_of(file: Path) -> list[list[str]]:
    with file.open(encoding="utf-8", newline="") as opened:
        return list(csv.reader(opened))


def contents(files: Iterable[Path]) -> dict[str, bytes]:
    return {file.name: file.read_bytes() for file in files}


@pytest.fixture(scope="module")
def fleet(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    return list(write(Fleet(ROWS, bad=0.1, seed=5), tmp_path_factory.mktemp("fleet")))


def test_same_seed_writes_the_same_bytes(fleet: list[Path], tmp_path: Path) -> None:
    assert contents(write(Fleet(ROWS, bad=0.1, seed=5), tmp_path)) == contents(fleet)


def test_another_seed_writes_another_fleet(fleet: list[Path], tmp_path: Path) -> None:
    other = contents(write(Fleet(ROWS, bad=0.1, seed=6), tmp_path))
    assert all(other[name] != content for name, content in contents(fleet).items())


@pytest.mark.parametrize("rows", [20, 99, 1_001])
def test_row_counts_are_exact(rows: int, tmp_path: Path) -> None:
    written = write(Fleet(rows, bad=0.5), tmp_path)
    required = dict.fromkeys(Fleet(rows).tables, 0) | {file.stem: count for file, count in written.items()}
    assert {file.stem: len(rows_of(file)) - 1 for file in written} == required
    assert sum(required[name] for name in Fleet(rows).tables) == rows
    assert all(written.values())


def test_headers_are_known_once_and_complete(fleet: list[Path]) -> None:
    for file in fleet:
        schema = TABLES[file.stem]
        names = [column.name for cell in rows_of(file)[0] if (column := schema.match(cell))]
        assert len(names) == len(set(names))
        assert {column.name for column in schema.columns if column.required} <= set(names)


def broken_share(file: Path) -> float:
    """Return the share of rows that the csv module or the schema's own conditions refuse."""
    header, *rows = rows_of(file)
    whole = pd.DataFrame([row for row in rows if len(row) == len(header)], columns=header, dtype="str")
    broken = pd.Series(data=False, index=whole.index)
    for name in header:
        if column := TABLES[file.stem].match(name):
            cells = whole[name].where(whole[name] != "")
            for condition in column.conditions:
                broken |= ~holds(condition, cells).astype(bool)
    return (int(broken.sum()) + len(rows) - len(whole)) / len(rows)


def holds(condition: Condition, cells: pd.Series) -> pd.Series:
    if isinstance(condition, IsDate):
        return cells.map(lambda cell: parse_date(cell, None) is not None, na_action="ignore").fillna(value=True)
    return condition.holds(cells)


@pytest.mark.parametrize("bad", [0.0, 0.2, 1.0])
def test_share_of_bad_rows_is_the_one_asked_for(bad: float, tmp_path: Path) -> None:
    files = list(write(Fleet(ROWS, bad=bad), tmp_path))
    assert [broken_share(file) for file in files[:3]] == pytest.approx([bad] * 3, rel=0.1)
    assert [broken_share(file) for file in files[3:]] == [0] * len(files[3:])


def test_some_bad_rows_are_broken_in_their_structure(tmp_path: Path) -> None:
    _, subscriptions, *_ = write(Fleet(ROWS, bad=1.0), tmp_path)
    header, *rows = rows_of(subscriptions)
    lengths = Counter(len(row) - len(header) for row in rows)
    stray = sum(row[0].endswith("x") for row in rows)
    assert set(lengths) == {-1, 0, 1}
    assert stray > 0
    assert (lengths[-1] + lengths[1] + stray) / len(rows) == pytest.approx(1 / 50, rel=0.3)


def test_fleet_is_mostly_allowed_and_mostly_live(tmp_path: Path) -> None:
    customers, subscriptions, qualifications, prices, *_ = write(Fleet(100_000), tmp_path)
    segments = {f"{row[2]}:{row[3]}": row[15] for row in rows_of(prices)[1:]}
    held: dict[str, set[str]] = {row[0]: set() for row in rows_of(customers)[1:]}
    for row in rows_of(qualifications)[1:]:
        held[row[0]] |= {row[1]} if row[2] == "Approved" or row[1] == "StateOwnedEntity" else set()
    sold = Counter(
        (frozenset(held[row[0]]), segments[":".join(row[2].split(":")[:2])]) for row in rows_of(subscriptions)[1:]
    )
    forbidden = sum(n for (kinds, segment), n in sold.items() if segment not in allowed(kinds))
    assert 0.0005 < forbidden / 75_000 < 0.003
    over = sum(row[6] in {"expired", "deleted", "disabled"} for row in rows_of(subscriptions)[1:])
    assert over / 75_000 == pytest.approx(0.05, rel=0.1)


def allowed(kinds: frozenset[str]) -> set[str]:
    if "GovernmentCommunityCloud" in kinds:
        return {"Government"}
    unlisted = {"Nonprofit", "StateOwnedEntity"} <= kinds
    nonprofit = {"Charity"} if "Nonprofit" in kinds and not unlisted else set()
    return {"Commercial"} | nonprofit | ({"Education"} if "Education" in kinds else set())


def test_a_third_of_the_titles_bear_a_marker(fleet: list[Path]) -> None:
    titles = [row[4] for row in rows_of(fleet[3])[1:]]
    marked = sum("(" in title or " for " in title.replace("for Office", "") for title in titles)
    assert marked / len(titles) == pytest.approx(1 / 3, abs=0.03)


def test_fleet_has_every_table(tmp_path: Path) -> None:
    assert {file.stem for file in write(Fleet(100_000), tmp_path)} == set(TABLES)


def test_command_says_on_stderr_what_it_wrote(tmp_path: Path) -> None:
    result = CliRunner().invoke(main, ["200", "--out", str(tmp_path / "new"), "--bad", "0.1", "--seed", "3"])
    assert result.exit_code == 0
    assert result.stdout == ""
    assert "customers.csv: 20 rows" in result.stderr
    assert len(list((tmp_path / "new").iterdir())) == result.stderr.count("rows")
