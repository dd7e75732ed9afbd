"""A small rule file as text, to be changed in one place at a time."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipeline.rulefile import read_rule

if TYPE_CHECKING:
    from pathlib import Path

    from pipeline.rulefile import RuleFile

SELECT = "select s.customer_id, s.subscription_id, null as due_on, s.quantity from core.subscriptions as s"
FINDING_CASE = """
[[case]]
name = "one"
as_of = 2026-11-20
subscriptions = \"\"\"
subscription_id | customer_id
s1              | c1
\"\"\"
finds = \"\"\"
subscription_id
s1
\"\"\"
"""
CLEAN_CASE = """
[[case]]
name = "none"
as_of = 2026-11-20
finds = ""
"""
CASES = FINDING_CASE + CLEAN_CASE
KEYS = {
    "id": '"TST01"',
    "version": "1",
    "level": '"verify"',
    "title": '"A rule for tests"',
    "message": '"{quantity} seats"',
    "why": '"Because."',
    "steps": '["Look."]',
    "source": '"Nobody"',
    "needs": '["subscriptions"]',
    "key": '["subscription_id"]',
    "since": "2026-11-20",
}


def rule_text(select: str = SELECT, cases: str = CASES, **changed: str | None) -> str:
    """Return the file's text; `changed` are TOML values by key (None leaves the key out)."""
    keys = {name: value for name, value in {**KEYS, **changed}.items() if value is not None}
    header = "\n".join(f"{name} = {value}" for name, value in keys.items())
    return f"/*\n{header}\n{cases}\n*/\n{select}\n"


def rule_file(
    folder: Path, select: str = SELECT, name: str = "TST01_test.sql", cases: str = CASES, **changed: str | None
) -> RuleFile:
    """Write such a file, and read it."""
    path = folder / name
    path.write_text(rule_text(select, cases, **changed), encoding="utf-8")
    return read_rule(path)
