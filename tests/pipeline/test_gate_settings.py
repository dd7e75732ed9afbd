"""What the gate compares with: last night, the clock and the configuration."""

from __future__ import annotations

import json
import os
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from tests.pipeline.commandline import audit
from tests.pipeline.exports import PLAIN, contents, many_customers, night, records, run, write, write_folder

if TYPE_CHECKING:
    from pathlib import Path


def shrunken(tmp_path: Path, before: int, after: int) -> tuple[Path, Path]:
    """Return exports and a state in which last night's customers were more."""
    exports = night() | {"customers": many_customers(before)}
    folder, state = write_folder(tmp_path / "exports", exports), tmp_path / "state"
    assert audit(folder, "2026-11-19", state).code in {0, 1}
    write(folder / "customers.csv", PLAIN.text(records(many_customers(after))))
    return folder, state


@pytest.mark.parametrize(("before", "after"), [(40, 20), (40, 27), (20, 10), (12, 6)])
def test_file_shrunken_by_half_or_by_much_is_refused(before: int, after: int, tmp_path: Path) -> None:
    folder, state = shrunken(tmp_path, before, after)
    good = contents(state)
    ended = run(folder, state)
    assert ended.code == 3
    assert f"customers.csv: found {after} lines after {before} on the last good night" in ended.err
    assert "expected at most 30% or 10 fewer" in ended.err
    assert {name: content for name, content in contents(state).items() if not name.startswith("refused/")} == good


@pytest.mark.parametrize(("before", "after"), [(40, 28), (20, 11), (8, 2)])
def test_file_may_lose_some_rows(before: int, after: int, tmp_path: Path) -> None:
    folder, state = shrunken(tmp_path, before, after)
    assert run(folder, state).code in {0, 1}


def test_file_may_shrink_more_when_the_configuration_allows_it(tmp_path: Path) -> None:
    folder, state = shrunken(tmp_path, 40, 22)
    assert run(folder, state).code == 3
    config = tmp_path / "csp-audit.toml"
    config.write_text("[gate]\nmax_shrink_share = 0.5\n", encoding="utf-8")
    assert run(folder, state, "--config", config).code in {0, 1}


def test_refusal_says_never_half_only_where_half_may_not_go(tmp_path: Path) -> None:
    folder, state = shrunken(tmp_path, 40, 10)
    assert "expected at most 30% or 10 fewer, and never half of more. " in run(folder, state).err
    config = tmp_path / "csp-audit.toml"
    config.write_text("[gate]\nmax_shrink_share = 0.5\n", encoding="utf-8")
    assert "expected at most 50% or 10 fewer. " in run(folder, state, "--config", config).err


def test_stale_file_is_read_when_the_configuration_allows_its_age(tmp_path: Path) -> None:
    folder = write_folder(tmp_path / "exports")
    old = datetime(2026, 11, 18, 12, tzinfo=UTC).timestamp()
    os.utime(folder / "customers.csv", (old, old))
    config = tmp_path / "csp-audit.toml"
    config.write_text("[gate]\nmax_age_hours = 60.5\n", encoding="utf-8")
    assert run(folder, tmp_path / "state", "--config", config).code == 1


def test_table_that_may_be_empty_may_be_a_header_alone(tmp_path: Path) -> None:
    folder = write_folder(tmp_path / "exports")
    write(folder / "nonprofit_notices.csv", "customer_id,notice_date\n")
    assert run(folder, tmp_path / "state").code == 3
    config = tmp_path / "csp-audit.toml"
    config.write_text('[gate]\nmay_be_empty = ["nonprofit_notices"]\n', encoding="utf-8")
    assert run(folder, tmp_path / "state", "--config", config).code in {0, 1}


def test_newest_of_several_files_is_taken_and_the_choice_is_listed(tmp_path: Path) -> None:
    folder = write_folder(tmp_path / "exports")
    older = write(folder / "Customers 2026-11-19.CSV", "not read\n")
    os.utime(older, (0, 0))
    assert run(folder, tmp_path / "state").code == 1
    record = json.loads((tmp_path / "state" / "latest" / "run.json").read_text(encoding="utf-8"))
    (customers,) = (item for item in record["inputs"] if item["table"] == "customers")
    assert customers["file"] == "customers.csv"
    assert customers["notes"] == ["The newest of 2 files was taken; not read: Customers 2026-11-19.CSV."]


def test_folder_that_is_not_there_is_a_night_not_audited(tmp_path: Path) -> None:
    ended = run(tmp_path / "nowhere", tmp_path / "state")
    assert ended.code == 3
    assert "nowhere: found no such file or directory; expected a folder that holds the exports." in ended.err
