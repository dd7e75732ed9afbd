"""pandera is the referee: a sieve that has gone wrong stops the night loudly, and pandera alone still runs."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from pipeline import referee, sieve
from pipeline.expressions import holds
from tests.pipeline.exports import contents, guid, many_customers, night, run, write_folder
from tests.pipeline.loading import load_rows

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    import pandas as pd

    from pipeline.export import Export
    from schemas.dates import DateOrder
    from schemas.table import Flag

PRIVATE = "Tajna Spółka"


def tampered(label: str, expression: str) -> Callable[[Flag, str, Mapping[str, DateOrder]], str]:
    """Return the sieve's compiler with one flag's expression replaced."""

    def compiled(flag: Flag, typed: str, orders: Mapping[str, DateOrder]) -> str:
        return expression if flag.label == label else holds(flag, typed, orders)

    return compiled


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return exports of which one customer has a country that is none, and a secret name."""
    customers = many_customers(60)
    customers[7] |= {"company_name": PRIVATE, "country": "Polska"}
    return write_folder(tmp_path / "exports", night() | {"customers": customers})


@pytest.mark.parametrize(
    ("label", "expression"),
    [
        ("country: Shape", "false"),
        ("country: Shape", "raw_country <> 'PL'"),
        ("company_name: Present", "raw_company_name not like '%7'"),
        ("customer_id: Shape", "length(raw_customer_id) > 36"),
    ],
)
def test_sieve_that_refuses_too_much_is_a_fault(
    label: str, expression: str, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sieve, "holds", tampered(label, expression))
    ended = run(folder, tmp_path / "state")
    assert_fault(ended.code, ended.err, tmp_path / "state")
    assert run(folder, tmp_path / "state", "--engine", "pandera").code in {0, 1}


def test_sieve_that_lets_bad_rows_pass_is_a_fault(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of a small file every row is sampled."""
    assert run(folder, tmp_path / "good").code in {0, 1}
    monkeypatch.setattr(sieve, "holds", tampered("country: Shape", "true"))
    ended = run(folder, tmp_path / "state")
    assert_fault(ended.code, ended.err, tmp_path / "state")


def assert_fault(code: int, err: str, state: Path) -> None:
    assert code == 70
    assert "customers.csv: sieve and pandera disagree on" in err
    assert "Run again with --engine pandera, and report this" in err
    left = [path.read_text(encoding="utf-8") for path in state.iterdir() if path.is_file()]
    assert all(value not in text for text in (err, *left) for value in (PRIVATE, "Polska", guid(8)))
    assert not (state / "warehouse.duckdb").exists()
    assert not any(name.startswith("runs/") for name in contents(state))


@pytest.mark.parametrize(("rows", "least", "most"), [(60, 60, 60), (40_000, 800, 1_200)])
def test_referee_sees_every_row_of_a_small_file_and_a_sample_of_a_larger_one(
    rows: int, least: int, most: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The sample is taken from the rows' content: it is the same in every order."""
    seen: list[int] = []
    judge = referee.judge

    def watch(export: Export, frame: pd.DataFrame) -> pd.Series[int]:
        seen.append(len(frame))
        return judge(export, frame)

    monkeypatch.setattr(referee, "judge", watch)
    customers = many_customers(rows)
    load_rows("customers", customers)
    load_rows("customers", customers[::-1])
    assert seen[0] == seen[1]
    assert least <= seen[0] <= most
