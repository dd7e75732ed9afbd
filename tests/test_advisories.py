"""What `make audit` says of what pip-audit found, and that it never takes silence for a clean answer."""

from __future__ import annotations

import json

import pytest

from tests.advisories import UNREACHED, verdict

Asked = dict[str, object]

CLEAN: Asked = {"name": "click", "version": "8.3.0", "vulns": []}
SKIPPED: Asked = {"name": "duckdb", "skip_reason": "Dependency not found and could not be audited: duckdb (2.0.0)"}
MENDED = {"id": "PYSEC-2026-1", "fix_versions": ["3.1.7"], "aliases": [], "description": "..."}
OPEN = {"id": "GHSA-aaaa", "fix_versions": [], "aliases": [], "description": "..."}
VULNERABLE: Asked = {"name": "jinja2", "version": "3.1.6", "vulns": [MENDED, OPEN]}


def told(*dependencies: Asked) -> tuple[int, str]:
    return verdict(json.dumps({"dependencies": dependencies, "fixes": []}))


@pytest.mark.parametrize("output", ["", "Traceback", "[]", "{}", "null"])
def test_a_program_that_failed_has_audited_nothing(output: str) -> None:
    assert verdict(output) == (0, UNREACHED)


def test_a_database_that_knows_none_has_audited_nothing() -> None:
    assert told(SKIPPED, SKIPPED) == (0, UNREACHED)


def test_what_is_clean_is_counted_and_what_is_unknown_is_named() -> None:
    assert told(CLEAN) == (0, "1 of 1 dependencies were audited; 0 advisories concern them.")
    assert told(CLEAN, SKIPPED) == (
        0, "1 of 2 dependencies were audited; 0 advisories concern them.\nNot in the database: duckdb."
    )  # fmt: skip


def test_an_advisory_fails_and_says_which_version_mends_it() -> None:
    code, text = told(CLEAN, VULNERABLE)
    assert code == 1
    assert text.splitlines() == [
        "jinja2 3.1.6: PYSEC-2026-1, mended in 3.1.7",
        "jinja2 3.1.6: GHSA-aaaa, not mended yet",
        "2 of 2 dependencies were audited; 2 advisories concern them.",
    ]
