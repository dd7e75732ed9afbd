"""A finding that stays open unseen points at the row of its own subject, or at none; a waiver that ends is news."""

from __future__ import annotations

import csv
import json
import shutil
from typing import TYPE_CHECKING

import pytest

from tests.pipeline.commandline import DAYS, audit, call, sample

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

WAIVER = (
    "[[waiver]]\nfinding = '{}'\nreason = 'agreed'\napproved_by = 'A. Nowak'\n"
    "created = 2026-11-18\nexpires = 2026-11-19\n"
)


def findings(state: Path) -> Mapping[str, dict[str, object]]:
    read = json.loads((state / "latest" / "findings.json").read_text(encoding="utf-8"))["findings"]
    return {item["finding_id"]: item for item in read}


def lines_of(file: Path) -> list[str]:
    content = file.read_bytes()
    return content.decode("utf-16" if content.startswith(b"\xff\xfe") else "utf-8-sig").splitlines()


@pytest.fixture
def shuffled(tmp_path: Path) -> Path:
    """Audit the sample nights, then one without partners whose subscriptions come in the opposite order."""
    state = tmp_path / "state"
    for day in DAYS:
        audit(sample(day), day, state)
    exports = shutil.copytree(sample(DAYS[-1]), tmp_path / "exports")
    for file in exports.glob("partners*"):
        file.unlink()
    (file,) = exports.glob("subscriptions*.csv")
    _type_line, header, *rows = lines_of(file)
    file.write_text("\n".join([header, *reversed(rows), ""]), encoding="utf-8")
    assert audit(exports, "2026-11-21", state).code == 1
    return tmp_path


def test_unseen_finding_points_at_its_own_row(shuffled: Path) -> None:
    unseen = [item for item in findings(shuffled / "state").values() if not item["confirmed"]]
    (file,) = (shuffled / "exports").glob("subscriptions*.csv")
    sold = [item for item in unseen if item["subscription_id"] and item["state"] == "open" and item["source"]]
    assert len(sold) > 3
    for item in sold:
        name, line = str(item["source"]).split(":")
        assert name == file.name
        assert str(item["subscription_id"]) in lines_of(file)[int(line) - 1].lower()


def test_explain_shows_rows_of_the_same_customer_only(shuffled: Path) -> None:
    state = shuffled / "state"
    unseen = [item for item in findings(state).values() if not item["confirmed"] and item["state"] == "open"]
    for item in [one for one in unseen if one["subscription_id"]][:4]:
        told = json.loads(call("explain", item["finding_id"], "--state", state, "--format", "json").out)
        shown = {row["value"] for row in told["evidence"] if row.get("column") in {"customer_id", "subscription_id"}}
        assert shown <= {item["customer_id"], item["subscription_id"]}


def test_closed_finding_points_at_no_row_of_another_night(shuffled: Path) -> None:
    state = shuffled / "state"
    with (state / "latest" / "findings.csv").open(encoding="utf-8", newline="") as lines:
        closed = [row for row in csv.DictReader(lines) if row["state"] == "closed"]
    (file,) = (shuffled / "exports").glob("subscriptions*.csv")
    for row in closed:
        if row["source"].startswith(file.name):
            assert row["subscription_id"] in lines_of(file)[int(row["source"].split(":")[1]) - 1].lower()


def test_waiver_that_has_ended_is_said_on_the_first_screen(tmp_path: Path) -> None:
    state = tmp_path / "state"
    audit(sample(DAYS[0]), DAYS[0], state)
    waived = next(name for name, item in findings(state).items() if item["level"] == "violation")
    (state / "waivers.toml").write_text(WAIVER.format(waived), encoding="utf-8")
    audit(sample(DAYS[0]), DAYS[0], state)
    assert findings(state)[waived]["state"] == "waived"
    audit(sample(DAYS[2]), DAYS[2], state)
    assert findings(state)[waived]["state"] == "open"
    html = (state / "latest" / "report.html").read_text(encoding="utf-8")
    assert "1 finding counts again: its waiver has ended." in html


def test_broken_triage_file_stops_no_night_and_is_said(tmp_path: Path) -> None:
    state = tmp_path / "state"
    audit(sample(DAYS[0]), DAYS[0], state)
    (state / "triage.csv").write_text("finding_id,decision\nF-1,bogus\n", encoding="utf-8")
    ended = audit(sample(DAYS[2]), DAYS[2], state)
    assert ended.code == 1
    assert ended.err.startswith("csp-audit: decisions are not shown: ")
    assert ended.err.count("\n") == 1
    html = (state / "latest" / "report.html").read_text(encoding="utf-8")
    assert "The decisions on findings (triage.csv) could not be read and are not shown." in html
