"""Help, version and check: what a user reads before the first night."""

from __future__ import annotations

import json
import shlex
import subprocess
import sys
import tomllib
from typing import TYPE_CHECKING

import click
import pytest

from pipeline.cli import COMMANDS, cli
from schemas.catalog import TABLES
from tests.pipeline.commandline import DAYS, ROOT, SAMPLES, call, sample, spawn
from tests.pipeline.exports import AS_OF, contents, night, write_folder

if TYPE_CHECKING:
    from pathlib import Path

HEAVY = {"duckdb", "pandas", "pandera", "jinja2", "numpy", "pydantic", "rich"}
# What no command of the desk uses that asks a night for a list: the gate, the report, mail, other packages.
BESIDE_THE_DESK = {
    "babel", "css_inline", "icalendar", "jinja2", "pandas", "pandera", "pipeline.gate", "pipeline.mail.smtp",
    "pipeline.run", "pipeline.survey", "reports.render", "rich", "smtplib",
}  # fmt: skip
EVERY = [[], *([name] for name in COMMANDS), ["rules", "list"], ["rules", "show"], ["rules", "policy"]]
BROKEN = sorted(path.name for path in (SAMPLES / "broken").iterdir() if path.is_dir())


def examples(words: list[str]) -> list[str]:
    lines = [line.strip() for line in call(*words, "--help").out.split("Examples:")[1].splitlines()]
    return [line for line in lines if line.startswith("csp-audit ")]


@pytest.mark.parametrize("words", EVERY, ids=[" ".join(words) or "csp-audit" for words in EVERY])
def test_help_shows_examples_that_the_command_line_accepts(words: list[str]) -> None:
    assert call(*words, "--help").code == 0
    assert call(*words, "-h") == call(*words, "--help")
    assert examples(words)
    for example in examples(words):
        command: click.Command = cli
        context, rest = click.Context(cli, **cli.context_settings), shlex.split(example.partition(" > ")[0])[1:]
        while isinstance(command, click.Group) and rest:
            _, command, rest = command.resolve_command(context, rest)
        command.make_context(example, rest, parent=context)


def test_help_of_the_program_lists_every_command_and_exit_code() -> None:
    text = " ".join(call("--help").out.split())
    assert all(f"{name} {COMMANDS[name]}" in text for name in COMMANDS)
    assert all(f" {code} " in text.partition("Exit codes:")[2] for code in (0, 1, 2, 3, 4, 70))


def test_version_is_that_of_the_project() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    ended = call("--version")
    assert (ended.code, ended.out, ended.err) == (0, f"csp-audit {project['version']}\n", "")


@pytest.mark.parametrize(
    "words", [["--help"], ["run", "--help"], ["findings", "--help"], ["rules", "policy", "-h"], ["--version"]]
)
def test_help_imports_no_heavy_package(words: list[str]) -> None:
    imported = imported_by(*words)
    assert "click" in imported
    assert not HEAVY & imported


@pytest.mark.parametrize(
    ("words", "unused"),
    [
        (["runs"], {"schemas.catalog", "schemas.reading", "pipeline.rulefile", "pipeline.policy"}),
        (["expiring", "--within", "30"], {"pipeline.rulefile", "pipeline.policy"}),
        (["renewals", "--within", "30"], {"pipeline.rulefile", "pipeline.policy"}),
        (["findings"], {"pipeline.policy"}),
        (["what-if", "--without-waivers"], set()),
    ],
)
def test_commands_of_the_desk_import_only_what_they_use(audited: Path, words: list[str], unused: set[str]) -> None:
    imported = imported_by(*words, "--state", str(audited), "--format", "csv")
    assert "duckdb" in imported
    assert not (unused | BESIDE_THE_DESK) & imported


def imported_by(*words: str) -> set[str]:
    """Run a command of its own process; return the names of all modules that were imported at its end."""
    program = (
        "import sys, json, atexit\n"
        "atexit.register(lambda: print(json.dumps(sorted(sys.modules)), file=sys.stderr))\n"
        "from pipeline.cli import main; main()"
    )
    argv = [sys.executable, "-c", program, *words]
    ended = subprocess.run(argv, cwd=ROOT, capture_output=True, text=True, check=True)
    return set(json.loads(ended.stderr))


def test_check_lists_every_export_and_changes_nothing(tmp_path: Path) -> None:
    before = contents(SAMPLES)
    ended = call("check", sample(DAYS[0]), "--as-of", DAYS[0], "--state", tmp_path)
    assert (ended.code, ended.err) == (0, "")
    lines = [line.split() for line in ended.out.splitlines()]
    files = {name: [f"{name}.csv:"] for name in TABLES if name != "qualification_requests"}
    files["price_list"] = ["price_list-legacy.csv:", "price_list.csv:"]
    assert [line[:3] for line in lines] == [[name, "ok", file] for name, several in files.items() for file in several]
    assert all("utf-8, " in line for line in ended.out.splitlines())
    assert list(tmp_path.iterdir()) == []
    assert contents(SAMPLES) == before


def test_check_says_how_each_file_is_written_and_what_it_ignores(tmp_path: Path) -> None:
    tables = night()
    tables["customers"] = [row | {"Mood": "good"} for row in tables["customers"]]
    folder = write_folder(tmp_path, tables)
    first = call("check", folder, "--as-of", AS_OF, "--state", tmp_path).out.splitlines()[0]
    # One of the six names has a line break in it.
    assert first == "customers              ok  customers.csv: 7 lines, utf-8, 6 columns, 1 ignored"


@pytest.mark.parametrize("case", BROKEN)
def test_check_refuses_each_broken_folder_with_one_line(tmp_path: Path, case: str) -> None:
    ended = call("check", SAMPLES / "broken" / case, "--as-of", DAYS[2], "--state", tmp_path)
    assert (ended.code, ended.out, ended.err.count("\n")) == (3, "", 1)
    assert "problems)" not in ended.err
    assert list(tmp_path.iterdir()) == []


def test_check_compares_with_the_last_good_night(audited: Path, tmp_path: Path) -> None:
    folder = write_folder(tmp_path / "small")
    ended = call("check", folder, "--as-of", AS_OF, "--state", audited)
    assert ended.code == 3
    assert ended.err.startswith("csp-audit: customers.csv: found 7 lines after 93 on the last good night; ")


def test_program_without_a_command_shows_its_help() -> None:
    ended = call()
    assert (ended.code, ended.out) == (2, "")
    assert ended.err.rstrip() == call("--help").out.rstrip()


def test_shell_completes_the_names_of_commands(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in (("COMPLETE", "bash_complete"), ("WORDS", "csp-audit "), ("CWORD", "1")):
        monkeypatch.setenv("_CSP_AUDIT_COMPLETE" if name == "COMPLETE" else f"COMP_{name}", value)
    assert spawn().out.split() == [f"plain,{name}" for name in COMMANDS]
