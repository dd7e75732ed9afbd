"""What goes wrong while a question is answered: the asker's fault is said in one line, ours leaves diagnostics."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from pipeline.database import DatabaseError
from tests.pipeline.commandline import call

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize(
    "words", [("customer", "\udcff\udcfeabc"), ("findings", "--text", "\udcff"), ("explain", "F-\udcff")]
)
def test_word_of_another_encoding_is_refused(audited: Path, words: tuple[str, ...]) -> None:
    ended = call(*words, "--state", audited)
    assert (ended.code, ended.out) == (2, "")
    assert ended.err == (
        f"csp-audit: word {len(words)} of the command is not UTF-8. "
        "Set the terminal to UTF-8, or give the id instead.\n"
    )


def test_database_error_in_an_answer_does_not_blame_the_warehouse(
    audited: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        message = "Binder Error: no such column"
        raise DatabaseError(message)

    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr("pipeline.desk.customers.find_customer", fail)
    ended = call("customer", "Lipowa", "--state", audited)
    assert (ended.code, ended.out, ended.err.count("\n")) == (70, "", 1)
    assert "kept/" not in ended.err
