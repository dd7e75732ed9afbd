"""Every row knows the line on which it starts, whatever stands before it."""

from __future__ import annotations

import random

import pytest

from pipeline import reconcile
from pipeline.config import Config, UnreadConfig
from tests.pipeline.exports import guid
from tests.pipeline.loading import Loaded, load_content

ANY_UNREAD = Config(threads=2, unread=UnreadConfig(max_share=1, kept_rows=100_000))
HEADER = "customer_id,qualification,vetting_reason"
BROKEN = {
    "short": "a",
    "long": "a,b,c,d,{line}",
    "stray": '"a"b,{line}',
    "two strays": '"a"b,"c"d,{line}',
    "value": f"{guid(1)},Reklama,{{line}}",
    "over two lines": '"a\nb",{line}',
}


class Writer:
    """Writes rows that carry the number of their own line, and notes what should become of each."""

    def __init__(self, preamble: str = "", newline: str = "\n") -> None:
        self.text = preamble + HEADER + "\n"
        self.newline = newline
        self.loaded: list[int] = []
        self.unread: list[int] = []

    def line(self) -> int:
        return self.text.count("\n") + 1

    def good(self, breaks: int = 0) -> None:
        line = self.line()
        self.loaded.append(line)
        self.text += f'{guid(1)},None,"{line}' + "\nx" * breaks + '"\n'

    def broken(self, kind: str) -> None:
        self.unread.append(self.line())
        self.text += BROKEN[kind].format(line=self.line()) + "\n"

    def blank(self) -> None:
        self.text += "\n"

    def load(self) -> Loaded:
        return load_content("qualifications", self.text.replace("\n", self.newline), config=ANY_UNREAD)


def check(writer: Writer) -> None:
    loaded = writer.load()
    assert loaded.lines_loaded == writer.loaded
    assert [int(str(row["vetting_reason"]).split("\n")[0]) for row in loaded.rows] == writer.loaded
    assert loaded.lines_unread == writer.unread


@pytest.mark.parametrize("newline", ["\n", "\r\n"], ids=["LF", "CRLF"])
@pytest.mark.parametrize("preamble", ["", "sep=,\n", "#TYPE System.Object\n", "\n", "\n\n\n", "#TYPE x\n\n"], ids=ascii)
def test_rows_behind_a_preamble_know_their_lines(preamble: str, newline: str) -> None:
    writer = Writer(preamble, newline)
    for _ in range(3):
        writer.good()
    check(writer)


@pytest.mark.parametrize("newline", ["\n", "\r\n"], ids=["LF", "CRLF"])
@pytest.mark.parametrize("most_steps", [4_096, 0], ids=["tree", "join"])
@pytest.mark.parametrize("seed", range(3))
def test_rows_among_breaks_blanks_and_broken_rows_know_their_lines(
    newline: str, most_steps: int, seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reconcile, "_MOST_STEPS", most_steps)
    dice, writer = random.Random(seed), Writer("#TYPE x\n", newline)
    for _ in range(300):
        match dice.randrange(8):
            case 0:
                writer.good(breaks=dice.randrange(1, 4))
            case 1:
                writer.broken(dice.choice([*BROKEN]))
            case 2:
                writer.blank()
            case _:
                writer.good()
    writer.good()
    check(writer)


def test_rows_know_their_lines_behind_more_shifts_than_the_tree_holds() -> None:
    writer = Writer()
    pairs = (f'{guid(1)},None,"{line}\n"\n{guid(1)},None,{line + 2}\n' for line in range(2, 15_000, 3))
    loaded = load_content("qualifications", writer.text + "".join(pairs), config=ANY_UNREAD)
    assert len(loaded.rows) == 10_000
    assert all(str(row["vetting_reason"]).strip() == str(row["line"]) for row in loaded.rows)


def test_rows_of_a_file_over_64_mb_read_with_two_threads_know_their_lines() -> None:
    """Each row is 2 kB; every thousandth is broken in one of the ways, or has a line break."""
    filler, kinds = "x" * 2_000, [*BROKEN]
    lines, line, unread = [HEADER + "\n"], 2, []
    for n in range(34_001):
        if n % 1_000 == 999:
            kind = kinds[n // 1_000 % len(kinds)]
            unread.append(line)
            lines.append(BROKEN[kind].format(line=line) + "\n")
        elif n % 1_000 == 500:
            lines.append(f'{guid(n)},None,"{line}\n{filler}"\n')
        else:
            lines.append(f"{guid(n)},None,{line} {filler}\n")
        line += lines[-1].count("\n")
    content = "".join(lines)
    assert len(content) > 64_000_000
    loaded = load_content("qualifications", content, config=ANY_UNREAD)
    assert all(str(row["vetting_reason"]).split(maxsplit=1)[0] == str(row["line"]) for row in loaded.rows)
    assert [row["customer_id"] for row in loaded.rows] == [guid(n) for n in range(34_001) if n % 1_000 != 999]
    assert loaded.lines_unread == unread
