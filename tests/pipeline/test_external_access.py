"""What runs on a warehouse reaches nothing outside it: neither a rule at night, nor a question by day."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import duckdb
import pytest

from pipeline.rulefile import RuleFile, read_rules
from tests.pipeline.commandline import audit, call
from tests.pipeline.exports import contents, run, write_folder
from tests.pipeline.questions import QUESTIONS

if TYPE_CHECKING:
    from pathlib import Path

SUBJECT = "null as customer_id, null as subscription_id, null as due_on"
# What a rule could be made to try; {secret} is a file that is there, {out} one that is not.
TRICKS = {
    "a csv file": f"select {SUBJECT}, column0 as what from read_csv('{{secret}}', header = false)",
    "a text file": f"select {SUBJECT}, content as what from read_text('{{secret}}')",
    "a file by its name": f"select {SUBJECT}, * from '{{secret}}'",
    "names of files": f"select {SUBJECT}, file as what from glob('{{secret}}*')",
    "a variable of Python": f"select {SUBJECT}, * from variable",
    "a copy": f"select {SUBJECT}; copy (select 1) to '{{out}}'",
    "an export": f"select {SUBJECT}; export database '{{out}}'",
    "another database": f"select {SUBJECT}; attach '{{out}}' as other",
    "an extension": f"select {SUBJECT}; install httpfs",
    "an extension from a file": f"select {SUBJECT}; load '{{secret}}'",
    "access again": f"select {SUBJECT}; set enable_external_access = true",
    "another setting": f"select {SUBJECT}; set temp_directory = '{{out}}'",
    "a setting of its own": f"select {SUBJECT}; reset lock_configuration",
}


def test_rule_reads_and_writes_nothing_outside_the_warehouse(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    secret, out = tmp_path / "secret.csv", tmp_path / "out"
    secret.write_text("SECRET-7781\n")
    usual = read_rules()
    bad = [
        RuleFile(
            replace(usual[0].rule, id=f"BAD{number:02}", needs=(), uses=(), key=("due_on",), gives_way_to=()),
            text.format(secret=secret, out=out),
            "",
        )
        for number, text in enumerate(TRICKS.values())
    ]
    monkeypatch.setattr("pipeline.run.read_rules", lambda: [*bad, *usual])
    state = tmp_path / "state"
    ended = run(write_folder(tmp_path / "exports"), state)
    assert (ended.code, ended.out, ended.err.count("\n")) == (1, "", len(bad))
    told = {rule["id"]: rule for rule in json.loads((state / "latest" / "run.json").read_text())["rules"]}
    for file, name in zip(bad, TRICKS, strict=True):
        assert told[file.rule.id]["judgement"] == "not judged: error", name
    assert {rule["judgement"] for name, rule in told.items() if not name.startswith("BAD")} != {"not judged: error"}
    assert told["SEG01"]["judgement"] == "judged"
    assert not out.exists()
    assert all(b"SECRET-7781" not in content for content in contents(state).values())


class Watched:
    """A connection that says, as it is closed, whether files were in reach."""

    def __init__(self, connection: duckdb.DuckDBPyConnection, seen: list[object]) -> None:
        self.connection, self.seen = connection, seen

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - as the connection has it
        return getattr(self.connection, name)

    def close(self) -> None:
        rows = self.connection.execute("select current_setting('enable_external_access')").fetchall()
        self.seen += [value for (value,) in rows]
        self.connection.close()


@pytest.fixture(scope="module")
def two(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a state directory that holds two nights; leave it as it is."""
    root = tmp_path_factory.mktemp("two")
    folder = write_folder(root / "exports")
    for day in ("2026-11-19", "2026-11-20"):
        assert audit(folder, day, root / "state").code == 1
    return root / "state"


@pytest.mark.parametrize("command", QUESTIONS)
def test_question_opens_the_warehouse_for_reading_alone(
    two: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, command: str
) -> None:
    closed: list[object] = []
    opened: list[bool] = []
    connect = duckdb.connect

    def watched(path: str, *, read_only: bool = False, config: dict[str, Any]) -> Watched:
        opened.append(read_only or path == ":memory:")
        return Watched(connect(path, read_only=read_only, config=config), closed)

    monkeypatch.setattr("pipeline.database.duckdb.connect", watched)
    monkeypatch.chdir(tmp_path)
    before = contents(two)
    ended = call(command, *QUESTIONS[command], "--state", two)
    assert ended.code in {0, 1}, ended.err
    assert opened
    assert opened == [True] * len(opened)
    assert closed == [False] * len(opened)
    assert contents(two) == before
