"""Whatever bytes an export is made of, the gate takes it or says what is wrong: quickly, and in little memory."""

from __future__ import annotations

import random
from datetime import date
from typing import TYPE_CHECKING

import pytest

from pipeline import gate
from pipeline.config import Config, TableConfig
from pipeline.encoding import Encoding
from pipeline.errors import NotAuditedError
from pipeline.export import Export
from pipeline.gate import Question
from pipeline.inbox import find_exports
from pipeline.survey import LongLineError, survey
from pipeline.transcode import BrokenTextError, plain_text
from schemas.catalog import TABLES
from tests.faults.fuzzing import (
    INPUTS,
    ROUNDS,
    Tally,
    good_content,
    quick_folder,
    share,
    spoiled,
)
from tests.pipeline.exports import AS_OF, write

if TYPE_CHECKING:
    from pathlib import Path

# What is covered is told by other tests; measuring it would double the time.
pytestmark = pytest.mark.no_cover
REFUSALS = (LongLineError, BrokenTextError, UnicodeError)
QUESTION_DAY = date.fromisoformat(AS_OF)
# Tables with columns of dates are loaded for a look at these, which the gate alone needs less often.
NAMES = ["customers"] * 12 + ["qualifications", "subscriptions", "price_list"]
LONGEST = (None, 1_024, 1_048_576)  # bytes that a line may have
CONFIGS = [
    Config(threads=1),
    Config(threads=1, tables={name: TableConfig(encoding=Encoding.WINDOWS_1250) for name in TABLES}),
    Config(threads=1, tables={name: TableConfig(encoding=Encoding.UTF_16_LE) for name in TABLES}),
    Config(threads=1, tables={name: TableConfig(delimiter=";") for name in TABLES}),
]


def examine(place: Path, table: str, content: bytes, config: Config) -> Export:
    """Put one file through the gate. Raises NotAuditedError where it is refused."""
    write(place / table / f"{table}.csv", content)
    (found,), problems = find_exports(place / table, [TABLES[table]])
    assert not problems
    outcome = gate._examine(found, Question(place, QUESTION_DAY, {}), config, place / "work")
    if isinstance(outcome, Export):
        return outcome
    raise NotAuditedError(outcome)


def take_text(file: Path, longest: int | None, encoding: Encoding | None, work: Path) -> None:
    """Put one file through what goes before all else: the pass over its bytes, and the copy in UTF-8.

    Raises one of REFUSALS where it is refused.
    """
    seen = survey(file, longest)
    text = plain_text(file, seen, encoding or seen.encoding or Encoding.WINDOWS_1250, work)
    content = text.path.read_bytes()
    assert text.lines == content.count(b"\n") + (not content.endswith((b"\n",)) and bool(content))
    assert text.path == file or (b"\r" not in content and b"\n\n" not in content)


def take_export(place: Path, table: str, content: bytes, config: Config) -> None:
    """Put one file through the gate, and look at what it says of a file that it takes. Raises NotAuditedError."""
    export = examine(place, table, content, config)
    assert len(export.header.columns) > 1
    assert 0 < export.header.skip <= export.text.lines


def test_a_hundred_thousand_inputs_are_tried() -> None:
    assert sum(share(part) * rounds for part, rounds in ROUNDS.items()) >= 100_000
    assert set(INPUTS) == set(ROUNDS)


@pytest.mark.parametrize("seed", range(ROUNDS["text"]))
def test_text_has_as_many_lines_as_were_counted_or_is_no_text(seed: int) -> None:
    dice, tally = random.Random(seed + 1_000), Tally()
    with quick_folder() as place:
        for _ in range(share("text")):
            file = write(place / "x.csv", spoiled(dice, good_content(dice, dice.choice(NAMES))))
            encoding = dice.choice(list(Encoding)) if dice.random() < 0.2 else None
            with tally.one(REFUSALS):
                take_text(file, dice.choice(LONGEST), encoding, place / "work")
    tally.end("text", least=0.01)


@pytest.mark.parametrize("seed", range(ROUNDS["gate"]))
def test_gate_takes_or_refuses_every_file(seed: int) -> None:
    dice, tally = random.Random(seed), Tally()
    with quick_folder() as place:
        for _ in range(share("gate")):
            table = dice.choice(NAMES)
            content = spoiled(dice, good_content(dice, table))
            config = dice.choice(CONFIGS) if dice.random() < 0.2 else CONFIGS[0]
            with tally.one(NotAuditedError):
                take_export(place, table, content, config)
    tally.end("gate", least=0.1)
