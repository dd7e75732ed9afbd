"""The configuration: every key has a default, and whatever is wrong is named by file and key."""

from __future__ import annotations

import tomllib
from datetime import date
from typing import TYPE_CHECKING

import pytest

from pipeline.config import Config, load_config
from pipeline.warehouse import build
from tests.pipeline.commandline import ROOT, call
from tests.pipeline.exports import AS_OF, write_folder

if TYPE_CHECKING:
    from pathlib import Path

DEFAULTS = """
partner = "Cloud Solution Provider partner"
language = "en"
state = "csp-audit-state"
memory_limit = "1GB"
threads = 2
keep = 3

[gate]
max_age_hours = 36
max_shrink_share = 0.3
max_shrink_rows = 10
may_be_empty = []
may_link_outside = false

[breaker]
max_share = 0.1
times = 10
nights = 14
least_nights = 3

[limits]
max_line_bytes = 1048576
max_columns = 1000
max_file_gb = 20.0

[unread]
max_share = 0.01
max_rows = 10
kept_rows = 10000

[privacy]
readable_by = "owner"

[retention]
runs = 400
refused = 60
mail_days = 30

[watch]
ping_url = ""
keep_logs = 7

[answer_times]

[tables]
"""
# What the file says, and the line that the user reads about it.
WRONG = {
    "number of too many digits": (f"threads = {'9' * 5_000}", "the configuration cannot be read: Exceeds the limit"),
    "lists in lists without end": (f"x = {'[' * 100_000}", "the configuration cannot be read: maximum recursion depth"),
    "key that is not known": ('colour = "red"', "colour: there is no such key"),
    "key of a section that is not known": ("gate.max_age = 3", "gate.max_age: there is no such key"),
    "text for a number": ('threads = "many"', "threads: input should be a valid integer"),
    "number that is too small": ("threads = 0", "threads: input should be greater than or equal to 1"),
    "age of nothing": ("gate.max_age_hours = 0", "gate.max_age_hours: input should be greater than 0"),
    **{
        f"{number} for {key}": (f"{key} = {number}", f"{key}: input should be ")
        for number in ("inf", "-inf", "nan")
        for key in (
            "gate.max_age_hours",
            "gate.max_shrink_share",
            "unread.max_share",
            "breaker.max_share",
            "breaker.times",
            "limits.max_file_gb",
            "tables.customers.max_age_hours",
        )
    },
    "age without end": ("gate.max_age_hours = inf", "gate.max_age_hours: input should be a finite number"),
    "size without end": ("limits.max_file_gb = inf", "limits.max_file_gb: input should be a finite number"),
    "mail that waits for more than a century": (
        "retention.mail_days = 1_000_000",
        "retention.mail_days: input should be less than or equal to 36500",
    ),
    "share above one": ("unread.max_share = 30", "unread.max_share: input should be less than or equal to 1"),
    "fraction of a warehouse": ("keep = 1.5", "keep: input should be a valid integer"),
    "memory without a unit": ('memory_limit = "lots"', "memory_limit: string should match pattern"),
    "value for a section": ("gate = 3", "gate: input should be a valid dictionary"),
    "table that is not known": ('tables.invoices.encoding = "utf-8"', "tables: there is no table invoices"),
    "column that is not known": (
        'tables.customers.date_order = { birthday = "day first" }',
        "tables: customers.date_order: there is no column birthday",
    ),
    "date order that is not known": (
        'tables.subscriptions.date_order = { creation_date = "year first" }',
        "tables.subscriptions.date_order.creation_date: input should be 'day first' or 'month first'",
    ),
    "encoding that is not known": (
        'tables.customers.encoding = "latin9"',
        "tables.customers.encoding: input should be",
    ),
    "delimiter of two characters": ('tables.customers.delimiter = ", "', "tables.customers.delimiter: string should"),
    "empty delimiter": ('tables.customers.delimiter = ""', "tables.customers.delimiter: string should"),
    "table that may not exist, empty": (
        'gate.may_be_empty = ["notices"]',
        "gate.may_be_empty: there is no table notices",
    ),
    "answer time of a qualification that has none": (
        "answer_times.Nonprofit = 5",
        "answer_times: there is no answer time for Nonprofit; there is one for GovernmentCommunityCloud and Education",
    ),
    "answer time of no days": (
        "answer_times.Education = 0",
        "answer_times.Education: input should be greater than or equal to 1",
    ),
    "no such language": ('language = "de"', "language: there is no language de; there are en, pl, it"),
    "answer time with half a day": ("answer_times.Education = 2.5", "answer_times.Education: input should be a valid"),
    "answer time as a text": ('answer_times.Education = "5"', "answer_times.Education: input should be a valid"),
    "answer time as a truth": ("answer_times.Education = true", "answer_times.Education: input should be a valid"),
    "answer time of years": ("answer_times.Education = 251", "answer_times.Education: input should be less than"),
    "TOML that breaks off": ("[gate", "the configuration cannot be read: "),
}


def written(folder: Path, text: str) -> Path:
    path = folder / "csp-audit.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_no_file_an_empty_file_and_the_defaults_written_out_are_the_same(tmp_path: Path) -> None:
    default = load_config(None)
    assert default == Config() == load_config(written(tmp_path, ""))
    assert default == load_config(written(tmp_path, DEFAULTS))
    # The text above has every key that there is, but for those whose default no TOML can say.
    expected = tomllib.loads(DEFAULTS) | {"waivers": None, "mail": None}
    expected["watch"]["metrics_file"] = None
    assert default.model_dump(mode="json") == expected


@pytest.mark.parametrize(("text", "line"), WRONG.values(), ids=WRONG.keys())
def test_wrong_configuration_is_one_line_with_file_and_key(tmp_path: Path, text: str, line: str) -> None:
    file = written(tmp_path, text)
    ended = call("run", tmp_path, "--config", file, "--state", tmp_path / "state")
    assert (ended.code, ended.out, ended.err.count("\n")) == (2, "", 1)
    assert ended.err.startswith(f"csp-audit: {file}: {line}")
    assert "run again." in ended.err
    assert not (tmp_path / "state").exists()


def test_several_wrong_keys_are_counted(tmp_path: Path) -> None:
    file = written(tmp_path, "threads = 0\nkeep = -1\n[gate]\nage = 1\n")
    ended = call("check", tmp_path, "--config", file)
    assert (ended.code, ended.err.count("\n")) == (2, 1)
    assert ended.err.startswith(f"csp-audit: {file}: threads: ")
    assert ended.err.endswith("(the first of 3 problems)\n")


@pytest.mark.parametrize("content", [None, b"\xff\xfe\x00"])
def test_unreadable_configuration_is_one_line(tmp_path: Path, content: bytes | None) -> None:
    file = tmp_path / "csp-audit.toml"
    if content:
        file.write_bytes(content)
    ended = call("findings", "--config", file)
    assert (ended.code, ended.out, ended.err.count("\n")) == (2, "", 1)
    assert str(file) in ended.err


def test_memory_limit_and_threads_reach_duckdb(tmp_path: Path) -> None:
    config = load_config(written(tmp_path, 'memory_limit = "300MiB"\nthreads = 3'))
    with build(tmp_path, config, tmp_path / "none.duckdb", date(2026, 11, 20)) as connection:
        row = connection.execute("select current_setting('memory_limit'), current_setting('threads')").fetchone()
    assert row == ("300.0 MiB", 3)


def test_state_option_goes_before_the_file(tmp_path: Path) -> None:
    exports = write_folder(tmp_path / "exports")
    file = written(tmp_path, f"state = '{tmp_path / 'from the file'}'\npartner = 'Lipowa'")
    call("run", exports, "--as-of", AS_OF, "--config", file)
    call("run", exports, "--as-of", AS_OF, "--config", file, "--state", tmp_path / "from the option")
    for name in ("from the file", "from the option"):
        assert "Lipowa" in (tmp_path / name / "latest" / "report.html").read_text(encoding="utf-8")


def test_environment_names_the_configuration_and_the_option_goes_before_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    named, other = tmp_path / "named.toml", tmp_path / "other.toml"
    named.write_text(f'state = "{tmp_path / "there"}"\n', encoding="utf-8")
    other.write_text(f'state = "{tmp_path / "elsewhere"}"\n', encoding="utf-8")
    monkeypatch.setenv("CSP_AUDIT_CONFIG", str(named))
    assert f"{tmp_path / 'there'}: there is no such directory" in call("prune").err
    assert f"{tmp_path / 'elsewhere'}: there is no such directory" in call("prune", "--config", other).err


def test_gate_settings_reach_the_gate(tmp_path: Path) -> None:
    exports = write_folder(tmp_path / "exports")
    file = written(tmp_path, "gate.max_age_hours = 20")
    assert call("check", exports, "--as-of", AS_OF, "--state", tmp_path).code == 0
    ended = call("check", exports, "--as-of", AS_OF, "--state", tmp_path, "--config", file)
    assert (ended.code, ended.out) == (3, "")
    assert "21 hours before the end of 2026-11-20; expected at most 20 hours" in ended.err


def test_configuration_in_the_readme_is_valid_and_its_settings_are_the_defaults(tmp_path: Path) -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    example = readme.split("```toml\n")[1].split("```")[0]
    assert load_config(written(tmp_path, example)).tables.keys() == {"subscriptions"}
    assert load_config(written(tmp_path, example)).answer_times == {"Education": 5}
    own = {"partner": Config().partner, "state": "csp-audit-state", "answer_times": {}, "tables": {}}
    assert tomllib.loads(example) | own == tomllib.loads(DEFAULTS)
