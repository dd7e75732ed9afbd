"""The process in which guided.py tries inputs: our modules tell atheris which of their branches each one takes.

`python -m tests.faults.steered [--planted] PART FOLDER OPTION...` with libFuzzer's options, or with the file of one
input instead of them. FOLDER takes what is written, and has a folder named work. The first byte of an input chooses
what the others are: the table and the settings, or the rule's name.
"""

from __future__ import annotations

import random
import sys
from itertools import product
from pathlib import Path
from typing import TYPE_CHECKING

import atheris

with atheris.instrument_imports(["pipeline"]):
    from pipeline.encoding import Encoding
    from pipeline.errors import NotAuditedError
    from pipeline.rulecases import RuleFileError
    from tests.faults.fuzzing import MOST_MEMORY, PIECES, TRICKS, Tally, good_content
    from tests.faults.test_fuzz_gate import CONFIGS, LONGEST, NAMES, REFUSALS, take_export, take_text
    from tests.faults.test_fuzz_rules import FILES, HEADERS, take_rule
    from tests.pipeline.exports import write

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    Target = Callable[[bytes], None]

TABLES = sorted(set(NAMES))
# The first ones are each table as it comes, without settings. Inputs stay below the last of the longest lines.
GATE_CHOICES = [
    (table, config, encoding, longest)
    for longest, encoding, config, table in product(LONGEST[:-1], (None, *Encoding), CONFIGS, TABLES)
]
GOOD_EXPORTS = 8  # of each table, in styles that the seed draws
PLANTED = b"odd!"
_LONGEST_WORD = 64  # bytes, of those that libFuzzer puts in
_HANGS_AFTER = 60  # seconds on the clock; the tally is stricter, and takes the processor's time
_MEGABYTE = 1 << 20


def gate_target(place: Path, tally: Tally) -> Target:
    """Return what puts an input through the gate, and alone through the passes that go before all else."""

    def take(data: bytes) -> None:
        table, config, encoding, longest = GATE_CHOICES[data[0] % len(GATE_CHOICES)]
        file = write(place / "x.csv", data[1:])
        with tally.one(REFUSALS):
            take_text(file, longest, encoding, place / "work")
        with tally.one(NotAuditedError):
            take_export(place, table, data[1:], config)

    return take


def gate_seeds() -> Iterator[bytes]:
    """Yield good exports of every table."""
    dice = random.Random(1)
    for number, (table, *_) in enumerate(GATE_CHOICES[: len(TABLES)]):
        for _ in range(GOOD_EXPORTS):
            yield bytes([number]) + good_content(dice, table)


def rules_target(place: Path, tally: Tally) -> Target:
    """Return what reads an input as a rule's file."""

    def take(data: bytes) -> None:
        file = place / FILES[data[0] % len(FILES)].name
        file.write_bytes(data[1:])
        with tally.one(RuleFileError):
            take_rule(file)

    return take


def rules_seeds() -> Iterator[bytes]:
    """Yield rule files as they are."""
    for number, path in enumerate(FILES):
        yield bytes([number]) + path.read_bytes()


PARTS = {
    "gate": (gate_target, gate_seeds, [*PIECES, *(trick.encode() for trick in TRICKS)]),
    "rules": (rules_target, rules_seeds, [header.encode() for header in HEADERS]),
}


@atheris.instrument_func  # type: ignore[untyped-decorator]
def fail_where_planted(data: bytes) -> None:
    """Fail for one input of four thousand million: chance hardly finds it, but the comparison leads there."""
    if data[1 : 1 + len(PLANTED)] == PLANTED:
        message = "the planted fault"
        raise ArithmeticError(message)


def main() -> None:
    """Try one input; or good files and what they lead to, which ends the process."""
    words = sys.argv[1:]
    is_planted = words[0] == "--planted"
    part, folder, *options = words[is_planted:]
    make_target, make_seeds, pieces = PARTS[part]
    tally = Tally()
    take = make_target(Path(folder), tally)

    def target(data: bytes) -> None:
        if is_planted:
            fail_where_planted(data)
        if data:
            take(data)

    if not options[0].startswith("-"):
        target(Path(options[0]).read_bytes())
        return
    seeds = list(make_seeds())
    for seed in seeds:
        take(seed)
    assert not tally.refused, "a seed is no good file"
    _write_seeds(Path(folder), seeds, pieces)
    longest = f"-max_len={2 * max(map(len, seeds))}"
    atheris.Setup([sys.argv[0], *_settings(Path(folder), tally), longest, *options], target)
    atheris.Fuzz()


def _write_seeds(folder: Path, seeds: list[bytes], pieces: list[bytes]) -> None:
    for name in ("seeds", "corpus"):
        (folder / name).mkdir()
    for number, seed in enumerate(seeds):
        (folder / "seeds" / str(number)).write_bytes(seed)
    words = ("".join(f"\\x{byte:02x}" for byte in piece) for piece in pieces if 0 < len(piece) <= _LONGEST_WORD)
    (folder / "words").write_text("".join(f'"{word}"\n' for word in words), encoding="ascii")


def _settings(folder: Path, tally: Tally) -> list[str]:
    return [
        str(folder / "corpus"),
        str(folder / "seeds"),
        f"-dict={folder / 'words'}",
        "-len_control=0",
        f"-timeout={_HANGS_AFTER}",
        f"-rss_limit_mb={(tally.before + MOST_MEMORY) // _MEGABYTE}",
    ]


if __name__ == "__main__":
    main()
