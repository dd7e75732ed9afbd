"""The documents say what is so: their commands run, and the changelog has room for the next change."""

from __future__ import annotations

import re
import shlex
import shutil
from pathlib import Path

import pytest

from pipeline.cli import COMMANDS
from pipeline.ruledocs import rule_docs
from pipeline.rulefile import read_rules
from tests.pipeline.commandline import call

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
DESK = (ROOT / "docs" / "desk.md").read_text(encoding="utf-8")
MAIL = (ROOT / "docs" / "mail.md").read_text(encoding="utf-8")
RETENTION = (ROOT / "docs" / "retention.md").read_text(encoding="utf-8")
WATCHING = (ROOT / "docs" / "watching.md").read_text(encoding="utf-8")
DOCTOR = (ROOT / "docs" / "doctor.md").read_text(encoding="utf-8")
SCHEDULING = (ROOT / "docs" / "scheduling.md").read_text(encoding="utf-8")
DOCUMENTS = [
    "README.md", "CHANGELOG.md", "CONTRIBUTING.md", "DECISIONS.md", "SECURITY.md", "docs/desk.md", "docs/doctor.md",
    "docs/mail.md", "docs/operations.md", "docs/retention.md", "docs/rules.md", "docs/scheduling.md",
    "docs/watching.md", "sample_data/README.md",
]  # fmt: skip


def commands(text: str) -> list[tuple[list[str], str, int]]:
    """Return every command of the ```console blocks: its words, the file that takes its output, its exit code."""
    blocks = re.findall(r"^```console\n(.*?)^```", text, re.DOTALL | re.MULTILINE)
    lines = [line.removeprefix("$ ") for block in blocks for line in block.splitlines() if line.startswith("$ ")]
    found = []
    for line in lines:
        code = re.search(r"# exit code (\d+)$", line)
        command, _, file = line.partition(" > ")
        found.append((shlex.split(command, comments=True), file.strip(), int(code[1]) if code else 0))
    return found


@pytest.mark.parametrize(
    "text",
    [README, DESK, MAIL, RETENTION, DOCTOR, WATCHING, SCHEDULING],
    ids=["README", "desk", "mail", "retention", "doctor", "watching", "scheduling"],
)
def test_commands_of_the_documents_run(text: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each ```console block, in its order, in one directory that holds nothing but a folder of exports."""
    shutil.copytree(ROOT / "sample_data" / "nights" / "2026-11-20", tmp_path / "exports", copy_function=shutil.copy)
    monkeypatch.chdir(tmp_path)
    assert commands(text)
    for (program, *words), file, code in commands(text):
        assert program == "csp-audit"
        ended = call(*words)
        assert (ended.code, ended.err) == (code, ""), words
        assert ended.out or "--out" in words or words[0] == "run", words
        if file:
            Path(file).write_text(ended.out, encoding="utf-8")


def test_every_command_has_an_example_that_runs() -> None:
    texts = [README, DESK, MAIL, RETENTION, DOCTOR, SCHEDULING]
    shown = {words[1] for text in texts for words, _, _ in commands(text)}
    assert shown >= {*COMMANDS}


@pytest.mark.parametrize("document", DOCUMENTS)
def test_links_inside_the_project_lead_somewhere(document: str) -> None:
    text = (ROOT / document).read_text(encoding="utf-8")
    links = [link.partition("#")[0] for link in re.findall(r"\]\(([^)]+)\)", text) if "://" not in link]
    assert [link for link in links if link and not ((ROOT / document).parent / link).exists()] == []


def test_readme_lists_every_rule_with_its_level() -> None:
    rows = re.findall(r"^\| ([A-Z]+[0-9]{2}) \| (\w+) \|", README, re.MULTILINE)
    assert sorted(rows) == sorted((file.rule.id, file.rule.level.value) for file in read_rules())


def test_the_committed_rule_docs_are_made_from_the_rule_files() -> None:
    docs = (ROOT / "docs" / "rules.md").read_text(encoding="utf-8")
    assert docs == rule_docs(), "run python -m pipeline.ruledocs > docs/rules.md"


def test_rule_docs_have_all_of_every_rule() -> None:
    docs = rule_docs()
    for file in read_rules():
        rule = file.rule
        assert f"| [{rule.id}](#{rule.id.lower()}) | {rule.level} | {rule.title} | {', '.join(rule.needs)} |" in docs
        section = docs.split(f"\n## {rule.id}\n")[1].split("\n## ")[0]
        for text in (rule.title, rule.message, rule.why, rule.source, *rule.steps, *rule.uses, *rule.key):
            assert text in section
        for text in (str(rule.since), f"version {rule.version}", *rule.not_judged, *rule.not_judged.values()):
            assert text in section
        assert all(f"[{name}](#{name.lower()})" in section for name in rule.gives_way_to)
        assert re.findall(r"^- (.*) \(\d{4}-\d\d-\d\d\): finds", section, re.MULTILINE) == [c.name for c in file.cases]


def test_contributing_says_which_rule_gives_way_to_which() -> None:
    """Rows that say "by its data" are about what a SELECT's joins leave out; all others are the rules' headers."""
    contributing = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    table = contributing.split("| rule | gives way to |\n|-|-|\n")[1].split("\n\n")[0]
    rows = [row.strip("| ").split(" | ") for row in table.splitlines() if "by its data" not in row]
    told = {name: others.split(", ") for names, others in rows for name in names.split(", ")}
    assert told == {file.rule.id: [*file.rule.gives_way_to] for file in read_rules() if file.rule.gives_way_to}


def test_readme_lists_the_exit_codes() -> None:
    codes = re.findall(r"^\| ([0-9]+) \|", README, re.MULTILINE)
    assert codes == ["0", "1", "2", "3", "4", "5", "70"]


def test_changelog_has_an_unreleased_section_that_says_something() -> None:
    changelog = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    assert changelog.startswith("# Changelog\n")
    unreleased = changelog.split("## [Unreleased]\n")[1].split("\n## ")[0]
    assert re.search(r"^### (Added|Changed|Fixed|Removed)$", unreleased, re.MULTILINE)
    assert re.search(r"^- \S", unreleased, re.MULTILINE)


def test_every_threat_names_tests_that_there_are() -> None:
    rows = re.findall(
        r"^\| (?!threat)[^-|][^|]* \| [^|]+ \| ([^|]+) \|$", (ROOT / "SECURITY.md").read_text(), re.MULTILINE
    )
    assert len(rows) > 10
    assert [path for row in rows for path in row.split(", ") if not (ROOT / path).exists()] == []
