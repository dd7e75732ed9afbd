"""Spoils good exports and rule files in every way that a seed leads to: the same inputs on every machine.

`CSP_AUDIT_FUZZ` multiplies how many inputs are tried: 10 takes ten times as long.
"""

from __future__ import annotations

import codecs
import json
import os
import time
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from tests.pipeline.exports import PLAIN, Style, night, records

if TYPE_CHECKING:
    import random
    from collections.abc import Callable, Iterator, Sequence

# A file that takes the figures of each round, as lines of JSON.
FIGURES = os.environ.get("CSP_AUDIT_FUZZ_FIGURES", "")
TIMES = int(os.environ.get("CSP_AUDIT_FUZZ", "1"))
# How many inputs each part is given in CI, in so many rounds that processors can share them.
ROUNDS = {"text": 4, "gate": 8, "rules": 4, "load": 4}
INPUTS = {"text": 46_000, "gate": 32_000, "rules": 20_000, "load": 2_400}
SLOWEST = 10.0  # seconds
MOST_MEMORY = 1_400_000_000  # bytes: the memory limit and 0.4 GB

# Letters that look like others, work unseen, turn the direction, or change their length when folded.
TRICKS = [
    "\u0430", "\u0435", "\u0456", "\uff21", "\u200b", "\u200d", "\u2060", "\ufeff", "\u202e", "\u2066", "\u0301",
    "\u0130", "\u0131", "\u212a", "\u017f", "\u00df", "\u1e9e", "\ufb01", "\u00ad", "\u00a0", "\u3000", "\u2028",
    "\x85", "\x0b", "\x0c", "\x1c", "\x00", "\x1b", "\x7f", "\U0001f600", "\U000e0041", "e\u0301\u0323", "\u0661",
]  # fmt: skip
PIECES = [
    b'"', b'""', b'"""', b",", b";", b"\t", b"\n", b"\r", b"\r\n", b"\n\n", b"\r\r", b"\0", b"\xff", b"\xfe\xff",
    b"\xff\xfe", b"\xef\xbb\xbf", b"\xc3", b"\xed\xa0\x80", b"\xf4\x90\x80\x80", b"\xc0\x80", b"sep=;\n", b"#TYPE x\n",
    b'"\n', b'\n"', b',"', b'",', b"' or 1=1; --", b"{0}%s{{7*7}}", b"=cmd|x", b"1/2/2026", b"31/12/2026",
    b"2026-02-30",
    b"\x1a", b"\\", b"\\N", b"a" * 300, b"," * 300, b'"' * 301, b"\xb9\xea\xf3", b"\xe0\xe8",
    b"PK\x03\x04", b"\x1f\x8b",
]  # fmt: skip
MARKS = [b"", codecs.BOM_UTF8, codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE, b"\xff\xfe\0\0", codecs.BOM_UTF8 * 2]
STYLES = [
    PLAIN, PLAIN, Style(delimiter=";", newlines=("\r\n",)), Style(delimiter="\t", newlines=("\n", "\r\n", "\r")),
    Style(quote_all=True), Style("utf-8", codecs.BOM_UTF8), Style("utf-16-le", codecs.BOM_UTF16_LE),
    Style("utf-16-be", codecs.BOM_UTF16_BE, ";"), Style("cp1250", newlines=("\r",)), Style("cp1252"),
]  # fmt: skip


@dataclass
class Tally:
    """What came of a round: inputs taken, refused, refused without a word, and the slowest one in seconds."""

    taken: int = 0
    refused: int = 0
    slowest: float = 0.0
    mute: int = 0
    before: int = 0

    def __post_init__(self) -> None:
        """Forget what earlier tests of this process needed."""
        Path("/proc/self/clear_refs").write_text("5", encoding="ascii")
        self.before = _memory("VmRSS")

    @property
    def grown(self) -> int:
        """Return by how many bytes the memory of this process had grown when it held the most."""
        return _memory("VmHWM") - self.before

    @property
    def inputs(self) -> int:
        return self.taken + self.refused

    @contextmanager
    def one(self, refusals: type[Exception] | tuple[type[Exception], ...]) -> Iterator[None]:
        """Count one input; every exception but a refusal with a message goes on to the test."""
        start = time.process_time()  # On a busy machine the clock on the wall says little.
        try:
            yield
            self.taken += 1
        except refusals as error:
            said = str(error)
            self.refused += 1
            self.mute += not said.strip()
        assert not self.mute
        self.slowest = max(self.slowest, time.process_time() - start)
        assert self.slowest < SLOWEST

    def end(self, part: str, *, least: float) -> None:
        """Hold a round against what it promises; at least such a share was taken, and such a share refused."""
        if FIGURES:
            told = {"part": part, "inputs": self.inputs, "slowest": self.slowest, "grown": self.grown}
            with Path(FIGURES).open("a", encoding="utf-8") as file:
                file.write(json.dumps({**told, "taken": self.taken, "refused": self.refused}) + "\n")
        assert self.inputs == share(part)
        assert min(self.taken, self.refused) > least * self.inputs
        assert self.grown < MOST_MEMORY


def share(part: str) -> int:
    """Return how many inputs one round of a part tries."""
    return INPUTS[part] // ROUNDS[part] * TIMES


def _memory(kind: str) -> int:
    lines = Path("/proc/self/status").read_text(encoding="utf-8").splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith(f"{kind}:"))


def good_content(dice: random.Random, table: str) -> bytes:
    """Return a good export of a table as one of the tools writes it."""
    style = dice.choice(STYLES)
    header, *rows = _cells(table)
    kept = dice.sample(rows, dice.randint(1, len(rows)))
    return style.bom + style.text([header, *kept]).encode(style.encoding, "replace")


@cache
def _cells(table: str) -> list[list[str]]:
    return records(night()[table])


@contextmanager
def quick_folder() -> Iterator[Path]:
    """Give a folder for files that are written and read a hundred thousand times: in memory where the system has it."""
    memory = Path("/dev/shm")  # noqa: S108 - the folder in it is the test's own
    with TemporaryDirectory(dir=memory if os.access(memory, os.W_OK) else None) as folder:
        (Path(folder) / "work").mkdir()
        yield Path(folder)


def spoiled(dice: random.Random, content: bytes) -> bytes:
    """Spoil a content in one to four ways, one after the other."""
    for _ in range(dice.choice((1, 1, 1, 2, 3, 4))):
        content = dice.choice(_WAYS)(dice, content)
    return content


def _place(dice: random.Random, content: bytes) -> int:
    """Choose a place, and half of the time one in the header, where a little does most."""
    end = content.find(b"\n") if dice.random() < 0.5 else len(content)
    return dice.randint(0, max(end, 0))


def _flip(dice: random.Random, content: bytes) -> bytes:
    changed = bytearray(content)
    for _ in range(dice.randint(1, 4)):
        if changed:
            changed[min(_place(dice, content), len(changed) - 1)] ^= 1 << dice.randrange(8)
    return bytes(changed)


def _cut_out(dice: random.Random, content: bytes) -> bytes:
    start = _place(dice, content)
    return content[:start] + content[start + dice.choice((1, 2, 7, 40, 400)) :]


def _cut_off(dice: random.Random, content: bytes) -> bytes:
    return content[: _place(dice, content)]


def _put_in(dice: random.Random, content: bytes) -> bytes:
    place = _place(dice, content)
    return content[:place] + dice.choice(PIECES) * dice.choice((1, 1, 1, 2, 5)) + content[place:]


def _put_trick(dice: random.Random, content: bytes) -> bytes:
    place = _place(dice, content)
    encoding = dice.choice(("utf-8", "utf-8", "utf-16-le", "utf-16-be"))
    return content[:place] + dice.choice(TRICKS).encode(encoding) + content[place:]


def _put_random(dice: random.Random, content: bytes) -> bytes:
    place = _place(dice, content)
    return content[:place] + dice.randbytes(dice.choice((1, 3, 20, 200))) + content[place:]


def _repeat(dice: random.Random, content: bytes) -> bytes:
    start = _place(dice, content)
    piece = content[start : start + dice.choice((1, 5, 60))]
    return content[:start] + piece * dice.choice((2, 3, 30)) + content[start:]


def _move(dice: random.Random, content: bytes) -> bytes:
    first, second = sorted((_place(dice, content), _place(dice, content)))
    return content[second:] + content[first:second] + content[:first]


def _mark(dice: random.Random, content: bytes) -> bytes:
    return dice.choice(MARKS) + content


def _mix_encodings(dice: random.Random, content: bytes) -> bytes:
    place = _place(dice, content)
    text = content[place:].decode("utf-8", "replace")
    return content[:place] + text.encode(dice.choice(("utf-16-le", "cp1250", "utf-16", "utf-7")), "replace")


def _all_random(dice: random.Random, _: bytes) -> bytes:
    return dice.randbytes(dice.choice((0, 1, 2, 30, 500)))


def _huge(dice: random.Random, content: bytes) -> bytes:
    """Make a cell, a row of cells or a run of quotes as large as a line may be, which is rare since it is slow."""
    if dice.random() > 0.01:
        return _put_in(dice, content)
    place = _place(dice, content)
    piece = dice.choice((b"x", b",", b'"', b'"x",', b"\n", "\u0119".encode(), b"a,"))
    return content[:place] + piece * (dice.choice((70_000, 140_000, 1_000_000)) // len(piece)) + content[place:]


_WAYS: Sequence[Callable[[random.Random, bytes], bytes]] = (
    _flip, _flip, _cut_out, _cut_off, _put_in, _put_in, _put_trick, _put_trick, _put_random, _repeat, _move, _mark,
    _mix_encodings, _all_random, _huge,
)  # fmt: skip
