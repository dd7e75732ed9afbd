"""The metrics: what Prometheus would read, read by a strict parser of its text format."""

from __future__ import annotations

import json
import re
import stat
from datetime import datetime
from typing import TYPE_CHECKING, Any

import pytest

from pipeline.watch.metrics import metrics_text
from pipeline.watch.status import InputAge, Status, read_status
from tests.pipeline.commandline import audit
from tests.pipeline.exports import AS_OF

if TYPE_CHECKING:
    from pathlib import Path

NAME = r"[a-zA-Z_:][a-zA-Z0-9_:]*"
LABELS = r'\{([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\["\\n])*)"\}'
SAMPLE = re.compile(rf"({NAME})(?:{LABELS})? (-?[0-9]+(?:\.[0-9]+)?)")
Samples = dict[tuple[str, str, str], float]
ALWAYS = {"csp_audit_last_attempt_timestamp_seconds", "csp_audit_last_exit_code", "csp_audit_duration_seconds"}
OF_A_GOOD_RUN = {
    "csp_audit_last_success_timestamp_seconds", "csp_audit_findings", "csp_audit_unread_rows",
    "csp_audit_rules_not_judged",
}  # fmt: skip


def parse(text: str) -> Samples:
    """Read the exposition format: each family is HELP, TYPE and its samples, once and in one piece; nothing is left."""
    assert text.endswith("\n")
    samples: Samples = {}
    families: list[str] = []
    for block in re.split(r"^(?=# HELP )", text, flags=re.MULTILINE)[1:]:
        told, kind, *lines = block.splitlines()
        name = re.fullmatch(rf"# HELP ({NAME}) [^\\]+", told)
        assert name
        assert kind == f"# TYPE {name[1]} gauge"
        assert name[1] not in families
        families.append(name[1])
        assert lines
        for line in lines:
            sample = SAMPLE.fullmatch(line)
            assert sample, line
            assert sample[1] == name[1]
            key = (sample[1], sample[2] or "", sample[3] or "")
            assert key not in samples
            samples[key] = float(sample[4])
    assert text.count("\n") == len(samples) + 2 * len(families)
    return samples


def names(samples: Samples) -> set[str]:
    return {name for name, _, _ in samples}


def write_config(folder: Path, file: Path) -> Path:
    path = folder / "csp-audit.toml"
    path.write_text(f'[watch]\nmetrics_file = "{file}"\n', encoding="utf-8")
    return path


def test_a_good_night_and_a_refused_one(exports: Path, empty: Path, tmp_path: Path) -> None:
    state, file = tmp_path / "state", tmp_path / "csp_audit.prom"
    config = write_config(tmp_path, file)
    assert audit(empty, "2026-11-18", state, "--config", config).code == 3
    refused = parse(file.read_text(encoding="utf-8"))
    assert names(refused) == ALWAYS
    assert refused["csp_audit_last_exit_code", "", ""] == 3

    assert audit(exports, "2026-11-19", state, "--config", config).code == 1
    good, run = parse(file.read_text(encoding="utf-8")), json.loads((state / "latest" / "run.json").read_bytes())
    assert names(good) == ALWAYS | OF_A_GOOD_RUN | {"csp_audit_input_age_hours"}
    found: list[dict[str, Any]] = json.loads((state / "latest" / "findings.json").read_bytes())["findings"]
    for level in ("violation", "deadline", "verify"):
        assert good["csp_audit_findings", "level", level] == sum(each["level"] == level for each in found)
    unjudged = [rule for rule in run["rules"] if rule["judgement"].startswith("not judged")]
    assert good["csp_audit_rules_not_judged", "", ""] == len(unjudged) > 0
    assert good["csp_audit_unread_rows", "", ""] == sum(each["unread"] for each in run["inputs"])
    attempt = json.loads((state / "status.json").read_bytes())["last_attempt"]
    ended = datetime.fromisoformat(attempt["ended_at"]).timestamp()
    assert good["csp_audit_last_attempt_timestamp_seconds", "", ""] == ended
    assert good["csp_audit_last_success_timestamp_seconds", "", ""] == ended
    assert good["csp_audit_duration_seconds", "", ""] == attempt["seconds"]
    assert good["csp_audit_input_age_hours", "table", "customers"] == attempt["inputs"][0]["hours"]

    assert audit(empty, AS_OF, state, "--config", config).code == 3
    after = parse(file.read_text(encoding="utf-8"))
    assert after["csp_audit_last_exit_code", "", ""] == 3
    kept = {key: value for key, value in good.items() if key[0] in OF_A_GOOD_RUN}
    assert kept == {key: value for key, value in after.items() if key[0] in OF_A_GOOD_RUN}
    assert not list(tmp_path.glob(".csp_audit*"))


def test_table_of_many_files_is_as_old_as_its_oldest(exports: Path, tmp_path: Path) -> None:
    assert audit(exports, AS_OF, tmp_path / "state").code == 1
    status = read_status(tmp_path / "state")
    assert status.last_attempt
    ages = [("price_list", 3.5), ("price_list", 900.25), ("customers", -2.0), ("price_list", 1.0)]
    inputs = tuple(InputAge(table=table, file="x.csv", hours=hours) for table, hours in ages)
    attempt = status.last_attempt.model_copy(update={"inputs": inputs})
    samples = parse(metrics_text(status.model_copy(update={"last_attempt": attempt})))
    found = {key[2]: value for key, value in samples.items() if key[0] == "csp_audit_input_age_hours"}
    assert found == {"price_list": 900.25, "customers": -2.0}


def test_nothing_is_known_of_no_run() -> None:
    assert metrics_text(Status()) == ""


def test_exporter_may_read_the_file_and_permissions_that_are_there_stay(empty: Path, tmp_path: Path) -> None:
    file = tmp_path / "csp_audit.prom"
    (tmp_path / ".csp_audit.prom.123").write_text("half a file", encoding="utf-8")
    for mode in (0o644, 0o640):
        assert audit(empty, AS_OF, tmp_path / "state", "--config", write_config(tmp_path, file)).code == 3
        assert stat.S_IMODE(file.stat().st_mode) == mode
        file.chmod(0o640)
    assert not list(tmp_path.glob(".csp_audit*"))


@pytest.mark.parametrize(("folder", "code", "lines"), [("good", 0, 1), ("empty", 3, 2)])
def test_file_that_cannot_be_written_is_one_line_and_changes_nothing(
    folder: str, code: int, lines: int, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    config = write_config(tmp_path, tmp_path / "no such folder" / "csp_audit.prom")
    ended = audit(request.getfixturevalue(folder), AS_OF, tmp_path / "state", "--config", config)
    assert (ended.code, ended.out, ended.err.count("\n")) == (code, "", lines)
    assert "csp_audit.prom: the metrics could not be written: No such file or directory. " in ended.err
    assert "the metrics could not be written" in (tmp_path / "state" / "csp-audit.log").read_text()
