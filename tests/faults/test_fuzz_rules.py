"""Whatever a rule file holds, it is read or refused with a message, quickly and in little memory."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

import pytest

from pipeline.rulecases import RuleFileError
from pipeline.rulefile import RULES_FOLDER, read_rule
from tests.faults.fuzzing import ROUNDS, Tally, quick_folder, share, spoiled

if TYPE_CHECKING:
    from pathlib import Path

# What is covered is told by other tests; measuring it would double the time.
pytestmark = pytest.mark.no_cover
# What TOML has trouble with: depth, size, dates, and values of a wrong kind.
HEADERS = [
    "version = " + "9" * 5_000, "since = 2026-02-30", "since = 2026-11-20T00:00:00", "steps = [[[[]]]]",
    "key = [" + "[" * 3_000, "needs = [{a = {b = {}}}]", 'id = "\\ud800"', "level = true", "version = true",
    'message = "{"', 'message = "{a.b[c]!r:>9}"', "not_judged = {a = 1}", 'uses = ["customers.", ".x", ""]',
    "[id]", "[[id]]", 'id.x = "y"', "why = '''", 'needs = ["customers.company_name", "x.y.z"]', "case = 1", "case = []",
]  # fmt: skip
# Small rules: most of a large file are its cases, which are all alike.
FILES = sorted(RULES_FOLDER.glob("*.sql"), key=lambda path: path.stat().st_size)[:6]


def drawn(dice: random.Random, path: Path) -> bytes:
    """Spoil a rule's file: its bytes, or one of its keys."""
    content = path.read_bytes()
    if dice.random() < 0.3:
        lines = content.split(b"\n")
        lines[dice.randrange(1, 15)] = dice.choice(HEADERS).encode()
        return b"\n".join(lines)
    end = content.find(b"[[case]]")
    return spoiled(dice, content[:end]) + content[end:] if dice.random() < 0.7 else spoiled(dice, content)


def take_rule(file: Path) -> None:
    """Read one rule file. Raises RuleFileError where it is refused."""
    rule = read_rule(file)
    assert rule.select
    assert rule.cases


@pytest.mark.parametrize("seed", range(ROUNDS["rules"]))
def test_rule_file_is_read_or_refused(seed: int) -> None:
    dice, tally = random.Random(seed), Tally()
    with quick_folder() as place:
        for _ in range(share("rules")):
            source = dice.choice(FILES)
            file = place / source.name
            file.write_bytes(drawn(dice, source))
            with tally.one(RuleFileError):
                take_rule(file)
    tally.end("rules", least=0.01)
