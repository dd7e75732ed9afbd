"""Questions with too little memory: a setting to correct, and no fault of the program."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.pipeline.commandline import Ended, call

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize("words", ["findings", "runs", "renewals --within 30", "customer nobody.example", "waive list"])
def test_too_little_memory_is_a_setting_to_correct(audited: Path, tmp_path: Path, words: str) -> None:
    config = tmp_path / "csp-audit.toml"
    config.write_text('memory_limit = "1MB"\n', encoding="utf-8")
    ended = call(*words.split(), "--state", audited, "--config", config)
    said = "memory_limit = 1MB is too little for this question. Raise it in the configuration.\n"
    assert ended == Ended(2, "", f"csp-audit: {said}")
