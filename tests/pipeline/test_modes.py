"""Who may read what the program writes: the owner alone, or whom the configuration names; what is there stays."""

from __future__ import annotations

import re
import stat
from typing import TYPE_CHECKING

import pytest

from pipeline.errors import UsageError
from pipeline.privacy import masking_key
from tests.pipeline.commandline import audit, call
from tests.pipeline.exports import AS_OF, night, write_folder

if TYPE_CHECKING:
    from pathlib import Path

# Folders, files, and the warehouse, which nobody writes into.
MODES = {"owner": (0o700, 0o600, 0o400), "group": (0o750, 0o640, 0o440), "all": (0o755, 0o644, 0o444)}


def modes(folder: Path) -> dict[str, int]:
    """Return the permissions of all that is below a folder, and of the folder itself."""
    found = [path for path in (folder, *folder.rglob("*")) if not path.is_symlink()]
    return {str(path.relative_to(folder)): stat.S_IMODE(path.stat().st_mode) for path in found}


def wrong(folder: Path, readable_by: str) -> dict[str, str]:
    """Return what has other permissions than the setting asks for."""
    directory, file, warehouse = MODES[readable_by]
    expected = {
        name: directory if (folder / name).is_dir() else warehouse if name.endswith(".duckdb") else file
        for name in modes(folder)
    }
    expected |= {"masking.key": 0o600} if (folder / "masking.key").exists() else {}
    return {name: oct(mode) for name, mode in modes(folder).items() if mode != expected[name]}


def live(root: Path, config: str) -> Path:
    """Let every command write what it writes; return the state directory."""
    state, settings = root / "state", root / "csp-audit.toml"
    settings.write_text(f"gate = {{ max_age_hours = 1000 }}\n{config}", encoding="utf-8")
    told = ("--state", state, "--config", settings)
    exports = write_folder(root / "exports")
    for day in ("2026-11-19", "2026-11-21", AS_OF):
        assert audit(exports, day, state, "--config", settings).code == 1
    broken = write_folder(root / "broken", {name: rows for name, rows in night().items() if name != "subscriptions"})
    assert audit(broken, "2026-11-22", state, "--config", settings).code == 3
    finding = re.search("F-[0-9a-f]{12}", call("findings", *told, "--format", "csv").out)
    assert finding
    out = root / "out"
    out.mkdir(mode=MODES[next((name for name in MODES if name in config), "owner")][0])
    waived = ("--reason", "ticket 1", "--approved-by", "A", "--until", "2026-12-01", "--created", AS_OF)
    assert call("waive", "add", "--finding", finding[0], *waived, *told).code == 0
    sheet = root / "sheet.csv"
    sheet.write_text(f"finding_id,decision,owner,promised_on,note\n{finding[0]},fix,A,,\n", encoding="utf-8")
    assert call("triage", "import", sheet, *told).code == 0
    assert call("report", "--out", out / "report.html", *told).code == 0
    assert call("report", "--mask", "--out", out / "masked.html", *told).code == 0
    assert call("calendar", "--out", out / "deadlines.ics", *told).code == 0
    return state


@pytest.mark.parametrize("readable_by", ["", "group", "all"])
def test_everything_written_is_for_whom_the_configuration_names(tmp_path: Path, readable_by: str) -> None:
    state = live(tmp_path, f'[privacy]\nreadable_by = "{readable_by}"\n' if readable_by else "")
    names = set(modes(state))
    assert {"csp-audit.log", "lock", "warehouse.duckdb", "triage.csv", "waivers.toml", "masking.key"} <= names
    assert {"runs/2026-11-20/report.html", "refused/2026-11-22/run.json"} <= names
    assert any(name.startswith("kept/warehouse-") for name in names)
    assert wrong(state, readable_by or "owner") == {}
    assert wrong(tmp_path / "out", readable_by or "owner") == {}


def test_what_was_there_keeps_its_permissions(tmp_path: Path) -> None:
    state = tmp_path / "state"
    (state / "runs").mkdir(parents=True)
    state.chmod(0o755)
    (state / "runs").chmod(0o750)
    log = state / "csp-audit.log"
    log.write_text("older lines\n", encoding="utf-8")
    log.chmod(0o640)
    assert audit(write_folder(tmp_path / "exports"), AS_OF, state).code == 1
    found = modes(state)
    assert (found["."], found["runs"], found["csp-audit.log"]) == (0o755, 0o750, 0o640)
    assert found[f"runs/{AS_OF}"] == 0o700
    assert found[f"runs/{AS_OF}/report.html"] == 0o600


def test_diagnostics_of_a_fault_are_the_owners(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr("pipeline.run.read_rules", fail)
    ended = audit(write_folder(tmp_path / "exports"), AS_OF, tmp_path / "state")
    assert ended.code == 70
    (file,) = (tmp_path / "state").glob("csp-audit-fault-*.txt")
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_unknown_reader_is_refused_by_name(tmp_path: Path) -> None:
    config = tmp_path / "csp-audit.toml"
    config.write_text('[privacy]\nreadable_by = "world"\n', encoding="utf-8")
    ended = call("findings", "--config", config, "--state", tmp_path / "state")
    assert ended.code == 2
    assert "privacy.readable_by" in ended.err
    assert "'owner', 'group' or 'all'" in ended.err


def test_masking_key_is_made_once(tmp_path: Path) -> None:
    key = masking_key(tmp_path)
    assert (len(key), masking_key(tmp_path)) == (32, key)
    assert modes(tmp_path)["masking.key"] == 0o600
    assert [path.name for path in tmp_path.iterdir()] == ["masking.key"]
    other = tmp_path / "other"
    other.mkdir()
    assert masking_key(other) != key


@pytest.mark.parametrize(
    ("text", "mode", "told"),
    [
        ("00" * 32, 0o640, "others may read the key for masking. Run chmod 600"),
        ("00" * 31, 0o600, "the key for masking is not whole"),
        ("no key", 0o600, "it holds no key"),
    ],
)
def test_masking_key_that_cannot_be_used_is_refused(tmp_path: Path, text: str, mode: int, told: str) -> None:
    path = tmp_path / "masking.key"
    path.write_text(text, encoding="utf-8")
    path.chmod(mode)
    with pytest.raises(UsageError, match=re.escape(told)):
        masking_key(tmp_path)


def test_report_is_masked_on_request_and_the_same_each_time(tmp_path: Path) -> None:
    state = tmp_path / "state"
    assert audit(write_folder(tmp_path / "exports"), AS_OF, state).code == 1
    plain, one, two = (call("report", *words, "--state", state).out for words in ((), ("--mask",), ("--mask",)))
    assert "Hospicjum" in plain
    assert "Hospicjum" not in one
    assert re.search(r"Customer [0-9A-F]{4}-[0-9A-F]{4}-[0-9A-F]{4}-[0-9A-F]{4}", one)
    assert one == two


def test_masked_night_has_no_name_in_any_file_and_the_desk_still_knows_them(tmp_path: Path) -> None:
    state = tmp_path / "state"
    assert audit(write_folder(tmp_path / "exports"), AS_OF, state, "--mask").code == 1
    written = {path.name: path.read_text(encoding="utf-8") for path in (state / "runs" / AS_OF).iterdir()}
    secrets = {row[key] for row in night()["customers"] for key in ("customer_id", "domain", "company_name")}
    assert {(name, text) for name, content in written.items() for text in secrets if text in content} == set()
    assert "Customer " in written["findings.csv"]
    assert "Hospicjum" in call("findings", "--state", state, "--format", "csv").out
    assert "Hospicjum" in call("report", "--state", state).out
